"""From second hearings to segments: each passage judged, spliced or left, inventions taken out; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batch_worker.pipeline.rehearing.inventions import invented, removed, said_once
from batch_worker.pipeline.rehearing.passages import Passage
from batch_worker.pipeline.rehearing.splice import neighbours, own_part, refused, replaced
from batch_worker.pipeline.rehearing.verdict import verdict
from shared.transcript import Segment


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was heard in one passage."""

    model: str
    """Who listened."""
    segment: Segment
    """Times count from the start of the recording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """The transcript after the second hearings."""

    segments: tuple[Segment, ...]
    """As many as before, with their ids; one that lost its text keeps it as `original_text`."""
    detail: dict[str, Any] = field(default_factory=dict)
    """Counts: `verdicts`, `models`, `removed` (texts that nobody said), `loops` (said once now)."""


def decided(segments: Sequence[Segment], answers: Mapping[Passage, Answer]) -> Decided:
    """Return the segments with better passages spliced in and without what nobody said."""
    after = list(segments)
    verdicts: Counter[str] = Counter()
    settled: dict[int, str] = {}
    for passage, answer in answers.items():
        places = range(passage.first, passage.last + 1)
        before = segments[passage.first : passage.last + 1]
        heard = own_part(answer.segment, passage, before, neighbours(segments, passage))
        word = verdict(before, heard, seconds=passage.before - passage.after)
        verdicts[word] += 1
        settled |= dict.fromkeys(places, word)
        timed = answer.segment.words is not None
        after[passage.first : passage.last + 1] = (
            replaced(before, heard, answer.model, timed=timed) if word == "better" else refused(before, answer.model)
        )
    cleaned = [_cleaned(segment, settled.get(place)) for place, segment in enumerate(after)]
    pairs = list(zip(after, cleaned, strict=True))
    detail = {
        "verdicts": dict(sorted(verdicts.items())),
        "models": sorted({answer.model for answer in answers.values()}),
        "removed": sum(bool(old.text) and not new.text for old, new in pairs),
        "loops": sum(bool(new.text) and old is not new for old, new in pairs),
    }
    return Decided(segments=tuple(cleaned), detail=detail)


def _cleaned(segment: Segment, word: str | None) -> Segment:
    """Return a segment without inventions; one that two hearings agree on, or a better one, is taken for said."""
    if word in {"better", "same"}:
        return segment
    if invented(segment, nothing_heard=word == "nothing_heard"):
        return removed(segment)
    return said_once(segment)
