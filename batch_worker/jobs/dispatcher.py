"""Takes queued jobs, one attempt each under a lease, and brings them to an end, once."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog

from batch_worker.jobs.attempt import Progress, Safe, StoredJournal, StoredSteps, afresh, ended
from batch_worker.jobs.base import BlobStore, Hold, JobQueue, JobStore
from batch_worker.jobs.bells import Bells
from batch_worker.jobs.estimate import weights
from batch_worker.jobs.model import Claimed, Lease, Status
from batch_worker.jobs.result import result_json
from batch_worker.pipeline.base import Context, LeaseLost, Stage
from batch_worker.pipeline.build import ALWAYS
from batch_worker.pipeline.draft import Draft, from_json
from batch_worker.pipeline.runner import StageRecord, run_stages
from batch_worker.pipeline.unavailable import Unavailable
from shared import backoff
from shared.errors import Internal, StartupError, StorageFull, SvenskaError, Timeout, TryLater

log = structlog.stdlib.get_logger("jobs")


class Observer(Protocol):
    """Is told what becomes of jobs, for the metrics."""

    def began(self, waited: float) -> None:
        """A job begins for the first time, after so many seconds."""

    def stage(self, name: str, status: str, seconds: float) -> None:
        """A stage has ended."""

    def ended(self, status: str) -> None:
        """A job is over."""

    def reclaimed(self, jobs: int) -> None:
        """Jobs were taken back from workers that are gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatcherOptions:
    """How jobs are worked on."""

    worker: str
    """Who we are to the store."""
    concurrency: int = 1
    """Jobs at once."""
    timeout: float = 86_400.0
    """Seconds that one attempt may take."""
    poison: int = 3
    """Crashes in a row, without progress, after which a job has failed."""
    keep_audio: bool = True
    """Whether the recording of a completed job is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a dispatcher works with."""

    store: JobStore
    queue: JobQueue
    blobs: BlobStore
    hold: Hold
    bells: Bells
    stage: Callable[[str], Stage]
    """Blocks the first time; raises `StartupError`."""
    observer: Observer


@dataclass(slots=True)
class _Running:
    task: "asyncio.Task[Any]"
    stopped: bool = False
    """Somebody else decides about the job now: cancelled, deleted, or taken over."""

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.task.cancel()

    async def settle(self) -> None:
        """Be stopped by nobody from here on; a stop that is under way is over when this returns."""
        if self.stopped:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            self.task.uncancel()
        self.stopped = True


class Dispatcher:
    """Works on jobs until closed; used from one event loop."""

    def __init__(
        self,
        parts: Parts,
        options: DispatcherOptions,
        *,
        taken_over: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`taken_over` is called when a job was found in other hands: this process was frozen, and should end."""
        self._parts = parts
        self._options = options
        self._taken_over = taken_over
        self._sleep = sleep
        self._running: dict[str, _Running] = {}

    async def run(self) -> None:
        """Work until the queue is closed."""
        await self._parts.queue.run(self._work, concurrency=self._options.concurrency)

    async def refill(self) -> None:
        """Make every queued job known to the queue: the rows are the truth."""
        for waiting in await self._parts.store.queued():
            self._parts.queue.put(waiting)

    async def reclaim(self, dead: Sequence[str]) -> None:
        """Take back what workers held that are `dead` or whose lease ran out; of our own, what nobody works on."""
        found = await self._parts.store.reclaim(
            self._options.worker, dead, poison=self._options.poison, held=tuple(self._running)
        )
        if not found:
            return
        self._parts.observer.reclaimed(len(found))
        for one in found:
            log.warning("job reclaimed", job_id=one.job_id, status=str(one.status))
            if one.status.over:
                self._parts.observer.ended(str(one.status))
            self._parts.bells.ring(one.job_id)
        await self.refill()

    def stop(self, job_id: str) -> None:
        """End the work on a job whose row says that it is over."""
        if (running := self._running.get(job_id)) is not None:
            running.stop()
        self._parts.bells.ring(job_id)

    async def _work(self, job_id: str) -> None:
        try:
            claimed = await self._parts.store.claim(job_id, self._options.worker)
        except (StorageFull, TryLater) as error:  # it stays queued, and `refill` rings for it again
            log.warning("job not claimed", job_id=job_id, code=error.code)
            return
        task = asyncio.current_task()
        if claimed is None or task is None:
            return
        if not claimed.job.restarts and claimed.job.attempts == 1 and claimed.job.started_at is not None:
            self._parts.observer.began(claimed.job.started_at - claimed.job.created_at)
        running = self._running[job_id] = _Running(task)
        self._parts.hold.add(claimed.lease, running.stop)
        with structlog.contextvars.bound_contextvars(job_id=job_id):
            try:
                await self._attempt(claimed, running)
            finally:
                self._parts.hold.remove(claimed.lease)
                if self._running.get(job_id) is running:  # else it was cancelled and is tried again already
                    del self._running[job_id]
                self._parts.bells.ring(job_id)

    async def _attempt(self, claimed: Claimed, running: _Running) -> None:
        lease = claimed.lease
        log.info("job begins", attempt=claimed.job.attempts, restarts=claimed.job.restarts)
        try:
            async with asyncio.timeout(self._options.timeout):
                draft, records = await self._pipeline(claimed, running)
            await self._complete(claimed, draft, records)
        except LeaseLost:
            await running.settle()
            await self._gave_up(claimed)
        except asyncio.CancelledError:
            if not running.stopped:
                await asyncio.shield(self._parts.store.release(lease))
                log.info("job handed back")
                raise
            await running.settle()
            await self._gave_up(claimed)
        except TimeoutError:
            limit = self._options.timeout
            await self._fail(lease, Timeout(f"The job took longer than {limit:.0f} seconds (WORKER_TIMEOUT)."))
        except SvenskaError as error:
            await self._fail(lease, error)
        except Exception:  # the one supervisor of an attempt: the job must come to an end
            log.exception("job failed unexpectedly")
            await self._fail(lease, Internal("The job failed in a way that nobody expected; the log has the reason."))

    async def _pipeline(self, claimed: Claimed, running: _Running) -> tuple[Draft, dict[str, StageRecord]]:
        job, parts = claimed.job, self._parts
        before = ended(claimed)
        stages = [await asyncio.to_thread(self._stage, name) for name in job.stages if name not in before]
        safe = Safe(parts.store, claimed.lease, parts.bells, self._sleep)
        shares = weights([(stage.name, stage.cost) for stage in stages], await parts.store.costs())
        left, over = 1.0 - job.progress, threading.Event()
        progress = Progress(safe, {name: share * left for name, share in shares.items()}, done=job.progress)
        steps = StoredSteps(safe, progress, dict(before))
        journal = StoredJournal(safe, claimed.segments, claimed.end)
        recording = None if job.blob is None else parts.blobs.path(job.blob)

        def context(stage: Stage) -> Context:
            return Context(
                job_id=job.id,
                recording=recording,
                language=job.language,
                options=job.options,
                progress=partial(progress.within, stage.name),
                cancelled=lambda: running.stopped or over.is_set(),
                journal=journal if stage.name == "transcribe" else None,
            )

        draft = afresh(from_json(claimed.draft) if claimed.draft else Draft(), (stage.name for stage in stages))
        telling = asyncio.create_task(progress.run(running.stop))
        try:
            draft = await run_stages(stages, draft, finished=before, context=context, recorder=steps)
        finally:
            over.set()  # threads that still compute see it: handed back, out of time, or failed
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        for record in steps.records.values():
            if record.name not in before:
                parts.observer.stage(record.name, record.status, record.seconds)
        return draft, steps.records

    def _stage(self, name: str) -> Stage:
        try:
            return self._parts.stage(name)
        except StartupError as error:
            if name in ALWAYS:
                raise
            return Unavailable(name, error)

    async def _complete(self, claimed: Claimed, draft: Draft, records: dict[str, StageRecord]) -> None:
        job = claimed.job
        result, document = await asyncio.to_thread(_written, draft, job.stages, tuple(records.values()))
        drop = not self._options.keep_audio
        if not await self._insist(
            lambda: self._parts.store.finish(claimed.lease, document, duration=result["duration"], drop_audio=drop)
        ):
            raise LeaseLost
        self._parts.observer.ended(str(Status.COMPLETED))
        log.info("job completed", seconds=result["processing_time"])
        if drop and job.blob is not None:
            await self._parts.blobs.delete(job.blob)

    async def _fail(self, lease: Lease, error: SvenskaError) -> None:
        log.warning("job failed", code=error.code)
        if await self._insist(lambda: self._parts.store.fail(lease, error.to_json()["error"])):
            self._parts.observer.ended(str(Status.FAILED))

    async def _gave_up(self, claimed: Claimed) -> None:
        """Leave a job whose lease is gone: stopped by its owner, in another worker's hands, or not renewed in time."""
        if await self._insist(lambda: self._parts.store.release(claimed.lease)):
            log.warning("lease could not be renewed, job handed back")
            return
        job = await self._parts.store.get(claimed.job.id)
        if job is None or job.restarts == claimed.job.restarts:
            self._parts.observer.ended(str(Status.CANCELLED))
            log.info("job cancelled")
            return
        log.error("job taken over", status=str(job.status))
        self._taken_over()

    async def _insist(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write the end of an attempt, however long the store cannot; every write is fenced by the lease."""
        tries = 0
        while True:
            try:
                return await write()
            except (StorageFull, TryLater) as error:
                tries += 1
                log.warning("an attempt's end cannot be written yet", code=error.code, tries=tries)
                await self._sleep(backoff.delay(min(tries, 5), base=1.0))


def _written(draft: Draft, stages: tuple[str, ...], records: Sequence[StageRecord]) -> tuple[dict[str, Any], bytes]:
    """Return the result, and as it is stored; hours of words take a while."""
    result = result_json(draft, stages, records)
    return result, json.dumps(result, ensure_ascii=False).encode()
