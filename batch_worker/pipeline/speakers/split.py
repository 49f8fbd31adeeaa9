"""Segments with speakers: parted where the speaker changes, so that no word is lost or said twice; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from batch_worker.pipeline.draft import Doubt, Speaker
from batch_worker.pipeline.speakers.turns import Timeline, Turn
from batch_worker.pipeline.speakers.wording import parted_like
from batch_worker.pipeline.speakers.words import Placed, placed, speakers
from shared.transcript import Segment, Word


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldApart:
    """A transcript's segments with their speakers."""

    segments: tuple[Segment, ...]
    """In the order they had, ids from 0."""
    speakers: tuple[Speaker, ...]
    """Who said any of them, in order of appearance."""
    doubts: tuple[Doubt, ...]
    """The doubts that were given, under the new ids; one for each part of a doubtful segment."""


def told_apart(segments: Sequence[Segment], turns: Sequence[Turn], doubts: Sequence[Doubt] = ()) -> ToldApart:
    """Return the segments with their speakers, named `SPEAKER_00` … in order of appearance.

    `turns` are tidied. A segment without words gets speakers from the estimated times of its tokens.
    """
    timeline = Timeline(turns)
    parted = [(segment.id, part) for segment in segments for part in _parts(segment, timeline)]
    names = _names([part for _, part in parted])
    after = tuple(_named(replace(part, id=place), names) for place, (_, part) in enumerate(parted))
    parts: dict[int, list[int]] = {}
    for place, (origin, _) in enumerate(parted):
        parts.setdefault(origin, []).append(place)
    return ToldApart(
        segments=after,
        speakers=tuple(_speakers(after, turns, names)),
        doubts=tuple(replace(doubt, segment=place) for doubt in doubts for place in parts.get(doubt.segment, ())),
    )


def _parts(segment: Segment, timeline: Timeline) -> Iterator[Segment]:
    words = placed(segment)
    if not words:
        yield replace(segment, speaker=timeline.speaker(segment.start, segment.end))
        return
    heard = speakers(segment, words, timeline)
    borders = [0, *(index for index in range(1, len(words)) if heard[index] != heard[index - 1]), len(words)]
    texts = _cut(segment.text, [words[index].place or 0 for index in borders[:-1]])
    originals = parted_like(texts, segment.original_text)
    for (first, last), text, original in zip(pairwise(borders), texts, originals, strict=True):
        yield replace(
            segment,
            start=segment.start if first == 0 else words[first].start,
            end=segment.end if last == len(words) else _end(words[first:last]),
            text=text,
            words=segment.words and _spoken(segment.words[first:last], heard[first]),
            speaker=heard[first],
            original_text=original,
        )


def _end(words: Sequence[Placed]) -> float:
    return max(words[0].start, words[-1].end)


def _spoken(words: Sequence[Word], speaker: str | None) -> tuple[Word, ...]:
    return tuple(replace(word, speaker=speaker) for word in words)


def _cut(text: str, places: Sequence[int]) -> list[str]:
    """Return the text cut at some characters, the first of which is its beginning; all of it is in the parts."""
    if len(places) == 1:
        return [text]
    borders = [0, *places[1:], len(text)]
    return [text[start:end].strip() for start, end in pairwise(borders)]


def _names(segments: Sequence[Segment]) -> dict[str, str]:
    names: dict[str, str] = {}
    for segment in segments:
        if segment.speaker is not None:
            names.setdefault(segment.speaker, f"SPEAKER_{len(names):02d}")
    return names


def _named(segment: Segment, names: dict[str, str]) -> Segment:
    if segment.speaker is None:
        return segment
    name = names[segment.speaker]
    return replace(segment, speaker=name, words=segment.words and _spoken(segment.words, name))


def _speakers(segments: Sequence[Segment], turns: Sequence[Turn], names: dict[str, str]) -> Iterator[Speaker]:
    for voice, name in names.items():
        seconds = sum(turn.end - turn.start for turn in turns if turn.speaker == voice)
        spoken = sum(segment.speaker == name for segment in segments)
        yield Speaker(id=name, seconds=round(seconds, 3), segments=spoken)
