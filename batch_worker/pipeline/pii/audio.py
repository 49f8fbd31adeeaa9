"""Audio with its personal data beeped out; pure, on samples."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_TONE = 1_000.0
"""Hz, as broadcasters beep."""
_LEVEL = 0.1
"""Peak amplitude of the beep; full scale is 1."""


def ranges(
    spans: Iterable[tuple[float, float]], *, rate: int, length: int, margin: float = 0.05
) -> list[tuple[int, int]]:
    """Return sample ranges of spans in seconds, widened by `margin` seconds, clamped, sorted and merged."""
    wide = sorted(
        (max(0, math.floor(round((start - margin) * rate, 3))), min(length, math.ceil(round((end + margin) * rate, 3))))
        for start, end in spans
    )
    merged: list[tuple[int, int]] = []
    for first, last in wide:
        if last <= first:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def beeped(
    samples: NDArray[np.float32], spans: Iterable[tuple[float, float]], *, rate: int, margin: float = 0.05
) -> NDArray[np.float32]:
    """Return a copy of mono samples (-1 to 1) with the spans (seconds) replaced by a tone.

    Nothing of the speech is left under the tone, and every sample outside the widened spans is bit-equal.
    """
    out = samples.copy()
    for first, last in ranges(spans, rate=rate, length=len(samples), margin=margin):
        tone = _LEVEL * np.sin(2 * np.pi * _TONE / rate * np.arange(last - first))
        out[first:last] = tone.astype(samples.dtype)
    return out
