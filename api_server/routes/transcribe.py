"""`POST /transcribe` and `POST /transcribe/retry`: a recording in, a transcript out."""

from dataclasses import fields
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api_server.deps import KeyedRoute, Provided, Services, unless_gone
from api_server.engine.base import SAMPLE_RATE, DecodeOptions, Priority
from api_server.engine.models import LaneName
from api_server.engine.recognizer import Recognizer
from api_server.engine.spans import Span, joined, parse_spans
from api_server.errors import REPLIES
from api_server.routes.decoding import Wish, options_for, transcript_of
from api_server.routes.sse import Document, Tell, watched
from shared.audio import DecodedAudio
from shared.errors import InvalidParameter
from shared.render import MEDIA_TYPES, Format, render
from shared.transcript import Segment, to_json

router = APIRouter(route_class=KeyedRoute, tags=["transcribe"], responses=REPLIES)

_MULTIPART = "multipart/form-data"
_PROMPT_LIMIT = 4_000


class _Recording(BaseModel):
    """What every decode needs to know."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: UploadFile
    """Any container or codec that FFmpeg's libraries decode."""
    language: str | None = Field(default=None, max_length=20)
    """ISO 639-1, `auto`, or nothing for the server's default."""
    model: str | None = Field(default=None, max_length=200)
    """One of `GET /models`."""
    prompt: str | None = Field(default=None, max_length=_PROMPT_LIMIT)
    """Text that the model takes as having come before."""
    beam_size: int = Field(default=5, ge=1, le=20)
    """1 is greedy."""
    word_timestamps: bool = False
    """Whether segments carry words with times."""


class TranscribeForm(_Recording):
    """The fields of `POST /transcribe`."""

    task: Literal["transcribe", "translate"] = "transcribe"
    """`translate` writes English."""
    hotwords: str | None = Field(default=None, max_length=_PROMPT_LIMIT)
    """Words to be expected."""
    vad_filter: bool = True
    """Whether silence is cut out before decoding."""
    temperature: float | None = Field(default=None, ge=0, le=1)
    """Sampling temperature; nothing: 0, and higher ones only where that fails."""
    response_format: Format = "json"
    """With `stream` it is always JSON."""
    lane: LaneName = "interactive"
    """`batch` work only gets the time that interactive work leaves."""
    start: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Seconds to skip; times count from the start of the recording all the same."""
    stream: bool = False
    """Whether segments are sent as server-sent events while the decode goes on."""


class RetryForm(_Recording):
    """The fields of `POST /transcribe/retry`."""

    segments: str
    """JSON: `[{"id": 0, "start": 1.5, "end": 4.0}]`, seconds."""


@router.post("/transcribe", response_model=None)
async def transcribe(
    request: Request, services: Provided, form: Annotated[TranscribeForm, Form(media_type=_MULTIPART)]
) -> Response:
    """Return the transcript of a recording, as JSON, text or subtitles, at once or while it is made."""
    wish = _wish(form)
    if form.stream:

        async def work(tell: Tell) -> Document:
            return to_json(await transcript_of(services, form.file.file, wish, tell))

        return await watched(request, work)
    transcript = await unless_gone(request, transcript_of(services, form.file.file, wish))
    if form.response_format == "json":
        return JSONResponse(to_json(transcript))
    return Response(render(transcript.segments, form.response_format), media_type=MEDIA_TYPES[form.response_format])


@router.post("/transcribe/retry", response_model=None)
async def retry(
    request: Request, services: Provided, form: Annotated[RetryForm, Form(media_type=_MULTIPART)]
) -> Response:
    """Decode some spans of a recording again, in the batch lane, with the larger model where there is one."""
    return JSONResponse(await unless_gone(request, _second_hearing(services, form)))


async def _second_hearing(services: Services, form: RetryForm) -> Document:
    spans = parse_spans(form.segments)
    wish = Wish(
        language=form.language,
        prompt=form.prompt,
        beam_size=form.beam_size,
        word_timestamps=form.word_timestamps,
        vad_filter=False,  # the spans are speech already
    )
    async with services.models.serving(form.model or services.models.retry_name, "batch") as (recognizer, priority):
        options = options_for(wish, services, recognizer.transcriber.info)
        audio = await services.recordings.read(form.file.file, "batch")
        segments = [await _hear_again(recognizer, priority, audio, span, options) for span in spans]
    services.metrics.transcribed(sum(min(span.end, audio.duration) - span.start for span in spans))
    return {"model": recognizer.transcriber.info.name, "segments": [to_json(segment) for segment in segments]}


async def _hear_again(
    recognizer: Recognizer, priority: Priority, audio: DecodedAudio, span: Span, options: DecodeOptions
) -> Segment:
    if span.start >= audio.duration:
        raise InvalidParameter(
            "segments", expected=f"spans within the recording's {audio.duration:.2f} seconds", got=span.start
        )
    samples = audio.samples[round(span.start * SAMPLE_RATE) : round(span.end * SAMPLE_RATE)]
    timed = await recognizer.recognize(samples, options, priority, offset=span.start)
    return joined(span, timed.outcome.segments, language=timed.outcome.language)


def _wish(form: TranscribeForm) -> Wish:
    return Wish(**{field.name: getattr(form, field.name) for field in fields(Wish)})
