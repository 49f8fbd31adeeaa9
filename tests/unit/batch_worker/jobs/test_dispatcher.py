"""The dispatcher on stores in memory: who decides about a job, and what a full disk does to it."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from batch_worker.jobs.bells import Bells
from batch_worker.jobs.dispatcher import Dispatcher, DispatcherOptions, Parts
from batch_worker.jobs.memory import MemoryBlobs, MemoryStore
from batch_worker.jobs.model import Claimed, Job, Lease, NewJob, Status
from batch_worker.jobs.queue import LocalQueue
from batch_worker.pipeline.base import Context, LeaseLost, Outcome
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.runner import StageRecord
from shared.errors import AsrUnavailable, Busy, LlmUnavailable, StartupError, StorageFull
from tests.unit.shared.values import transcript

Act = Callable[[], Awaitable[None]]


class Store(MemoryStore):
    """A store whose disk is sometimes full."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[Exception]] = {}

    def _stumble(self, step: str) -> None:
        if self.faults.get(step):
            raise self.faults[step].pop(0)

    async def claim(self, job_id: str, worker: str) -> Claimed | None:
        self._stumble("claim")
        return await super().claim(job_id, worker)

    async def checkpoint(self, lease: Lease, record: StageRecord, draft: bytes) -> bool:
        self._stumble("checkpoint")
        return await super().checkpoint(lease, record, draft)

    async def release(self, lease: Lease) -> bool:
        await asyncio.sleep(0)  # as a disk would
        return await super().release(lease)

    async def fail(self, lease: Lease, error: Mapping[str, Any]) -> bool:
        self._stumble("fail")
        return await super().fail(lease, error)

    async def finish(self, lease: Lease, result: bytes, *, duration: float | None, drop_audio: bool) -> bool:
        self._stumble("finish")
        return await super().finish(lease, result, duration=duration, drop_audio=drop_audio)


class Hold:
    """Leases that are lost when the test says so."""

    def __init__(self) -> None:
        self.held: dict[str, Callable[[], None]] = {}

    def add(self, lease: Lease, lost: Callable[[], None]) -> None:
        self.held[lease.job_id] = lost

    def remove(self, lease: Lease) -> None:
        self.held.pop(lease.job_id, None)


@dataclass(slots=True)
class Seen:
    """What the metrics were told."""

    ends: list[str] = field(default_factory=list)
    stages: list[tuple[str, str]] = field(default_factory=list)

    def began(self, waited: float) -> None: ...

    def stage(self, name: str, status: str, seconds: float) -> None:
        self.stages.append((name, status))

    def ended(self, status: str) -> None:
        self.ends.append(status)

    def reclaimed(self, jobs: int) -> None: ...


class Say:
    """A stage that does what the test says, then writes the transcript."""

    cost = 1.0

    def __init__(self, *acts: Act, name: str = "transcribe") -> None:
        self._acts = list(acts)
        self.name, self.optional = name, name != "transcribe"
        self.runs = 0

    async def run(self, draft: Draft, context: Context) -> Outcome:
        self.runs += 1
        if self._acts:
            await self._acts.pop(0)()
        return Outcome(draft=replace(draft, transcript=transcript()))


class Compute(Say):
    """A stage that computes in a thread, which looks whether it should stop."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.stopped = threading.Event(), threading.Event()

    async def run(self, draft: Draft, context: Context) -> Outcome:
        self.runs += 1
        await asyncio.to_thread(self._compute, context)
        return Outcome(draft=draft)

    def _compute(self, context: Context) -> None:
        self.begun.set()
        for _ in range(1_000):
            if context.cancelled():
                self.stopped.set()
                return
            time.sleep(0.01)


@dataclass(slots=True)
class Bench:
    """A dispatcher and what it works with."""

    store: Store
    hold: Hold
    seen: Seen
    dispatcher: Dispatcher
    queue: LocalQueue
    taken_over: list[str] = field(default_factory=list)

    async def submit(self, *stages: str) -> Job:
        """Hand a job in."""
        job, _created = await self.store.add(
            NewJob(id=f"{self.store._seq:032x}", created_at=0.0, stages=stages or ("transcribe",)), limit=100
        )
        await self.dispatcher.refill()
        return job

    async def until(self, job: Job, *statuses: Status) -> Job:
        """Wait for a job's status."""
        await until(lambda: self.store._kept[job.id].job.status in statuses)
        return self.store._kept[job.id].job

    async def until_idle(self) -> None:
        """Wait until nothing is worked on."""
        await until(lambda: not self.queue._running)


@asynccontextmanager
async def bench(stage: Say, *others: Say, concurrency: int = 1, seconds: float = 60.0) -> AsyncIterator[Bench]:
    """Run a dispatcher on some stages."""
    known = {one.name: one for one in (stage, *others)}

    def built(name: str) -> Say:
        if name not in known:
            raise StartupError(f"Install {name}.")
        return known[name]

    store, hold, seen, queue, gone = Store(), Hold(), Seen(), LocalQueue(), []
    parts = Parts(
        store=store, queue=queue, blobs=MemoryBlobs(), hold=hold, bells=Bells(), stage=built, observer=seen,
    )  # fmt: skip
    dispatcher = Dispatcher(
        parts,
        DispatcherOptions(worker="one", concurrency=concurrency, timeout=seconds),
        taken_over=lambda: gone.append("gone"),
        sleep=lambda _seconds: asyncio.sleep(0),
    )
    running = asyncio.create_task(dispatcher.run())
    try:
        yield Bench(store, hold, seen, dispatcher, queue, gone)
    finally:
        await queue.close(0)
        await running


async def until(check: Callable[[], bool]) -> None:
    """Let the others run until it is so."""
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - it looks at the fakes, which ring no bells
            await asyncio.sleep(0)


async def forever() -> None:
    """Compute until cancelled."""
    await asyncio.Event().wait()


async def until_running(one: Bench, job: Job, stage: Say) -> None:
    """Wait until the stage is at work."""
    await until(lambda: stage.runs > 0 and job.id in one.hold.held)


async def test_a_job_is_completed_once() -> None:
    """Its stages run, its result is there, its lease is given up."""
    async with bench(stage := Say()) as one:
        job = await one.submit()
        done = await one.until(job, Status.COMPLETED)
        await one.until_idle()
    assert (done.attempts, done.progress, stage.runs) == (1, 1.0, 1)
    assert (one.seen.ends, one.seen.stages, one.hold.held) == (["completed"], [("transcribe", "completed")], {})


async def test_a_failure_is_the_jobs_and_a_new_attempt_can_succeed() -> None:
    """With the code of what failed."""

    async def fail() -> None:
        raise AsrUnavailable("Nobody there.")

    async with bench(Say(fail)) as one:
        job = await one.submit()
        failed = await one.until(job, Status.FAILED)
        await one.store.retry(job.id, limit=10)
        await one.dispatcher.refill()
        done = await one.until(job, Status.COMPLETED)
    assert failed.error == {"code": "asr_unavailable", "message": "Nobody there."}
    assert (done.attempts, done.error) == (2, None)


async def test_a_cancelled_job_that_is_tried_again_at_once_is_not_mistaken_for_one_taken_over() -> None:
    """The process goes on, though the row says `queued` or `running` when the first attempt looks at it."""
    async with bench(stage := Say(forever), concurrency=2) as one:
        job = await one.submit()
        await until_running(one, job, stage)
        await one.store.request_cancel(job.id)
        one.dispatcher.stop(job.id)
        one.dispatcher.stop(job.id)
        await one.store.retry(job.id, limit=10)
        await one.dispatcher.refill()
        done = await one.until(job, Status.COMPLETED)
        await one.until_idle()
    assert (done.attempts, one.taken_over) == (2, [])
    assert sorted(one.seen.ends) == ["cancelled", "completed"]


@pytest.mark.parametrize("turns", range(5))
async def test_a_job_whose_cancellation_comes_with_the_loss_of_its_lease_is_counted_once(turns: int) -> None:
    """A segment that was to be written together with the cancellation finds the lease gone."""
    cancelled = asyncio.Event()

    async def lose() -> None:
        await cancelled.wait()
        raise LeaseLost

    async with bench(stage := Say(lose)) as one:
        job = await one.submit()
        await until_running(one, job, stage)
        await one.store.request_cancel(job.id)
        cancelled.set()
        for _turn in range(turns):
            await asyncio.sleep(0)
        one.dispatcher.stop(job.id)
        await one.until_idle()
    assert (one.seen.ends, one.hold.held) == (["cancelled"], {})


async def test_a_job_that_another_worker_has_ends_this_process() -> None:
    """Nothing is written under the old lease."""
    async with bench(stage := Say(forever)) as one:
        job = await one.submit()
        await until_running(one, job, stage)
        await one.store.reclaim("two", ["one"], poison=3)
        other = await one.store.claim(job.id, "two")
        one.hold.held[job.id]()
        await one.until_idle()
        found = await one.store.get(job.id)
    assert other is not None
    assert found is not None
    assert (found.status, found.restarts, one.taken_over) == (Status.RUNNING, 1, ["gone"])


async def test_a_lease_that_could_not_be_renewed_hands_the_job_back() -> None:
    """Nobody has taken it: it waits again, and this process goes on."""
    async with bench(stage := Say(forever)) as one:
        job = await one.submit()
        await until_running(one, job, stage)
        one.hold.held[job.id]()
        await one.until(job, Status.QUEUED)
        await one.dispatcher.refill()
        done = await one.until(job, Status.COMPLETED)
    assert (done.attempts, done.restarts, one.taken_over) == (1, 0, [])


@pytest.mark.parametrize("fault", [StorageFull("Full."), Busy("Locked.")])
async def test_a_job_that_cannot_be_claimed_now_waits_for_the_next_bell(fault: Exception) -> None:
    """It stays queued."""
    async with bench(Say()) as one:
        one.store.faults["claim"] = [fault]
        job = await one.submit()
        await until(lambda: not one.store.faults["claim"])
        await one.until_idle()
        await one.until(job, Status.QUEUED)
        await one.dispatcher.refill()
        await one.until(job, Status.COMPLETED)


async def test_an_end_is_written_once_the_disk_has_room() -> None:
    """However often it was full before; nothing is computed again."""
    async with bench(stage := Say()) as one:
        one.store.faults["finish"] = [StorageFull("Full."), StorageFull("Full.")]
        job = await one.submit()
        await one.until(job, Status.COMPLETED)
    assert stage.runs == 1


async def test_a_stage_that_has_ended_is_written_once_the_store_is_free() -> None:
    """Another process may lock it for a while: hours of work are not given up for that."""
    async with bench(stage := Say()) as one:
        one.store.faults["checkpoint"] = [Busy("Locked."), Busy("Locked.")]
        job = await one.submit()
        await one.until(job, Status.COMPLETED)
    assert stage.runs == 1


async def test_a_job_whose_end_cannot_be_written_at_all_is_taken_up_again() -> None:
    """It does not stay running for ever, held by nobody."""
    async with bench(stage := Say()) as one:
        one.store.faults["finish"] = [RuntimeError("Never seen before.")]
        one.store.faults["fail"] = [RuntimeError("Nor this.")]
        job = await one.submit()
        await until(lambda: stage.runs > 0)
        await one.until_idle()
        await one.until(job, Status.RUNNING)
        one.store._kept[job.id].lease_until = 0.0
        await one.dispatcher.reclaim([])
        done = await one.until(job, Status.COMPLETED)
    assert (done.restarts, one.taken_over) == (1, [])


async def test_a_graceful_stop_hands_the_job_back() -> None:
    """Queued again, at its last checkpoint; not counted as a crash."""
    async with bench(stage := Say(forever)) as one:
        job = await one.submit()
        await until_running(one, job, stage)
        await one.queue.close(0)
        found = await one.store.get(job.id)
    assert found is not None
    assert (found.status, found.restarts, one.taken_over) == (Status.QUEUED, 0, [])


def result(one: Bench, job: Job) -> dict[str, Any]:
    """Return the result of a completed job."""
    found: dict[str, Any] = json.loads(one.store._kept[job.id].result or b"null")
    return found


async def test_an_optional_stage_that_cannot_work_any_more_costs_the_job_only_its_part() -> None:
    """It could when the job was taken; the warning says what would help."""
    async with bench(Say()) as one:
        job = await one.submit("transcribe", "pii")
        await one.until(job, Status.COMPLETED)
        (warning,) = result(one, job)["warnings"]
    assert warning == {"stage": "pii", "code": "startup", "message": "Install pii."}


async def test_a_stage_that_has_another_go_takes_its_warning_back() -> None:
    """A job that is tried again shows what the new attempt met."""

    async def fail() -> None:
        raise LlmUnavailable("Nobody there.")

    async with bench(Say(), Say(fail, name="retry"), last := Say(forever, name="summary")) as one:
        job = await one.submit("transcribe", "retry", "summary")
        await until_running(one, job, last)
        await one.store.request_cancel(job.id)
        one.dispatcher.stop(job.id)
        await one.until_idle()
        await one.store.retry(job.id, limit=10)
        await one.dispatcher.refill()
        await one.until(job, Status.COMPLETED)
        assert result(one, job)["warnings"] == []


@pytest.mark.parametrize("why", ["handed back", "out of time"])
async def test_computing_stops_however_an_attempt_ends(why: str) -> None:
    """A thread that went on would hold up the end of the process, or the next job."""
    stage = Compute()
    async with bench(stage, seconds=60.0 if why == "handed back" else 0.05) as one:
        job = await one.submit()
        assert await asyncio.to_thread(stage.begun.wait, 5)
        if why == "handed back":
            await one.queue.close(0)
        else:
            await one.until(job, Status.FAILED)
        assert await asyncio.to_thread(stage.stopped.wait, 5)
