"""A job as it happens: server-sent events, and the same messages on a WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Response, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from batch_worker.deps import KeyedRoute, Provided, Services, authorize, key_of
from batch_worker.deps import services as services_of
from batch_worker.errors import REPLIES
from batch_worker.jobs.view import job_json
from batch_worker.jobs.watching import Told, watch
from shared.errors import InvalidParameter, NotFound, SvenskaError

router = APIRouter(tags=["events"])
keyed = APIRouter(route_class=KeyedRoute, tags=["events"], responses=REPLIES)
log = structlog.stdlib.get_logger("events")

_STUCK_SECONDS = 30.0
"""A reader that takes nothing for so long is let go; until then it costs one event and the socket's buffer."""
_POLICY = 1008
_DIGITS = 18
"""As many as a row's number may have."""
_SLOW = "You read too slowly; connect again, the first message is the present state."


@keyed.get("/jobs/{job_id}/events", response_class=Response)
async def events(
    services: Provided, job_id: str, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Stream what happens to a job, its present state first."""
    after = _event_number(last_event_id)
    await _must_exist(services, job_id)
    return _Patient(
        _bytes(services, job_id, after), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
    )


@router.websocket("/ws/jobs/{job_id}")
async def messages(websocket: WebSocket, job_id: str) -> None:
    """Send what happens to a job as JSON messages with `type` and `data`, its present state first."""
    await relay(websocket, job_id, _message)


async def relay(websocket: WebSocket, job_id: str, message: Callable[[Told], dict[str, Any]]) -> None:
    """Tell a WebSocket what happens to a job, each event as `message` writes it, until the job is over."""
    await websocket.accept()
    services = services_of(websocket)
    try:
        authorize(key_of(websocket), websocket.app.state.keys)
        await _must_exist(services, job_id)
    except SvenskaError as error:
        await websocket.send_json({"type": "error", **error.to_json()["error"], "fatal": True})
        await websocket.close(_POLICY)
        return
    with _counted(services):
        sending = asyncio.create_task(_send_all(websocket, services, job_id, message))
        leaving = asyncio.create_task(_left(websocket))
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send_all(
    websocket: WebSocket, services: Services, job_id: str, message: Callable[[Told], dict[str, Any]]
) -> None:
    try:
        async for told in watch(services.store, services.bells, job_id, after=None, describe=job_json):
            async with asyncio.timeout(_STUCK_SECONDS):
                await websocket.send_json(message(told))
        await websocket.close()
    except TimeoutError:
        log.warning("watcher too slow", job_id=job_id)
        await websocket.close(_POLICY, _SLOW)
    except (WebSocketDisconnect, RuntimeError):  # RuntimeError: closed between two messages
        return


async def _left(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _bytes(services: Services, job_id: str, after: int | None) -> AsyncIterator[bytes]:
    with _counted(services):
        async for told in watch(services.store, services.bells, job_id, after=after, describe=job_json):
            if told.type is None:
                yield KEEPALIVE_COMMENT
            else:
                number = None if told.id is None else str(told.id)
                data = json.dumps(told.data, ensure_ascii=False, separators=(",", ":"))
                yield format_sse_event(event=told.type, data_str=data, id=number)


class _Patient(StreamingResponse):
    """Lets a reader go that takes nothing for long, rather than hold what it does not take."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_STUCK_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            log.warning("watcher too slow", path=scope["path"])


def _message(told: Told) -> dict[str, Any]:
    return {"type": "ping"} if told.type is None else {"type": told.type, "id": told.id, "data": told.data}


@contextmanager
def _counted(services: Services) -> Iterator[None]:
    services.metrics.watching(1)
    try:
        yield
    finally:
        services.metrics.watching(-1)


async def _must_exist(services: Services, job_id: str) -> None:
    if await services.store.get(job_id) is None:
        raise NotFound(f"There is no job {job_id[:64]!r}.")


def _event_number(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not (last_event_id.isdecimal() and len(last_event_id) <= _DIGITS):
        raise InvalidParameter("Last-Event-ID", expected="the id of an earlier event", got=last_event_id)
    return int(last_event_id)
