"""`POST /transcribe/async`, polled by `GET /jobs/{id}`: the calls of an asynchronous WhisperX service.

Its `GET /jobs/{id}`, `GET /jobs` and `GET /metrics` are the native ones.
"""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams
from starlette.routing import Match
from starlette.types import Scope

from batch_worker.deps import KeyedRoute, Provided, Services
from batch_worker.errors import REPLIES
from batch_worker.jobs.model import Job, Status
from batch_worker.jobs.view import job_json
from batch_worker.jobs.watching import watch
from batch_worker.pipeline import build
from batch_worker.routes import health, jobs
from batch_worker.routes.compat import earlier
from shared.errors import AudioTooLong, Conflict, InvalidRequest, StartupError, Timeout, UnsupportedAudio

router = APIRouter(route_class=KeyedRoute, tags=["compat"], responses=REPLIES)

_SPEAKERS = "diarization"
_STATUS = {
    **{kind.code: 422 for kind in InvalidRequest.__subclasses__()},
    UnsupportedAudio.code: 415,
    AudioTooLong.code: 413,
    Timeout.code: 504,
}
"""Of what a job failed of; all else is 502."""


class Recording(BaseModel):
    """The fields of `POST /transcribe/async`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: UploadFile | None = None
    """The recording."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the api_server's default."""
    enable_diarization: bool | None = None
    """Whether speakers are told apart, where that works here; nothing: as `FEATURE_DIARIZATION` says."""


@router.post("/transcribe/async")
async def submit(services: Provided, form: Annotated[Recording, Form(media_type="multipart/form-data")]) -> Response:
    """Take a recording as a job and say where to look for it."""
    wishes, notice = await wished(services, form)
    job = await jobs.accept(services, native(form, wishes))
    said = f"Job created successfully. Use GET /jobs/{job.id} to check status."
    return JSONResponse({"job_id": job.id, "status": earlier.word(job.status), "message": f"{said}{notice}"})


async def wished(services: Services, form: Recording) -> tuple[dict[str, bool], str]:
    """Return the features that a form switches, and a sentence about what cannot be had here.

    Speakers are told apart where that works; where it does not, these clients are used to a transcript without them.
    """
    wish = form.enable_diarization
    if wish is None or (not wish and _SPEAKERS not in build.features()):
        return {}, ""
    if wish and not await _works(services, _SPEAKERS):
        return {}, " Speakers are not told apart on this server."
    return {_SPEAKERS: wish}, ""


def native(form: Recording, wishes: dict[str, bool], *, metadata: str | None = None) -> jobs.JobForm:
    """Return the form as `POST /jobs` takes it."""
    return jobs.JobForm(file=form.file, language=form.language, features=json.dumps(wishes), metadata=metadata)


async def finished(services: Services, job: Job) -> Response:
    """Wait until a job is over and return its result, or the error that it failed of; raises `Conflict`."""
    async for _told in watch(services.store, services.bells, job.id, after=None, describe=job_json):
        pass
    over = await jobs.known(services, job.id)
    result = await services.store.result(job.id)
    if result is not None:
        return Response(result, media_type="application/json")
    if over.error is None:
        raise Conflict(f"The job is {over.status}; hand the recording in again.")
    return JSONResponse({"error": dict(over.error)}, _STATUS.get(over.error["code"], 502))


async def _works(services: Services, feature: str) -> bool:
    if feature not in build.features():
        return False
    try:
        await asyncio.to_thread(services.stage, feature)
    except StartupError:
        return False
    return True


# --- where the native routes know another word


class _ForProcessing(KeyedRoute):
    """Takes the requests that filter by `processing`, and leaves all others to the native route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        asked = QueryParams(scope.get("query_string", b"")).get("status")
        return super().matches(scope) if asked == earlier.PROCESSING else (Match.NONE, {})


async def processing(
    services: Provided, limit: Annotated[int, Query(ge=1, le=1000)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """Return the running jobs, newest first."""
    return await jobs.jobs(services, status=Status.RUNNING, limit=limit, cursor=cursor)


router.add_api_route("/jobs", processing, include_in_schema=False, route_class_override=_ForProcessing)


@router.get("/queue/stats", include_in_schema=False)
async def queue_stats(services: Provided) -> dict[str, Any]:
    """Return the native figures; `redis_healthy` says whether the queue is, whatever it is made of."""
    stats = await health.queue_stats(services)
    return {**stats, "redis_healthy": stats["healthy"]}
