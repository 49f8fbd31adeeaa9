"""Swedish times of day and dates."""

from batch_worker.pipeline.itn.amounts import rank
from batch_worker.pipeline.itn.lexicon import MONTHS, words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_HOURS, _MINUTES, _CLOCK_FACE = 24, 60, 12
_QUARTER = {"kvart": 15}
_AROUND = words("klockan kl vid till från före efter runt kring omkring strax innan mellan")
_BARE_MINUTES = 10
"""Said without `och`, minutes have two digits: `klockan tre fem personer` is three o'clock."""


def clock(place: Place) -> Written | None:
    """`klockan fjorton och trettio` is klockan 14:30; `halv tre` is 2:30; `kvart över två` is 2:15."""
    if place.key() in {"klockan", "kl"}:
        text, count = _face(place, 1) or _digital(place, 1) or ("", 0)
        return Written(count=count + 1, parts=((1, place.line[place.at].core), (count, text))) if count else None
    told = (
        place.key() in {"halv", "kvart"} or place.key(2) == "halv" or (place.before() and place.before()[-1] in _AROUND)
    )
    face = _face(place, 0) if told else None
    return one(face[1], face[0]) if face else None


def _face(place: Place, at: int) -> tuple[str, int] | None:
    """Read `[fem i|över] halv tre` and `kvart|tio i|över tre`."""
    shift, count = 0, 0
    minutes = _QUARTER.get(place.key(at)) or place.reader.word(place.key(at))
    side = place.key(at + 1)
    if minutes and minutes < _MINUTES // 2 and side in {"i", "över"}:
        shift, count = (-minutes if side == "i" else minutes), 2
    half = place.key(at + count) == "halv"
    if not count and not half:
        return None
    hour = place.reader.word(place.key(at + count + half))
    if hour is None or not 1 <= hour <= _CLOCK_FACE:
        return None
    total = (hour * _MINUTES - (_MINUTES // 2 if half else 0) + shift) % (_CLOCK_FACE * _MINUTES)
    return f"{total // _MINUTES or _CLOCK_FACE}:{total % _MINUTES:02}", count + half + 1


def _digital(place: Place, at: int) -> tuple[str, int] | None:
    zero, hour, used = _two(place, at)
    if hour is None or hour > _HOURS:
        return None
    joint = place.key(at + used) == "och"
    minute_zero, minute, more = _two(place, at + used + joint)
    long_enough = joint or minute_zero or (minute or 0) >= _BARE_MINUTES
    if minute is None or minute >= _MINUTES or not long_enough:
        return (f"{hour:02}" if zero else str(hour)), used
    return f"{f'{hour:02}' if zero else hour}:{minute:02}", used + joint + more


def _two(place: Place, at: int) -> tuple[bool, int | None, int]:
    """Read up to two digits: whether they began with a zero, their value, how many tokens."""
    key = place.key(at)
    if key.isdecimal():
        return key.startswith("0"), int(key), 1
    if key == "noll":
        unit = place.reader.word(place.key(at + 1))
        return (True, unit, 2) if unit is not None and unit < _BARE_MINUTES else (True, 0, 1)
    value = place.reader.word(key)
    return False, value if value is not None and value < _MINUTES else None, 1


def date(place: Place) -> Written | None:
    """`den femte mars nittonhundraåttiofem` is den 5 mars 1985."""
    start = int(place.key() == "den")
    key = place.key(start)
    day = rank(key, place) if key else None
    if day is None and key.isdecimal():
        day = int(key)
    month = place.key(start + 1)
    if day is None or not 1 <= day <= 31 or month not in MONTHS:  # noqa: PLR2004 - days of a month
        return None
    year, more = _year(place, start + 2)
    parts = [(1, place.line[place.at].core)] if start else []
    parts += [(1, str(day)), (1, month)]
    parts += [(more, year)] if more else []
    return Written(count=start + 2 + more, parts=tuple(parts))


def _year(place: Place, at: int) -> tuple[str, int]:
    pair = [place.reader.word(key) for key in place.keys(at, 2)]
    if len(pair) == 2 and pair[0] in {18, 19, 20} and pair[1] and 10 <= pair[1] < 100:  # noqa: PLR2004 - two halves
        return f"{pair[0]}{pair[1]}", 2
    reading = place.number(at)
    if reading and 1_000 <= reading.value < 2_200:  # noqa: PLR2004 - years people speak of
        return str(reading.value), reading.count
    return "", 0
