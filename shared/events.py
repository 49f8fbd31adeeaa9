"""Every message of `WS /ws/transcribe`, one class each.

The names are the contract (docs/api.md). Times are seconds from the start of the audio. `ServerEvent` and
`ClientMessage` are discriminated unions on `type`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Message(BaseModel):
    """Base of all messages: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


# --- WS /ws/transcribe, client to server


class Start(Message):
    """Opens a stream; may be left out, then these defaults apply."""

    type: Literal["start"] = "start"
    language: str | None = Field(default=None, max_length=35)
    """ISO 639-1, `auto`, or None for the server's default."""
    encoding: Literal["pcm_s16le", "pcm_f32le", "webm", "ogg", "wav"] = "pcm_s16le"
    sample_rate: int = Field(default=16_000, ge=8_000, le=48_000)
    """Hz, of PCM; containers say it themselves."""
    channels: int = Field(default=1, ge=1, le=2)
    partials: bool = True
    word_timestamps: bool = False
    model: str | None = Field(default=None, max_length=200)
    prompt: str | None = Field(default=None, max_length=4_000)
    """Text that the model takes as having come before; it is read anew for every partial."""
    hotwords: str | None = Field(default=None, max_length=4_000)
    """Words to be expected."""
    endpoint_silence: float | None = Field(default=None, ge=0.1, le=5)
    """Seconds of silence that end an utterance; None for the server's `ENDPOINT_SILENCE`."""


class Flush(Message):
    """Ends the current utterance now."""

    type: Literal["flush"] = "flush"
    mark: str | None = Field(default=None, max_length=100)
    """Comes back in a `flushed` once every final of the audio before it has been sent; None: no answer."""


class Stop(Message):
    """Ends the stream; every final arrives, then `done`."""

    type: Literal["stop"] = "stop"


ClientMessage = Annotated[Start | Flush | Stop, Field(discriminator="type")]
client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


# --- WS /ws/transcribe, server to client


class Ready(Message):
    """The stream is open."""

    type: Literal["ready"] = "ready"
    session_id: str
    model: str
    language: str
    sample_rate: int
    protocol: Literal[1] = 1


class SpeechStarted(Message):
    """Somebody began to speak; exactly one `final` follows for this utterance."""

    type: Literal["speech_started"] = "speech_started"
    utterance: int
    start: float


class Partial(Message):
    """What the utterance seems to be so far."""

    type: Literal["partial"] = "partial"
    utterance: int
    start: float
    end: float
    committed: str
    """Only ever grows within an utterance."""
    tentative: str
    """May still change."""
    lag: float
    """Seconds between the newest audio received and the newest audio covered here."""


class WordTime(Message):
    """A word of a final."""

    start: float
    end: float
    word: str
    probability: float


class Final(Message):
    """What the utterance was."""

    type: Literal["final"] = "final"
    utterance: int
    start: float
    end: float
    text: str
    language: str
    confidence: float
    words: list[WordTime] | None = None
    latency: float
    """Seconds from the end of speech (endpoint silence not counted) to this event."""


class Flushed(Message):
    """Every final of the audio before a marked `flush` has been sent."""

    type: Literal["flushed"] = "flushed"
    mark: str


class StreamError(Message):
    """Something went wrong; the connection ends if `fatal`."""

    type: Literal["error"] = "error"
    code: str
    message: str
    fatal: bool


class StreamDone(Message):
    """The stream has ended and every final has been sent."""

    type: Literal["done"] = "done"
    duration: float
    utterances: int
    audio_received: float
    audio_decoded: float
    audio_silence: float
    dropped: float = 0.0


ServerEvent = Annotated[
    Ready | SpeechStarted | Partial | Final | Flushed | StreamError | StreamDone, Field(discriminator="type")
]
