"""What was said and when: the values that every part of the system passes on.

Times are seconds from the start of the recording. The values are frozen; whoever changes one makes a copy
with `dataclasses.replace`. They cross process borders as JSON through `to_json` and `…_from_json`.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word as the decoder aligned it."""

    start: float
    """Seconds."""
    end: float
    """Seconds, never before `start`."""
    word: str
    """The written word with its punctuation, without surrounding space."""
    probability: float
    """The decoder's own probability, 0 to 1."""
    speaker: str | None = None
    """Who said it, once diarization has run: `SPEAKER_00`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retried:
    """Where a segment's text came from when a second decode was tried."""

    model: str
    """The model that was asked."""
    confidence_before: float
    """The first decode's confidence, 0 to 1."""
    accepted: bool
    """Whether the second text replaced the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A stretch of speech that the decoder wrote as one line."""

    id: int
    """Counts from 0 within the recording."""
    start: float
    """Seconds."""
    end: float
    """Seconds, never before `start`."""
    text: str
    """Without surrounding space."""
    language: str
    """ISO 639-1."""
    avg_logprob: float
    """Mean log probability of the tokens, at most 0."""
    no_speech_prob: float
    """Probability that the window held no speech, 0 to 1."""
    compression_ratio: float
    """Bytes of the window's text over their zlib size; above 2.4 it repeats itself."""
    temperature: float
    """Sampling temperature of the decode that was kept; 0 is beam search."""
    confidence: float
    """0 to 1, from the figures above: see `shared.confidence`."""
    words: tuple[Word, ...] | None = None
    """Present when word timestamps were asked for."""
    speaker: str | None = None
    """Who spoke, once diarization has run."""
    original_text: str | None = None
    """The decoder's own text, where a later stage rewrote it."""
    retried: Retried | None = None
    """Present when a second decode was tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something the caller should know about a result that is good otherwise."""

    stage: str
    """Who says it: `decode`, `transcribe`, a pipeline stage's name."""
    code: str
    """Stable, snake_case."""
    message: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """The whole answer for one recording."""

    text: str
    """The segments' texts joined by a space."""
    language: str
    """ISO 639-1."""
    language_probability: float
    """0 to 1; 1 where the caller named the language."""
    duration: float
    """Seconds of audio received."""
    duration_after_vad: float
    """Seconds that the voice activity filter let through."""
    model: str
    """Name of the model that decoded it."""
    processing_seconds: float
    """Wall time spent decoding, waiting excluded."""
    queue_seconds: float
    """Wall time spent waiting for a turn."""
    segments: tuple[Segment, ...]
    """In order of time."""
    warnings: tuple[Notice, ...] = ()
    """What the caller should know."""


def join_text(segments: tuple[Segment, ...]) -> str:
    """Return the running text of some segments: their texts, stripped, joined by one space."""
    return " ".join(text for segment in segments if (text := segment.text.strip()))


_segment = TypeAdapter(Segment)
_transcript = TypeAdapter(Transcript)


def to_json(value: Segment | Transcript) -> dict[str, Any]:
    """Return a JSON-ready dictionary; fields that are None (words not asked for, say) are left out."""
    adapter: TypeAdapter[Any] = _segment if isinstance(value, Segment) else _transcript
    document: dict[str, Any] = adapter.dump_python(value, mode="json", exclude_none=True)
    return document


def segment_from_json(document: object) -> Segment:
    """Return the segment that `to_json` wrote, or raise `pydantic.ValidationError`; unknown fields are ignored."""
    return _segment.validate_python(document)


def transcript_from_json(document: object) -> Transcript:
    """Return the transcript that `to_json` wrote, or raise `pydantic.ValidationError`; unknown fields are ignored."""
    return _transcript.validate_python(document)
