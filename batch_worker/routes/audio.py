"""A job's recording: as it came, or with its personal data beeped out."""

import asyncio
import contextlib
import json
import mimetypes
import tempfile
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from typing import IO

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from batch_worker.deps import KeyedRoute, Provided, Services
from batch_worker.errors import REPLIES
from batch_worker.jobs.model import Job
from batch_worker.pipeline.pii.audio import beeped_pieces, spans_to_beep
from batch_worker.routes.jobs import JobId, known
from shared.audio import SAMPLE_RATE, pieces
from shared.errors import Conflict, Expired, StorageFull

router = APIRouter(prefix="/jobs", route_class=KeyedRoute, tags=["jobs"], responses=REPLIES)

_FULL_SCALE = 32_767


@router.get("/{job_id}/audio", response_class=Response)
async def audio(services: Provided, job_id: JobId, *, redacted: bool = False) -> FileResponse:
    """Return a job's recording; `redacted`: 16 kHz mono wav, as it was heard, with a tone over personal data."""
    job = await known(services, job_id)
    recording = _recording(services, job)
    if not redacted:
        kind = mimetypes.guess_type(job.filename or "")[0] or "application/octet-stream"
        return FileResponse(recording, media_type=kind, filename=job.filename or job.id)
    spans = await _spans(services, job)
    gone = threading.Event()
    try:
        path = await asyncio.to_thread(_beeped, recording, spans, gone.is_set)
    except asyncio.CancelledError:
        gone.set()
        raise
    name = f"{Path(job.filename or job.id).stem}-redacted.wav"
    return FileResponse(path, media_type="audio/wav", filename=name, background=BackgroundTask(path.unlink))


def _recording(services: Services, job: Job) -> Path:
    path = None if job.blob is None else services.blobs.path(job.blob)
    if path is None:
        raise Expired("No audio of this job is stored, or not any more.")
    return path


async def _spans(services: Services, job: Job) -> list[tuple[float, float]]:
    document = await services.store.result(job.id)
    if document is None:
        raise Conflict(f"The job is {job.status}; its personal data is known once it is completed.")
    result = json.loads(document)
    if not any(stage["name"] == "pii" and stage["status"] == "completed" for stage in result["stages"]):
        raise Conflict('Personal data was not looked for in this job; hand it in with features {"pii": true}.')
    return spans_to_beep(result)


def _beeped(recording: Path, spans: list[tuple[float, float]], gone: Callable[[], bool]) -> Path:
    """Write the wav to a file that the caller removes; raises `StorageFull`."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".wav", delete=False))
        path = Path(file.name)
        stack.callback(path.unlink)
        try:
            _write(file, recording, spans, gone)
        except OSError:
            raise StorageFull("The server has no room for the redacted audio.") from None
        stack.pop_all()
        file.close()
    return path


def _write(file: IO[bytes], recording: Path, spans: list[tuple[float, float]], gone: Callable[[], bool]) -> None:
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        for piece in beeped_pieces(pieces(recording, cancelled=gone), spans, rate=SAMPLE_RATE):
            out.writeframes((piece.clip(-1, 1) * _FULL_SCALE).round().astype("<i2").tobytes())
    file.flush()
