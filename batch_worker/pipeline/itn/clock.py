"""Swedish times of day."""

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_HOURS, _MINUTES, _CLOCK_FACE = 24, 60, 12
_QUARTER = {"kvart": 15}
_CLOCK = words("klockan kl")
_AROUND = words("klockan kl vid till från före efter runt kring omkring strax innan mellan")
_IS = words("är var blir blev bli blivit slår slog slagit visar visade hunnit passerat närmar närmade sig")
"""Between `klockan` and what it shows."""
_ABOUT = words(
    "nu snart redan precis exakt bara nästan ungefär cirka runt kring omkring strax inte prick väl typ över efter före"
)
_AFTER = words(
    "på så nu när om men redan då prick exakt idag imorgon ikväll inatt imorse varje till från tills innan sen sedan i "
    "än ungefär bara hemma där här snart tack eller efter"
)
"""What may follow a time that only its words tell of; behind a number anything else may be what it counts."""
_SHOWN = frozenset({5, 10, 20, 25})
"""Minutes that people count from the hour."""
_PLURAL = words("vi ni de dom är var blir blev")
_BARE_MINUTES = 10
"""Said without `och`, minutes have two digits: `klockan tre fem personer` is three o'clock."""


def clock(place: Place) -> Written | None:
    """`klockan fjorton och trettio` is klockan 14:30; `halv tre` is 2:30; `klockan är tjugo över fyra` is 4:20."""
    if place.key() in _CLOCK:
        text, count = _face(place, 1) or _digital(place, 1) or ("", 0)
        return Written(count=count + 1, parts=((1, place.line[place.at].core), (count, text))) if count else None
    shown = _shown(place)
    face = _face(place, 0)
    if face and (shown or _told(place) or _alone(place, face[1])):
        return one(face[1], face[0])
    digital = _digital(place, 0) if shown and not face else None
    return one(digital[1], digital[0]) if digital and _closed(place, digital[1]) else None


def _told(place: Place) -> bool:
    """Tell whether a word of the time itself or the one before says that this is a time."""
    before = place.before()
    return place.key() in {"halv", "kvart"} or place.key(2) == "halv" or bool(before and before[-1] in _AROUND)


def _shown(place: Place) -> bool:
    """Tell whether the words in front are `klockan är`, with or without `nu`, `snart`, `ungefär` and the like."""
    at, seen = place.at - 1, False
    while at >= 0 and not place.line[at].tail and place.line[at].key in _IS | _ABOUT:
        seen |= place.line[at].key in _IS
        at -= 1
    return seen and at >= 0 and not place.line[at].tail and place.line[at].key in _CLOCK


def _alone(place: Place, count: int) -> bool:
    """Tell whether `tio över elva` is a time by itself: usual minutes, and nothing behind that could be counted."""
    usual = place.reader.word(place.key()) in _SHOWN or place.key(1) == "minuter"
    before = place.before()
    people = len(before) > 1 and set(before[-2:]) <= _PLURAL and before[-1] != before[-2]
    return usual and not people and _closed(place, count)


def _closed(place: Place, count: int) -> bool:
    after, then = place.key(count), place.key(count + 1)
    if after == "och":
        return then not in {"en", "halv"} and place.reader.word(then) is None
    return not after or after in _AFTER or (after, then) == ("för", "att")


def _face(place: Place, at: int) -> tuple[str, int] | None:
    """Read `[fem [minuter] i|över] halv tre` and `kvart|tio [minuter] i|över tre`."""
    shift, count = 0, 0
    minutes = _QUARTER.get(place.key(at)) or place.reader.word(place.key(at))
    told = 1 + (place.key(at + 1) == "minuter")
    side = place.key(at + told)
    if minutes and minutes < _MINUTES // 2 and side in {"i", "över"}:
        shift, count = (-minutes if side == "i" else minutes), told + 1
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
