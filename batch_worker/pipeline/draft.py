"""What the stages fold: everything known of one recording so far.

A `Draft` is committed after every stage, so it crosses a process border as JSON (`to_json`, `from_json`) and
comes back equal. Stages add fields by `dataclasses.replace`; none changes what it was given.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.errors import Internal
from shared.transcript import Notice, Transcript


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """One voice of the recording."""

    id: str
    """`SPEAKER_00`, counting from 0 in order of first appearance."""
    seconds: float
    """Seconds of speech."""
    segments: int
    """Segments spoken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PiiSpan:
    """Personal data that was found in one segment."""

    type: str
    """`SE_PERSONNUMMER`, `PERSON`, `EMAIL_ADDRESS` …"""
    start: int
    """First character within the segment's text."""
    end: int
    """Character after the last one."""
    segment: int
    """The segment's id."""
    text: str
    """What was found; never logged."""
    score: float
    """0 to 1."""
    start_time: float
    """Seconds from the start of the recording."""
    end_time: float
    """Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """A segment that should not be trusted as it is."""

    segment: int
    """The segment's id."""
    confidence: float
    """0 to 1."""
    reason: str
    """Stable, snake_case: `low_probability`, `repetition`, `no_speech` …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One thing that was said or decided."""

    text: str
    """One sentence, in the transcript's language."""
    segments: tuple[int, ...] = ()
    """Ids of the segments that it is taken from, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something that somebody is to do."""

    what: str
    """In the transcript's language."""
    who: str | None = None
    """As they were named or marked in the text; None where nobody was."""
    when: str | None = None
    """As it was said; None where no time was."""
    segments: tuple[int, ...] = ()
    """Ids of the segments that it is taken from, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What a language model made of the text."""

    text: str
    """In the transcript's language."""
    model: str
    """Which model wrote it."""
    key_points: tuple[Point, ...] = ()
    """What it was about."""
    decisions: tuple[Point, ...] = ()
    """What was decided."""
    actions: tuple[Action, ...] = ()
    """What is to be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Everything known of one recording so far."""

    transcript: Transcript | None = None
    """None until `transcribe` has run, or was handed in with the job."""
    doubts: tuple[Doubt, ...] = ()
    """Segments with low confidence, in order of time; from `confidence`, taken up by `retry`."""
    speakers: tuple[Speaker, ...] = ()
    """Empty unless `diarization` has run."""
    languages: dict[str, float] = field(default_factory=dict)
    """Share of the speech in each language (ISO 639-1), 0 to 1; empty unless `language` has run."""
    pii: tuple[PiiSpan, ...] = ()
    """In order of segment and character; empty unless `pii` has run."""
    redacted_text: str | None = None
    """The text with its spans masked; None unless `pii` has run."""
    summary: Summary | None = None
    """None unless `summary` has run."""
    warnings: tuple[Notice, ...] = ()
    """What the caller should know of a result that is good otherwise."""

    def text(self) -> Transcript:
        """Return the transcript, or raise `ValueError`: no stage after `transcribe` runs without one."""
        if self.transcript is None:
            raise ValueError("this draft has no transcript yet")
        return self.transcript

    def warn(self, notice: Notice) -> "Draft":
        """Return this draft with one more warning."""
        return replace(self, warnings=(*self.warnings, notice))


_draft = TypeAdapter(Draft)


def to_json(draft: Draft) -> bytes:
    """Return the draft as JSON, UTF-8; fields that are None are left out."""
    return _draft.dump_json(draft, exclude_none=True)


def from_json(document: bytes | str) -> Draft:
    """Return the draft that `to_json` wrote, or raise `Internal`; what was said is not quoted, as errors are logged."""
    try:
        return _draft.validate_json(document)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Internal(
            f"What the finished stages of this job made cannot be read ({place}): it was written by another version. "
            "Send the recording again as a new job."
        ) from None


def facts(draft: Draft) -> dict[str, Any]:
    """Return the draft as JSON-ready values; fields that are None are left out."""
    document: dict[str, Any] = _draft.dump_python(draft, mode="json", exclude_none=True)
    return document
