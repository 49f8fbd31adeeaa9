"""A job's recording: as it came, or with its personal data beeped out."""

import asyncio
import contextlib
import errno
import json
import mimetypes
import secrets
import tempfile
import threading
import wave
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from batch_worker.deps import KeyedRoute, Provided, Services
from batch_worker.errors import REPLIES
from batch_worker.jobs.model import Job
from batch_worker.pipeline.pii.audio import beeped_pieces, spans_to_beep
from batch_worker.routes.jobs import JobId, known
from shared.audio import SAMPLE_RATE, pieces
from shared.errors import Cancelled, Conflict, Expired, InvalidParameter, StorageFull

router = APIRouter(prefix="/jobs", route_class=KeyedRoute, tags=["jobs"], responses=REPLIES)

_FULL_SCALE = 32_767
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_GONE = "No audio of this job is stored, or not any more."


@router.get("/{job_id}/audio", response_class=Response)
async def audio(request: Request, services: Provided, job_id: JobId, *, redacted: bool = False) -> FileResponse:
    """Return a job's recording; `redacted`: 16 kHz mono wav, as it was heard, with a tone over personal data."""
    job = await known(services, job_id)
    recording = _recording(services, job)
    if not redacted:
        kind = mimetypes.guess_type(job.filename or "")[0] or "application/octet-stream"
        return Parts(recording, media_type=kind, filename=job.filename or job.id)
    spans = await _spans(services, job)
    path = await _beeped(request, services, recording, spans)
    return Once(path, media_type="audio/wav", filename=f"{Path(job.filename or job.id).stem}-redacted.wav")


class Parts(FileResponse):
    """A file, whole or the parts of it that `Range` asks for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; raises `InvalidParameter` for a range that it does not have."""

        async def checked(message: Message) -> None:
            if message.get("status", 200) >= HTTPStatus.BAD_REQUEST:
                raise InvalidParameter("Range", expected="bytes=FIRST-LAST within the recording", got=_range(scope))
            await send(message)

        await super().__call__(scope, receive, checked)


def _range(scope: Scope) -> str:
    return Headers(scope=scope).get("range", "")


class Once(FileResponse):
    """A file that is sent once, whole, and is gone afterwards, however that ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a part of it would have to be made anew for each request, so that `Range` is not looked at."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        self.headers["Accept-Ranges"] = "none"
        try:
            await super().__call__({**scope, "headers": headers}, receive, send)
        finally:
            _remove(Path(self.path))


def _recording(services: Services, job: Job) -> Path:
    path = None if job.blob is None else services.blobs.path(job.blob)
    if path is None:
        raise Expired(_GONE)
    return path


async def _spans(services: Services, job: Job) -> list[tuple[float, float]]:
    document = await services.store.result(job.id)
    if document is None:
        raise Conflict(f"The job is {job.status}; its personal data is known once it is completed.")
    result = json.loads(document)
    if not any(stage["name"] == "pii" and stage["status"] == "completed" for stage in result["stages"]):
        raise Conflict('Personal data was not looked for in this job; hand it in with features {"pii": true}.')
    return spans_to_beep(result)


async def _beeped(request: Request, services: Services, recording: Path, spans: list[tuple[float, float]]) -> Path:
    """Return a wav that the caller removes; one at a time, and no longer than somebody waits for it."""
    path = Path(tempfile.gettempdir(), f"redacted-{secrets.token_hex(16)}.wav")
    gone = threading.Event()
    async with services.converting:
        work = asyncio.create_task(asyncio.to_thread(write_beeped, path, recording, spans, gone.is_set))
        leaving = asyncio.create_task(_left(request))
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
            _in_time(work)
        except BaseException:
            gone.set()
            work.add_done_callback(partial(_forget, path))
            raise
        finally:
            leaving.cancel()
    return path


def _in_time(work: "asyncio.Task[None]") -> None:
    if not work.done():
        raise Cancelled("The client went away.")
    work.result()


def _forget(path: Path, work: "asyncio.Task[None]") -> None:
    _remove(path)
    if not work.cancelled():
        work.exception()  # nobody waits for it


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def write_beeped(path: Path, recording: Path, spans: list[tuple[float, float]], gone: Callable[[], bool]) -> None:
    """Write a recording as wav, 16 kHz mono, with a tone over some seconds; blocks.

    Raises `StorageFull`, `Expired` where the recording was removed meanwhile, `Cancelled` once `gone` says so.
    """
    heard = pieces(recording, cancelled=gone)
    try:
        with contextlib.closing(heard), wave.open(str(path), "wb") as out:
            out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            for piece in beeped_pieces(heard, spans, rate=SAMPLE_RATE):
                out.writeframesraw((piece.clip(-1, 1) * _FULL_SCALE).round().astype("<i2").tobytes())
    except FileNotFoundError:
        raise Expired(_GONE) from None
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull("The server has no room for the redacted audio.") from None
