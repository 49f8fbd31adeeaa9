"""One recording through the engine, for every interface that takes recordings."""

import time
from dataclasses import dataclass, replace
from typing import BinaryIO

from api_server.deps import Services
from api_server.engine.base import DecodeOptions, ModelInfo, Task
from api_server.engine.models import LaneName
from api_server.routes.sse import Tell
from shared.errors import InvalidParameter
from shared.transcript import Transcript, join_text, to_json


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a caller wants of a recording; the defaults are those of `POST /transcribe`."""

    language: str | None = None
    """ISO 639-1, `auto`, or None for the server's default."""
    model: str | None = None
    """None for the resident one."""
    prompt: str | None = None
    """Text that the model takes as having come before."""
    beam_size: int = 5
    """1 is greedy."""
    word_timestamps: bool = False
    """Whether segments carry words with times."""
    task: Task = "transcribe"
    """`translate` writes English."""
    hotwords: str | None = None
    """Words to be expected."""
    vad_filter: bool = True
    """Whether silence is cut out before decoding."""
    temperature: float | None = None
    """0 to 1; None: 0, and higher ones only where that fails."""
    lane: LaneName = "interactive"
    """Whose turn it is."""
    start: float = 0.0
    """Seconds to skip."""


async def transcript_of(
    services: Services, file: BinaryIO, wish: Wish, tell: Tell = lambda _event, _data: None
) -> Transcript:
    """Return what is said in a recording; `tell` hears of each `segment` and of `progress` on the way.

    Cancelling ends the work at the next window. Raises any error of the tree that a caller can be told.
    """
    async with services.models.serving(wish.model, wish.lane) as (recognizer, priority):
        options = options_for(wish, services, recognizer.transcriber.info)
        recognizer.lane.admit(priority)
        began = time.monotonic()
        audio = await services.recordings.read(file, wish.lane, start=wish.start)
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


def options_for(wish: Wish, services: Services, model: ModelInfo) -> DecodeOptions:
    """Return how `model` is to decode; raises `InvalidParameter` for what it cannot do."""
    if wish.task == "translate" and not model.multilingual:
        raise InvalidParameter("task", expected=f"transcribe, all that {model.name!r} can do", got=wish.task)
    options = DecodeOptions(
        language=_language(wish.language, services.language, model),
        task=wish.task,
        prompt=wish.prompt,
        hotwords=wish.hotwords,
        word_timestamps=wish.word_timestamps,
        vad_filter=wish.vad_filter,
        beam_size=wish.beam_size,
        audio_context=services.audio_context,
    )
    return options if wish.temperature is None else replace(options, temperatures=(wish.temperature,))


def _language(asked: str | None, default: str | None, model: ModelInfo) -> str | None:
    """Return the language to decode in, None where the model is to listen."""
    language = (asked or default or "auto").lower()
    if language == "auto":
        return None
    if language not in model.languages:
        raise InvalidParameter("language", expected=f"auto or one of {', '.join(model.languages)}", got=language)
    return language
