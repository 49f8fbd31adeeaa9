"""`POST /transcribe` under the client's own `job_id`, and `GET /status/{job_id}`: a resident transcription server.

Without a `job_id` the call is the one of the same name in `seed003`, which waits for the transcript.
"""

import json
import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from batch_worker.deps import KeyedRoute, Provided
from batch_worker.errors import REPLIES
from batch_worker.routes import jobs
from batch_worker.routes.compat import earlier, seed003
from shared.errors import Conflict, NotFound

router = APIRouter(route_class=KeyedRoute, tags=["compat"], responses=REPLIES)

_NAMES = uuid.UUID("5f6c7a52-7d4b-5b0e-9a3e-0c8f3d1b2a60")
_KEY = "job_id:"
_LIMIT = 200


class OwnForm(seed003.Recording):
    """The fields of `POST /transcribe`."""

    job_id: str | None = Field(default=None, min_length=1, max_length=_LIMIT)
    """The client's own name for the job; nothing: wait for the transcript."""


@router.post("/transcribe")
async def transcribe(services: Provided, form: Annotated[OwnForm, Form(media_type="multipart/form-data")]) -> Response:
    """Take a recording as a job under the client's own id, or return its transcript when it is done."""
    wishes, _notice = await seed003.wished(services, form)
    own = form.job_id
    if own is None:
        return await seed003.finished(services, await jobs.accept(services, seed003.native(form, wishes)))
    told = seed003.native(form, wishes, metadata=json.dumps({"job_id": own}))
    try:
        job = await jobs.accept(services, told, key=f"{_KEY}{own}", job_id=native_id(own))
    except Conflict:
        raise Conflict(f"The job_id {own[:64]!r} was used for another recording; take a new one.") from None
    return JSONResponse(
        {
            "job_id": own,
            "status": earlier.word(job.status),
            "message": f"Use GET /status/{own[:64]} to check status.",
            "links": {"self": f"/jobs/{job.id}", "result": f"/jobs/{job.id}/result"},
        }
    )


@router.get("/status/{job_id:path}")
async def status(services: Provided, job_id: Annotated[str, Path(max_length=_LIMIT)]) -> Response:
    """Return a job by the id that its client gave it, with its text, segments and summary once there are any."""
    found = await services.store.get(native_id(job_id))
    if found is None:
        raise NotFound(f"There is no job {job_id[:64]!r}.")
    document = await services.described(found)
    names = {"job_id": job_id, "status": earlier.word(found.status), "message": earlier.message(document)}
    return await jobs.with_result(services, found, document | names)


def native_id(own: str) -> str:
    """Return the id of the job that a client calls `own`: 32 hexadecimal digits, the same ones each time."""
    return uuid.uuid5(_NAMES, own).hex
