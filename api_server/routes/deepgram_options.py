"""What clients of Deepgram's listen interface may ask for, in the address of a request."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import InvalidRequest, UnsupportedAudio
from shared.events import Start

_CONTAINERS: dict[bytes, Literal["webm", "ogg", "wav"]] = {
    b"\x1aE\xdf\xa3": "webm", b"OggS": "ogg", b"RIFF": "wav", b"RF64": "wav",
}  # fmt: skip


class ListenQuery(BaseModel):
    """What is used of Deepgram's options; the others are accepted and not used."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="ignore")

    model: str | None = Field(default=None, max_length=200)
    """One of `GET /models`; every other name means the resident one."""
    language: str | None = Field(default=None, max_length=35)
    """BCP 47, of which the first part counts; `multi` lets the model listen."""
    detect_language: bool = False
    """Lets the model listen."""
    keyterm: list[str] = Field(default=[], max_length=100)
    """Words to be expected."""
    keywords: list[str] = Field(default=[], max_length=100)
    """The same, with `:WEIGHT` behind them, which is not used."""
    utterances: bool = False
    """Whether the reply lists utterances too."""
    paragraphs: bool = False
    """Whether the reply has paragraphs too."""
    smart_format: bool = False
    """The same."""
    callback: str | None = None
    """Refused: results come in the reply."""
    redact: list[str] = Field(default=[], max_length=100)
    """Refused: whoever asks for it must not get the words."""

    @property
    def spoken(self) -> str | None:
        """Return the language to decode in."""
        if self.detect_language or self.language == "multi":
            return "auto"
        return None if self.language is None else self.language.partition("-")[0]

    @property
    def expected(self) -> str | None:
        """Return the words to be expected."""
        return ", ".join([*self.keyterm, *(word.partition(":")[0] for word in self.keywords)])[:4000] or None

    def check(self) -> None:
        """Raise `InvalidRequest` for what cannot be left undone unnoticed."""
        if self.callback:
            raise InvalidRequest("callback: leave it out, the results come in the reply.")
        if set(self.redact) - {"false"}:
            raise InvalidRequest("redact: leave it out, nothing is redacted here; the batch_worker's jobs can do it.")


class LiveQuery(ListenQuery):
    """The same for a stream."""

    encoding: Literal["linear16", "linear32", "mulaw", "alaw", "ogg-opus"] | None = None
    """Nothing: webm, ogg or wav, whichever comes."""
    sample_rate: int = Field(default=16_000, ge=8_000, le=48_000)
    """Hz, of what is no container."""
    channels: int = Field(default=1, ge=1, le=2)
    """Mixed to one."""
    interim_results: bool = False
    """Whether unfinished utterances are told."""
    endpointing: int | bool = True
    """Milliseconds of silence that end an utterance; `true` and `false` leave it to the server."""
    vad_events: bool = False
    """Whether the beginning of speech is told."""
    utterance_end_ms: int | None = None
    """Whether the end of speech is told; the figure is not used."""

    def start(self, head: bytes) -> Start:
        """Return how the stream opens that begins with `head`; raises `UnsupportedAudio`."""
        encoding = self._container(head) if self.encoding is None else _native(self.encoding)
        audio = {"encoding": encoding, "sample_rate": self.sample_rate, "channels": self.channels}
        return self.empty().model_copy(update=audio)

    def empty(self) -> Start:
        """Return how a stream opens in which no audio comes."""
        silence = None if isinstance(self.endpointing, bool) else min(5.0, max(0.1, self.endpointing / 1000))
        return Start(
            language=self.spoken,
            partials=self.interim_results,
            word_timestamps=True,
            hotwords=self.expected,
            endpoint_silence=silence,
        )

    def _container(self, head: bytes) -> Literal["webm", "ogg", "wav"]:
        if (found := _CONTAINERS.get(head[:4])) is None:
            raise UnsupportedAudio(
                "Without `encoding` the stream is webm, ogg or wav, and this one is none of them; "
                "for raw audio say `encoding=linear16` and its `sample_rate`."
            )
        return found


def _native(encoding: str) -> Literal["pcm_s16le", "pcm_f32le", "ogg"]:
    if encoding == "linear32":
        return "pcm_f32le"
    return "ogg" if encoding == "ogg-opus" else "pcm_s16le"
