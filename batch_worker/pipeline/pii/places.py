"""From characters of a segment to seconds of the recording; pure."""

from collections.abc import Iterable, Iterator

from batch_worker.pipeline.draft import PiiSpan
from batch_worker.pipeline.pii.hits import Hit
from shared.transcript import Segment


def spans(segment: Segment, hits: Iterable[Hit]) -> Iterator[PiiSpan]:
    """Yield the hits with their seconds: those of the words they touch, else by the share of characters."""
    words = list(_word_places(segment))
    for hit in hits:
        times = [
            (word_from, word_to) for start, end, word_from, word_to in words if start < hit.end and end > hit.start
        ]
        start_time, end_time = (times[0][0], times[-1][1]) if times else _proportional(segment, hit)
        yield PiiSpan(
            type=hit.type,
            start=hit.start,
            end=hit.end,
            segment=segment.id,
            text=segment.text[hit.start : hit.end],
            score=round(hit.score, 4),
            start_time=round(start_time, 3),
            end_time=round(end_time, 3),
        )


def _word_places(segment: Segment) -> Iterator[tuple[int, int, float, float]]:
    """Yield first and last character and the seconds of each word; nothing where the words are not the text's."""
    place = 0
    found: list[tuple[int, int, float, float]] = []
    for word in segment.words or ():
        written = word.word.strip()
        start = segment.text.find(written, place) if written else place
        if start < 0:
            return
        place = start + len(written)
        found.append((start, place, word.start, word.end))
    yield from found


def _proportional(segment: Segment, hit: Hit) -> tuple[float, float]:
    seconds = (segment.end - segment.start) / max(1, len(segment.text))
    return segment.start + hit.start * seconds, segment.start + hit.end * seconds
