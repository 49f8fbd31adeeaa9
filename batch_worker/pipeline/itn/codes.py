"""Swedish numbers that are said digit by digit or in groups: personnummer, postcodes, giro, codes."""

from itertools import pairwise

from batch_worker.pipeline import identity
from batch_worker.pipeline.itn import phones
from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one
from batch_worker.pipeline.itn.spelled import TRIPLES, begins, groups, inside, near, prefixes

_CODE_GROUPS, _SHORT_CODE = 4, 3
_PERSON = ("personnum", "samordningsnum", "född", "födelse")
_ORGANISATION = ("organisationsnum", "orgn", "org.nr")
_POSTAL = ("postnum", "postadress")
_CODE = ("kod", "siffr", "nummer", "pin", "numret", "lösen")
_CODE_ENDS = ("kod", "koden", "nummer", "numret")
_IS = words("är var blir blev lyder")
_AFTER = words("och så tack för men till på i om när eller nu")
"""What may follow a code of two groups; before a noun they are two numbers."""


def personal_number(place: Place) -> Written | None:
    """`åttioett tolv arton nio åtta sju sex` is 811218-9876: where date and check digit fit, or it is so called."""
    called = near(place, _PERSON)
    for count, digits in prefixes(begins(place)):
        if phones.national(digits) and phones.called(place) > called:
            continue  # many a number is both: the checks of one in twenty mobile numbers fit
        if identity.personnummer(digits) or (called and identity.born(digits)):
            return one(count, f"{digits[:-4]}-{digits[-4:]}")
    return None


def organisation_number(place: Place) -> Written | None:
    """`fem fem sex noll tre sex noll sju nio tre` is 556036-0793: where the check digit fits, or it is so called."""
    called = near(place, _ORGANISATION)
    for count, digits in prefixes(begins(place)):
        if identity.organisationsnummer(digits) or (called and len(digits) == 10):  # noqa: PLR2004 - its length
            return one(count, f"{digits[:-4]}-{digits[-4:]}")
    return None


def postcode(place: Place) -> Written | None:
    """`postnummer tre noll ett åtta fem` is 301 85."""
    if not near(place, _POSTAL):
        return None
    found = begins(place, TRIPLES)
    for count, digits in prefixes(found):
        if len(digits) != 5 or digits[0] == "0":  # noqa: PLR2004 - its length
            continue
        split = next((size for size in range(1, count) if len("".join(found[:size])) == 3), 0)  # noqa: PLR2004
        if split and not place.line[place.at + split - 1].tail:
            return Written(count=count, parts=((split, digits[:3]), (count - split, digits[3:])))
        return one(count, f"{digits[:3]} {digits[3:]}")
    return None


def giro(place: Place) -> Written | None:
    """`bankgiro fem noll fem noll ett noll fem fem` is 5050-1055; plusgiro has its dash before the last digit."""
    tail = 4 if near(place, ("bankgiro", "bg")) else 1 if near(place, ("plusgiro", "postgiro", "pg")) else 0
    for count, digits in prefixes(begins(place)) if tail else ():
        if (7 if tail == 4 else 2) <= len(digits) <= 8:  # noqa: PLR2004 - their lengths
            return one(count, f"{digits[:-tail]}-{digits[-tail:]}")
    return None


def code(place: Place) -> Written | None:
    """`två noll noll fyra` is 2004; counting aloud (`ett två tre fyra`) is none, nor are two or three numbers."""
    if inside(place):
        return None
    named = near(place, _CODE, _CODE_ENDS)
    found = groups(place, frozenset({""}), TRIPLES) if named else groups(place, frozenset({""}))
    if any(item.core.isdecimal() for item in place.line[place.at : place.at + len(found)]):
        return None
    if _paired(place, found):
        return one(len(found), "".join(found))
    if any(len(digits) == 3 for digits in found) and _one_number(place, found):  # noqa: PLR2004 - said as a triple
        return None
    announced = found and (found[0] == "0" or named)
    counting = all(int(after) - int(before) == 1 for before, after in pairwise(found))
    if len(found) < (_SHORT_CODE if announced else _CODE_GROUPS) or (counting and found[0] == "1" and not announced):
        return None
    return one(len(found), "".join(found))


def _one_number(place: Place, found: list[str]) -> bool:
    number = place.number()
    return number is not None and number.count >= len(found)


def _paired(place: Place, found: list[str]) -> bool:
    """Tell whether two groups are a code: `koden är nitton trettiosex`, with nothing counted behind it."""
    if len(found) != 2 or min(map(len, found)) < 2 or int(found[1]) - int(found[0]) == 1:  # noqa: PLR2004 - groups, digits
        return False
    before = place.before()
    named = near(place, _CODE, _CODE_ENDS)
    direct = named == len(before) or (named and before[-1] in _IS)
    after = place.key(len(found))
    return bool(direct) and (not after or after in _AFTER) and not _one_number(place, found)
