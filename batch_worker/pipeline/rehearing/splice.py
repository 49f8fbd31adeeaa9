"""What of a second hearing belongs to a passage, and how it takes the place of the first; pure."""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batch_worker.pipeline.doubts import trusted
from batch_worker.pipeline.rehearing.passages import Passage, borders
from shared.transcript import Retried, Segment, Word

_SEAM = 4
"""Words that may have been heard twice at a seam."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What was said in front of a passage and behind it, where that is within its padding."""

    in_front: str = ""
    behind: str = ""


def neighbours(segments: Sequence[Segment], passage: Passage) -> Neighbours:
    """Return the texts of which a few words may be heard along with the passage."""
    in_front = segments[passage.first - 1] if passage.first > 0 else None
    behind = segments[passage.last + 1] if passage.last + 1 < len(segments) else None
    return Neighbours(
        in_front=in_front.text if in_front is not None and in_front.end > passage.start else "",
        behind=behind.text if behind is not None and behind.start < passage.end else "",
    )


def own_part(heard: Segment, passage: Passage, before: Sequence[Segment], around: Neighbours) -> Segment:
    """Return what was heard without its neighbours' words.

    `before` is the passage as it was first heard. Words with times go by their middles; then words that end the text
    in front, or begin the one behind, go too, unless the first hearing had them here as well.
    """
    spoken = heard.words if heard.words is not None else spread(heard, passage.after, passage.before)
    if heard.words is not None:
        spoken = tuple(word for word in spoken if passage.after <= (word.start + word.end) / 2 <= passage.before)
    known = [token for segment in before for token in segment.text.split()]
    spoken = spoken[_doubled(_plain(around.in_front.split())[::-1], _words(spoken), _plain(known)) :]
    behind = _doubled(_plain(around.behind.split()), _words(spoken)[::-1], _plain(known)[::-1])
    spoken = spoken[: len(spoken) - behind]
    return replace(heard, text=" ".join(word.word for word in spoken), words=spoken)


def spread(heard: Segment, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of a text that came without times, evenly over some seconds, each as sure as the whole."""
    tokens = heard.text.split()
    step = (end - start) / max(1, len(tokens))
    return tuple(
        Word(start=start + place * step, end=start + (place + 1) * step, word=token, probability=heard.confidence)
        for place, token in enumerate(tokens)
    )


def _doubled(outside: list[str], inside: list[str], known: list[str]) -> int:
    """Return how many words at a seam are the neighbour's; all lists begin at the seam and lead away from it."""
    for count in range(min(_SEAM, len(outside), len(inside)), 0, -1):
        if outside[:count][::-1] == inside[:count] and inside[:count] != known[:count]:
            return count
    return 0


def _plain(tokens: Sequence[str]) -> list[str]:
    return [re.sub(r"\W", "", token.casefold()) for token in tokens]


def _words(words: Sequence[Word]) -> list[str]:
    return _plain([word.word for word in words])


def replaced(before: Sequence[Segment], heard: Segment, model: str, *, timed: bool) -> tuple[Segment, ...]:
    """Return the segments of a passage with the words of a second hearing, each word where its middle lies.

    As many segments come back, with their ids; one that got no word is empty. Each keeps its first text and the
    confidence before. `timed` tells whether the times of `heard.words` are the decoder's.
    """
    places = borders(before)
    mine: list[list[Word]] = [[] for _ in before]
    for word in heard.words or ():
        mine[bisect(places, (word.start + word.end) / 2)].append(word)
    return tuple(_one(old, words, heard, model, timed=timed) for old, words in zip(before, mine, strict=True))


def _one(old: Segment, words: Sequence[Word], heard: Segment, model: str, *, timed: bool) -> Segment:
    new = replace(
        old,
        text=" ".join(word.word for word in words),
        words=tuple(words) if old.words is not None else None,
        avg_logprob=heard.avg_logprob,
        no_speech_prob=heard.no_speech_prob,
        compression_ratio=heard.compression_ratio,
        temperature=heard.temperature,
        confidence=trusted(heard),
        original_text=old.text if old.original_text is None else old.original_text,
        retried=Retried(model=model, confidence_before=old.confidence, accepted=True),
    )
    return replace(new, start=words[0].start, end=words[-1].end) if words and timed else new


def refused(before: Sequence[Segment], model: str) -> tuple[Segment, ...]:
    """Return the segments as they were, marked as heard again in vain."""
    return tuple(
        replace(old, retried=Retried(model=model, confidence_before=old.confidence, accepted=False)) for old in before
    )
