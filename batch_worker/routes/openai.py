"""OpenAI's `POST /v1/audio/transcriptions` for `diarized_json`: a job that is waited for.

Every other format is the api_server's, which answers at once and tells no speakers apart.
"""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from batch_worker.deps import KeyedRoute, Provided, Services
from batch_worker.jobs.model import Job
from batch_worker.jobs.view import job_json
from batch_worker.jobs.watching import watch
from batch_worker.routes import jobs
from shared.errors import Conflict, InvalidParameter, InvalidRequest, SvenskaError, Upstream
from shared.replies import explained, headers_of, status_of

_DIARIZED = "diarized_json"
_LETTERS = 26
_TYPES = {401: "authentication_error", 429: "rate_limit_error"}


class _OpenAIRoute(KeyedRoute):
    """A route with OpenAI's errors."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the keyed handler with its errors translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return refusal(explained(error.errors()[0]))
            except SvenskaError as error:
                return refusal(error)

        return translated


router = APIRouter(prefix="/v1", route_class=_OpenAIRoute, tags=["openai"])


class _Recording(BaseModel):
    """What is used of OpenAI's fields; the others are accepted and not used."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: UploadFile
    """The recording."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the api_server's default."""
    prompt: str | None = Field(default=None, max_length=4_000)
    """Text that the model takes as having come before."""
    response_format: str = "json"
    """`diarized_json`."""
    stream: bool = False
    """Not here: a job's events are at `GET /jobs/{id}/events`."""


@router.post("/audio/transcriptions")
async def transcriptions(
    services: Provided, form: Annotated[_Recording, Form(media_type="multipart/form-data")]
) -> JSONResponse:
    """Return who said what in a recording, once its job is over; the job stays like any other."""
    if form.response_format != _DIARIZED:
        expected = f"{_DIARIZED} (every other format is the api_server's)"
        raise InvalidParameter("response_format", expected=expected, got=form.response_format)
    if form.stream:
        raise InvalidParameter("stream", expected="false for diarized_json", got=True)
    options = {"word_timestamps": True, **({"prompt": form.prompt} if form.prompt else {})}
    native = jobs.JobForm(
        file=form.file, language=form.language, features='{"diarization": true}', options=json.dumps(options)
    )
    job = await jobs.accept(services, native)
    return JSONResponse(diarized(await _result(services, job)))


async def _result(services: Services, job: Job) -> dict[str, Any]:
    """Wait until a job is over and return its result; raises what it failed of."""
    async for _told in watch(services.store, services.bells, job.id, after=None, describe=job_json):
        pass
    document = await services.store.result(job.id)
    if document is None:
        over = await jobs.known(services, job.id)
        raise Conflict((over.error or {}).get("message", f"The job is {over.status}; hand the recording in again."))
    result: dict[str, Any] = json.loads(document)
    untold = next((one for one in result["warnings"] if one["stage"] == "diarization"), None)
    if untold is not None:
        raise Upstream(untold["message"])
    return result


def diarized(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's result as OpenAI's `diarized_json`: speakers are letters, in order of appearance."""
    names = {speaker["id"]: _letter(place) for place, speaker in enumerate(result["speakers"])}
    return {
        "task": "transcribe",
        "text": result["text"],
        "duration": result["duration"],
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{segment['id']:03}",
                "start": segment["start"],
                "end": segment["end"],
                "text": segment["text"],
                "speaker": names.get(segment.get("speaker"), ""),
            }
            for segment in result["segments"]
        ],
        "usage": {"type": "duration", "seconds": result["duration"]},
    }


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < _LETTERS else f"{_letter(place // _LETTERS - 1)}{_letter(place % _LETTERS)}"


def refusal(error: SvenskaError) -> JSONResponse:
    """Return OpenAI's error reply: 400 for all that the caller can mend, but a size."""
    status = status_of(error)
    if isinstance(error, InvalidRequest) and status in {415, 422}:
        status = 400
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")  # noqa: PLR2004 - the server's
    param = (error.detail or {}).get("field") if isinstance(error, InvalidParameter) else None
    document = {"message": error.message, "type": kind, "param": param, "code": error.code}
    return JSONResponse({"error": document}, status, headers_of(error))
