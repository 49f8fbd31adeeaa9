"""Speech to text by the ASR server, each window made safe as it comes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from batch_worker.pipeline.base import Asr, AsrRequest, Context, Finished, Heard, Journal, Outcome, Setup
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.patience import Forbearance, Patience
from shared import backoff
from shared.errors import EmptyAudio, Expired, Internal, InvalidParameter, SvenskaError, TryLater, Upstream
from shared.transcript import Transcript, join_text

log = structlog.stdlib.get_logger("transcribe")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    request: AsrRequest
    journal: Journal
    context: Context


class Transcribe:
    """Reads the server's event stream, makes each segment safe, and goes on from the last one after a fault."""

    name = "transcribe"
    optional = False
    cost = 0.2

    def __init__(
        self, asr: Asr, patience: Patience, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Use `asr`; wait by `sleep` (seconds)."""
        self._asr = asr
        self._patience = patience
        self._sleep = sleep

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with a transcript of the whole recording."""
        if context.recording is None or context.journal is None:
            raise Expired("The audio of this job is no longer stored. Send it again as a new job.")
        request = AsrRequest(
            job_id=context.job_id, recording=context.recording, language=context.language, options=context.options
        )
        resumed_at = context.journal.end
        answer, faults = await self._patiently(_Source(request=request, journal=context.journal, context=context))
        transcript = _whole(answer, context.journal)
        detail = {"segments": len(transcript.segments), "model": transcript.model, "faults": faults}
        if resumed_at > 0:
            detail["resumed_at"] = resumed_at
        warned = (*draft.warnings, *transcript.warnings)
        return Outcome(
            draft=replace(draft, transcript=replace(transcript, warnings=()), warnings=warned), detail=detail
        )

    async def _patiently(self, source: _Source) -> tuple[Transcript | None, int]:
        """Listen until the answer is complete; faults without any progress between them use up the patience."""
        faults, forbearance = 0, Forbearance(self._patience)
        while True:
            reached = source.journal.end
            try:
                return await self._listen(source), faults
            except TryLater as later:  # for as long as the job may take
                forbearance.restarted()
                log.info("the ASR server is busy", job_id=source.request.job_id, retry_after=later.retry_after)
                await self._sleep(later.retry_after + backoff.delay(1, base=self._patience.backoff))
            except Upstream as fault:
                faults += 1
                if source.journal.end > reached:
                    forbearance.progressed()
                if (pause := forbearance.pause(fault)) is None:
                    raise
                log.warning("the ASR server failed", job_id=source.request.job_id, code=fault.code, fault=faults)
                await self._sleep(pause)

    async def _listen(self, source: _Source) -> Transcript | None:
        try:
            return await self._follow(source)
        except SvenskaError as fault:
            if source.journal.end > 0 and _past_the_end(fault):
                return None
            raise

    async def _follow(self, source: _Source) -> Transcript:
        journal = source.journal
        request = replace(source.request, start=journal.end)
        if journal.segments:  # a decode that resumes in mid-sentence shall not change its mind about the language
            request = replace(request, language=journal.segments[0].language)
        async with self._asr.transcribe(request) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.transcript
                if isinstance(event, Heard):
                    segment = replace(event.segment, id=len(journal.segments))
                    await journal.append((segment,), end=max(segment.end, journal.end))
                source.context.progress(event.progress)
        raise Internal("The ASR client ended its stream without an answer.")


def _past_the_end(fault: SvenskaError) -> bool:
    # Killed between the last segment and the end of the answer: nothing is left to decode.
    return isinstance(fault, EmptyAudio) or (
        isinstance(fault, InvalidParameter) and (fault.detail or {}).get("field") == "start"
    )


def _whole(answer: Transcript | None, journal: Journal) -> Transcript:
    """Return the answer with the committed segments, which hold those of earlier attempts too."""
    segments = journal.segments
    if answer is None:
        return Transcript(
            text=join_text(segments), language=segments[-1].language, language_probability=1.0, duration=journal.end,
            duration_after_vad=journal.end, model="", processing_seconds=0.0, queue_seconds=0.0, segments=segments,
        )  # fmt: skip
    return replace(answer, text=join_text(segments), segments=segments)


def build(setup: Setup) -> Transcribe:
    """Return the stage."""
    return Transcribe(setup.asr, setup.patience)
