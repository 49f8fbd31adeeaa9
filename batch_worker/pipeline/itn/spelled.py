"""Digits said one by one, in pairs or in triples, as rules on codes and telephone numbers read them."""

from collections.abc import Iterator, Sequence

from batch_worker.pipeline.itn.phrase import Place
from batch_worker.pipeline.itn.token import Token

_LONGEST = 20
PAUSES = frozenset({"", ",", "-", "\N{EN DASH}"})
"""What may stand behind a group of digits in the middle of a number."""
PAIRS, TRIPLES = 100, 1_000
"""Groups are below this."""
_DASHES = frozenset({"streck", "bindestreck"})


def group(item: Token, place: Place, below: int = PAIRS) -> str:
    """Return the digits that a token stands for in a code, or nothing; full hundreds belong to what follows."""
    if item.core.isascii() and item.core.isdecimal():
        return item.core
    value = place.reader.word(item.key)
    if value is None or not (value < PAIRS or (value < below and value % 100) or 1_800 <= value < 2_100):  # noqa: PLR2004
        return ""
    return str(value)


def _dash(pair: Sequence[Token], place: Place, below: int) -> bool:
    """Tell whether the first of two tokens is a dash and the second goes on with digits."""
    if len(pair) < 2 or pair[0].key not in _DASHES or pair[0].tail or pair[1].lead:  # noqa: PLR2004 - two
        return False
    return bool(group(pair[1], place, below))


def groups(place: Place, pauses: frozenset[str] = PAUSES, below: int = PAIRS) -> list[str]:
    """Return the groups of digits from a place on; a dash that is said between two is a group without digits."""
    found: list[str] = []
    run = place.line[place.at : place.at + _LONGEST]
    for index, item in enumerate(run):
        digits = group(item, place, below) if not (found and item.lead) else ""
        if not digits and not (found and pauses == PAUSES and _dash(run[index : index + 2], place, below)):
            break
        found.append(digits)
        if item.tail not in pauses:
            break
    return found


def near(place: Place, stems: tuple[str, ...], ends: tuple[str, ...] = ()) -> int:
    """Tell how late in the words in front one begins with a stem or ends so, 1 and up; 0: none does.

    A stem with a space behind it is a whole word.
    """
    before = enumerate(place.before(), 1)
    return max((index for index, word in before if f"{word} ".startswith(stems) or word.endswith(ends)), default=0)


def prefixes(found: list[str]) -> Iterator[tuple[int, str]]:
    """Yield count and digits of the run, the longest first; none ends in a dash."""
    for count in range(len(found), 1, -1):
        if found[count - 1]:
            yield count, "".join(found[:count])


def inside(place: Place) -> bool:
    """Tell whether digits stand right before, so that this is no beginning."""
    return place.at > 0 and not place.line[place.at - 1].tail and bool(group(place.line[place.at - 1], place))


def begins(place: Place, below: int = PAIRS) -> list[str]:
    """Return the groups of digits that begin here."""
    return [] if inside(place) or not group(place.line[place.at], place, below) else groups(place, below=below)
