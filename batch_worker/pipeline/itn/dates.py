"""Swedish dates, alone or several with one month."""

from batch_worker.pipeline.itn.amounts import rank
from batch_worker.pipeline.itn.lexicon import MONTHS, words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_LAST = 31
_JOINTS = (
    ("fram", "till", "och", "med"),
    ("till", "och", "med"),
    ("fram", "till"),
    *((word,) for word in ("till", "och", "eller", "samt", "respektive")),
)
"""What may stand between two days of one month, the longest first."""
_WEEKDAYS = words(
    "måndag tisdag onsdag torsdag fredag lördag söndag måndagen tisdagen onsdagen torsdagen fredagen lördagen söndagen"
)
_BEFORE_YEARS = words("år året våren hösten sommaren vintern")
_PLANNED = ("budget", "prognos", "verksamhet")
"""What is planned by the year: `vi har budgeterat för tjugo tjugosju`."""
_Parts = list[tuple[int, str]]


def date(place: Place) -> Written | None:
    """`den femte mars nittonhundraåttiofem` is den 5 mars 1985; `den tredje och fjärde maj` is den 3 och 4 maj."""
    if year := _lone_year(place):
        return one(2, year)
    parts = _days(place)
    month = place.key(len(parts))
    if not parts or month not in MONTHS:
        return None
    parts.append((1, month))
    year, more = _year(place, len(parts))
    parts += [(more, year)] if more else []
    return Written(count=sum(count for count, _ in parts), parts=tuple(parts))


def _lone_year(place: Place) -> str:
    """Return the year of `hösten tjugo tjugosju`, said in two halves at the end of a phrase; most others are times."""
    before = place.before()
    planned = before[-1:] == ("för",) and any(word.startswith(_PLANNED) for word in before)
    if not (before and (before[-1] in _BEFORE_YEARS or planned)) or place.key(2):
        return ""
    year, count = _year(place, 0)
    return year if count == 2 and not place.line[place.at].tail else ""  # noqa: PLR2004 - two halves


def _days(place: Place) -> _Parts:
    """Return the days and the words between them, each of one token; nothing where a day is missing."""
    parts: _Parts = []
    while True:
        parts += _kept(place, len(parts), int(place.key(len(parts)) == "den"))
        day = _day(place, len(parts))
        if day is None:
            return []
        parts.append((1, str(day)))
        joint = next((len(said) for said in _JOINTS if place.keys(len(parts), len(said)) == said), 0)
        if not joint:
            return parts
        parts += _kept(place, len(parts), joint)
        parts += _kept(place, len(parts), int(place.key(len(parts)) in _WEEKDAYS))


def _kept(place: Place, offset: int, count: int) -> _Parts:
    start = place.at + offset
    return [(1, item.core) for item in place.line[start : start + count]]


def _day(place: Place, offset: int) -> int | None:
    key = place.key(offset)
    day = rank(key, place) if key else None
    if day is None and key.isdecimal():
        day = int(key)
    return day if day is not None and 1 <= day <= _LAST else None


def _year(place: Place, at: int) -> tuple[str, int]:
    pair = [place.reader.word(key) for key in place.keys(at, 2)]
    if len(pair) == 2 and pair[0] in {18, 19, 20} and pair[1] and 10 <= pair[1] < 100:  # noqa: PLR2004 - two halves
        return f"{pair[0]}{pair[1]}", 2
    reading = place.number(at)
    if reading and 1_000 <= reading.value < 2_200:  # noqa: PLR2004 - years people speak of
        return str(reading.value), reading.count
    return "", 0
