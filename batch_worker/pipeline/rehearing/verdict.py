"""Whether a second hearing is clearly better than the first; pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from batch_worker.pipeline.doubts import looped, trusted
from shared.transcript import Segment

Verdict = Literal["better", "same", "nothing_heard", "repetition", "too_fast", "words_missing", "no_surer"]
MARGIN = 0.1
"""How much surer the second hearing must be, on the scale of `confidence`."""
_LOOP_SHARE = 0.5
_REPETITIVE = 2.4
"""Compression ratio above which a text repeats itself (Radford et al. 2022, section 4.5)."""
_FASTEST = 30.0
"""Signs per second beyond which nobody speaks; quick Swedish has about 20."""
_KEPT = 0.5
"""Share of the first hearing's words that the second must at least have, unless the first was a loop."""


def verdict(before: Sequence[Segment], after: Segment, *, seconds: float) -> Verdict:
    """Return `better`, or the first reason why the second hearing does not take the first one's place.

    `seconds` is the length of the passage. What the two are compared by is made of the same figures for both: where
    the first hearing has no words, those of the second are not looked at.
    """
    if not after.text.strip():
        return "nothing_heard"
    if after.compression_ratio > _REPETITIVE or looped(after.text) > _LOOP_SHARE:
        return "repetition"
    if len(after.text) > _FASTEST * max(0.5, seconds):
        return "too_fast"
    text = " ".join(segment.text for segment in before)
    if _plain(text) == _plain(after.text):
        return "same"
    if looped(text) <= _LOOP_SHARE and len(after.text.split()) < _KEPT * len(text.split()):
        return "words_missing"
    return "better" if _sure(before, after) >= sureness(before) + MARGIN else "no_surer"


def sureness(segments: Sequence[Segment]) -> float:
    """Return the mean confidence, 0 to 1, by seconds."""
    weights = [max(0.01, segment.end - segment.start) for segment in segments]
    return sum(weight * segment.confidence for weight, segment in zip(weights, segments, strict=True)) / sum(weights)


def _sure(before: Sequence[Segment], after: Segment) -> float:
    if any(segment.words is None for segment in before):
        return trusted(replace(after, words=None))
    return trusted(after)


def _plain(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
