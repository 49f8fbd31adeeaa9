"""Check digits and shapes of the numbers that Swedes are known by; pure, on strings of digits."""

from datetime import date

_SHORT, _LONG = 10, 12
_COORDINATION = 60
"""Added to the day of birth in a samordningsnummer (Skatteverket)."""
_LOWEST_LEGAL_MONTH = 20
"""The third and fourth digit of an organisationsnummer are at least this, so that it is nobody's birth date."""


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - two digits are added up
    return bool(digits) and total % 10 == 0


def born(digits: str) -> bool:
    """Tell whether 10 or 12 digits begin with a date of birth, a samordningsnummer's raised day included."""
    if len(digits) not in {_SHORT, _LONG} or (len(digits) == _LONG and digits[:2] not in {"18", "19", "20"}):
        return False
    short = digits[-_SHORT:]
    century = digits[:2] if len(digits) == _LONG else "20"
    day = int(short[4:6])
    try:
        date(int(century + short[:2]), int(short[2:4]), day - _COORDINATION if day > _COORDINATION else day)
    except ValueError:
        # 29 February of a year that was a leap year in the other century is possible only for 1900 and 2000
        return False
    return True


def personnummer(digits: str) -> bool:
    """Tell whether 10 or 12 digits are a personnummer or samordningsnummer: a date, and the check digit fits."""
    return born(digits) and luhn(digits[-_SHORT:])


def organisationsnummer(digits: str) -> bool:
    """Tell whether 10 digits, or 12 that begin with 16, are an organisationsnummer."""
    if len(digits) == _LONG and digits.startswith("16"):
        digits = digits[2:]
    return len(digits) == _SHORT and int(digits[2:4]) >= _LOWEST_LEGAL_MONTH and digits[0] != "0" and luhn(digits)


def iban(text: str) -> bool:
    """Tell whether letters and digits without spaces are an IBAN (ISO 13616: modulo 97 is 1)."""
    if not (15 <= len(text) <= 34 and text[:2].isalpha() and text[2:4].isdecimal() and text.isascii()):  # noqa: PLR2004
        return False
    moved = (text[4:] + text[:4]).upper()
    return moved.isalnum() and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1
