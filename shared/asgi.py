"""What both services do around every request, as plain ASGI: ids, an access line, a limit on the body."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from shared.errors import Cancelled, MalformedBody, UploadTooLarge
from shared.logs import valid_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Observe = Callable[[str, str, int, float], None]
"""Is told method, route template, status and seconds of each finished request."""

_STALLED_SECONDS = 60.0
_QUIET = frozenset({"/health", "/ready", "/metrics"})
log = structlog.stdlib.get_logger("access")


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header's value, or None."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def route_of(scope: Scope) -> str:
    """Return the matched route's template (`/jobs/{job_id}`), so that metrics have few labels; else `unmatched`."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


class RequestContext:
    """Gives each request an id, logs it and counts it.

    The id is the caller's `X-Request-ID` where well formed; it is on every log line of the request, in
    `scope["state"]["request_id"]` and in the reply's header.
    """

    def __init__(self, app: App, observe: Observe) -> None:
        """Wrap `app`."""
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        sent = header(scope, b"x-request-id")
        request_id = sent if sent is not None and valid_id(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request failed", path=scope["path"])
                raise
            finally:
                self._finish(scope, status, time.perf_counter() - began)

    def _finish(self, scope: Scope, status: int, seconds: float) -> None:
        if scope["type"] == "websocket":  # without its query: browsers send their key in it
            log.info("websocket", path=scope["path"], seconds=round(seconds, 4))
            return
        self._observe(scope["method"], route_of(scope), status, seconds)
        say = log.debug if scope["path"] in _QUIET else log.info
        say("request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4))


class BodyLimit:
    """Refuses a request whose body is longer than `limit` bytes, or of which nothing more comes.

    Raises `UploadTooLarge`, `MalformedBody` or, where the client has gone, `Cancelled` out of `receive`, so that the
    reply has the same shape as every other error. The server reads and throws away the rest, so that a client in the
    middle of sending still gets its answer.
    """

    def __init__(self, app: App, limit: int, *, patience: float = _STALLED_SECONDS) -> None:
        """Wrap `app`; `limit` in bytes, `patience` in seconds without any of them."""
        self._app = app
        self._limit = limit
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = header(scope, b"content-length")
        too_long = stated is not None and stated.isdecimal() and float(stated) > self._limit
        received, more = 0, stated not in {None, "0"} or header(scope, b"transfer-encoding") is not None

        async def limited() -> Message:
            nonlocal received, more
            if too_long:
                raise self._refusal()
            message = await (self._next(receive) if more else receive())
            received, more = received + len(message.get("body", b"")), message.get("more_body", False)
            if received > self._limit:
                raise self._refusal()
            return message

        await self._app(scope, limited, send)

    async def _next(self, receive: Receive) -> Message:
        """Return more of the body: a client whose machine has gone says nothing, and must not keep its file here."""
        try:
            async with asyncio.timeout(self._patience):
                message = await receive()
        except TimeoutError:
            raise MalformedBody(f"Nothing more of the body came for {self._patience:g} seconds.") from None
        if message["type"] == "http.disconnect":
            raise Cancelled("The client went away while it sent the body.")
        return message

    def _refusal(self) -> UploadTooLarge:
        megabytes = self._limit // 1_000_000
        return UploadTooLarge(
            f"The upload is larger than {megabytes} MB. Send less, or raise MAX_UPLOAD_MB.",
            detail={"limit_bytes": self._limit},
        )
