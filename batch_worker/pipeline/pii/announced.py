"""How a name is announced by the words around it; pure."""

import re
from collections.abc import Sequence
from typing import Literal

from batch_worker.pipeline.pii import cues

Cue = Literal["", "weak", "pair", "sure", "named"]
"""Not at all; only a listed name counts; two unlisted words count; any does; even a listed one in lower case does."""
_TALKS = frozenset(
    ("talar", "talade", "talat", "tala", "pratar", "pratade", "pratat", "prata", "snackar", "snackat", "snacka")
)
_LED = frozenset({
    *((verb, "med") for verb in _TALKS), ("namn", "är"), ("namnet", "är"), ("hälsa", "till"), ("name", "is"),
    ("speak", "to"), ("speaking", "to"), ("spoke", "to"),
})  # fmt: skip
_LINKS = frozenset({"är", "var", "mitt", "med", "till", "av", "från", "hos"})
_WHOM = frozenset({"jag", "hon", "han", "hen", "du"})
"""Behind a verb of naming they stand before the name: `förut hette hon …`."""
_CALLED = frozenset({"honom", "henne", "mig", "dig", "hen"})
"""Whom people call something: `alla kallar honom …`."""
_GREETED = 6
"""Words in which a greeting may stand before `det är`."""
_SAID = 40
"""Characters in which callers say behind their name that they call."""


def sentence_ends(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    """Tell whether a sentence ends between two words."""
    return any(sign in ".!?…\n" for sign in text[before.end() : after.start()])


def begins(text: str, words: Sequence[re.Match[str]], at: int) -> bool:
    """Tell whether a word is the first of its sentence; `Dr.` ends none."""
    if at == 0:
        return True
    return sentence_ends(text, words[at - 1], words[at]) and words[at - 1][0].casefold() not in cues.SHORT


def announced(text: str, words: Sequence[re.Match[str]], at: int, after: int) -> Cue:
    """Return how the name that begins at a word, and ends at a character, is announced."""
    if begins(text, words, at):
        return ""
    before = _before(text, words, at)
    last, second = before[-1], before[-2] if len(before) > 1 else ""
    if named := _named(before):
        return named
    if (
        (second, last) in _LED
        or _related(before)
        or _calls(before, text[after : after + _SAID])
        or cues.TITLES.fullmatch(last)
    ):
        return "sure"
    if last in cues.DEALINGS or (last in {"jag", "vi", "och"} and second in cues.DEALINGS):
        return "pair"
    titled = last in _LINKS and cues.TITLES.fullmatch(second)
    married = last == "gift" or (last in _WHOM and second == "hette")
    return "weak" if titled or married or last in cues.KIN or cues.PROFESSIONS.fullmatch(last) else ""


def calls(text: str, words: Sequence[re.Match[str]], at: int) -> bool:
    """Tell whether a caller greets before a word and says from where, or that they call, behind it."""
    return not cues.HELLO.isdisjoint(_before(text, words, at)) and bool(
        cues.CALLING_SURELY.match(text, words[at].end())
    )


def _named(before: Sequence[str]) -> Cue:
    """Return what a verb of naming says of the word behind it: people are called, things too."""
    last, second = before[-1], before[-2] if len(before) > 1 else ""
    if last not in cues.NAMING:
        return "named" if second in cues.CALLED and last in _CALLED else ""
    thing = cues.THINGS.fullmatch(before[-3] if second == "som" and len(before) > 2 else second)  # noqa: PLR2004
    return "weak" if thing else "named"


def _before(text: str, words: Sequence[re.Match[str]], at: int) -> list[str]:
    """Return the words of the same sentence before one, in lower case."""
    start = at
    while start > 0 and at - start < _GREETED and not (start < at and begins(text, words, start)):
        start -= 1
    return [word[0].casefold() for word in words[start:at]]


def _related(before: Sequence[str]) -> bool:
    return cues.RELATIONS.fullmatch(before[-1]) is not None and not cues.POSSESSIVES.isdisjoint(before[-4:-1])


def _calls(before: Sequence[str], rest: str) -> bool:
    """Tell whether somebody presents themselves: `hej, det är …`, `det här är … på`, `this is … speaking`."""
    if tuple(before[-2:]) == ("this", "is"):
        return cues.CALLING_ENGLISH.match(rest) is not None
    opening = before[:-3] if tuple(before[-3:]) == ("det", "här", "är") else before[:-2]
    if not (tuple(before[-3:]) == ("det", "här", "är") or tuple(before[-2:]) == ("det", "är")):
        return False
    return not cues.HELLO.isdisjoint(opening) or cues.CALLING.match(rest) is not None
