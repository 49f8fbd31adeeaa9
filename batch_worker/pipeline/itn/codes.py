"""Swedish numbers that are said digit by digit or in pairs: personnummer, telephone numbers, postcodes, codes."""

from collections.abc import Iterator
from itertools import pairwise

from batch_worker.pipeline import identity
from batch_worker.pipeline.itn.phrase import Place, Written, one
from batch_worker.pipeline.itn.token import Token

_LONGEST = 20
_PAUSES = frozenset({"", ",", "-", "\N{EN DASH}"})
"""What may stand behind a group of digits in the middle of a number."""
_CODE_GROUPS, _SHORT_CODE = 4, 3
_PERSON = ("personnum", "samordningsnum", "född", "födelse")
_ORGANISATION = ("organisationsnum", "orgn", "org.nr")
_PHONE = ("telefon", "mobil", "nummer", "ring", "nå", "sms", "anknytning", "tfn", "tel")
_POSTAL = ("postnum", "postadress")
_CODE = ("kod", "siffr", "nummer", "pin", "numret", "lösen")
_AREA_CODES: tuple[str, ...] = (
    "08",
    "010",
    "011",
    "013",
    "016",
    "018",
    "019",
    "020",
    "021",
    "023",
    "026",
    "031",
    "033",
    "035",
    "036",
)
_AREA_CODES += ("040", "042", "044", "046", "054", "060", "063", "077", "090")


def _group(item: Token, place: Place) -> str:
    """Return the digits that a token stands for in a code, or nothing."""
    if item.core.isascii() and item.core.isdecimal():
        return item.core
    value = place.reader.word(item.key)
    return str(value) if value is not None and (value < 100 or 1_800 <= value < 2_100) else ""  # noqa: PLR2004


def _groups(place: Place, pauses: frozenset[str]) -> list[str]:
    found: list[str] = []
    for item in place.line[place.at : place.at + _LONGEST]:
        group = _group(item, place) if not (found and item.lead) else ""
        if not group:
            break
        found.append(group)
        if item.tail not in pauses:
            break
    return found


def _near(place: Place, stems: tuple[str, ...]) -> bool:
    return any(word.startswith(stems) for word in place.before())


def _prefixes(groups: list[str]) -> Iterator[tuple[int, str]]:
    """Yield count and digits of the run, the longest first."""
    for count in range(len(groups), 1, -1):
        yield count, "".join(groups[:count])


def _inside(place: Place) -> bool:
    """Tell whether digits stand right before, so that this is no beginning."""
    return place.at > 0 and not place.line[place.at - 1].tail and bool(_group(place.line[place.at - 1], place))


def _begins(place: Place) -> list[str]:
    return [] if _inside(place) or not _group(place.line[place.at], place) else _groups(place, _PAUSES)


def personal_number(place: Place) -> Written | None:
    """`åttioett tolv arton nio åtta sju sex` is 811218-9876: where date and check digit fit, or it is so called."""
    called = _near(place, _PERSON)
    for count, digits in _prefixes(_begins(place)):
        if identity.personnummer(digits) or (called and identity.born(digits)):
            return one(count, f"{digits[:-4]}-{digits[-4:]}")
    return None


def organisation_number(place: Place) -> Written | None:
    """`fem fem sex noll tre sex noll sju nio tre` is 556036-0793: where the check digit fits, or it is so called."""
    called = _near(place, _ORGANISATION)
    for count, digits in _prefixes(_begins(place)):
        if identity.organisationsnummer(digits) or (called and len(digits) == 10):  # noqa: PLR2004 - its length
            return one(count, f"{digits[:-4]}-{digits[-4:]}")
    return None


def telephone(place: Place) -> Written | None:
    """`noll sju noll ett …` is 070-1234567, and `plus fyra sex …` is +46 and on."""
    if place.key() == "plus":
        follow = Place(line=place.line, at=place.at + 1, reader=place.reader) if place.key(1) else None
        groups = _groups(follow, _PAUSES) if follow else []
        digits = "".join(groups)
        return one(1 + len(groups), f"+{digits}") if 9 <= len(digits) <= 13 else None  # noqa: PLR2004 - E.164
    shortest = 7 if _near(place, _PHONE) else 8
    for count, digits in _prefixes(_begins(place)):
        if digits.startswith("0") and digits[1:2] != "0" and shortest <= len(digits) <= 10:  # noqa: PLR2004
            area = 3 if digits[1] == "7" else next((len(code) for code in _AREA_CODES if digits.startswith(code)), 4)
            return one(count, f"{digits[:area]}-{digits[area:]}")
    return None


def postcode(place: Place) -> Written | None:
    """`postnummer tre noll ett åtta fem` is 301 85."""
    if not _near(place, _POSTAL):
        return None
    groups = _begins(place)
    for count, digits in _prefixes(groups):
        if len(digits) != 5 or digits[0] == "0":  # noqa: PLR2004 - its length
            continue
        split = next((size for size in range(1, count) if len("".join(groups[:size])) == 3), 0)  # noqa: PLR2004
        if split:
            return Written(count=count, parts=((split, digits[:3]), (count - split, digits[3:])))
        return one(count, digits)
    return None


def giro(place: Place) -> Written | None:
    """`bankgiro fem noll fem noll ett noll fem fem` is 5050-1055; plusgiro has its dash before the last digit."""
    tail = 4 if _near(place, ("bankgiro", "bg")) else 1 if _near(place, ("plusgiro", "postgiro", "pg")) else 0
    for count, digits in _prefixes(_begins(place)) if tail else ():
        if (7 if tail == 4 else 2) <= len(digits) <= 8:  # noqa: PLR2004 - their lengths
            return one(count, f"{digits[:-tail]}-{digits[-tail:]}")
    return None


def code(place: Place) -> Written | None:
    """`två noll noll fyra` is 2004; counting aloud (`ett två tre fyra`) is none, nor are two or three numbers."""
    if _inside(place):
        return None
    groups = _groups(place, frozenset({""}))
    if any(item.core.isdecimal() for item in place.line[place.at : place.at + len(groups)]):
        return None
    near = groups and (groups[0] == "0" or _near(place, _CODE))
    counting = all(int(after) - int(before) == 1 for before, after in pairwise(groups))
    if len(groups) < (_SHORT_CODE if near else _CODE_GROUPS) or (counting and groups[0] == "1" and not near):
        return None
    return one(len(groups), "".join(groups))
