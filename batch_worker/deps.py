"""What routes take from the app, and what happens before any of them runs."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from batch_worker.jobs.base import BlobStore, JobQueue, JobStore
from batch_worker.jobs.bells import Bells
from batch_worker.jobs.dispatcher import Dispatcher
from batch_worker.jobs.estimate import eta_seconds
from batch_worker.jobs.model import Job
from batch_worker.jobs.view import job_json
from batch_worker.metrics import Metrics
from batch_worker.pipeline.base import Stage
from shared.errors import Unauthorized

if TYPE_CHECKING:
    from starlette._utils import AwaitableOrContextManager
    from starlette.datastructures import FormData


FIELD_BYTES = 16 * 1024 * 1024
"""The longest field of a form; an hour of words with their times takes 1 MB."""
_FIELDS = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the composition root made for the routes."""

    store: JobStore
    blobs: BlobStore
    queue: JobQueue
    bells: Bells
    dispatcher: Dispatcher
    check_webhook: Callable[[str], Awaitable[None]]
    """Raises `InvalidParameter` for a URL that webhooks may not be sent to."""
    metrics: Metrics
    stage: Callable[[str], Stage]
    """Returns a stage ready for use; blocks the first time, raises `StartupError`."""
    features: Mapping[str, bool]
    """Which stages run unless a job says otherwise."""
    concurrency: int
    """Jobs at once."""
    queue_limit: int
    """Jobs that may wait."""
    config: dict[str, Any]
    """Effective settings, secrets masked."""
    started_at: float
    """`time.monotonic()` at the start."""
    converting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held while redacted audio is made: hours of decoding, for which uploads and stages shall not wait."""
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the service has been told to stop."""

    async def described(self, job: Job) -> dict[str, Any]:
        """Return a job as its owner sees it, with position and estimate."""
        eta = eta_seconds(job, await self.store.costs(), now=time.time(), concurrency=self.concurrency)
        return job_json(job, position=None if job.ahead is None else job.ahead + 1, eta_seconds=eta)


def services(connection: HTTPConnection) -> Services:
    """Return the services of this app."""
    found: Services = connection.app.state.services
    return found


Provided = Annotated[Services, Depends(services)]


def authorize(key: str | None, keys: Sequence[str]) -> None:
    """Raise `Unauthorized` unless `key` is one of `keys` or there are none; takes as long for any wrong key."""
    matches = [hmac.compare_digest((key or "").encode(), known.encode()) for known in keys]
    if keys and not any(matches):
        raise Unauthorized("Send an API key: `Authorization: Bearer KEY`; on a WebSocket also `?api_key=KEY`.")


def key_of(connection: HTTPConnection) -> str | None:
    """Return the key that a caller has sent; browsers cannot set headers on a WebSocket, so its query counts too."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return connection.query_params.get("api_key") if connection.scope["type"] == "websocket" else None


class _Roomy(Request):
    """A request whose form may hold the transcript of hours in a field; by itself a field ends at 1 MB."""

    def form(self, **_limits: object) -> "AwaitableOrContextManager[FormData]":
        """Return the form as `Request.form` does, within limits of our own."""
        return super().form(max_files=_FIELDS, max_fields=_FIELDS, max_part_size=FIELD_BYTES)


class KeyedRoute(APIRoute):
    """A route that asks for the API key before it reads anything of the body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the check."""
        handle = super().get_route_handler()

        async def keyed(request: Request) -> Response:
            authorize(key_of(request), request.app.state.keys)
            return await handle(_Roomy(request.scope, request.receive))

        return keyed
