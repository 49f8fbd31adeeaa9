"""`POST /transcribe` and `POST /transcribe/retry`: a recording in, a transcript out."""

import time
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api_server.deps import KeyedRoute, Provided, Services, unless_gone
from api_server.engine.base import SAMPLE_RATE, DecodeOptions, ModelInfo, Priority
from api_server.engine.models import LaneName
from api_server.engine.recognizer import Recognizer
from api_server.engine.spans import Span, joined, parse_spans
from api_server.errors import REPLIES
from api_server.routes.sse import Document, Tell, watched
from shared.audio import DecodedAudio
from shared.errors import InvalidParameter
from shared.render import MEDIA_TYPES, Format, render
from shared.transcript import Segment, Transcript, join_text, to_json

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
    if form.stream:

        async def work(tell: Tell) -> Document:
            return to_json(await _transcript(services, form, tell))

        return await watched(request, work)
    transcript = await unless_gone(request, _transcript(services, form))
    if form.response_format == "json":
        return JSONResponse(to_json(transcript))
    return Response(render(transcript.segments, form.response_format), media_type=MEDIA_TYPES[form.response_format])


@router.post("/transcribe/retry", response_model=None)
async def retry(
    request: Request, services: Provided, form: Annotated[RetryForm, Form(media_type=_MULTIPART)]
) -> Response:
    """Decode some spans of a recording again, in the batch lane, with the larger model where there is one."""
    return JSONResponse(await unless_gone(request, _second_hearing(services, form)))


async def _transcript(
    services: Services,
    form: TranscribeForm,
    tell: Tell = lambda _event, _data: None,
) -> Transcript:
    async with services.models.serving(form.model, form.lane) as (recognizer, priority):
        options = _options(services, form, recognizer.transcriber.info)
        recognizer.lane.admit(priority)
        began = time.monotonic()
        audio = await services.recordings.read(form.file.file, start=form.start)
        reading = time.monotonic() - began

        def share(seconds: float) -> float:
            return round(min(1.0, seconds / audio.duration), 4)

        timed = await recognizer.recognize(
            audio.samples,
            options,
            priority,
            offset=audio.start,
            on_segment=lambda segment: tell("segment", {**to_json(segment), "progress": share(segment.end)}),
            on_piece=lambda seconds: tell("progress", {"progress": share(seconds)}),
        )
    services.metrics.transcribed(audio.duration - audio.start)
    heard = timed.outcome
    return Transcript(
        text=join_text(heard.segments),
        language=heard.language,
        language_probability=heard.language_probability,
        duration=round(audio.duration, 3),
        duration_after_vad=heard.duration_after_vad,
        model=recognizer.transcriber.info.name,
        processing_seconds=round(reading + timed.processing_seconds, 4),
        queue_seconds=timed.queue_seconds,
        segments=heard.segments,
        warnings=audio.warnings,
    )


async def _second_hearing(services: Services, form: RetryForm) -> Document:
    spans = parse_spans(form.segments)
    async with services.models.serving(form.model or services.models.retry_name, "batch") as (recognizer, priority):
        options = _options(services, form, recognizer.transcriber.info)
        audio = await services.recordings.read(form.file.file)
        segments = [await _hear_again(recognizer, priority, audio, span, options) for span in spans]
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


def _options(services: Services, form: TranscribeForm | RetryForm, model: ModelInfo) -> DecodeOptions:
    options = DecodeOptions(
        language=_language(form.language, services.language, model),
        prompt=form.prompt,
        word_timestamps=form.word_timestamps,
        beam_size=form.beam_size,
        audio_context=services.audio_context,
    )
    if isinstance(form, RetryForm):  # its spans are speech already
        return replace(options, vad_filter=False)
    if form.task == "translate" and not model.multilingual:
        raise InvalidParameter("task", expected=f"transcribe, all that {model.name!r} can do", got=form.task)
    return replace(
        options,
        task=form.task,
        hotwords=form.hotwords,
        vad_filter=form.vad_filter,
        temperatures=options.temperatures if form.temperature is None else (form.temperature,),
    )


def _language(asked: str | None, default: str | None, model: ModelInfo) -> str | None:
    """Return the language to decode in, None where the model is to listen."""
    language = (asked or default or "auto").lower()
    if language == "auto":
        return None
    if language not in model.languages:
        raise InvalidParameter("language", expected=f"auto or one of {', '.join(model.languages)}", got=language)
    return language
