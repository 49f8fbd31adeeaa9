"""OpenAI's speech-to-text over HTTP: `/v1/audio/transcriptions`, `/v1/audio/translations`, `/v1/models`."""

import math
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from api_server.deps import Provided, Services, unless_gone
from api_server.engine.base import Task
from api_server.routes.decoding import Wish, transcript_of
from api_server.routes.dialects import DialectRoute, hosted_headers, hosted_status, no_such_path
from api_server.routes.sse import Document, Event, Tell, dumps, watched
from shared.errors import InvalidParameter, ModelNotFound, SvenskaError, Unauthorized
from shared.render import render
from shared.transcript import Segment, Transcript, Word, to_json, transcript_from_json

ALIASES = (
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "gpt-transcribe",
    "gpt-realtime-whisper",
)
"""OpenAI's own names, all served by the resident model."""
_MULTIPART = "multipart/form-data"
_TEXT_LIMIT = 4_000
_MANY = 100
_CLIENT_ERROR = range(400, 500)
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {name: {"type": ["string", "null"]} for name in ("message", "type", "param", "code")},
        }
    },
}


def refusal(error: SvenskaError) -> Document:
    """Return OpenAI's `error` object."""
    mine = hosted_status(error) in _CLIENT_ERROR
    return {
        "message": error.message,
        "type": "invalid_request_error" if mine else "server_error",
        "param": (error.detail or {}).get("field"),
        "code": "invalid_api_key" if isinstance(error, Unauthorized) else error.code,
    }


class OpenAIRoute(DialectRoute):
    """A route with OpenAI's errors; its lists are a field for each word."""

    fields = 300
    field_bytes = 65_536

    def refuse(self, request: Request, error: SvenskaError) -> Response:  # noqa: ARG002 - the base has it
        """Return OpenAI's error reply."""
        return JSONResponse({"error": refusal(error)}, hosted_status(error), hosted_headers(error))


router = APIRouter(
    prefix="/v1",
    route_class=OpenAIRoute,
    tags=["openai"],
    responses={
        status: {"description": "OpenAI's error object.", "content": {"application/json": {"schema": _ERROR}}}
        for status in (400, 401, 404, 413, 503)
    },
)


class _Audio(BaseModel):
    """What both calls take; fields of OpenAI's that are not named here are accepted and not used."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: UploadFile
    """Any container or codec that FFmpeg's libraries decode; name and type are not looked at."""
    model: str | None = Field(default=None, max_length=200)
    """One of `GET /v1/models`; OpenAI's names, and nothing, mean the resident one."""
    prompt: str | None = Field(default=None, max_length=_TEXT_LIMIT)
    """Text that the model takes as having come before."""
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"] = "json"
    """`diarized_json` is the batch_worker's."""
    temperature: float = Field(default=0.0, ge=0, le=1)
    """0 lets it rise where decoding fails."""


class TranscriptionForm(_Audio):
    """The fields of `POST /v1/audio/transcriptions`."""

    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the server's default."""
    granularities: list[Literal["word", "segment"]] = Field(default=[], alias="timestamp_granularities[]")
    """Of `verbose_json`; nothing: segments."""
    plain_granularities: list[Literal["word", "segment"]] = Field(default=[], alias="timestamp_granularities")
    """The same without brackets, as people write it by hand."""
    include: list[str] = Field(default=[], alias="include[]", max_length=_MANY)
    """`logprobs`: the log probability of each word."""
    keywords: list[str] = Field(default=[], alias="keywords[]", max_length=_MANY)
    """Words to be expected."""
    stream: bool = False
    """Whether text is sent as server-sent events while the decode goes on."""

    @property
    def asked_granularities(self) -> set[str]:
        """Return what `verbose_json` is to hold."""
        return {*self.granularities, *self.plain_granularities} or {"segment"}

    @property
    def logprobs(self) -> bool:
        """Whether the words' log probabilities are asked for."""
        return "logprobs" in self.include


@router.post("/audio/transcriptions", response_model=None)
async def transcriptions(
    request: Request, services: Provided, form: Annotated[TranscriptionForm, Form(media_type=_MULTIPART)]
) -> Response:
    """Return what is said in a recording, in any of OpenAI's formats, at once or while it is decoded."""
    _refuse_diarized(form)
    granularities, hotwords = form.asked_granularities, ", ".join(form.keywords)[:_TEXT_LIMIT]
    wish = Wish(
        language=form.language,
        model=served(form.model),
        prompt=form.prompt,
        hotwords=hotwords or None,
        word_timestamps=form.logprobs or (form.response_format == "verbose_json" and "word" in granularities),
        temperature=form.temperature or None,
    )
    if form.stream:

        async def work(tell: Tell) -> Document:
            return to_json(await transcript_of(services, form.file.file, wish, tell))

        return await watched(request, work, _Deltas(logprobs=form.logprobs))
    transcript = await unless_gone(request, transcript_of(services, form.file.file, wish))
    return _reply(transcript, form, granularities=granularities, task="transcribe", logprobs=form.logprobs)


@router.post("/audio/translations", response_model=None)
async def translations(
    request: Request, services: Provided, form: Annotated[_Audio, Form(media_type=_MULTIPART)]
) -> Response:
    """Return in English what is said in a recording."""
    _refuse_diarized(form)
    wish = Wish(model=served(form.model), prompt=form.prompt, task="translate", temperature=form.temperature or None)
    transcript = await unless_gone(request, transcript_of(services, form.file.file, wish))
    return _reply(transcript, form, granularities={"segment"}, task="translate", logprobs=False)


@router.get("/models")
async def models(services: Provided) -> Document:
    """Return the models that requests may name, and OpenAI's names for the resident one."""
    return {"object": "list", "data": [_described(name, services) for name in _names(services)]}


@router.get("/models/{name:path}")
async def model(name: str, services: Provided) -> Document:
    """Return one of them; raises `ModelNotFound`."""
    if name not in _names(services):
        raise ModelNotFound(f"The model {name[:80]!r} is not served here.", detail={"field": "model"})
    return _described(name, services)


unknown = APIRouter(prefix="/v1", route_class=OpenAIRoute, include_in_schema=False)


@unknown.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def nothing(request: Request) -> Response:
    """Refuse what OpenAI has and this server has not; included after every other route under `/v1`."""
    raise no_such_path(request)


def served(name: str | None) -> str | None:
    """Return the model that a client's name means, None for the resident one."""
    return None if name in ALIASES else name


def logprobs(words: tuple[Word, ...] | list[Any]) -> list[Document]:
    """Return words as OpenAI's log probabilities, one for each word: the decoder's tokens are not kept."""
    return [
        {
            "token": word.word,
            "logprob": round(math.log(max(word.probability, 1e-9)), 4),
            "bytes": list(word.word.encode()),
        }
        for word in words
    ]


# --- replies


def _refuse_diarized(form: _Audio) -> None:
    if form.response_format == "diarized_json":
        raise InvalidParameter(
            "response_format",
            expected="json, text, srt, verbose_json or vtt (the batch_worker tells speakers apart, at this path too)",
            got=form.response_format,
        )


def _reply(transcript: Transcript, form: _Audio, *, granularities: set[str], task: Task, logprobs: bool) -> Response:
    if form.response_format == "text":
        return PlainTextResponse(f"{transcript.text}\n")
    if form.response_format in {"srt", "vtt"}:
        return PlainTextResponse(render(transcript.segments, "srt" if form.response_format == "srt" else "vtt"))
    body: Document = {"text": transcript.text, "usage": usage(transcript.duration)}
    if logprobs:
        body["logprobs"] = _all_logprobs(transcript)
    if form.response_format == "verbose_json":
        body |= {"task": task, "language": transcript.language, "duration": transcript.duration}
        if "segment" in granularities:
            body["segments"] = [_segment(one) for one in transcript.segments]
        if "word" in granularities:
            body["words"] = [_word(word) for one in transcript.segments for word in one.words or ()]
    return JSONResponse(body)


def usage(seconds: float) -> Document:
    """Return what was used, in seconds of audio: there is nothing to pay by the token."""
    return {"type": "duration", "seconds": seconds}


def _segment(segment: Segment) -> Document:
    return {
        "id": segment.id,
        "seek": round(segment.start * 100),
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }


def _word(word: Word) -> Document:
    return {"word": word.word, "start": word.start, "end": word.end}


def _all_logprobs(transcript: Transcript) -> list[Document]:
    return [one for segment in transcript.segments for one in logprobs(segment.words or ())]


class _Deltas:
    """Writes the events of one stream: the deltas joined are the whole text."""

    def __init__(self, *, logprobs: bool) -> None:
        self._logprobs = logprobs
        self._begun = False

    def __call__(self, event: Event) -> bytes:
        if isinstance(event, SvenskaError):
            return _data({"error": refusal(event)})
        name, data = event
        if name == "done":
            return _data(self._done(transcript_from_json(data))) + b"data: [DONE]\n\n"
        return self._delta(data["text"].strip()) if name == "segment" else b""

    def _delta(self, text: str) -> bytes:
        if not text:
            return b""
        begun, self._begun = self._begun, True
        return _data({"type": "transcript.text.delta", "delta": f" {text}" if begun else text})

    def _done(self, transcript: Transcript) -> Document:
        done = {"type": "transcript.text.done", "text": transcript.text, "usage": usage(transcript.duration)}
        return {**done, "logprobs": _all_logprobs(transcript)} if self._logprobs else done


def _data(document: Document) -> bytes:
    return format_sse_event(data_str=dumps(document))


# --- models


def _names(services: Services) -> tuple[str, ...]:
    return (*(state.name for state in services.models.all()), *ALIASES)


def _described(name: str, services: Services) -> Document:
    began = time.time() - (time.monotonic() - services.started_at)
    return {"id": name, "object": "model", "created": round(began), "owned_by": "whisper-svenska"}
