"""Jobs: handed in, looked at, stopped, tried again."""

import asyncio
import hashlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Path, Query, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from batch_worker.deps import FIELD_BYTES, KeyedRoute, Provided, Services
from batch_worker.errors import REPLIES
from batch_worker.jobs import cursor as cursors
from batch_worker.jobs import submission
from batch_worker.jobs.model import BlobKey, Job, NewJob, Status, Waiting
from batch_worker.pipeline import build
from batch_worker.pipeline.draft import Draft, to_json
from batch_worker.pipeline.options import JobOptions, parse_options
from shared.errors import Conflict, EmptyAudio, InvalidParameter, MissingFile, NotFound, StartupError, UploadTooLarge
from shared.render import MEDIA_TYPES, Format, render
from shared.transcript import segment_from_json

router = APIRouter(prefix="/jobs", route_class=KeyedRoute, tags=["jobs"], responses=REPLIES)

_CHUNK = 1 << 20
_LANGUAGE = re.compile(r"auto|[a-z]{2,3}")
_FILENAME_LIMIT = 255
JobId = Annotated[str, Path(max_length=100)]


class JobForm(BaseModel):
    """The fields of `POST /jobs`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: UploadFile | None = None
    """The recording."""
    transcript: str | UploadFile | None = None
    """A transcript as JSON instead, in the field or as a file: nothing is decoded."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the api_server's default."""
    priority: int = Field(default=0, ge=-100, le=100)
    """Higher first."""
    features: str | None = None
    """JSON: `{"pii": true}` switches an installed stage on or off for this job."""
    options: str | None = None
    """JSON: `word_timestamps`, `pii_mode`, `model` …"""
    webhook_url: str | None = Field(default=None, max_length=2_000)
    """Who is told when the job is over."""
    metadata: str | None = None
    """JSON object, returned as given."""


@router.post("", status_code=202)
async def submit(
    services: Provided,
    form: Annotated[JobForm, Form(media_type="multipart/form-data")],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> JSONResponse:
    """Take a recording as a job; once this is answered, it is not lost."""
    job = await accept(services, form, key=idempotency_key)
    return JSONResponse(_accepted(job), 202, {"Location": f"/jobs/{job.id}"})


async def accept(services: Services, form: JobForm, *, key: str | None = None, job_id: str | None = None) -> Job:
    """Return the job that a form asks for, stored, or the one that has this idempotency `key` already.

    `job_id` goes with a key of its own; without it an id is drawn. Raises what is wrong with the form, `Conflict`,
    `QueueFull` or `StorageFull`.
    """
    transcript = await _text(form.transcript)
    new = await _checked(services, form, transcript, key)
    if job_id is not None:
        new["id"] = job_id
    digest = hashlib.sha256()
    if form.file is not None:
        new["blob"] = await services.blobs.put(_chunks(form.file, digest))
    fields = form.model_dump(exclude={"file"}) | {"transcript": transcript, "filename": new["filename"]}
    try:
        job, created = await services.store.add(
            NewJob(**new, fingerprint=submission.fingerprint(digest.hexdigest(), fields)), limit=services.queue_limit
        )
    except BaseException:
        await _drop(services, new["blob"])
        raise
    if created:
        services.queue.put(Waiting(job_id=job.id, priority=job.priority, seq=job.seq))
    else:
        await _drop(services, new["blob"])
    return job


@router.get("")
async def jobs(
    services: Provided,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Return the newest jobs first, without results."""
    before = None if cursor is None else cursors.decode(cursor)
    found = await services.store.list(status=status, limit=limit, before=before)
    following = cursors.encode(found[-1].seq) if len(found) == limit else None
    return {"jobs": [await services.described(job) for job in found], "next_cursor": following}


@router.get("/{job_id}")
async def job(services: Provided, job_id: JobId, *, include_result: bool = True) -> Response:
    """Return a job, with its result once it is completed."""
    found = await known(services, job_id)
    document = await services.described(found)
    return await with_result(services, found, document) if include_result else JSONResponse(document)


async def with_result(services: Services, job: Job, document: dict[str, Any]) -> Response:
    """Return a job's `document` with the field `result`: null unless the job is completed in that document too."""
    result = await services.store.result(job.id) if job.status is Status.COMPLETED else None
    rest = bytes(JSONResponse(document).body)[:-1]  # the result is JSON already
    return Response(rest + b',"result":' + (result or b"null") + b"}", media_type="application/json")


@router.get("/{job_id}/result")
async def result(services: Provided, job_id: JobId, format: Format = "json") -> Response:  # noqa: A002 - the contract's
    """Return the result of a completed job."""
    found = await known(services, job_id)
    document = await services.store.result(job_id)
    if document is None:
        raise Conflict(f"The job is {found.status}; there is a result once it is completed.")
    if format == "json":
        return Response(document, media_type="application/json")
    return Response(await asyncio.to_thread(_rendered, document, format), media_type=MEDIA_TYPES[format])


@router.delete("/{job_id}")
async def remove(services: Provided, job_id: JobId) -> Response:
    """Cancel a queued or running job; remove a finished one with its recording and result."""
    found = await known(services, job_id)
    if not found.status.over:
        cancelled = await services.store.request_cancel(job_id)
        services.dispatcher.stop(job_id)
        return JSONResponse(await services.described(cancelled or found))
    await _drop(services, await services.store.delete(job_id))
    services.bells.ring(job_id)
    return Response(status_code=204)


@router.post("/{job_id}/retry", status_code=202)
async def retry(services: Provided, job_id: JobId) -> JSONResponse:
    """Try a failed or cancelled job again, from its first unfinished stage."""
    await known(services, job_id)
    again = await services.store.retry(job_id, limit=services.queue_limit)
    if again is None:
        raise _unknown(job_id)
    services.queue.put(Waiting(job_id=again.id, priority=again.priority, seq=again.seq))
    services.bells.ring(job_id)
    return JSONResponse(_accepted(again), 202, {"Location": f"/jobs/{again.id}"})


async def _checked(services: Services, form: JobForm, transcript: str | None, key: str | None) -> dict[str, Any]:
    """Return the fields of the new job, all but the recording; raises what is wrong with them."""
    if form.file is None and not transcript:
        raise MissingFile("Send the recording as the form field `file`, or a `transcript`.")
    if form.file is not None and transcript:
        raise InvalidParameter("transcript", expected="either `file` or `transcript`", got="both")
    if form.file is not None and not form.file.size:
        raise EmptyAudio("The file is empty (0 bytes).")
    language = form.language.lower() if form.language else None
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise InvalidParameter("language", expected="ISO 639-1 (sv, en, …) or auto", got=form.language)
    wishes = submission.features(submission.json_object("features", form.features), build.features())
    await _workable(services, wishes)
    chosen = build.chosen(services.features, wishes)
    draft = await asyncio.to_thread(_handed_in, transcript) if transcript else b""
    if form.webhook_url:
        await services.check_webhook(form.webhook_url)
    skipped = [name for name in build.installed() if name not in chosen]
    return {
        "id": uuid.uuid4().hex,
        "created_at": time.time(),
        "stages": build.installed(),
        "blob": None,
        "size": (form.file.size or 0) if form.file else 0,
        "draft": draft,
        "finished": (*(("transcribe",) if draft else ()), *skipped),
        "filename": form.file.filename[:_FILENAME_LIMIT] if form.file and form.file.filename else None,
        "language": language,
        "priority": form.priority,
        "options": _options(form, chosen),
        "metadata": submission.metadata(form.metadata),
        "webhook_url": form.webhook_url,
        "idempotency_key": key,
    }


def _options(form: JobForm, chosen: Collection[str]) -> JobOptions:
    """Return the caller's options; whose word it was is only as sure as when it was."""
    options = parse_options(submission.json_object("options", form.options))
    return replace(options, word_timestamps=True) if "diarization" in chosen else options


async def _text(transcript: str | UploadFile | None) -> str | None:
    """Return a transcript's JSON, wherever in the form it is."""
    if transcript is None or isinstance(transcript, str):
        return transcript
    if (transcript.size or 0) > FIELD_BYTES:
        raise UploadTooLarge(f"The transcript is larger than {FIELD_BYTES // 1_000_000} MB.")
    try:
        return (await transcript.read()).decode()
    except UnicodeDecodeError:
        raise InvalidParameter("transcript", expected="JSON in UTF-8", got="other bytes") from None


def _handed_in(transcript: str) -> bytes:
    return to_json(Draft(transcript=submission.transcript(transcript)))


async def _workable(services: Services, wishes: dict[str, bool]) -> None:
    """Refuse a feature that cannot work here before the job is taken."""
    for name, wish in wishes.items():
        if wish:
            try:
                await asyncio.to_thread(services.stage, name)
            except StartupError as error:
                raise InvalidParameter(
                    f"features.{name}", expected=f"a feature that works here: {error.message}", got=True
                ) from None


async def _chunks(file: UploadFile, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        digest.update(chunk)
        yield chunk


async def _drop(services: Services, blob: BlobKey | None) -> None:
    if blob is not None:
        await services.blobs.delete(blob)


async def known(services: Services, job_id: str) -> Job:
    """Return a job; raises `NotFound` or `Expired`."""
    found = await services.store.get(job_id)
    if found is None:
        raise _unknown(job_id)
    return found


def _unknown(job_id: str) -> NotFound:
    return NotFound(f"There is no job {job_id[:64]!r}.")


def _accepted(job: Job) -> dict[str, Any]:
    links = {"self": f"/jobs/{job.id}", "result": f"/jobs/{job.id}/result", "events": f"/jobs/{job.id}/events"}
    position = None if job.ahead is None else job.ahead + 1
    return {"job_id": job.id, "status": str(job.status), "position": position, "links": links}


def _rendered(document: bytes, form: Literal["text", "srt", "vtt"]) -> str:
    return render((segment_from_json(one) for one in json.loads(document)["segments"]), form)
