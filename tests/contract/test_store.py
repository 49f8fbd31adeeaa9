"""What every job store promises (docs/operations.md); each implementation runs the same suite."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from batch_worker.jobs.base import JobStore
from batch_worker.jobs.estimate import WHOLE_JOB
from batch_worker.jobs.memory import MemoryStore
from batch_worker.jobs.model import EVENTS_KEPT, BlobKey, Claimed, Job, NewJob, Status
from batch_worker.jobs.store import StoreOptions, open_store
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.runner import StageRecord
from shared.errors import Conflict, Expired, QueueFull
from tests.unit.shared.values import segment

LEASE = 30.0
DONE = StageRecord(name="transcribe", status="completed", seconds=2.0, detail={"segments": 1})
DRAFT = json.dumps({"transcript": {"duration": 10.0}}).encode()


class Clock:
    """Time as the test says it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time that the store goes by."""
    return Clock()


@pytest.fixture(params=["fifo"])
def order(request: pytest.FixtureRequest) -> str:
    """Who goes first among equals."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, order: str) -> AsyncIterator[JobStore]:
    """An empty store of each kind."""
    options = StoreOptions(lease_seconds=LEASE, order=order)
    if request.param == "memory":
        yield MemoryStore(options, clock=clock)
        return
    async with open_store(tmp_path / "jobs.sqlite", options, clock=clock) as one:
        yield one


_numbers = iter(range(10**9))


def new(**changes: object) -> NewJob:
    """Return a job as a caller hands it in."""
    number = next(_numbers)
    job = NewJob(id=f"{number:032x}", created_at=1_000_000.0, stages=("transcribe", "confidence"), fingerprint="one")
    return replace(job, **changes)  # type: ignore[arg-type]


async def added(store: JobStore, **changes: object) -> Job:
    """Add a job."""
    job, created = await store.add(new(**changes), limit=1000)
    assert created
    return job


async def claimed(store: JobStore, job: Job, worker: str = "worker-1") -> Claimed:
    """Claim a job that can be."""
    mine = await store.claim(job.id, worker)
    assert mine is not None
    return mine


async def status_of(store: JobStore, job: Job) -> Status:
    """Return how a job stands."""
    found = await store.get(job.id)
    assert found is not None
    return found.status


async def test_a_job_comes_back_as_it_was_handed_in(store: JobStore) -> None:
    """Options, metadata, names: nothing is lost."""
    job = await added(
        store, filename="möte.m4a", language="sv", priority=7, metadata={"å": [1, None]}, blob=BlobKey("abc"), size=3,
        options=JobOptions(word_timestamps=True, pii_mode="flag"), webhook_url="https://example.com/",
    )  # fmt: skip
    assert await store.get(job.id) == job
    assert (job.filename, job.language, job.priority, job.metadata) == ("möte.m4a", "sv", 7, {"å": [1, None]})
    assert job.options == JobOptions(word_timestamps=True, pii_mode="flag")
    assert (job.status, job.progress, job.attempts, job.restarts) == (Status.QUEUED, 0.0, 0, 0)


async def test_a_hundred_requests_with_one_key_make_one_job(store: JobStore) -> None:
    """Statement 9."""
    answers = await asyncio.gather(*(store.add(new(idempotency_key="k"), limit=1000) for _ in range(100)))
    assert len({job.id for job, _created in answers}) == 1
    assert sum(created for _job, created in answers) == 1
    assert (await store.counts()).queued == 1


async def test_the_same_key_for_another_request_is_a_conflict(store: JobStore) -> None:
    """Nobody gets somebody else's job."""
    await added(store, idempotency_key="k", fingerprint="one")
    with pytest.raises(Conflict):
        await store.add(new(idempotency_key="k", fingerprint="two"), limit=1000)


async def test_a_full_queue_takes_no_more(store: JobStore) -> None:
    """Neither new jobs nor old ones again."""
    first = await added(store)
    await store.request_cancel(first.id)
    await added(store)
    with pytest.raises(QueueFull):
        await store.add(new(), limit=1)
    with pytest.raises(QueueFull):
        await store.retry(first.id, limit=1)
    assert (await store.counts()).queued == 1


async def test_one_job_is_claimed_once(store: JobStore) -> None:
    """Of many who try at the same time."""
    job = await added(store)
    tries = await asyncio.gather(*(store.claim(job.id, f"worker-{number}") for number in range(20)))
    assert sum(one is not None for one in tries) == 1


async def test_ahead_counts_those_who_go_first(store: JobStore) -> None:
    """Priority first, then order of arrival."""
    early, urgent, late = await added(store), await added(store, priority=5), await added(store)
    ahead = [(await store.get(job.id)).ahead for job in (early, urgent, late)]  # type: ignore[union-attr]
    assert ahead == [1, 0, 2]


@pytest.mark.parametrize("order", ["lifo"], indirect=True)
async def test_the_newest_goes_first_where_that_is_wanted(store: JobStore) -> None:
    """`QUEUE_ORDER=lifo`."""
    early, late = await added(store), await added(store)
    ahead = [(await store.get(job.id)).ahead for job in (early, late)]  # type: ignore[union-attr]
    assert ahead == [1, 0]


async def test_a_resumed_job_has_what_was_committed(store: JobStore) -> None:
    """Statement 4: draft, stages, segments and how far they reach."""
    job = await added(store)
    mine = await claimed(store, job)
    assert await store.begin(mine.lease, "transcribe")
    assert await store.append(mine.lease, [segment(id=0), segment(id=1)], end=7.5)
    await store.reclaim("other", ["worker-1"], poison=3)
    again = await claimed(store, job, "worker-2")
    assert ([one.id for one in again.segments], again.end) == ([0, 1], 7.5)
    assert await store.checkpoint(again.lease, DONE, DRAFT)
    await store.reclaim("other", ["worker-2"], poison=3)
    last = await claimed(store, job, "worker-3")
    assert last.draft == DRAFT
    assert DONE in last.job.records
    assert (last.job.attempts, last.job.restarts) == (1, 2)


async def test_nothing_is_written_without_the_lease(store: JobStore) -> None:
    """Statement 5: whoever was away too long changes nothing."""
    job = await added(store)
    old = (await claimed(store, job)).lease
    await store.reclaim("other", ["worker-1"], poison=3)
    new_lease = (await claimed(store, job, "worker-2")).lease
    assert not await store.begin(old, "transcribe")
    assert not await store.append(old, [segment()], end=1.0)
    assert not await store.checkpoint(old, DONE, b"{}")
    assert not await store.progress(old, 0.9, "transcribe")
    assert not await store.finish(old, b"{}", duration=1.0, drop_audio=False)
    assert not await store.fail(old, {"code": "internal", "message": ""})
    assert not await store.release(old)
    found = await store.get(job.id)
    assert found is not None
    assert (found.status, found.progress, found.records) == (Status.RUNNING, 0.0, ())
    assert await store.finish(new_lease, b"{}", duration=1.0, drop_audio=False)


async def test_a_lease_that_ran_out_is_taken_back_and_others_are_not(store: JobStore, clock: Clock) -> None:
    """Nobody has to be known dead for that."""
    late, alive = await added(store), await added(store)
    await claimed(store, late, "worker-1")
    clock.now += LEASE + 1
    await claimed(store, alive, "worker-2")
    taken = await store.reclaim("worker-3", [], poison=3)
    assert [one.job_id for one in taken] == [late.id]
    assert await status_of(store, alive) is Status.RUNNING


async def test_a_workers_own_job_is_taken_back_once_it_has_let_go_of_it(store: JobStore, clock: Clock) -> None:
    """Its end could not be written, say; one that is worked on is left alone, however late its renewal."""
    dropped, kept = await added(store), await added(store)
    for job in (dropped, kept):
        await claimed(store, job, "one")
    assert await store.reclaim("one", [], poison=3, held=[kept.id]) == []
    clock.now += LEASE + 1
    (taken,) = await store.reclaim("one", [], poison=3, held=[kept.id])
    assert (taken.job_id, await status_of(store, kept)) == (dropped.id, Status.RUNNING)


async def test_a_cancelled_job_stays_cancelled(store: JobStore) -> None:
    """Statement 7: its worker can write nothing, and no crash brings it back."""
    job = await added(store)
    mine = await claimed(store, job)
    cancelled = await store.request_cancel(job.id)
    assert cancelled is not None
    assert cancelled.status is Status.CANCELLED
    assert not await store.finish(mine.lease, b"{}", duration=1.0, drop_audio=False)
    assert await store.reclaim("other", ["worker-1"], poison=3) == []
    assert await store.claim(job.id, "other") is None


async def test_cancelling_a_finished_job_changes_nothing(store: JobStore) -> None:
    """Its result stays."""
    job = await added(store)
    await store.finish((await claimed(store, job)).lease, b'{"text": ""}', duration=1.0, drop_audio=False)
    found = await store.request_cancel(job.id)
    assert found is not None
    assert found.status is Status.COMPLETED
    assert await store.result(job.id) == b'{"text": ""}'


async def test_a_job_that_takes_its_worker_down_again_and_again_has_failed(store: JobStore) -> None:
    """Statement 11; one that gets anywhere in between has not (statement 3)."""
    poison, healthy = await added(store), await added(store)
    for crash in range(3):
        await claimed(store, poison)
        mine = await claimed(store, healthy)
        assert await store.append(mine.lease, [segment(id=crash)], end=crash + 1.0)
        await store.reclaim("other", ["worker-1"], poison=3)
    found = await store.get(poison.id)
    assert found is not None
    assert found.error is not None
    assert (found.status, found.error["code"], found.restarts) == (Status.FAILED, "poison", 3)
    assert await status_of(store, healthy) is Status.QUEUED


async def test_twenty_crashes_do_not_use_up_a_healthy_jobs_attempts(store: JobStore) -> None:
    """Statement 3."""
    job = await added(store)
    for crash in range(20):
        mine = await claimed(store, job)
        await store.append(mine.lease, [segment(id=crash)], end=crash + 1.0)
        await store.reclaim("other", ["worker-1"], poison=3)
    found = await store.get(job.id)
    assert found is not None
    assert (found.attempts, found.restarts, found.status) == (1, 20, Status.QUEUED)


async def test_a_job_handed_back_goes_on_with_its_attempt(store: JobStore) -> None:
    """A graceful stop is neither a failure nor a crash."""
    job = await added(store)
    assert await store.release((await claimed(store, job)).lease)
    again = await claimed(store, job)
    assert (again.job.attempts, again.job.restarts) == (1, 0)


async def test_progress_never_falls(store: JobStore) -> None:
    """Statement 12."""
    job = await added(store)
    mine = await claimed(store, job)
    seen = []
    for fraction in (0.2, 0.1, 0.5, 2.0):
        await store.progress(mine.lease, fraction, "transcribe")
        seen.append((await store.get(job.id)).progress)  # type: ignore[union-attr]
    assert seen == [0.2, 0.2, 0.5, 1.0]


async def test_events_come_in_order_and_can_be_resumed(store: JobStore) -> None:
    """Ids grow by one within a job, whoever else writes."""
    job, other = await added(store), await added(store)
    mine, theirs = await claimed(store, job), await claimed(store, other)
    for number in range(3):
        await store.append(mine.lease, [segment(id=number)], end=1.0)
        await store.append(theirs.lease, [segment(id=number)], end=1.0)
    await store.finish(mine.lease, b"{}", duration=1.0, drop_audio=False)
    events = await store.events(job.id, after=0, limit=100)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events] == ["status", "status", "segment", "segment", "segment", "completed"]
    assert await store.last_event(job.id) == len(events)
    assert [event.id for event in await store.events(job.id, after=4, limit=1)] == [5]


async def test_very_many_events_are_not_all_kept(store: JobStore) -> None:
    """The newest are, under the ids that they had."""
    job = await added(store)
    mine = await claimed(store, job)
    await store.append(mine.lease, [segment(id=number) for number in range(EVENTS_KEPT + 5)], end=1.0)
    first, *_rest = await store.events(job.id, after=0, limit=2)
    newest = await store.last_event(job.id)
    assert (first.id, newest) == (8, EVENTS_KEPT + 7)


@pytest.mark.parametrize(
    ("end", "shown"), [("fail", ["failed"]), ("cancel", []), ("release", []), ("crash", []), ("finish", [])]
)
async def test_no_stage_runs_once_nobody_works_on_the_job(store: JobStore, end: str, shown: list[str]) -> None:
    """It failed with the job, or it is as if it had not begun."""
    job = await added(store)
    lease = (await claimed(store, job)).lease
    await store.begin(lease, "transcribe")
    ends = {
        "fail": lambda: store.fail(lease, {"code": "internal", "message": ""}),
        "cancel": lambda: store.request_cancel(job.id),
        "release": lambda: store.release(lease),
        "crash": lambda: store.reclaim("other", ["worker-1"], poison=3),
        "finish": lambda: store.finish(lease, b"{}", duration=1.0, drop_audio=False),
    }
    await ends[end]()
    found = await store.get(job.id)
    assert found is not None
    assert [record.status for record in found.records] == shown


async def test_a_failed_job_can_be_tried_again_from_its_first_unfinished_stage(store: JobStore) -> None:
    """With the original options; finished stages stay finished."""
    job = await added(store, options=JobOptions(beam_size=3))
    mine = await claimed(store, job)
    await store.checkpoint(mine.lease, DONE, DRAFT)
    await store.begin(mine.lease, "confidence")
    await store.fail(mine.lease, {"code": "internal", "message": "no"})
    again = await store.retry(job.id, limit=10)
    assert again is not None
    assert (again.status, again.error, again.options, again.records) == (Status.QUEUED, None, job.options, (DONE,))
    second = await claimed(store, job)
    assert (second.job.attempts, second.draft) == (2, DRAFT)


async def test_what_was_made_without_an_unfinished_stage_is_made_again(store: JobStore) -> None:
    """Stages after one that failed have seen a text that the new attempt changes; what was switched off stays so."""
    stages = ("transcribe", "retry", "diarization", "text", "pii", "summary")
    job = await added(store, stages=stages, finished=("diarization", "pii"))
    mine = await claimed(store, job)
    for name, status in (("transcribe", "completed"), ("retry", "failed"), ("text", "completed")):
        await store.checkpoint(mine.lease, StageRecord(name=name, status=status), DRAFT)  # type: ignore[arg-type]
    await store.request_cancel(job.id)
    again = await store.retry(job.id, limit=10)
    assert again is not None
    shown = {record.name: record.status for record in again.records}
    assert shown == {"transcribe": "completed", "diarization": "skipped", "pii": "skipped"}


@pytest.mark.parametrize("end", ["queued", "running", "completed"])
async def test_only_a_failed_or_cancelled_job_can_be_tried_again(store: JobStore, end: str) -> None:
    """409 for every other."""
    job = await added(store)
    if end != "queued":
        mine = await claimed(store, job)
        if end == "completed":
            await store.finish(mine.lease, b"{}", duration=1.0, drop_audio=False)
    with pytest.raises(Conflict):
        await store.retry(job.id, limit=10)


async def test_lists_are_newest_first_and_go_on_where_they_stopped(store: JobStore) -> None:
    """Without gaps or repetitions."""
    jobs = [await added(store) for _ in range(5)]
    await store.request_cancel(jobs[1].id)
    first = await store.list(status=None, limit=2, before=None)
    rest = await store.list(status=None, limit=10, before=first[-1].seq)
    assert [job.id for job in (*first, *rest)] == [job.id for job in reversed(jobs)]
    assert [job.id for job in await store.list(status=Status.CANCELLED, limit=9, before=None)] == [jobs[1].id]


async def test_counts_follow_every_change(store: JobStore) -> None:
    """Queued, running, ended, deleted."""
    jobs = [await added(store) for _ in range(4)]
    leases = [(await claimed(store, job)).lease for job in jobs[:3]]
    await store.finish(leases[0], b"{}", duration=1.0, drop_audio=False)
    await store.fail(leases[1], {"code": "internal", "message": ""})
    counts = await store.counts()
    assert (counts.queued, counts.running, counts.completed, counts.failed) == (1, 1, 1, 1)
    await store.delete(jobs[0].id)
    assert (await store.counts()).completed == 0


async def test_an_unfinished_job_is_not_deleted(store: JobStore) -> None:
    """It is cancelled first."""
    job = await added(store)
    with pytest.raises(Conflict):
        await store.delete(job.id)


async def test_deleting_removes_everything(store: JobStore) -> None:
    """Row, result, events and webhooks; the recording's key is returned."""
    job = await added(store, blob=BlobKey("abc"), webhook_url="https://example.com/")
    await store.finish((await claimed(store, job)).lease, b"{}", duration=1.0, drop_audio=False)
    assert await store.delete(job.id) == "abc"
    assert await store.get(job.id) is None
    assert await store.result(job.id) is None
    assert await store.events(job.id, after=0, limit=9) == []
    assert await store.due(limit=9) == []


async def test_retention_removes_old_finished_jobs_only(store: JobStore, clock: Clock) -> None:
    """Statement 15; an expired job says that it was there."""
    old, waiting = await added(store, blob=BlobKey("abc")), await added(store, blob=BlobKey("def"))
    await store.finish((await claimed(store, old)).lease, b"{}", duration=1.0, drop_audio=False)
    clock.now += 1000
    young = await added(store)
    await store.request_cancel(young.id)
    assert await store.expire(clock.now - 500) == ["abc"]
    with pytest.raises(Expired):
        await store.get(old.id)
    assert await status_of(store, waiting) is Status.QUEUED
    assert await status_of(store, young) is Status.CANCELLED


async def test_orphans_are_what_no_job_owns(store: JobStore) -> None:
    """A recording whose row was never written, or that was let go."""
    job = await added(store, blob=BlobKey("abc"))
    assert await store.orphans([BlobKey("abc"), BlobKey("xyz")]) == ["xyz"]
    await store.finish((await claimed(store, job)).lease, b"{}", duration=1.0, drop_audio=True)
    assert await store.orphans([BlobKey("abc")]) == ["abc"]


async def test_webhooks_are_owed_in_order_until_they_arrive(store: JobStore, clock: Clock) -> None:
    """One for each end of a job; the second waits for the first."""
    job = await added(store, webhook_url="https://example.com/")
    await store.fail((await claimed(store, job)).lease, {"code": "internal", "message": ""})
    await store.retry(job.id, limit=9)
    await store.finish((await claimed(store, job)).lease, b"{}", duration=1.0, drop_audio=False)
    (first,) = await store.due(limit=9)
    assert json.loads(first.body)["status"] == "failed"
    await store.postpone(first.id, clock.now + 10)
    assert await store.due(limit=9) == []
    clock.now += 11
    (again,) = await store.due(limit=9)
    assert (again.id, again.attempts) == (first.id, 1)
    await store.delivered(first.id)
    (second,) = await store.due(limit=9)
    assert json.loads(second.body)["status"] == "completed"
    assert "result" not in json.loads(second.body)


async def test_costs_are_learned_from_what_stages_took(store: JobStore) -> None:
    """Per second of audio; newer work counts more."""
    for _ in range(2):
        mine = await claimed(store, await added(store))
        await store.checkpoint(mine.lease, DONE, DRAFT)
    cost = (await store.costs())["transcribe"]
    assert cost.seconds / cost.audio == pytest.approx(0.2)


async def test_what_whole_jobs_take_is_learned_from_those_done_in_one_go(store: JobStore, clock: Clock) -> None:
    """Neither downtime nor the pause before another try is work."""
    for pause in (0.0, 5000.0):
        job = await added(store)
        mine = await claimed(store, job)
        clock.now += 10
        if pause:
            await store.release(mine.lease)
            clock.now += pause
            mine = await claimed(store, job)
        await store.finish(mine.lease, b"{}", duration=1.0, drop_audio=False)
    cost = (await store.costs())[WHOLE_JOB]
    assert cost.seconds / cost.audio == pytest.approx(10)


async def test_retention_removes_as_many_as_there_are(store: JobStore, clock: Clock) -> None:
    """Also jobs without a recording, which leave nothing behind to be deleted."""
    for _ in range(50):
        await store.request_cancel((await added(store)).id)
    clock.now += 10
    assert await store.expire(clock.now) == []
    assert (await store.counts()).cancelled == 0


async def test_a_list_says_who_goes_first_as_each_job_does(store: JobStore) -> None:
    """One look at the queue, the same places."""
    jobs = [await added(store, priority=number % 3) for number in range(7)]
    await store.request_cancel(jobs[2].id)
    listed = {job.id: job.ahead for job in await store.list(status=None, limit=9, before=None)}
    assert listed == {job.id: (await store.get(job.id)).ahead for job in jobs}  # type: ignore[union-attr]
    assert listed[jobs[2].id] is None
