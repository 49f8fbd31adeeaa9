"""`WS /ws` with commands, `/api/status`, `POST /api/load-model`, `GET /demo`: a demonstration in a browser.

The model that a client loads serves that client alone; there, it served everyone. Whoever names none is served by the
resident one.
"""

import asyncio
import base64
import binascii
import io
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request, Response, WebSocket
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api_server.deps import KeyedRoute, Provided, Services
from api_server.engine.probe import fault
from api_server.errors import REPLIES
from api_server.routes import health, pages
from api_server.routes.decoding import Wish, transcript_of
from api_server.routes.sse import Document, dumps
from api_server.routes.stream import StarletteSocket, accepted, attend, refused
from api_server.streaming.connection import Disconnected, Socket
from shared.errors import EmptyAudio, InvalidParameter, SvenskaError

router = APIRouter(tags=["compat"])
keyed = APIRouter(route_class=KeyedRoute, tags=["compat"], responses=REPLIES)


class _Command(BaseModel):
    model_config = ConfigDict(protected_namespaces=(), use_attribute_docstrings=True)


class StartRecording(_Command):
    """The client begins to record; it sends what it has recorded as `process_audio`."""

    command: Literal["start_real_recording"]
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1 or `auto`, for the recordings that follow."""


class ProcessAudio(_Command):
    """A recording."""

    command: Literal["process_audio"]
    audio_data: str
    """Base64 of any container, also as a data URL."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1 or `auto`; nothing: as `start_real_recording` said, else the server's default."""


class ModelName(_Command):
    """Which model is to be brought into memory."""

    model_name: str = Field(min_length=1, max_length=200, validation_alias=AliasChoices("model_name", "model"))
    """A size or a hub id."""


class LoadModel(ModelName):
    """A model for the recordings that follow."""

    command: Literal["load_model"]


_commands: TypeAdapter[StartRecording | ProcessAudio | LoadModel] = TypeAdapter(
    Annotated[StartRecording | ProcessAudio | LoadModel, Field(discriminator="command")]
)


@router.websocket("/ws")
async def talk(websocket: WebSocket) -> None:
    """Answer commands one after the other; what cannot be done is an `error` and ends nothing."""
    key = await accepted(websocket)
    conversation = Conversation(StarletteSocket(websocket), websocket.app.state.services)
    await attend(websocket, conversation.run, key=key, refusal=refused)


class Conversation:
    """One client's commands and what they leave for the next ones."""

    def __init__(self, socket: Socket, services: Services) -> None:
        """Begin with the resident model and the server's default language."""
        self._socket = socket
        self._services = services
        self._model: str | None = None
        self._language: str | None = None

    async def run(self) -> None:
        """Answer until the client goes; work that nobody waits for any more is cancelled."""
        coming = asyncio.create_task(self._socket.receive())
        try:
            while True:
                message = await coming
                coming = asyncio.create_task(self._socket.receive())
                answer = await _unless_gone(self._answer(message), coming)
                await self._socket.send(dumps(answer))
        except Disconnected:
            return
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _answer(self, message: str | bytes) -> Document:
        try:
            match await asyncio.to_thread(_parsed, message):
                case ProcessAudio() as recording:
                    return await self._heard(recording)
                case LoadModel(model_name=name):
                    loaded = await _loaded(self._services, name)
                    self._model = name
                    return loaded
                case StartRecording(language=language):
                    self._language = language
                    return self._recording()
        except SvenskaError as error:
            return {"type": "error", **error.to_json()["error"], "fatal": False}

    def _recording(self) -> Document:
        model = self._model or self._services.models.name
        return {"type": "status", "message": "Recording started", "recording": True, "model": model}

    async def _heard(self, recording: ProcessAudio) -> Document:
        audio = await asyncio.to_thread(_audio, recording.audio_data)
        wish = Wish(language=recording.language or self._language, model=self._model)
        transcript = await transcript_of(self._services, io.BytesIO(audio), wish)
        return {
            "type": "transcript",
            "transcript": transcript.text,
            "language": transcript.language,
            "source": "real_microphone",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "model": transcript.model,
            "duration": transcript.duration,
        }


async def _unless_gone(work: Coroutine[Any, Any, Document], coming: "asyncio.Task[str | bytes]") -> Document:
    """Return what `work` returns; raises `Disconnected` where what comes next is the client's end."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        await asyncio.wait({task, coming}, return_when=asyncio.FIRST_COMPLETED)
        if coming.done() and coming.exception() is not None:
            task.cancel()
    if task.cancelled():
        raise Disconnected
    return task.result()


def _parsed(message: str | bytes) -> StartRecording | ProcessAudio | LoadModel:
    try:
        return _commands.validate_json(message)
    except ValidationError as error:
        raise _explained(error) from None


def _explained(error: ValidationError) -> InvalidParameter:
    problem = error.errors(include_url=False)[0]
    said = problem.get("ctx", {})
    match problem["type"]:
        case "union_tag_invalid":
            return InvalidParameter("command", expected=f"one of {said['expected_tags']}", got=said["tag"])
        case "union_tag_not_found":
            return InvalidParameter("command", expected="a command", got="none")
        case "missing":
            return InvalidParameter(str(problem["loc"][-1]), expected="a value", got="none")
    field = str(problem["loc"][-1]) if problem["loc"] else "message"
    expected = problem["msg"].removeprefix("Input should be ")
    return InvalidParameter(field, expected=expected, got=problem["input"])


def _audio(data: str) -> bytes:
    encoded = data.partition(",")[2] if data.startswith("data:") else data
    try:
        audio = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise InvalidParameter("audio_data", expected="base64 of a recording", got=encoded) from None
    if not audio:
        raise EmptyAudio("`audio_data` holds no audio (0 bytes).")
    return audio


async def _loaded(services: Services, name: str) -> Document:
    began = time.monotonic()
    state = await services.models.load(name)
    return {
        "type": "model_loaded",
        "message": f"Whisper {state.name} model loaded successfully",
        "model": state.name,
        "load_time": round(time.monotonic() - began, 3),
    }


@router.get("/demo", response_class=Response)
def demo(request: Request) -> Response:
    """Return the page."""
    return pages.page(request)


@router.get("/api/status")
async def status(request: Request, services: Provided) -> dict[str, Any]:
    """Return what `GET /health` says, and whether the lanes decode."""
    alive = await health.health(request, services)
    return {**alive, "model": services.models.name, "system_ready": fault(services.probes) is None}


@keyed.post("/api/load-model")
async def load_model(services: Provided, wanted: Annotated[ModelName, Body()]) -> Document:
    """Bring a model into memory by its size or hub id; returns when it is there."""
    return await _loaded(services, wanted.model_name)
