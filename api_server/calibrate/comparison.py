"""What trials on the same recordings say about the settings; pure."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api_server.engine.base import AudioContext

_SHORT_AGREES = 0.995
"""From this agreement on, and with no window in doubt, short windows are taken as they are."""
_VERIFIED_AGREES = 0.98
"""Below this, verified windows change more than another beam would, and full ones are worth their time."""
_WORTH_IT = 0.9
"""A setting that saves less than a tenth of the time is not recommended for it."""
_FEW_WORDS = 50
"""Words below which one that differs says nothing yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """All pieces of the recordings, decoded in one way."""

    texts: tuple[str, ...]
    """Of each piece."""
    seconds: tuple[float, ...]
    """Wall time of each piece."""
    doubted: int = 0
    """Short windows that were decoded again at full length."""

    @property
    def median(self) -> float:
        """Seconds of a piece in the middle."""
        return statistics.median(self.seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """A setting and the reason for it."""

    setting: str
    """As a line of `.env`."""
    reason: str
    """One clause for people."""


def words(text: str) -> list[str]:
    """Return the words of a text, case and punctuation left aside."""
    return re.findall(r"\w+", text.casefold())


def agreement(reference: Sequence[str], texts: Sequence[str]) -> float:
    """Return the share of the reference's words that the texts keep: 1 minus the word error rate, at least 0."""
    pairs = [(words(one), words(other)) for one, other in zip(reference, texts, strict=True)]
    total = sum(len(one) for one, _other in pairs)
    changed = sum(edits(one, other) for one, other in pairs)
    return max(0.0, 1 - changed / total) if total else float(not changed)


def edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words must be put in, left out or replaced to make one of the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for place, word in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, against in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (word != against)),
            )
    return row[-1]


def choose_context(trials: Mapping[AudioContext, Trial]) -> Advice:
    """Return which windows to use; `trials` holds all three ways."""
    full, verified, short = trials["full"], trials["verified"], trials["short"]
    spoken = sum(len(words(text)) for text in full.texts)
    if spoken < _FEW_WORDS:
        return _context("verified", f"only {spoken} words were heard; give more recordings to judge by")
    keeps = agreement(full.texts, verified.texts)
    if keeps < _VERIFIED_AGREES:
        return _context("full", f"verified short windows keep only {keeps:.1%} of the words")
    if verified.median > _WORTH_IT * full.median:
        return _context("full", "short windows save less than a tenth of the time here")
    bare = agreement(full.texts, short.texts)
    if bare >= _SHORT_AGREES and not verified.doubted and short.median < _WORTH_IT * verified.median:
        return _context("short", f"short windows keep {bare:.1%} of the words and none was in doubt")
    saved = 1 - verified.median / full.median
    return _context("verified", f"{keeps:.1%} of the words are kept and {saved:.0%} of the time is saved")


def choose_threads(trials: Mapping[int, Trial]) -> Advice:
    """Return how many threads to use: the fewest that are not a tenth slower than the fastest."""
    fastest = min(trial.median for trial in trials.values())
    count = min(count for count, trial in trials.items() if trial.median * _WORTH_IT <= fastest)
    return Advice(
        setting=f"WHISPER_THREADS={count}",
        reason=f"{trials[count].median:.2f} s for a piece; the fastest of {_listed(trials)} needs {fastest:.2f} s",
    )


def _context(context: AudioContext, reason: str) -> Advice:
    return Advice(setting=f"AUDIO_CONTEXT={context}", reason=reason)


def _listed(counts: Mapping[int, Trial]) -> str:
    return ", ".join(str(count) for count in sorted(counts))
