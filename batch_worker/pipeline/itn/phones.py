"""Swedish telephone numbers, written with the area code apart (PTS, numbering plan for telephony, E.164)."""

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one
from batch_worker.pipeline.itn.spelled import TRIPLES, begins, groups, near, prefixes

CALLED = (
    "tel", "tfn", "mobil", "anknytning", "fax", "växel", "jour ", "jouren ", "kundtjänst", "nummer ", "numret ",
    "ring", "sms", "larma", "nå ", "når ", "nås ", "nådde ", "sök ", "söks ", "slå ",
)  # fmt: skip
"""Words that go before a telephone number."""
_CALLED_ENDS = ("telefon", "telefonen", "telefonnummer", "telefonnumret", "mobilnummer", "mobilnumret")
_THREE = words(
    "010 011 013 016 018 019 020 021 023 026 031 033 035 036 040 042 044 046 054 060 063 "
    "070 071 072 073 074 075 076 078 079 090 099"
)
_PREMIUM = ("0900", "0939", "0944")
_SERVICES = {digits.replace(" ", ""): digits for digits in ("112", "1177", "113 13", "114 14", "116 111", "118 118")}
_SHORTEST, _LONGEST = 7, 10
_CERTAIN = 8
"""So many digits need no word before them."""


def area(digits: str) -> int:
    """Return how many digits the area code has: two (08), three, or four, of which nearly all places are."""
    if digits.startswith("08"):
        return 2
    return 3 if digits[:3] in _THREE and not digits.startswith(_PREMIUM) else 4


def called(place: Place) -> int:
    """Tell how late in front a telephone number is announced; 0: it is not."""
    return near(place, CALLED, _CALLED_ENDS)


def national(digits: str) -> bool:
    """Tell whether digits can be dialled within the country, area code and all."""
    return digits.startswith("0") and digits[1:2] != "0" and _SHORTEST <= len(digits) <= _LONGEST


def telephone(place: Place) -> Written | None:
    """`noll sju noll ett …` is 070-1234567, `plus fyra sex …` is +46 and on, and `ring ett ett två` is 112."""
    if place.key() == "plus":
        follow = Place(line=place.line, at=place.at + 1, reader=place.reader) if place.key(1) else None
        found = groups(follow) if follow else []
        digits = "".join(found)
        return one(1 + len(found), f"+{digits}") if 9 <= len(digits) <= 13 else None  # noqa: PLR2004 - E.164
    announced = called(place)
    found = begins(place)
    service = _SERVICES.get("".join(found)) if announced and len(found) > 1 else None
    if service and any(not item.core.isdecimal() for item in place.line[place.at : place.at + len(found)]):
        return one(len(found), service)
    for count, digits in prefixes(begins(place, TRIPLES)):
        if national(digits) and (announced or len(digits) >= _CERTAIN):
            split = area(digits)
            return one(count, f"{digits[:split]}-{digits[split:]}")
    return None
