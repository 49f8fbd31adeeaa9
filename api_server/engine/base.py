"""What the rest of the api_server knows of an engine: values and Protocols, no implementation."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.transcript import Segment

Samples = NDArray[np.float32]
"""Shape (n,): mono, 16 kHz, -1 to 1."""

SAMPLE_RATE = 16_000
"""Hz."""
WINDOW_SECONDS = 30.0
"""What a Whisper model hears at once."""

AudioContext = Literal["full", "verified", "short"]
Task = Literal["transcribe", "translate"]


class Priority(IntEnum):
    """Who goes first when several wait for the same lane."""

    FINAL = 0
    PARTIAL = 1
    INTERACTIVE = 2
    BATCH = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodeOptions:
    """How one recording is to be decoded."""

    language: str | None = None
    """ISO 639-1, or None to let the model listen."""
    task: Task = "transcribe"
    """`translate` writes English."""
    prompt: str | None = None
    """Text that the model is to take as having come before."""
    hotwords: str | None = None
    """Words to be expected, in every window."""
    word_timestamps: bool = False
    """Whether segments carry words."""
    vad_filter: bool = True
    """Whether silence is cut out first."""
    beam_size: int = 5
    """1 is greedy."""
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """Tried in order until a decode is within its limits."""
    audio_context: AudioContext = "full"
    """How much padding the encoder hears: see `AUDIO_CONTEXT`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOptions:
    """How a model is brought into memory."""

    device: str = "cpu"
    """`cpu`, `cuda` or `auto`."""
    compute_type: str = "int8"
    """A CTranslate2 compute type."""
    threads: int = 0
    """Threads per decode; 0 lets CTranslate2 choose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelInfo:
    """What a loaded model is."""

    name: str
    """As it was asked for: `bundled`, `KBLab/kb-whisper-small`, a folder's name."""
    device: str
    """Where it runs."""
    compute_type: str
    """What its weights are multiplied as."""
    multilingual: bool
    """Whether it knows more than English."""
    languages: tuple[str, ...]
    """ISO 639-1 codes it knows."""
    demonstration: bool = False
    """True for the bundled model, which is not meant for people's speech."""


class Turn(Protocol):
    """The right to use a lane's model, one window at a time."""

    def next_window(self) -> None:
        """Wait until one more window may be decoded; raises `shared.errors.Cancelled` once cancelled.

        Gives back the window held before. Blocks: never called on the event loop.
        """

    def rest(self) -> None:
        """Give back the window that is held, for work that needs no model; nothing happens without one."""


class Decoding(Protocol):
    """One recording on its way to text; iterating does the work, in the caller's thread."""

    @property
    def language(self) -> str:
        """ISO 639-1; the caller's, or what the model heard in the first window."""

    @property
    def language_probability(self) -> float:
        """0 to 1; 1 where the caller named it."""

    @property
    def duration_after_vad(self) -> float:
        """Seconds that are left after the voice activity filter."""

    def __iter__(self) -> Iterator[Segment]:
        """Yield segments in order of time, ids from 0, each as soon as its window is decoded."""


class Transcriber(Protocol):
    """A model in memory, shared by everyone; knows nothing of requests."""

    @property
    def info(self) -> ModelInfo:
        """What it is."""

    def decode(self, samples: Samples, options: DecodeOptions, turn: Turn) -> Decoding:
        """Begin to decode a recording; asks `turn` before each window. Blocks while it listens for the language."""

    def decode_partials(self, batch: Sequence[Samples], options: DecodeOptions, turn: Turn) -> list[str]:
        """Return a quick text for each of several short recordings (at most 30 s), in one pass of the model."""

    def close(self) -> None:
        """Give the memory back; the transcriber is not used afterwards."""


Loader = Callable[[str, LoadOptions], Transcriber]
"""Brings a model into memory by name, or raises `ModelNotFound` with a sentence. Blocks for seconds."""
