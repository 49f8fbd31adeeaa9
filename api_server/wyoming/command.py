"""What somebody says to an assistant, from `audio-start` to `transcript`, as a native stream."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStop
from wyoming.error import Error
from wyoming.event import Event

from api_server.streaming.connection import Disconnected
from api_server.streaming.outbox import Sent
from api_server.wyoming.client import Client
from api_server.wyoming.wire import explained
from shared.errors import AudioTooLong, InvalidParameter, InvalidRequest, Timeout
from shared.events import Final, Ready, ServerEvent, Start, Stop, StreamDone, StreamError

_server_event: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)
_NATIVE_WIDTH = 2
_EXPECTED = 4_000
"""Characters of expected words that are used."""
_to_native = AudioChunkConverter(width=_NATIVE_WIDTH)


class Asked(BaseModel):
    """What is used of `transcribe`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: Annotated[str, Field(max_length=200)] | None = None
    """The model: the resident one's name, or nothing."""
    language: Annotated[str, Field(max_length=35)] | None = None
    """BCP 47, of which the first part counts."""

    transcript_names: tuple[str, ...] | None = None
    """Words to be expected, above all."""
    transcript_terms: tuple[str, ...] | None = None
    """Words to be expected too."""

    @property
    def expected(self) -> str | None:
        """Return the words to be expected."""
        return ", ".join([*(self.transcript_names or ()), *(self.transcript_terms or ())])[:_EXPECTED] or None

    @property
    def spoken(self) -> str | None:
        """Return the language to decode in."""
        return self.language.replace("_", "-").partition("-")[0].lower() if self.language else None


class Format(BaseModel):
    """What `audio-start` and every `audio-chunk` say of the samples."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    rate: int = Field(ge=8_000, le=48_000)
    """Hz."""
    width: int = Field(ge=1, le=4)
    """Bytes of a sample."""
    channels: int = Field(ge=1, le=2)
    """Mixed to one."""

    @property
    def frame(self) -> int:
        """Return the bytes of one sample of every channel."""
        return self.width * self.channels


def asked(event: Event) -> Asked:
    """Return what a `transcribe` wants; raises `InvalidParameter`."""
    try:
        return Asked.model_validate(event.data)
    except ValidationError as error:
        raise explained(error, event.type) from None


def form(event: Event) -> Format:
    """Return the samples' form; raises `InvalidParameter`."""
    try:
        return Format.model_validate(event.data)
    except ValidationError as error:
        raise explained(error, event.type) from None


class Command:
    """One stretch of speech; implements `streaming.connection.Socket`.

    Each final is a `transcript-chunk` as soon as it is there; joined as they come they are the `transcript`.
    """

    def __init__(self, client: Client, wanted: Asked, samples: Format, *, max_seconds: float, patience: float) -> None:
        """Take `samples` from `client`, no more than `max_seconds` of them, and wait `patience` seconds for each."""
        self._client = client
        self._format = samples
        self._max_seconds = max_seconds
        self._patience = patience
        self._start: Start | None = Start(
            language=wanted.spoken,
            sample_rate=samples.rate,
            channels=samples.channels,
            partials=False,
            model=wanted.name,
            hotwords=wanted.expected,
        )
        self._heard = 0.0
        self._ended = False
        self._text = ""
        self._language: str | None = None

    async def receive(self) -> str | bytes:
        """Return the next native message; raises `Disconnected`, or the error in what was sent."""
        if self._start is not None:
            opening, self._start = self._start, None
            return opening.model_dump_json()
        if self._ended:  # what comes now belongs to the next one
            await self._client.gone.wait()
            raise Disconnected
        self._ended = True
        message = self._meaning(await self._next())
        self._ended = isinstance(message, str)
        return message

    async def _next(self) -> Event:
        """Return what comes next: a client whose machine has gone says nothing, and must not keep its place."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._client.next()
        except TimeoutError:
            raise Timeout(f"Neither audio nor audio-stop for {self._patience:g} seconds.") from None

    def _meaning(self, event: Event) -> str | bytes:
        if AudioStop.is_type(event.type):
            return Stop().model_dump_json()
        if not AudioChunk.is_type(event.type):
            raise InvalidRequest(f"Expected audio-chunk or audio-stop, got {event.type}.")
        return self._audio(event)

    def _audio(self, event: Event) -> bytes:
        if (said := form(event)) != self._format:
            raise InvalidParameter("audio-chunk", expected=f"the format of the start, {self._format}", got=said)
        chunk = AudioChunk.from_event(event)
        self._heard += len(chunk.audio) / self._format.frame / self._format.rate
        if self._heard > self._max_seconds:
            raise AudioTooLong(
                f"More than {self._max_seconds:g} seconds of audio. Send less, or raise MAX_AUDIO_SECONDS."
            )
        if chunk.width == _NATIVE_WIDTH:
            return chunk.audio
        if len(chunk.audio) % self._format.frame:
            raise InvalidParameter("payload_length", expected="whole samples", got=len(chunk.audio))
        return _to_native.convert(chunk).audio

    async def send(self, text: str) -> None:
        """Send what a native event means; raises `Disconnected`."""
        await self._tell(_server_event.validate_json(text))

    async def _tell(self, event: Sent) -> None:
        match event:
            case Ready():
                self._language = None if event.language == "auto" else event.language
                await self._client.send(TranscriptStart(language=self._language))
            case Final() if event.text:
                await self._add(event)
            case StreamError():
                await self._client.send(Error(text=event.message, code=event.code))
            case StreamDone():
                await self._client.send(Transcript(text=self._text, language=self._language))
                await self._client.send(TranscriptStop())

    async def _add(self, event: Final) -> None:
        self._language = event.language
        piece = f" {event.text}" if self._text else event.text
        self._text += piece
        await self._client.send(TranscriptChunk(text=piece))
