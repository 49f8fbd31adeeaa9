"""Pure rules about windows: how much padding a short one needs, and when its text is not to be believed.

Whisper is trained on 30 s windows, silence behind the speech. Encoding only the speech and a margin is several
times cheaper on a CPU, but unmodified checkpoints can then fall into loops (whisper.cpp issues 1855 and 1951,
faster-whisper issues 171 and 1006). Hence the verification: whoever decodes a short window asks `doubtful` and
decodes the full window again when it says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_FRAMES = 3000
"""Mel frames of 10 ms in a full window."""
MARGIN_FRAMES = 100
"""Silent frames kept behind the speech: an end of speech is heard by the silence after it."""

_COMPRESSION_LIMIT = 2.4
_LOGPROB_LIMIT = -1.0
_LOOP = 4
_TOKENS_PER_SECOND = 12
_TOKENS_MORE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowText:
    """What one window was decoded to, as far as the verification needs it."""

    text: str
    """The text without timestamps."""
    tokens: int
    """Tokens decoded, timestamps included, the end token not."""
    avg_logprob: float
    """Mean log probability of the tokens."""
    compression_ratio: float
    """Bytes over zlib size."""


def content_frames(features: NDArray[np.float32]) -> int:
    """Return how many frames of a padded window, shape (mels, frames), lie before its zero padding."""
    used = np.flatnonzero(features.any(axis=0))
    return int(used[-1]) + 1 if used.size else 0


def short_frames(content: int) -> int:
    """Return how many frames to encode for `content` frames of speech: even, margin included, at most full."""
    frames = content + MARGIN_FRAMES
    return min(FULL_FRAMES, frames + frames % 2)


def token_limit(content: int) -> int:
    """Return how many tokens `content` frames can hold: fast speech is about 8 a second, timestamps come on top."""
    return content * _TOKENS_PER_SECOND // 100 + _TOKENS_MORE


def repeats(text: str) -> bool:
    """Tell whether a phrase of one to four words stands four times in a row."""
    words = text.lower().split()
    return any(
        all(words[start + offset] == words[start + offset + size] for offset in range(size * (_LOOP - 1)))
        for size in range(1, 5)
        for start in range(len(words) - size * _LOOP + 1)
    )


def doubtful(window: WindowText, *, limit: int) -> str | None:
    """Return why a short window's text must be verified at full length, or None when it can be believed."""
    if window.tokens >= limit:
        return "no_end"
    if window.compression_ratio > _COMPRESSION_LIMIT:
        return "compression_ratio"
    if window.avg_logprob < _LOGPROB_LIMIT:
        return "avg_logprob"
    return "repetition" if repeats(window.text) else None
