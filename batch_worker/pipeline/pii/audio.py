"""Audio with its personal data beeped out; pure, on samples."""

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TONE = 1_000.0
"""Hz, as broadcasters beep."""
_LEVEL = 0.1
"""Peak amplitude of the beep; full scale is 1."""


def spans_to_beep(result: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return the seconds of a job's result that hold personal data.

    Where its times are not those of words, what was said when is not known: all of the segment is taken.
    """
    segments = {segment["id"]: segment for segment in result["segments"]}
    return [_seconds(span, segments.get(span["segment"])) for span in result["pii"]]


def _seconds(span: Mapping[str, Any], segment: Mapping[str, Any] | None) -> tuple[float, float]:
    start, end = span["start_time"], span["end_time"]
    if segment is None:
        return start, end
    words = segment.get("words") or ()
    timed = start in {round(word["start"], 3) for word in words} and end in {round(word["end"], 3) for word in words}
    return (start, end) if timed else (segment["start"], segment["end"])


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
    (out,) = beeped_pieces([samples], spans, rate=rate, margin=margin)
    return out


def beeped_pieces(
    pieces: Iterable[NDArray[np.float32]],
    spans: Iterable[tuple[float, float]],
    *,
    rate: int,
    margin: float = 0.05,
) -> Iterator[NDArray[np.float32]]:
    """Yield the same for a recording that comes in pieces, in the memory of one."""
    return over_ranges(pieces, ranges(spans, rate=rate, length=sys.maxsize, margin=margin), rate=rate)


def over_ranges(
    pieces: Iterable[NDArray[np.float32]], places: Sequence[tuple[int, int]], *, rate: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the pieces with a tone over sample ranges, which are in order and do not overlap."""
    begin = following = 0
    for piece in pieces:
        out = piece.copy()
        while following < len(places):
            first, last = places[following]
            low, high = max(first, begin), min(last, begin + len(piece))
            if low < high:
                tone = _LEVEL * np.sin(2 * np.pi * _TONE / rate * np.arange(low - first, high - first))
                out[low - begin : high - begin] = tone.astype(piece.dtype)
            if last > begin + len(piece):
                break  # it goes on in the next piece, or begins there
            following += 1
        begin += len(piece)
        yield out
