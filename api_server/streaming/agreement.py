"""LocalAgreement-2: the words that two hypotheses in a row agree on are committed, the rest is tentative.

After Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System", 2023. Every hypothesis
here covers its utterance from the beginning, so the words that are committed already must first be found again
in the newest one, where they may be spelled or divided differently.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MARKS = ".,;:!?…-–—\"'”“’»«)]"  # noqa: RUF001 - the marks that Whisper writes
"""What may follow a word and changes as more is heard."""
_NOT_SPOKEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """What stays and what may change."""

    committed: str
    """A prefix of every later `committed` of the same utterance."""
    tentative: str
    """Continues `committed` as it is, its leading space included."""


class Agreement:
    """The agreement within one utterance."""

    def __init__(self, expected: Sequence[str] = ()) -> None:
        """Start with nothing said; `expected` are words that an earlier decode heard here."""
        self._committed = ""
        self._rest = tuple(expected)
        self.words = 0
        """How many words of the newest hypothesis are committed."""

    def update(self, words: Sequence[str]) -> Agreed:
        """Take the newest hypothesis, as words with their punctuation; return what is agreed now."""
        known = find_again(self._committed, words)
        last = words[known - 1] if known else ""
        rest = tuple(words[known:])
        agreed = common_prefix(self._rest, rest)
        while agreed and not spoken(rest[agreed - 1]):
            agreed -= 1  # a dash alone is no word to end on
        if agreed:
            gap = _marks(last) + " " if self._committed else ""
            self._committed += gap + _without_marks(" ".join(rest[:agreed]))
            last = rest[agreed - 1]
        self._rest = rest[agreed:]
        self.words = known + agreed
        return Agreed(committed=self._committed, tentative=self._tentative(last))

    def _tentative(self, last: str) -> str:
        if not self._committed:
            return " ".join(self._rest)
        return " ".join((_marks(last), *self._rest)).rstrip()


def spoken(text: str) -> str:
    """Return what of a text is heard: letters and digits, case folded."""
    return _NOT_SPOKEN.sub("", text.casefold())


def common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words from the beginning are the same but for case and punctuation."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if spoken(left) != spoken(right):
            break
        count += 1
    return count


def find_again(committed: str, words: Sequence[str]) -> int:
    """Return how many of `words` account for `committed`, at the least edit distance of the letters.

    Letters, so that a compound written in two words this time is found as well; of equal distances the longer
    prefix, so that nothing is said twice.
    """
    target = spoken(committed)
    if not target:
        return 0
    heard = [spoken(word) for word in words]
    ends = np.cumsum([0, *(len(word) for word in heard)])
    distances = _distances(target, "".join(heard))[ends]
    return int(len(words) - np.argmin(distances[::-1]))


def _distances(target: str, heard: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the Levenshtein distance of `target` to each prefix of `heard`, shape (len(heard) + 1,)."""
    letters = np.array([ord(letter) for letter in heard], dtype=np.int64)
    steps = np.arange(letters.size + 1)
    row = steps.copy()
    for number, letter in enumerate(target, start=1):
        changed = row[:-1] + (letters != ord(letter))
        row = np.concatenate(([number], np.minimum(row[1:] + 1, changed)))
        row = np.minimum.accumulate(row - steps) + steps
    return row


def _without_marks(text: str) -> str:
    return text.rstrip(_MARKS + " ")


def _marks(word: str) -> str:
    return word[len(_without_marks(word)) :]
