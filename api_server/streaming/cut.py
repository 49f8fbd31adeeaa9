"""Where an utterance that is too long is cut in two; pure."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from api_server.engine.base import Samples
from api_server.streaming.values import samples
from shared.transcript import Word

_HOP = samples(0.01)
_WINDOW = 2
_SLACK = 0.1
"""Seconds by which the decoder's word times may be wrong."""
_EDGE = 1.0
"""Seconds before the end of the audio in which no word is certain unless it was committed."""
_STEP = 0.05
"""Seconds; pauses that differ by less count as equal."""


def words_before_cut(words: Sequence[Word], *, committed: int, earliest: float, latest: float) -> int:
    """Return how many words lie before the best cut, 0 when there is none; times are seconds.

    Between two words of which the first is committed (or, where nothing is, ends well before `latest`) and ends
    after `earliest`: at the longest pause, and of equal ones at the last.
    """
    count, best = 0, -1
    for number, (word, following) in enumerate(pairwise(words), start=1):
        certain = number <= committed if committed else word.end <= latest - _EDGE
        pause = round(max(0.0, following.start - word.end) / _STEP)
        if certain and word.end >= earliest and pause >= best:
            count, best = number, pause
    return count


def gap(word: Word, following: Word) -> tuple[float, float]:
    """Return between which times, in seconds, the cut between two words is to be searched."""
    middle, next_middle = (word.start + word.end) / 2, (following.start + following.end) / 2
    return max(middle, word.end - _SLACK), min(next_middle, following.start + _SLACK)


def quietest(pcm: Samples) -> int:
    """Return the middle of the quietest 20 ms, in samples from the beginning; half the length if it is shorter."""
    hops = pcm.size // _HOP
    if hops < _WINDOW:
        return pcm.size // 2
    energy = np.square(pcm[: hops * _HOP].reshape(hops, _HOP)).sum(axis=1)
    return (int(np.argmin(energy[1:] + energy[:-1])) + 1) * _HOP
