"""Work that is watched: its events as `text/event-stream`, its end as `done` or `error`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Scope, Send

from api_server.deps import unless_gone
from api_server.errors import unexpected
from shared.errors import SvenskaError

log = structlog.stdlib.get_logger("events")

_PATIENCE = 5.0
"""Seconds in which a failure still gets a status of its own."""
_KEEP_ALIVE = 10.0
"""Seconds of silence after which a comment is sent."""

Document = dict[str, Any]
Tell = Callable[[str, Document], None]
"""Takes an event's name and its data."""
_Event = tuple[str, Document] | SvenskaError


async def watched(request: Request, work: Callable[[Tell], Awaitable[Document]]) -> Response:
    """Run `work` and return the stream of what it tells; what it returns is the event `done`.

    A failure within the first seconds is raised, later ones are the event `error`. The work is cancelled when the
    client goes away.
    """
    events: asyncio.Queue[_Event] = asyncio.Queue()
    task = asyncio.create_task(_run(work, events))
    try:
        first = await unless_gone(request, _next(events, _PATIENCE))
    except BaseException:
        task.cancel()
        raise
    if isinstance(first, SvenskaError):
        raise first
    return _Watched(task, _bytes(first, events))


class _Watched(StreamingResponse):
    """Ends the work with the connection."""

    def __init__(self, task: "asyncio.Task[None]", body: AsyncIterator[bytes]) -> None:
        super().__init__(body, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        self._task = task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def _run(work: Callable[[Tell], Awaitable[Document]], events: "asyncio.Queue[_Event]") -> None:
    try:
        result = await work(lambda name, data: events.put_nowait((name, data)))
    except SvenskaError as error:
        events.put_nowait(error)
    except Exception:  # the one supervisor of this work: the log has the reason, the client is told that there is one
        log.exception("work failed")
        events.put_nowait(unexpected())
    else:
        events.put_nowait(("done", result))


async def _next(events: "asyncio.Queue[_Event]", seconds: float) -> _Event | None:
    try:
        return await asyncio.wait_for(events.get(), seconds)
    except TimeoutError:
        return None


async def _bytes(first: _Event | None, events: "asyncio.Queue[_Event]") -> AsyncIterator[bytes]:
    event = first
    while True:
        if event is None:
            yield KEEPALIVE_COMMENT
        elif isinstance(event, SvenskaError):
            yield format_sse_event(event="error", data_str=_dumps(event.to_json()))
            return
        else:
            name, data = event
            yield format_sse_event(event=name, data_str=_dumps(data))
            if name == "done":
                return
        event = await _next(events, _KEEP_ALIVE)


def _dumps(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
