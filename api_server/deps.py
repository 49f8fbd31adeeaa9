"""What routes take from the app, and what happens before any of them runs."""

import asyncio
import hmac
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, ClassVar, TypeVar

from fastapi import Depends, Request, Response
from fastapi.params import Form
from fastapi.routing import APIRoute

from api_server.engine.base import AudioContext
from api_server.engine.models import LaneName, Models
from api_server.engine.probe import Probe
from api_server.metrics import Metrics
from shared.asgi import Message, Receive
from shared.audio import DecodedAudio, decode
from shared.errors import Cancelled, Unauthorized, UploadTooLarge

if TYPE_CHECKING:
    from starlette._utils import AwaitableOrContextManager
    from starlette.datastructures import FormData

T = TypeVar("T")
_FILES = 8
"""Of a form; one is looked at."""
_JSON_BYTES = 1_000_000
"""Of a body that is read into memory as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recordings:
    """Uploads as samples; each lane has a few threads for it, so that nobody at once waits for hours of batch audio."""

    interactive: ThreadPoolExecutor
    """Whoever made it shuts it down."""
    batch: ThreadPoolExecutor
    """So with this one."""
    max_seconds: float
    """Longest recording taken."""

    async def read(self, file: BinaryIO, lane: LaneName, *, start: float = 0.0) -> DecodedAudio:
        """Return a file's audio from `start` seconds on; cancelling stops the work. Raises as `shared.audio.decode`."""
        gone = threading.Event()
        pool = self.batch if lane == "batch" else self.interactive
        work = partial(decode, file, max_seconds=self.max_seconds, start=start, cancelled=gone.is_set)
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except asyncio.CancelledError:
            gone.set()
            raise


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the composition root made for the routes."""

    models: Models
    """Who decodes."""
    recordings: Recordings
    """Who reads uploads."""
    probes: Sequence[Probe]
    """Who knows whether the lanes work."""
    metrics: Metrics
    """Who counts."""
    language: str | None
    """Language of requests that name none, ISO 639-1; None lets the model listen."""
    audio_context: AudioContext
    """`AUDIO_CONTEXT`."""
    config: dict[str, Any]
    """Effective settings, secrets masked."""
    started_at: float
    """`time.monotonic()` at the start."""


def services(request: Request) -> Services:
    """Return the services of this app."""
    found: Services = request.app.state.services
    return found


Provided = Annotated[Services, Depends(services)]


def authorize(key: str | None, keys: Sequence[str]) -> None:
    """Raise `Unauthorized` unless `key` is one of `keys` or there are none; takes as long for any wrong key."""
    matches = [hmac.compare_digest((key or "").encode(), known.encode()) for known in keys]
    if keys and not any(matches):
        raise Unauthorized(
            "Send an API key: `Authorization: Bearer KEY`; on a WebSocket `?api_key=KEY` or sub-protocol `bearer.KEY`."
        )


def bearer(header: str) -> str | None:
    """Return the key in an `Authorization` header, under the name that Deepgram's clients give it too."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "token"} else None


class _FormRequest(Request):
    """A request whose form is bounded: fields, and the first megabyte of each file, are kept in memory."""

    fields = 0
    field_bytes = 0

    def form(self, **_limits: object) -> "AwaitableOrContextManager[FormData]":
        """Return the form as `Request.form` does, within these limits."""
        return super().form(max_files=_FILES, max_fields=self.fields, max_part_size=self.field_bytes)


class KeyedRoute(APIRoute):
    """A route that asks for the API key before it reads anything of the body."""

    fields: ClassVar[int] = 32
    """Of a form."""
    field_bytes: ClassVar[int] = 1_000_000
    """Of each."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the check; forms go to disk, any other body is bounded here."""
        handle = super().get_route_handler()
        whole = self.body_field is not None and not isinstance(self.body_field.field_info, Form)

        async def keyed(request: Request) -> Response:
            authorize(bearer(request.headers.get("authorization", "")), request.app.state.keys)
            if whole:
                return await handle(Request(request.scope, _bounded(request.receive)))
            form = _FormRequest(request.scope, request.receive)
            form.fields, form.field_bytes = self.fields, self.field_bytes
            return await handle(form)

        return keyed


def _bounded(receive: Receive) -> Receive:
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > _JSON_BYTES:
            raise UploadTooLarge(f"The body is larger than {_JSON_BYTES} bytes.", detail={"limit_bytes": _JSON_BYTES})
        return message

    return bounded


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what `work` returns; cancel it when the client goes away, and raise `Cancelled`."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Cancelled("The client went away.")
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
