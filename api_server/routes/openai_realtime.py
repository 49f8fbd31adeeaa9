"""OpenAI's `WS /v1/realtime?intent=transcription`: a live stream in its events.

Sessions that talk are not served. `?model=` names such a session's model at OpenAI and is not looked at; the one that
transcribes is named in the session.
"""

import asyncio
import base64
import contextlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse
from pydantic_core import from_json

from api_server.deps import authorize, bearer
from api_server.routes.dialects import hosted_status
from api_server.routes.g711 import pcm_s16le
from api_server.routes.openai import refusal
from api_server.routes.openai_realtime_items import Told
from api_server.routes.openai_realtime_secrets import Secrets
from api_server.routes.openai_realtime_session import Session, Shape, checked, document, updated
from api_server.routes.openai_realtime_turns import CLEARED, DetectedTurns, ManualTurns, Turns
from api_server.routes.sse import Document, dumps
from api_server.routes.stream import StarletteSocket, serve
from api_server.routes.translation import Native, Translation
from api_server.streaming.connection import Socket, refuse_if_long
from api_server.streaming.outbox import Sent
from api_server.streaming.service import StreamService
from shared.errors import Conflict, InvalidParameter, SvenskaError
from shared.events import Final, Flush, Flushed, Partial, SpeechStarted, Start, StreamError

router = APIRouter()

_PROTOCOL, _KEY_PROTOCOL, _EARLIER_PROTOCOL = "realtime", "openai-insecure-api-key.", "openai-beta.realtime-v1"
_LARGE = 1_000_000
"""Characters of a message that is not read on the event loop."""
_KINDS = (
    "session.update, transcription_session.update, input_audio_buffer.append, input_audio_buffer.commit "
    "or input_audio_buffer.clear"
)


@router.websocket("/v1/realtime")
async def realtime(websocket: WebSocket) -> None:
    """Serve one transcription session; a wrong key or intent is an HTTP status, everything later an `error` event."""
    offered: list[str] = websocket.scope.get("subprotocols", [])
    secrets: Secrets = websocket.app.state.secrets
    key = _key(websocket, offered)
    if (lent := secrets.find(key)) is not None:
        key = lent.key
    try:
        authorize(key, websocket.app.state.keys)
        _check_intent(websocket.query_params.get("intent", "transcription"))
    except SvenskaError as error:
        await websocket.send_denial_response(JSONResponse({"error": refusal(error)}, hosted_status(error)))
        return
    await websocket.accept(subprotocol=_PROTOCOL if _PROTOCOL in offered else None)
    streams: StreamService = websocket.app.state.streams
    earlier = _EARLIER_PROTOCOL in offered or "realtime=v1" in websocket.headers.get("openai-beta", "")
    shape: Shape = "transcription_session" if earlier else "session"
    dictation = Dictation(
        StarletteSocket(websocket), shape=shape, model=streams.model.name, check=streams.decode_options,
        session=None if lent is None else lent.session,
    )  # fmt: skip
    await serve(websocket, dictation, key=key, refusal=lambda error: dumps(_numbered(_refused(error, None))))


def _key(websocket: WebSocket, offered: Sequence[str]) -> str | None:
    """Return the key: in a header, or in a sub-protocol as browsers must."""
    in_protocol = (one.removeprefix(_KEY_PROTOCOL) for one in offered if one.startswith(_KEY_PROTOCOL))
    return bearer(websocket.headers.get("authorization", "")) or next(in_protocol, None)


def _check_intent(intent: str) -> None:
    if intent != "transcription":
        raise InvalidParameter("intent", expected="transcription", got=intent)


class Dictation(Translation):
    """One of OpenAI's clients, in a transcription session."""

    def __init__(
        self,
        wire: Socket,
        *,
        shape: Shape,
        model: str,
        check: Callable[[Start], object],
        session: Session | None = None,
    ) -> None:
        """Serve a client on `wire`; `check` raises errors of the tree for a stream that cannot be opened.

        `session` holds until the client changes it.
        """
        super().__init__(wire)
        self._id = f"sess_{uuid.uuid4().hex[:24]}"
        self._shape = shape
        self._model = model
        self._check = check
        self._session = session or Session()
        self._turns = self._new_turns()
        self._greeted = self._opened = False
        self._bytes = 0
        self._sending = asyncio.Lock()

    async def receive(self) -> str | bytes:
        """Return the next native message, having told the client of its session; raises `Disconnected`."""
        if not self._greeted:
            self._greeted = True
            await self._say([self._described("created")])
        return await super().receive()

    async def hear(self, message: str | bytes) -> Sequence[Native]:
        """Return what a client's event means; whatever is wrong with it is told and the session goes on."""
        event_id: str | None = None
        try:
            event = parsed(message) if len(message) < _LARGE else await asyncio.to_thread(parsed, message)
            event_id = event.get("event_id")
            told, meant = self._meaning(event)
        except SvenskaError as error:
            told, meant = [_refused(error, event_id)], []
        await self._say(told)
        return meant

    def _meaning(self, event: Document) -> tuple[Told, list[Native]]:
        """Return what a client's event is answered with and what it means to the native stream."""
        kind = event["type"]
        if kind == "input_audio_buffer.append":
            return [], self._audio(event.get("audio"))
        if kind == "input_audio_buffer.commit":
            return self._turns.commit(self._position), [_flush("commit")]
        if kind == "input_audio_buffer.clear":
            return self._clear()
        if kind in {"session.update", "transcription_session.update"}:
            self._update("session" if kind == "session.update" else "transcription_session", event.get("session"))
            return [self._described("updated")], []
        raise InvalidParameter("type", expected=_KINDS, got=kind)

    # --- audio

    @property
    def _position(self) -> float:
        return self._bytes / self._session.bytes_a_second

    def _audio(self, data: object) -> list[Native]:
        if not isinstance(data, bytes):
            raise InvalidParameter("audio", expected="audio in base64", got=data)
        if not data:
            return []
        self._bytes += len(data)
        encoding = self._session.encoding
        native = data if encoding == "pcm" else pcm_s16le(data, "mulaw" if encoding == "pcmu" else "alaw")
        opened, self._opened = self._opened, True
        return [native] if opened else [self._session.start().model_dump_json(), native]

    def _clear(self) -> tuple[Told, list[Native]]:
        told = self._turns.clear(self._position) if self._opened else [CLEARED]
        return told, [_flush("clear")] if self._opened else []

    # --- the session

    def _update(self, shape: Shape, changes: object) -> None:
        session = updated(self._session, shape, changes)
        checked(session, shape, self._check)
        if self._opened and (session.start(), session.turns) != (self._session.start(), self._session.turns):
            raise Conflict(
                "The session cannot be changed once audio has been sent; open another connection.",
                detail={"field": "session"},
            )
        self._session, self._shape = session, shape
        if not self._opened:
            self._turns = self._new_turns()

    def _new_turns(self) -> Turns:
        session, earlier = self._session, self._shape == "transcription_session"
        if session.turns is None:
            return ManualTurns(with_logprobs=session.logprobs, earlier=earlier)
        return DetectedTurns(session.turns.silence, with_logprobs=session.logprobs, earlier=earlier)

    def _described(self, what: str) -> Document:
        session = document(self._session, self._shape, identity=self._id, model=self._model)
        return {"type": f"{self._shape}.{what}", "session": session}

    # --- to the client

    async def tell(self, event: Sent) -> None:
        """Send what a native event means in OpenAI's."""
        await self._say(self._told(event))

    def _told(self, event: Sent) -> Told:
        match event:
            case SpeechStarted():
                return self._turns.started(event)
            case Partial():
                return self._turns.partial(event)
            case Final():
                return self._turns.final(event)
            case Flushed():
                return self._turns.flushed()
            case StreamError():
                return self._turns.failed(event)
            case _:
                return []

    async def _say(self, documents: Told) -> None:
        async with self._sending:  # reader and writer both speak: what one of them says is not mixed with the other's
            for one in documents:
                await self._wire.send(dumps(_numbered(one)))


def parsed(message: str | bytes) -> dict[str, Any]:
    """Return a client's event, `audio` as bytes where it is base64; raises `InvalidParameter` or `UploadTooLarge`."""
    try:
        event = from_json(message) if isinstance(message, str) else None
    except ValueError:  # brackets in brackets without end too, and halves of letters that could not be sent back
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise InvalidParameter("type", expected="a JSON object with a `type` in a text message", got=message[:80])
    if event["type"] != "input_audio_buffer.append":
        refuse_if_long(message)
    event["event_id"] = event["event_id"] if isinstance(event.get("event_id"), str) else None
    if isinstance(audio := event.get("audio"), str):
        with contextlib.suppress(ValueError):
            event["audio"] = base64.b64decode(audio, validate=True)
    return event


def _flush(mark: str) -> str:
    return Flush(mark=mark).model_dump_json()


def _refused(error: SvenskaError, event_id: str | None) -> Document:
    return {"type": "error", "error": {**refusal(error), "event_id": event_id}}


def _numbered(event: Document) -> Document:
    return {"event_id": f"event_{uuid.uuid4().hex[:20]}", **event}
