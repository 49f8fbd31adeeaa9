"""Addresses said aloud: `anna punkt berg snabel a bolaget punkt se`, `www punkt …`; English `at` and `dot`."""

import re
from dataclasses import dataclass

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_TOP = words("se nu com org net eu io info biz dk no fi de uk ai dev app example local")
_VERBS = words("till på ut upp över efter hur om vad att jag du vi ni han hon den det så")
"""After `punkt se` these make `se` a verb."""
_SLASH = words("snedstreck slash")
_NO_PATH = words("eller och så men där som är") | _SLASH
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_MACHINE = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_LONGEST = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """What a language calls the signs of an address."""

    dot: frozenset[str]
    at: tuple[tuple[str, ...], ...]
    """The ways to say @, each a run of words."""
    dash: frozenset[str] = frozenset({"bindestreck", "minus", "streck", "dash", "hyphen"})
    under: frozenset[str] = frozenset({"understreck", "underscore"})


SWEDISH = Signs(dot=frozenset({"punkt"}), at=(("snabel", "a"), ("snabela",), ("snabel-a",), ("at",), ("kanelbulle",)))
ENGLISH = Signs(dot=frozenset({"dot"}), at=(("at",),))


def _signs(keys: tuple[str, ...], at: int, signs: Signs) -> tuple[str, int]:
    """Return the sign said at a place and how many words it took."""
    for spoken in signs.at:
        if keys[at : at + len(spoken)] == spoken:
            return "@", len(spoken)
    key = keys[at] if at < len(keys) else ""
    table = ((signs.dot, "."), (signs.dash, "-"), (signs.under, "_"))
    return next(((sign, 1) for names, sign in table if key in names), ("", 0))


def _written(word: str, place: Place) -> str:
    value = place.reader.word(word)
    return word if value is None else str(value)


def address(place: Place, signs: Signs) -> Written | None:
    """Return an e-mail or web address that begins here."""
    keys = place.keys(limit=_LONGEST)
    inside = place.before()[-1:] and place.before()[-1] in signs.dot  # the rest of a section's number
    if len(keys) < 3 or _signs(keys, 0, signs)[1] or inside:  # noqa: PLR2004 - name, sign, name
        return None
    text, count = ("www", 3) if keys[:3] == ("w", "w", "w") else (_written(keys[0], place), 1)
    best = (0, "")
    while count < len(keys):
        sign, used = _signs(keys, count, signs)
        if not used or count + used >= len(keys) or _signs(keys, count + used, signs)[1]:
            break
        if sign == "@" and "@" in text:
            break
        text += sign + _written(keys[count + used], place)
        count += used + 1
        verb = "@" not in text and count < len(keys) and keys[count] in _VERBS
        if (sign == "." and keys[count - 1] in _TOP and not verb) or _machine(text, keys[count:], signs):
            best = (count, text)
    return one(*_path(place, keys, *best, signs)) if best[0] else None


def _machine(text: str, rest: tuple[str, ...], signs: Signs) -> bool:
    """Tell whether four numbers are a machine's address; five are a section."""
    return _MACHINE.fullmatch(text) is not None and not _signs(rest, 0, signs)[1]


def _path(place: Place, keys: tuple[str, ...], count: int, text: str, signs: Signs) -> tuple[int, str]:
    """Return how many words an address takes, and the address, with what is said behind a slash."""
    sign, used = "/", 1
    while "@" not in text and count + used < len(keys) and (sign != "/" or keys[count] in _SLASH):
        if keys[count + used] in _NO_PATH:
            break
        text, count = f"{text}{sign}{_written(keys[count + used], place)}", count + used + 1
        sign, used = _signs(keys, count, signs) if "/" in text else ("/", 1)
        if sign not in {".", "-", "_"}:
            sign, used = "/", 1
    return count, text
