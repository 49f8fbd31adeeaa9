"""The number words of Swedish and English, as data."""

from collections.abc import Mapping
from dataclasses import dataclass


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a sentence."""
    return frozenset(text.split())


def _count(words: str, start: int, step: int = 1) -> dict[str, int]:
    return {word: start + step * index for index, word in enumerate(words.split())}


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberWords:
    """What a language counts with; all lower case."""

    units: Mapping[str, int]
    """0 to 9."""
    teens: Mapping[str, int]
    """10 to 19."""
    tens: Mapping[str, int]
    """20, 30 to 90."""
    scales: Mapping[str, int]
    """100, 1,000 and 1,000,000."""
    ordinals: Mapping[str, int]
    """Ranks that are words of their own or end a compound; 1 to 90, and the scales."""
    joints: frozenset[str] = frozenset()
    """Words that may stand between hundreds and the rest: `and`."""
    loose: frozenset[str] = frozenset()
    """Words that are numbers only before a scale: `en` in `en miljon`, `a` in `a hundred`."""


SWEDISH = NumberWords(
    units={**_count("noll ett två tre fyra fem sex sju åtta nio", 0), "en": 1, "nolla": 0},
    teens=_count("tio elva tolv tretton fjorton femton sexton sjutton arton nitton", 10) | {"aderton": 18},
    tens=_count("tjugo trettio fyrtio femtio sextio sjuttio åttio nittio", 20, 10)
    | {"förtio": 40, "tjugi": 20, "tretti": 30, "förti": 40, "fyrti": 40, "femti": 50, "sexti": 60, "sjutti": 70}
    | {"åtti": 80, "nitti": 90},
    scales={"hundra": 100, "tusen": 1_000, "miljon": 1_000_000, "miljoner": 1_000_000},
    ordinals=_count("första andra tredje fjärde femte sjätte sjunde åttonde nionde tionde elfte tolfte", 1)
    | _count("trettonde fjortonde femtonde sextonde sjuttonde artonde nittonde", 13)
    | _count("tjugonde trettionde fyrtionde femtionde sextionde sjuttionde åttionde nittionde", 20, 10)
    | {"förste": 1, "andre": 2, "förtionde": 40, "hundrade": 100, "tusende": 1_000},
    loose=frozenset({"en"}),
)
ENGLISH = NumberWords(
    units=_count("zero one two three four five six seven eight nine", 0),
    teens=_count("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 10),
    tens=_count("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
    scales={"hundred": 100, "thousand": 1_000, "million": 1_000_000},
    ordinals=_count("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1)
    | _count("thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth", 13)
    | _count("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth", 20, 10),
    joints=frozenset({"and"}),
    loose=frozenset({"a"}),
)

MONTHS = _count("januari februari mars april maj juni juli augusti september oktober november december", 1)
