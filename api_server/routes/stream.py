"""`WS /ws/transcribe`: the thin edge between FastAPI's WebSocket and a streaming connection."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from api_server.deps import authorize, bearer
from api_server.engine.base import DecodeOptions, Priority
from api_server.engine.recognizer import Recognizer
from api_server.streaming.connection import Connection, Disconnected, Socket
from api_server.streaming.service import DecodeFinal, StreamService, hypothesis
from api_server.streaming.values import DecodeRequest, Hypothesis
from shared.errors import (
    Conflict,
    Internal,
    InvalidRequest,
    NotFound,
    SvenskaError,
    TryLater,
    Unauthorized,
    UploadTooLarge,
)
from shared.events import StreamError

router = APIRouter()
log = structlog.stdlib.get_logger("stream")

_PREFIX = "bearer."
_CODES: tuple[tuple[type[SvenskaError], int], ...] = (
    (UploadTooLarge, 1009),
    (InvalidRequest, 1003),
    (Conflict, 1003),
    (NotFound, 1008),
    (Unauthorized, 1008),
    (TryLater, 1013),
)


class StarletteSocket:
    """Implements `streaming.connection.Socket`."""

    def __init__(self, websocket: WebSocket) -> None:
        """Wrap a WebSocket that has been accepted."""
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        """Return the next message; raises `Disconnected`."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        text = message.get("text")
        return message.get("bytes") or b"" if text is None else str(text)

    async def send(self, text: str) -> None:
        """Send a message; raises `Disconnected`."""
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            raise Disconnected
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: closed between the check and now
            raise Disconnected from error


@router.websocket("/ws/transcribe")
async def stream(websocket: WebSocket) -> None:
    """Serve one live stream; every refusal is an `error` event and then a close code."""
    key = await accepted(websocket)
    await serve(websocket, StarletteSocket(websocket), key=key, refusal=refused)


async def accepted(websocket: WebSocket) -> str | None:
    """Accept a WebSocket and return the key that it came with: in a header, the query or the sub-protocol."""
    protocol = _protocol(websocket)
    await websocket.accept(subprotocol=protocol)
    return _key(websocket, protocol)


async def serve(
    websocket: WebSocket, socket: Socket, *, key: str | None, refusal: Callable[[SvenskaError], str]
) -> None:
    """Run a stream on a WebSocket that has been accepted; `refusal` writes the message that tells an error."""
    service: StreamService = websocket.app.state.streams
    await attend(websocket, lambda: Connection(socket, service).run(), key=key, refusal=refusal)


async def attend(
    websocket: WebSocket,
    work: Callable[[], Awaitable[None]],
    *,
    key: str | None,
    refusal: Callable[[SvenskaError], str],
) -> None:
    """Do the work of a WebSocket in one of the places for streams; close it after, or tell why it ends."""
    service: StreamService = websocket.app.state.streams
    try:
        authorize(key, websocket.app.state.keys)
        with service.place():
            await work()
        await _close(websocket, 1000)
    except SvenskaError as error:
        await _refuse(websocket, refusal(error), close_code(error))
    except ExceptionGroup:  # the supervisor of this stream's tasks: the client is told, the log has the rest
        log.exception("stream_failed")
        failure = Internal("The stream failed; connect again.")
        await _refuse(websocket, refusal(failure), close_code(failure))


def final_decoder(recognizer: Recognizer) -> DecodeFinal:
    """Return how a lane's model makes finals, before everyone else in the lane."""

    async def decode(request: DecodeRequest, options: DecodeOptions) -> Hypothesis:
        options = replace(options, word_timestamps=request.word_timestamps)
        timed = await recognizer.recognize(request.audio, options, Priority.FINAL, offset=request.offset)
        return hypothesis(timed.outcome.segments, timed.outcome.language)

    return decode


def close_code(error: SvenskaError) -> int:
    """Return the WebSocket close code of an error: 1011 unless it is somebody else's."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1011)


def _protocol(websocket: WebSocket) -> str | None:
    offered: list[str] = websocket.scope.get("subprotocols", [])
    return next((one for one in offered if one.startswith(_PREFIX)), None)


def _key(websocket: WebSocket, protocol: str | None) -> str | None:
    if (key := bearer(websocket.headers.get("authorization", ""))) is not None:
        return key
    return websocket.query_params.get("api_key") or (protocol.removeprefix(_PREFIX) if protocol else None)


def refused(error: SvenskaError) -> str:
    """Return the message that tells why a stream ends."""
    return StreamError(code=error.code, message=error.message, fatal=True).model_dump_json()


async def _refuse(websocket: WebSocket, message: str, code: int) -> None:
    try:
        await StarletteSocket(websocket).send(message)
    except Disconnected:
        return
    await _close(websocket, code)


async def _close(websocket: WebSocket, code: int) -> None:
    # A client that closed first has left nothing to close.
    if websocket.client_state is WebSocketState.CONNECTED and websocket.application_state is WebSocketState.CONNECTED:
        try:
            await websocket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            return
