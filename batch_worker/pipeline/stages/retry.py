"""Doubtful passages heard again, and text that nobody said taken out (`batch_worker.pipeline.rehearing`)."""

import asyncio
import functools
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from batch_worker.pipeline.base import Asr, AsrRequest, Context, Outcome, SecondHearing, Setup, Span
from batch_worker.pipeline.doubts import doubts
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.patience import Forbearance, Patience
from batch_worker.pipeline.rehearing.decide import Answer, decided
from batch_worker.pipeline.rehearing.excerpts import cut
from batch_worker.pipeline.rehearing.passages import Passage, passages
from shared.errors import AsrUnavailable, Cancelled, SvenskaError, TryLater, Upstream
from shared.transcript import Notice, Transcript, Word, join_text

log = structlog.stdlib.get_logger("retry")

_BEAM = 10
"""Beams of a second hearing; a first one has 5."""
_REMEDY = "Some doubtful passages are as they were first heard: see that WHISPER_RETRY_URL or WHISPER_API_URL answers."


@dataclass(slots=True)
class Hearings:
    """Second hearings as they come in."""

    answers: dict[Passage, Answer] = field(default_factory=dict)
    faults: int = 0
    given_up: SvenskaError | None = None
    """Why the rest was not heard."""


class Retry:
    """Has doubtful passages decoded again, each by itself, and keeps what is clearly better."""

    name = "retry"
    optional = True
    cost = 0.05

    def __init__(
        self,
        asr: Asr,
        patience: Patience,
        *,
        threshold: float,
        large: bool,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask `asr`; `threshold` as for confidence, 0 to 1; `large`: the server's retry model; wait by `sleep`."""
        self._asr = asr
        self._patience = patience
        self._threshold = threshold
        self._large = large
        self._sleep = sleep

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with better passages, without inventions, and with the doubts that are left."""
        transcript = draft.text()
        doubtful = {doubt.segment for doubt in draft.doubts}
        wanted = passages(transcript.segments, doubtful, duration=transcript.duration)
        heard = Hearings()
        if wanted and context.recording is not None:
            heard = await self._heard(context.recording, wanted, transcript, context)
        if heard.given_up is not None and not heard.answers:
            raise heard.given_up
        after = decided(transcript.segments, heard.answers)
        left = tuple(doubts(after.segments, self._threshold))
        transcript = replace(transcript, segments=after.segments, text=join_text(after.segments))
        draft = replace(draft, transcript=transcript, doubts=left)
        if heard.given_up is not None:
            notice = Notice(stage=self.name, code=heard.given_up.code, message=f"{heard.given_up.message} {_REMEDY}")
            draft = draft.warn(notice)
        return Outcome(draft=draft, detail={"passages": len(wanted), "faults": heard.faults, **after.detail})

    async def _heard(
        self, recording: Path, wanted: Sequence[Passage], transcript: Transcript, context: Context
    ) -> Hearings:
        heard = Hearings()
        with tempfile.TemporaryDirectory(prefix="retry-", ignore_cleanup_errors=True) as folder:
            files = await self._files(recording, wanted, Path(folder), context)
            for done, (passage, file) in enumerate(files.items()):
                if context.cancelled():
                    raise Cancelled("The job was cancelled.")
                try:
                    answer = await self._patiently(self._request(file, transcript, context), passage, heard)
                except (Upstream, TryLater) as fault:
                    heard.given_up = fault
                    break
                heard.answers[passage] = answer
                context.progress((done + 1) / len(files))
        return heard

    async def _files(
        self, recording: Path, wanted: Sequence[Passage], folder: Path, context: Context
    ) -> dict[Passage, Path]:
        """Cut the passages; a thread that still writes is waited for, else it would write into a removed folder."""
        left = threading.Event()
        stop = functools.partial(_either, context.cancelled, left.is_set)
        cutting = asyncio.ensure_future(asyncio.to_thread(cut, recording, wanted, folder, cancelled=stop))
        try:
            return await asyncio.shield(cutting)
        except asyncio.CancelledError:
            left.set()
            await asyncio.wait({cutting})
            if not cutting.cancelled():
                cutting.exception()  # nobody waits for it
            raise

    def _request(self, file: Path, transcript: Transcript, context: Context) -> AsrRequest:
        options = context.options
        model = None if self._large else transcript.model or options.model
        beams = max(_BEAM, options.beam_size or 0)
        return AsrRequest(
            job_id=context.job_id,
            recording=file,
            language=transcript.language or context.language,
            options=replace(options, model=model, beam_size=beams, word_timestamps=True),
        )

    async def _patiently(self, request: AsrRequest, passage: Passage, heard: Hearings) -> Answer:
        span = Span(id=0, start=0.0, end=passage.end - passage.start)
        forbearance = Forbearance(self._patience)
        while True:
            try:
                return _placed(await self._asr.retry(request, (span,)), passage)
            except (Upstream, TryLater) as fault:
                heard.faults += 1
                log.warning("the second hearing failed", job_id=request.job_id, code=fault.code, fault=heard.faults)
                if (pause := forbearance.pause(fault)) is None:
                    raise
                await self._sleep(pause)


def _either(one: Callable[[], bool], other: Callable[[], bool]) -> bool:
    return one() or other()


def _placed(answer: SecondHearing, passage: Passage) -> Answer:
    if len(answer.segments) != 1:
        raise AsrUnavailable("The ASR server's answer holds other passages than it was asked for.")
    (segment,) = answer.segments
    words = segment.words and tuple(_later(word, passage.start) for word in segment.words)
    return Answer(model=answer.model, segment=replace(segment, words=words, start=passage.start, end=passage.end))


def _later(word: Word, seconds: float) -> Word:
    return replace(word, start=round(word.start + seconds, 3), end=round(word.end + seconds, 3))


def build(setup: Setup) -> Retry:
    """Return the stage."""
    return Retry(setup.asr, setup.patience, threshold=setup.confidence_threshold, large=setup.retry_large)
