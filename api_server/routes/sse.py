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
from shared.errors import SvenskaError
from shared.replies import unexpected

log = structlog.stdlib.get_logger("events")

_PATIENCE = 5.0
"""Seconds in which a failure still gets a status of its own."""
_KEEP_ALIVE = 10.0
"""Seconds of silence after which a comment is sent."""

Document = dict[str, Any]
Tell = Callable[[str, Document], None]
"""Takes an event's name and its data."""
Event = tuple[str, Document] | SvenskaError
Written = Callable[[Event], bytes]
"""How an interface writes an event; nothing where it has no such event."""


def named(event: Event) -> bytes:
    """Return an event under its own name, a failure as `error`."""
    name, data = ("error", event.to_json()) if isinstance(event, SvenskaError) else event
    return format_sse_event(event=name, data_str=dumps(data))


async def watched(request: Request, work: Callable[[Tell], Awaitable[Document]], written: Written = named) -> Response:
    """Run `work` and return the stream of what it tells, as `written`; what it returns is the event `done`.

    A failure within the first seconds is raised, later ones are the event `error`. The work is cancelled when the
    client goes away.
    """
    events: asyncio.Queue[Event] = asyncio.Queue()
    task = asyncio.create_task(_run(work, events))
    try:
        first = await unless_gone(request, _next(events, _PATIENCE))
    except BaseException:
        task.cancel()
        raise
    if isinstance(first, SvenskaError):
        raise first
    return _Watched(task, _bytes(first, events, written))


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


async def _run(work: Callable[[Tell], Awaitable[Document]], events: "asyncio.Queue[Event]") -> None:
    try:
        result = await work(lambda name, data: events.put_nowait((name, data)))
    except SvenskaError as error:
        events.put_nowait(error)
    except Exception:  # the one supervisor of this work: the log has the reason, the client is told that there is one
        log.exception("work failed")
        events.put_nowait(unexpected())
    else:
        events.put_nowait(("done", result))


async def _next(events: "asyncio.Queue[Event]", seconds: float) -> Event | None:
    try:
        return await asyncio.wait_for(events.get(), seconds)
    except TimeoutError:
        return None


async def _bytes(first: Event | None, events: "asyncio.Queue[Event]", written: Written) -> AsyncIterator[bytes]:
    event = first
    while True:
        yield KEEPALIVE_COMMENT if event is None else written(event)
        if isinstance(event, SvenskaError) or (event is not None and event[0] == "done"):
            return
        event = await _next(events, _KEEP_ALIVE)


def dumps(document: Document) -> str:
    """Return compact JSON, letters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
