"""Addresses said aloud: `anna punkt berg snabel a bolaget punkt se`, `www punkt …`; English `at` and `dot`."""

import re
from dataclasses import dataclass

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_TOP = words("se nu com org net eu io info biz dk no fi de uk ai dev app example local")
_VERBS = words("till på ut upp över efter hur om vad att jag du vi ni han hon den det så")
"""After `punkt se` these make `se` a verb."""
_SLASH = words("snedstreck slash")
_MACHINE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
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
    if len(keys) < 3 or _signs(keys, 0, signs)[1]:  # noqa: PLR2004 - name, sign, name
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
        if (sign == "." and keys[count - 1] in _TOP and not verb) or _MACHINE.fullmatch(text):
            best = (count, text)
    return one(*_path(place, keys, *best)) if best[0] else None


def _path(place: Place, keys: tuple[str, ...], count: int, text: str) -> tuple[int, str]:
    """Return the address with what is said behind a slash, and how many words it took."""
    while "@" not in text and count + 1 < len(keys) and keys[count] in _SLASH:
        text, count = f"{text}/{_written(keys[count + 1], place)}", count + 2
    return count, text
