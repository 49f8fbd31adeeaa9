"""What the language model reads of a transcript: one line a segment, personal data replaced by tokens; pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from batch_worker.pipeline.draft import Action, PiiSpan, Point, Summary
from batch_worker.pipeline.pii.redaction import pseudonyms, redacted
from batch_worker.pipeline.summary.lines import Line
from shared.transcript import Segment

_OWN_LABEL = re.compile(r"SPEAKER_\d{1,4}")
_LONGEST_LABEL = 40
"""Characters; it is written before every line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Readable:
    """A transcript as the language model may see it."""

    lines: tuple[Line, ...]
    """Segments with text, in order of time."""
    hidden: dict[str, str] = field(default_factory=dict, repr=False)
    """What stands behind each token, `[PERSON_1]`; the fullest form where there are several."""


def open_lines(segments: Sequence[Segment]) -> Readable:
    """Return segments as they are."""
    return Readable(lines=tuple(_lines(segments, [one.text for one in segments], lambda name: name)))


def masked_lines(segments: Sequence[Segment], spans: Sequence[Sequence[PiiSpan]]) -> Readable:
    """Return segments with their spans, one sequence for each segment, replaced by numbered tokens.

    Equal data has an equal token throughout, so that the model can still tell who is to do what. A speaker's name
    that somebody handed in is personal data too.
    """
    token = pseudonyms([span for own in spans for span in own])
    hidden: dict[str, str] = {}
    for span in (span for own in spans for span in own):
        mark = token(span)
        hidden[mark] = max(hidden.get(mark, ""), span.text, key=len)
    names: dict[str, str] = {}

    def label(name: str) -> str:
        if _OWN_LABEL.fullmatch(name):
            return name
        mark = names.setdefault(name, f"[VOICE_{len(names) + 1}]")
        hidden[mark] = name
        return mark

    texts = [redacted(segment, own, token) for segment, own in zip(segments, spans, strict=True)]
    return Readable(lines=tuple(_lines(segments, texts, label)), hidden=hidden)


def spans_by_segment(segments: Sequence[Segment], spans: Sequence[PiiSpan]) -> list[list[PiiSpan]] | None:
    """Return a job's spans, a list for each segment, or None where ids do not tell the segments apart."""
    own: dict[int, list[PiiSpan]] = {segment.id: [] for segment in segments}
    if len(own) < len(segments) or any(span.segment not in own for span in spans):
        return None
    for span in spans:
        own[span.segment].append(span)
    return [own[segment.id] for segment in segments]


def unmasked(summary: Summary, hidden: dict[str, str]) -> Summary:
    """Return a summary with the tokens' own words in their places."""

    def shown(text: str) -> str:
        return re.sub(r"\[[^\[\]]+\]", lambda found: hidden.get(found[0], found[0]), text)

    def point(one: Point) -> Point:
        return replace(one, text=shown(one.text))

    def action(one: Action) -> Action:
        return replace(one, what=shown(one.what), who=one.who and shown(one.who), when=one.when and shown(one.when))

    return replace(
        summary,
        text=shown(summary.text),
        key_points=tuple(map(point, summary.key_points)),
        decisions=tuple(map(point, summary.decisions)),
        actions=tuple(map(action, summary.actions)),
    )


def _lines(segments: Sequence[Segment], texts: Sequence[str], label: Callable[[str], str]) -> list[Line]:
    lines = []
    for segment, text in zip(segments, texts, strict=True):
        one_line = " ".join(text.split())
        if one_line:
            speaker = label(" ".join(segment.speaker.split())[:_LONGEST_LABEL]) if segment.speaker else None
            lines.append(Line(id=segment.id, text=one_line, speaker=speaker))
    return lines
