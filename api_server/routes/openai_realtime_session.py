"""The settings of one of OpenAI's transcription sessions, in its present shape and in the earlier one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError

from api_server.routes.openai import served
from api_server.routes.sse import Document
from shared.errors import InvalidParameter, ModelNotFound
from shared.events import Start

Shape = Literal["session", "transcription_session"]
"""How sessions are written, and the first word of the events that tell of them: now, and before."""
Encoding = Literal["pcm", "pcmu", "pcma"]

_LOGPROBS = "item.input_audio_transcription.logprobs"
_LIVE = frozenset({"gpt-realtime-whisper", "gpt-live-transcribe"})
"""OpenAI's models whose clients end the turns themselves, whether or not they say so."""
_EAGER = {"high": 0.5, "medium": 0.8, "auto": 0.8, "low": 1.5}
"""Seconds of silence that stand for the eagerness of `semantic_vad`, which is about sense and not about silence."""
_TEXT_LIMIT = 4_000
_RATE, _TELEPHONE_RATE = 24_000, 8_000
_FORMATS: dict[str, Encoding] = {"audio/pcm": "pcm", "audio/pcmu": "pcmu", "audio/pcma": "pcma"}
_WHERE: dict[Shape, str] = {
    "session": "session.audio.input.transcription",
    "transcription_session": "session.input_audio_transcription",
}
_EARLIER_FORMATS: dict[str, Encoding] = {"pcm16": "pcm", "g711_ulaw": "pcmu", "g711_alaw": "pcma"}


class Transcription(BaseModel):
    """What is to be transcribed how; other fields of OpenAI's are accepted and not used."""

    model: str | None = Field(default=None, max_length=200)
    """The resident one or one of OpenAI's names for it."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the server's default."""
    prompt: str | None = Field(default=None, max_length=_TEXT_LIMIT)
    """Text that the model takes as having come before."""
    languages: list[Annotated[str, Field(max_length=20)]] | None = Field(default=None, max_length=100)
    """Instead of `language`: what may be spoken; several are `auto`."""
    keywords: list[Annotated[str, Field(max_length=200)]] | None = Field(default=None, max_length=100)
    """Words to be expected."""

    @property
    def spoken(self) -> str | None:
        """Return the native stream's language."""
        if self.language or not self.languages:
            return self.language or None
        return self.languages[0] if len(self.languages) == 1 else "auto"


class ServerVad(BaseModel):
    """Silence ends a turn."""

    type: Literal["server_vad"] = "server_vad"
    silence_duration_ms: int = Field(default=500, ge=0, le=60_000)
    """Taken as 100 at least and 5000 at most."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Accepted and not used."""
    prefix_padding_ms: int = Field(default=300, ge=0, le=60_000)
    """Accepted and not used."""

    @property
    def silence(self) -> float:
        """Return the silence, in seconds."""
        return min(5.0, max(0.1, self.silence_duration_ms / 1000))


class SemanticVad(BaseModel):
    """Silence ends a turn here too, a long one where the client wants patience."""

    type: Literal["semantic_vad"] = "semantic_vad"
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    """The less, the longer the silence."""

    @property
    def silence(self) -> float:
        """Return the silence, in seconds."""
        return _EAGER[self.eagerness]


def _kind(detection: object) -> str:
    kind = detection.get("type") if isinstance(detection, Mapping) else getattr(detection, "type", None)
    return "semantic_vad" if kind == "semantic_vad" else "server_vad"


Detection = Annotated[
    Annotated[ServerVad, Tag("server_vad")] | Annotated[SemanticVad, Tag("semantic_vad")], Discriminator(_kind)
]


class _Format(BaseModel):
    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"]
    rate: int = Field(default=_RATE, ge=8_000, le=48_000)


class _Input(BaseModel):
    format: _Format | None = None
    transcription: Transcription | None = None
    turn_detection: Detection | None = None


class _Audio(BaseModel):
    input: _Input | None = None


class _Update(BaseModel):
    type: Literal["transcription"] = "transcription"
    audio: _Audio | None = None
    include: list[str] | None = Field(default=None, max_length=20)


class _EarlierUpdate(BaseModel):
    input_audio_format: Literal["pcm16", "g711_ulaw", "g711_alaw"] | None = None
    input_audio_transcription: Transcription | None = None
    turn_detection: Detection | None = None
    include: list[str] | None = Field(default=None, max_length=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What holds for one connection."""

    encoding: Encoding = "pcm"
    """16-bit samples, or G.711 µ-law or A-law."""
    rate: int = _RATE
    """Hz."""
    transcription: Transcription = field(default_factory=Transcription)
    """What is to be transcribed how."""
    detection: ServerVad | SemanticVad | None = None
    """What ends a turn, as the client said it."""
    said: bool = False
    """Whether the client said so: `detection` may be nothing because nothing ends a turn but the client."""
    include: tuple[str, ...] = ()
    """What is told besides."""

    @property
    def turns(self) -> ServerVad | SemanticVad | None:
        """Return what ends a turn; None: the client."""
        if self.said:
            return self.detection
        return None if self.transcription.model in _LIVE else ServerVad()

    @property
    def logprobs(self) -> bool:
        """Whether the words' log probabilities are told."""
        return _LOGPROBS in self.include

    @property
    def bytes_a_second(self) -> int:
        """Return how many bytes of audio make a second."""
        return self.rate * 2 if self.encoding == "pcm" else self.rate

    def start(self) -> Start:
        """Return how the native stream opens."""
        turns, wish = self.turns, self.transcription
        return Start(
            language=wish.spoken,
            encoding="pcm_s16le",
            sample_rate=self.rate,
            word_timestamps=self.logprobs,
            model=None if wish.model in _LIVE else served(wish.model),
            prompt=wish.prompt,
            hotwords=", ".join(wish.keywords or ())[:_TEXT_LIMIT] or None,
            endpoint_silence=None if turns is None else turns.silence,
        )


def updated(session: Session, shape: Shape, changes: object) -> Session:
    """Return the session with a client's changes; what they do not name stays. Raises `InvalidParameter`."""
    try:
        if shape == "session":
            _refuse_earlier_names(changes)
            return _updated(session, _Update.model_validate(changes))
        return _updated_earlier(session, _EarlierUpdate.model_validate(changes))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        path = [str(part) for part in fault["loc"] if part not in {"server_vad", "semantic_vad"}]
        expected = "it" if fault["type"] == "missing" else fault["msg"].removeprefix("Input should be ")
        raise InvalidParameter(".".join(["session", *path]), expected=expected, got=fault["input"]) from None


def checked(session: Session, shape: Shape, check: Callable[[Start], object]) -> None:
    """Let `check` raise errors of the tree for a stream that cannot be opened, and name OpenAI's field in them."""
    try:
        check(session.start())
    except (InvalidParameter, ModelNotFound) as error:
        name = "model" if isinstance(error, ModelNotFound) else "language"
        error.detail = {**(error.detail or {}), "field": f"{_WHERE[shape]}.{name}"}
        raise


def _refuse_earlier_names(changes: object) -> None:
    names = changes if isinstance(changes, Mapping) else {}
    for name in names:
        if str(name).startswith("input_audio_"):
            raise InvalidParameter(
                f"session.{name}", expected="nothing here but in `transcription_session.update`", got=names[name]
            )


def _updated(session: Session, update: _Update) -> Session:
    given = (update.audio or _Audio()).input or _Input()
    changes = _common(update, given, given.transcription)
    if given.format is not None:
        encoding = _FORMATS[given.format.type]
        changes |= {"encoding": encoding, "rate": given.format.rate if encoding == "pcm" else _TELEPHONE_RATE}
    return replace(session, **changes)


def _updated_earlier(session: Session, update: _EarlierUpdate) -> Session:
    changes = _common(update, update, update.input_audio_transcription)
    if update.input_audio_format is not None:
        encoding = _EARLIER_FORMATS[update.input_audio_format]
        changes |= {"encoding": encoding, "rate": _RATE if encoding == "pcm" else _TELEPHONE_RATE}
    return replace(session, **changes)


def _common(
    update: _Update | _EarlierUpdate, given: _Input | _EarlierUpdate, wish: Transcription | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if wish is not None:
        changes["transcription"] = wish
    if "turn_detection" in given.model_fields_set:
        changes |= {"detection": given.turn_detection, "said": True}
    if "include" in update.model_fields_set:
        changes["include"] = tuple(update.include or ())
    return changes


def document(session: Session, shape: Shape, *, identity: str, model: str) -> Document:
    """Return the session as OpenAI writes it; `model` is the resident one."""
    turns = session.turns
    transcription = {**session.transcription.model_dump(), "model": session.transcription.model or model}
    common: Document = {
        "id": identity,
        "object": "realtime.transcription_session",
        "include": list(session.include) or None,
    }
    detection = None if turns is None else turns.model_dump()
    if shape == "transcription_session":
        name = next(name for name, encoding in _EARLIER_FORMATS.items() if encoding == session.encoding)
        return common | {
            "input_audio_format": name,
            "input_audio_transcription": transcription,
            "input_audio_noise_reduction": None,
            "turn_detection": detection,
        }
    form = {"type": f"audio/{session.encoding}"} | ({"rate": session.rate} if session.encoding == "pcm" else {})
    heard = {
        "format": form, "transcription": transcription, "noise_reduction": None, "turn_detection": detection,
    }  # fmt: skip
    return common | {"type": "transcription", "audio": {"input": heard}}
