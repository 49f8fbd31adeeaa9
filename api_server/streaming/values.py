"""What goes in and out of a streaming session."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from api_server.engine.base import SAMPLE_RATE, Samples
from shared.transcript import Word

FRAME = 512
"""Samples that the voice activity detector hears at once: 32 ms."""


class SpeechProbability(Protocol):
    """Tells speech from the rest, one stream at a time: it remembers what it heard before."""

    def __call__(self, frames: Samples) -> NDArray[np.float32]:
        """Return the probability of speech, shape (n,), of the next n frames, shape (n, 512)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamOptions:
    """How one stream is cut into utterances and how often it is decoded."""

    partials: bool = True
    """Whether the client wants to see unfinished utterances."""
    word_timestamps: bool = False
    """Whether finals carry words."""
    language: str = "sv"
    """ISO 639-1, of finals for which the decoder named none."""
    partial_interval: float = 0.5
    """Seconds of new audio between two partials."""
    endpoint_silence: float = 0.6
    """Seconds of silence that end an utterance."""
    early_silence: float = 0.2
    """Seconds of silence after which the final decode starts, in case the speaker has finished."""
    max_utterance_seconds: float = 24.0
    """Seconds after which an utterance is cut between two words; with `grace_seconds` at most one window, 30."""
    grace_seconds: float = 5.0
    """Seconds beyond that in which the decoder may say where words end; then the quietest place is taken."""
    pre_roll: float = 0.3
    """Seconds of audio before the onset of speech that belong to the utterance."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Heard:
    """Audio with what the voice activity detector made of it."""

    pcm: Samples
    """16 kHz mono, -1 to 1."""
    speech: tuple[float, ...]
    """Probability of speech of each 512 samples; the last one may stand for fewer."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DecodeRequest:
    """A wish of the session: decode this and call `decoded` or `failed` with its number."""

    number: int
    """Counts from 0 within the session."""
    utterance: int
    """Which utterance it is for."""
    kind: Literal["partial", "final"]
    """A quick provisional text, or the best one."""
    audio: Samples
    """Read-only view; what it shows never changes."""
    offset: float
    """Seconds from the start of the stream to the first sample."""
    word_timestamps: bool
    """Whether the answer must carry words; never for partials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """Request `number` is not needed any more; it need not be answered, and an answer is ignored."""

    number: int
    """Of the request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hypothesis:
    """What the decoder made of a request."""

    text: str
    """Without surrounding space; empty when nothing was said."""
    language: str | None = None
    """ISO 639-1, None where the decode does not tell."""
    confidence: float = 0.0
    """0 to 1."""
    words: tuple[Word, ...] = ()
    """With times from the start of the stream, when the request asked for them."""


def seconds(samples: int) -> float:
    """Return how long `samples` last."""
    return samples / SAMPLE_RATE


def samples(duration: float) -> int:
    """Return how many samples make `duration` seconds."""
    return round(duration * SAMPLE_RATE)
