"""Reads numbers from words, compounds taken apart: `sexhundraåttiofem`, `två hundra tusen`, `ninety-six`.

The grammar is that of the languages themselves: hundreds of units (or of 11 to 19, as in years), thousands of
up to three digits, millions; each part smaller than the one before. It reads what a token can be part of and
stops where the next token cannot go on, so that `fem två hundra` is 5 and 200.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from batch_worker.pipeline.itn.lexicon import NumberWords

_HUNDRED, _THOUSAND, _MILLION = 100, 1_000, 1_000_000
_TEN = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A number that was read."""

    value: int
    count: int
    """How many tokens it took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    total: int = 0
    """Finished thousands and millions."""
    current: int = 0
    """Below 1,000, or hundreds up to 19 while no thousands were read."""
    started: bool = False
    scale: int = _MILLION * _THOUSAND
    """The last scale read; the next must be smaller."""

    def small(self, value: int) -> "_State | None":
        """Add a unit, a teen or tens."""
        room = self.current % _TEN == 0 if value < _TEN else self.current % _HUNDRED == 0
        if not room or (value == 0 and self.started) or (self.started and self.current == self.total == 0):
            return None  # nothing follows a zero, and a zero follows nothing
        if self.started and 0 < self.current < _TEN * 2 and self.current == _TEN:
            return None  # ten takes no unit
        return replace(self, current=self.current + value, started=True)

    def hundred(self) -> "_State | None":
        """Multiply by 100; a missing factor is 1."""
        if (self.started and self.current == self.total == 0) or self.current > 2 * _TEN or self.current == _TEN:
            return None  # years are counted in hundreds up to twenty
        if self.current > _TEN and self.total:
            return None
        return replace(self, current=max(1, self.current) * _HUNDRED, started=True)

    def large(self, scale: int) -> "_State | None":
        """Multiply by 1,000 or 1,000,000; a missing factor is 1."""
        if scale >= self.scale or (self.started and self.current == self.total == 0) or self.current >= _THOUSAND:
            return None
        if not self.current and (self.total or scale == _MILLION):
            return None  # a bare `tusen` is 1,000, a bare `miljon` is a word
        return replace(self, total=self.total + max(1, self.current) * scale, current=0, started=True, scale=scale)


class Reader:
    """Reads the cardinal numbers of one language."""

    def __init__(self, words: NumberWords) -> None:
        """Use these words."""
        self.words = words
        self._split = lru_cache(maxsize=4_096)(self._atoms)

    @cached_property
    def _atom(self) -> re.Pattern[str]:
        every = {*self.words.units, *self.words.teens, *self.words.tens, *self.words.scales}
        return re.compile("|".join(sorted(every, key=len, reverse=True)))

    def _atoms(self, word: str) -> tuple[str, ...]:
        """Return the number words that a compound consists of, or nothing."""
        found: list[str] = []
        place = 0
        # num2words writes the long "etttusen"; three equal letters never meet in a written Swedish word
        word = word.replace("-", "").replace("etttusen", "ettusen")
        while place < len(word):
            rest = word[place:]
            if rest.startswith("ettusen"):
                found += ["ett", "tusen"]
                place += len("ettusen")
                continue
            match = self._atom.match(rest)
            if match is None:
                return ()
            found.append(match[0])
            place += match.end()
        return tuple(found)

    def _extend(self, state: _State, word: str) -> _State | None:
        """Return the state after one more token, or None where it cannot go on with it."""
        atoms = self._split(word)
        if not atoms or (len(atoms) == 1 and len(word) > len(atoms[0]) + 1):
            return None
        after: _State | None = state
        for atom in atoms:
            if after is None:
                return None
            after = self._step(after, atom)
        return after

    def _step(self, state: _State, atom: str) -> _State | None:
        scale = self.words.scales.get(atom)
        if scale == _HUNDRED:
            return state.hundred()
        if scale is not None:
            return state.large(scale)
        for table in (self.words.units, self.words.teens, self.words.tens):
            if atom in table:
                return state.small(table[atom])
        return None

    def word(self, word: str) -> int | None:
        """Return the value of a single token, or None."""
        if word in self.words.loose:
            return None
        state = self._extend(_State(), word)
        return state.total + state.current if state else None

    def scale(self, word: str) -> int | None:
        """Return 100, 1,000 or 1,000,000 for such a word."""
        return self.words.scales.get(word)

    def read(self, words: Sequence[str], *, join_tens: bool = True) -> Reading | None:
        """Return the longest number that `words` begin with, or None.

        `join_tens`: whether "tjugo fem" is 25; false within codes said digit by digit.
        """
        state = self._begin(words)
        if state is None:
            return None
        count = 1
        while count < len(words):
            skip = 1 if words[count] in self.words.joints and state.current + state.total >= _HUNDRED else 0
            if count + skip >= len(words):
                break
            after = self._follow(state, words[count + skip], join_tens=join_tens)
            if after is None:
                break
            state = after
            count += 1 + skip
        return Reading(value=state.total + state.current, count=count)

    def _begin(self, words: Sequence[str]) -> _State | None:
        if not words:
            return None
        if words[0] in self.words.loose:
            following = self.scale(words[1]) if len(words) > 1 else None
            return _State(current=1, started=True) if following and (following > _THOUSAND or words[0] == "a") else None
        return self._extend(_State(), words[0])

    def _follow(self, state: _State, word: str, *, join_tens: bool) -> _State | None:
        if word in self.words.loose:
            return None
        after = self._extend(state, word)
        if after is not None and not join_tens and state.current % _HUNDRED and self.scale(word) is None:
            return None
        return after
