"""Which stretches of a recording are to be heard again; pure."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.transcript import Segment

PADDING = 0.3
"""Seconds in front and behind, so that no word is cut: in silence where there is some, else into the neighbour."""
JOINED = 1.0
"""Seconds between doubtful segments that are heard in one go."""
LONGEST = 24.0
"""Seconds of one passage, so that it fits into a window of 30 with its padding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """Neighbouring segments that are heard again together."""

    first: int
    """Place of the first of them in the transcript, from 0."""
    last: int
    """Place of the last one."""
    start: float
    """Seconds from which it is heard, padding included."""
    end: float
    """Seconds, after `start`."""
    after: float
    """Seconds; a word whose middle lies before is the neighbour's: the middle of the silence in front."""
    before: float
    """Seconds; likewise behind."""


def passages(segments: Sequence[Segment], doubtful: Container[int], *, duration: float) -> tuple[Passage, ...]:
    """Return the passages that hold the segments whose ids are in `doubtful`, in order of time.

    `duration` of the recording in seconds; no passage goes beyond it.
    """
    found = (_passage(segments, places, duration) for places in _runs(segments, doubtful))
    return tuple(passage for passage in found if passage.end > passage.start)


def _runs(segments: Sequence[Segment], doubtful: Container[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for place, segment in enumerate(segments):
        if segment.id not in doubtful:
            continue
        if run and not _together(segments[run[0]], segments[run[-1]], segment, neighbours=run[-1] == place - 1):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _together(first: Segment, last: Segment, segment: Segment, *, neighbours: bool) -> bool:
    return neighbours and segment.start - last.end <= JOINED and segment.end - first.start <= LONGEST


def _passage(segments: Sequence[Segment], run: Sequence[int], duration: float) -> Passage:
    first, last = run[0], run[-1]
    start, end = segments[first].start, segments[last].end
    before_it = segments[first - 1].end if first > 0 else 0.0
    behind_it = segments[last + 1].start if last + 1 < len(segments) else duration
    return Passage(
        first=first,
        last=last,
        start=max(0.0, start - PADDING),
        end=min(duration, end + PADDING),
        after=(before_it + start) / 2,
        before=(end + behind_it) / 2,
    )


def borders(segments: Sequence[Segment]) -> list[float]:
    """Return the seconds at which one segment's words end and the next one's begin: the middles of the gaps."""
    return [(one.end + other.start) / 2 for one, other in pairwise(segments)]
