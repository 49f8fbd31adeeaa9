"""How far each segment can be trusted, and why not; pure."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from batch_worker.pipeline.draft import Doubt
from shared.transcript import Segment

_REPETITIVE = 2.4
"""Compression ratio above which Whisper's authors call a text repetitive (Radford et al. 2022, section 4.5)."""
_SILENT = 0.6
"""No-speech probability from which the same authors doubt that there was speech."""
_LONGEST_PHRASE = 8
_LOOP_SHARE = 0.5
"""Share of a text that may be one phrase said three times and more."""
_LOOP_WORDS = 6
_WEAK_WORD = 0.3
"""A word that the decoder itself gave less than this is named as the reason."""


def looped(text: str) -> float:
    """Return the share of the words, 0 to 1, that belong to a phrase said at least three times in a row."""
    words = text.casefold().split()
    if len(words) < _LOOP_WORDS:
        return 0.0
    longest = 0
    for size in range(1, min(_LONGEST_PHRASE, len(words) // 3) + 1):
        same = 0
        for before, after in zip(words, words[size:], strict=False):
            same = same + 1 if before == after else 0
            if same >= 2 * size:
                longest = max(longest, same + size)
    return longest / len(words)


def trusted(segment: Segment) -> float:
    """Return the segment's confidence, 0 to 1: the decoder's own, its words and its repetitions taken in.

    The geometric mean of two witnesses, the decoder's figure (`shared.confidence`) and the mean probability of the
    words, which tells wrong segments from right ones better than either the lowest or the geometric mean of them
    (docs/pipeline.md); times the share of the text that is no loop. Without words the first figure stands alone.
    """
    words = [word.probability for word in segment.words or ()]
    spoken = sum(words) / len(words) if words else segment.confidence
    loop = looped(segment.text)
    value = math.sqrt(max(0.0, segment.confidence) * spoken) * (1.0 - loop if loop > _LOOP_SHARE else 1.0)
    return round(min(1.0, max(0.0, value)), 4)


def reason(segment: Segment) -> str:
    """Return why a doubtful segment is doubtful: the plainest cause there is."""
    if segment.compression_ratio > _REPETITIVE or looped(segment.text) > _LOOP_SHARE:
        return "repetition"
    if segment.no_speech_prob > _SILENT:
        return "no_speech"
    if any(word.probability < _WEAK_WORD for word in segment.words or ()):
        return "doubtful_words"
    return "low_probability"


def weighed(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the segments with `trusted` as their confidence.

    One that was rewritten or heard again keeps its own: its figures are no longer those of its text.
    """
    for segment in segments:
        value = trusted(segment) if segment.original_text is None and segment.retried is None else segment.confidence
        yield segment if value == segment.confidence else replace(segment, confidence=value)


def doubts(segments: Iterable[Segment], threshold: float) -> Iterator[Doubt]:
    """Yield the segments below the threshold (0 to 1) that have any text, with the reason."""
    for segment in segments:
        if segment.confidence < threshold and segment.text.strip():
            yield Doubt(segment=segment.id, confidence=segment.confidence, reason=reason(segment))
