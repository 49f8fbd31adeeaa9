"""The words of a segment with a time, a place in its text and a speaker; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise

from batch_worker.pipeline.speakers.turns import Timeline
from shared.transcript import Segment, Word

_REACH = 1
"""Words by which a change of speaker may be off where words have times of their own."""
_REACH_ESTIMATED = 3
"""The same where times were only estimated."""
_SENTENCE_END = (".", "?", "!", "…")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A word, or a token of a text without words."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    place: int | None
    """Character of the segment's text at which a new part may begin with this word; None where none may."""
    ends_sentence: bool
    """Whether it closes a sentence."""


def placed(segment: Segment) -> tuple[Placed, ...]:
    """Return the segment's words; without words, the tokens of its text, their times estimated from their lengths."""
    words = estimated(segment) if segment.words is None else segment.words
    return tuple(
        Placed(start=word.start, end=word.end, place=place, ends_sentence=word.word.endswith(_SENTENCE_END))
        for word, place in zip(words, _places(segment.text, words), strict=True)
    )


def estimated(segment: Segment) -> tuple[Word, ...]:
    """Return the tokens of a text as words, over the segment's seconds in proportion to their characters."""
    tokens = segment.text.split()
    ends = list(accumulate(len(token) + 1 for token in tokens))
    scale = (segment.end - segment.start) / max(1, ends[-1] if ends else 0)
    return tuple(
        Word(start=segment.start + before * scale, end=segment.start + end * scale, word=token, probability=0.0)
        for token, before, end in zip(tokens, [0, *ends], ends, strict=False)
    )


def _places(text: str, words: Sequence[Word]) -> Iterator[int | None]:
    """Yield where each word begins in the text; None for one that is not found, or that hangs on the one before."""
    reached = 0
    for word in words:
        found = text.find(word.word, reached) if word.word else -1
        if found < 0:
            yield None
            continue
        yield found if found > 0 and text[found - 1].isspace() else None
        reached = found + len(word.word)


def speakers(segment: Segment, words: Sequence[Placed], timeline: Timeline) -> list[str | None]:
    """Return who said each word: by overlap, what cannot be parted kept together, changes moved to sentence ends."""
    heard = [timeline.speaker(word.start, word.end) for word in words]
    for index in range(1, len(words)):
        if words[index].place is None:
            heard[index] = heard[index - 1]
    return _at_sentence_ends(heard, words, _REACH_ESTIMATED if segment.words is None else _REACH)


def _at_sentence_ends(heard: list[str | None], words: Sequence[Placed], reach: int) -> list[str | None]:
    """Move each change of speaker to the nearest sentence end within `reach` words; no turn vanishes by that."""
    if not heard:
        return []
    changes = [index for index in range(1, len(heard)) if heard[index] != heard[index - 1]]
    borders = [0, *changes, len(heard)]
    for number, change in enumerate(changes, start=1):
        near = range(max(borders[number - 1] + 1, change - reach), min(borders[number + 1] - 1, change + reach) + 1)
        fitting = [index for index in near if words[index - 1].ends_sentence and words[index].place is not None]
        borders[number] = min(fitting, key=partial(_distance, change), default=change)
    runs = zip([0, *changes], pairwise(borders), strict=True)
    return [heard[first] for first, (start, end) in runs for _ in range(start, end)]


def _distance(change: int, index: int) -> int:
    return abs(index - change)
