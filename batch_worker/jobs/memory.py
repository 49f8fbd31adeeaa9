"""Store and blobs in memory, for tests: the same promises as the real ones, but for the disk."""

import copy
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batch_worker.jobs.estimate import WHOLE_JOB
from batch_worker.jobs.model import (
    EVENTS_KEPT,
    BlobKey,
    Claimed,
    Cost,
    Counts,
    Delivery,
    Event,
    Job,
    Lease,
    NewJob,
    Reclaimed,
    Status,
    Waiting,
)
from batch_worker.jobs.store import StoreOptions
from batch_worker.jobs.view import job_json, record_json
from batch_worker.pipeline.runner import StageRecord, StageStatus, standing
from shared.errors import Conflict, Expired, Poison, QueueFull
from shared.transcript import Segment, to_json

_OLD_COSTS = 0.8


@dataclass(slots=True)
class _Kept:
    job: Job
    draft: bytes
    key: str | None
    fingerprint: str
    segments: list[Segment] = field(default_factory=list)
    end: float = 0.0
    result: bytes | None = None
    events: list[Event] = field(default_factory=list)
    token: str | None = None
    worker: str = ""
    lease_until: float = 0.0
    crashes: int = 0
    handed_back: bool = False


class MemoryStore:
    """Implements `jobs.base.JobStore`."""

    def __init__(self, options: StoreOptions | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """Begin empty."""
        self._options = options or StoreOptions()
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._expired: set[str] = set()
        self._deliveries: dict[int, tuple[Delivery, float]] = {}
        self._costs: dict[str, Cost] = {}
        self._seq = 0

    # --- callers

    async def add(self, new: NewJob, *, limit: int) -> tuple[Job, bool]:
        """Store a job, or return the one that has its idempotency key."""
        for kept in self._kept.values():
            if new.idempotency_key is not None and kept.key == new.idempotency_key:
                if kept.fingerprint != new.fingerprint:
                    raise Conflict("This Idempotency-Key was used for another request; take a new one.")
                return self._seen(kept), False
        self._room(limit)
        self._seq += 1
        job = Job(
            seq=self._seq, id=new.id, status=Status.QUEUED, stages=new.stages,
            records=tuple(StageRecord(name=name, status="skipped") for name in new.finished), stage=None, progress=0.0,
            priority=new.priority, blob=new.blob, size=new.size, filename=new.filename, language=new.language,
            duration=None, options=new.options, metadata=copy.deepcopy(dict(new.metadata)),
            webhook_url=new.webhook_url, created_at=new.created_at, started_at=None, completed_at=None, attempts=0,
            restarts=0, error=None,
        )  # fmt: skip
        kept = self._kept[new.id] = _Kept(job, new.draft, new.idempotency_key, new.fingerprint)
        _tell(kept, "status", {"status": "queued"})
        return self._seen(kept), True

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None; raises `Expired`."""
        if job_id in self._expired:
            raise Expired("This job was removed when its retention was over.")
        kept = self._kept.get(job_id)
        return None if kept is None else self._seen(kept)

    async def list(self, *, status: Status | None, limit: int, before: int | None) -> Sequence[Job]:
        """Return the newest jobs that arrived before `before`, newest first."""
        found = [
            kept
            for kept in reversed(self._kept.values())
            if (before is None or kept.job.seq < before) and status in {None, kept.job.status}
        ]
        return [self._seen(kept) for kept in found[:limit]]

    async def result(self, job_id: str) -> bytes | None:
        """Return the result of a completed job as JSON."""
        kept = self._kept.get(job_id)
        return None if kept is None else kept.result

    async def events(self, job_id: str, *, after: int, limit: int) -> Sequence[Event]:
        """Return the events of a job that came after event `after`, in order."""
        kept = self._kept.get(job_id)
        return [] if kept is None else [event for event in kept.events if event.id > after][:limit]

    async def last_event(self, job_id: str) -> int:
        """Return the id of the newest event; 0 for none."""
        kept = self._kept.get(job_id)
        return kept.events[-1].id if kept else 0

    async def request_cancel(self, job_id: str) -> Job | None:
        """End a queued or running job as cancelled."""
        kept = self._kept.get(job_id)
        if kept is None:
            return None
        if not kept.job.status.over:
            self._end(kept, Status.CANCELLED)
        return self._seen(kept)

    async def retry(self, job_id: str, *, limit: int) -> Job | None:
        """Queue a failed or cancelled job again, keeping its finished stages."""
        kept = self._kept.get(job_id)
        if kept is None:
            return None
        if kept.job.status not in {Status.FAILED, Status.CANCELLED}:
            raise Conflict(f"The job is {kept.job.status}; only a failed or cancelled one can be tried again.")
        self._room(limit)
        records = standing(kept.job.stages, kept.job.records)
        kept.job = replace(kept.job, status=Status.QUEUED, records=records, error=None, completed_at=None, stage=None)
        kept.crashes, kept.handed_back = 0, False
        _tell(kept, "status", {"status": "queued"})
        return self._seen(kept)

    async def delete(self, job_id: str) -> BlobKey | None:
        """Remove a job that is over; return the recording that nobody needs now."""
        kept = self._kept.get(job_id)
        if kept is None:
            return None
        if not kept.job.status.over:
            raise Conflict(f"The job is {kept.job.status}; cancel it first.")
        return self._remove(kept)

    async def counts(self) -> Counts:
        """Return how many jobs are in which state."""
        states = [kept.job.status for kept in self._kept.values()]
        queued = [kept.job.created_at for kept in self._kept.values() if kept.job.status is Status.QUEUED]
        return Counts(
            **{str(status): states.count(status) for status in Status}, oldest_queued_at=queued[0] if queued else None
        )

    # --- workers

    async def queued(self) -> Sequence[Waiting]:
        """Return all queued jobs."""
        jobs = [kept.job for kept in self._kept.values() if kept.job.status is Status.QUEUED]
        return [Waiting(job_id=job.id, priority=job.priority, seq=job.seq) for job in jobs]

    async def claim(self, job_id: str, worker: str) -> Claimed | None:
        """Take a queued job; None when it is not queued any more."""
        kept = self._kept.get(job_id)
        if kept is None or kept.job.status is not Status.QUEUED:
            return None
        now = self._clock()
        kept.token, kept.worker, kept.lease_until = secrets.token_hex(8), worker, now + self._options.lease_seconds
        kept.job = replace(
            kept.job, status=Status.RUNNING, started_at=kept.job.started_at or now, resumed_at=now,
            resumed_from=kept.job.progress, attempts=kept.job.attempts + (not kept.handed_back),
        )  # fmt: skip
        kept.handed_back = False
        _tell(kept, "status", {"status": "running"})
        lease = Lease(job_id=job_id, token=kept.token)
        return Claimed(lease=lease, job=kept.job, draft=kept.draft, segments=tuple(kept.segments), end=kept.end)

    async def begin(self, lease: Lease, stage: str) -> bool:
        """A stage begins."""
        return self._held(lease, lambda kept: _record(kept, StageRecord(name=stage, status="running")))

    async def append(self, lease: Lease, segments: Sequence[Segment], *, end: float) -> bool:
        """Commit segments decoded up to `end` seconds."""

        def write(kept: _Kept) -> None:
            for segment in segments:
                kept.segments.append(segment)
                _tell(kept, "segment", to_json(segment))
            kept.end, kept.crashes = end, 0

        return self._held(lease, write)

    async def checkpoint(self, lease: Lease, record: StageRecord, draft: bytes) -> bool:
        """Commit the end of a stage together with the draft that it made."""

        def write(kept: _Kept) -> None:
            _record(kept, record)
            kept.draft, kept.crashes = draft, 0
            audio = kept.job.duration or float((json.loads(draft).get("transcript") or {}).get("duration", 0.0))
            if audio and record.status == "completed":
                kept.job = replace(kept.job, duration=audio)
                self._cost(record.name, record.seconds, audio)

        return self._held(lease, write)

    async def progress(self, lease: Lease, fraction: float, stage: str) -> bool:
        """Note how far the job is, 0 to 1."""

        def write(kept: _Kept) -> None:
            kept.job = replace(kept.job, progress=max(kept.job.progress, min(1.0, fraction)), stage=stage)

        return self._held(lease, write)

    async def finish(self, lease: Lease, result: bytes, *, duration: float | None, drop_audio: bool) -> bool:
        """End a job as completed."""

        def write(kept: _Kept) -> None:
            kept.result, kept.draft, kept.segments = result, b"", []
            blob = None if drop_audio else kept.job.blob
            kept.job = replace(kept.job, progress=1.0, duration=duration or kept.job.duration, blob=blob)
            if kept.job.started_at is not None and kept.job.started_at == kept.job.resumed_at:
                self._cost(WHOLE_JOB, self._clock() - kept.job.started_at, 1.0)
            self._end(kept, Status.COMPLETED)

        return self._held(lease, write)

    async def fail(self, lease: Lease, error: Mapping[str, Any]) -> bool:
        """End a job as failed."""
        return self._held(lease, lambda kept: self._end(kept, Status.FAILED, error))

    async def release(self, lease: Lease) -> bool:
        """Hand a job back to the queue at its last checkpoint."""
        return self._held(lease, self._requeue)

    async def reclaim(
        self, worker: str, dead: Sequence[str], *, poison: int, held: Collection[str] | None = None
    ) -> Sequence[Reclaimed]:
        """Queue again what workers held whose lease ran out, or who are `dead`."""
        now = self._clock()
        gone = [
            kept
            for kept in self._kept.values()
            if kept.job.status is Status.RUNNING
            and (kept.worker != worker or (held is not None and kept.job.id not in held))
            and (kept.worker in dead or kept.lease_until < now)
        ]
        for kept in gone:
            kept.crashes += 1
            kept.job = replace(kept.job, restarts=kept.job.restarts + 1)
            if kept.crashes >= poison:
                message = f"The job took its worker process down {kept.crashes} times in a row and is not tried again."
                self._end(kept, Status.FAILED, Poison(message).to_json()["error"])
            else:
                self._requeue(kept)
        return [Reclaimed(job_id=kept.job.id, status=kept.job.status) for kept in gone]

    async def holders(self) -> Sequence[str]:
        """Return the workers that hold leases."""
        return sorted({kept.worker for kept in self._kept.values() if kept.job.status is Status.RUNNING})

    async def costs(self) -> Mapping[str, Cost]:
        """Return what the stages have taken so far."""
        return dict(self._costs)

    # --- keeping house

    async def expire(self, older_than: float) -> Sequence[BlobKey]:
        """Remove jobs that ended before this time; return their recordings."""
        old = [kept for kept in self._kept.values() if (kept.job.completed_at or older_than) < older_than]
        self._expired |= {kept.job.id for kept in old}
        return [blob for kept in old if (blob := self._remove(kept)) is not None]

    async def orphans(self, keys: Sequence[BlobKey]) -> Sequence[BlobKey]:
        """Return those of `keys` that no job owns."""
        owned = {kept.job.blob for kept in self._kept.values()}
        return [key for key in keys if key not in owned]

    async def due(self, *, limit: int) -> Sequence[Delivery]:
        """Return the webhooks to be sent now: the oldest of each job that has any."""
        first: dict[str, tuple[Delivery, float]] = {}
        for delivery, due in self._deliveries.values():
            first.setdefault(delivery.job_id, (delivery, due))
        return [delivery for delivery, due in first.values() if due <= self._clock()][:limit]

    async def delivered(self, delivery: int) -> None:
        """A webhook has arrived, or is given up."""
        self._deliveries.pop(delivery, None)

    async def postpone(self, delivery: int, until: float) -> None:
        """A webhook is to be tried again."""
        one, _due = self._deliveries[delivery]
        self._deliveries[delivery] = replace(one, attempts=one.attempts + 1), until

    async def ping(self) -> None:
        """Be there."""

    async def close(self) -> None:
        """Nothing is open."""

    # --- what they share

    def _held(self, lease: Lease, write: Callable[[_Kept], None]) -> bool:
        kept = self._kept.get(lease.job_id)
        if kept is None or kept.token != lease.token or kept.job.status is not Status.RUNNING:
            return False
        write(kept)
        return True

    def _end(self, kept: _Kept, status: Status, error: Mapping[str, Any] | None = None) -> None:
        records = _settled(kept.job.records, "failed" if status is Status.FAILED else None)
        kept.job = replace(kept.job, status=status, error=error, completed_at=self._clock(), records=records)
        kept.token = None
        job = job_json(kept.job)
        _tell(kept, str(status) if status in {Status.COMPLETED, Status.FAILED} else "status", job)
        if kept.job.webhook_url:
            number = max(self._deliveries, default=0) + 1
            body = json.dumps(job, ensure_ascii=False).encode()
            one = Delivery(id=number, job_id=kept.job.id, url=kept.job.webhook_url, body=body, attempts=0)
            self._deliveries[number] = one, self._clock()

    def _requeue(self, kept: _Kept) -> None:
        records = _settled(kept.job.records, None)
        kept.job, kept.token = replace(kept.job, status=Status.QUEUED, records=records), None
        kept.handed_back = True
        _tell(kept, "status", {"status": "queued"})

    def _remove(self, kept: _Kept) -> BlobKey | None:
        del self._kept[kept.job.id]
        self._deliveries = {number: one for number, one in self._deliveries.items() if one[0].job_id != kept.job.id}
        return kept.job.blob

    def _seen(self, kept: _Kept) -> Job:
        job = kept.job
        if job.status is not Status.QUEUED:
            return job
        sign = 1 if self._options.order == "fifo" else -1
        place = (-job.priority, sign * job.seq)
        waiting = (one.job for one in self._kept.values() if one.job.status is Status.QUEUED)
        return replace(job, ahead=sum((-one.priority, sign * one.seq) < place for one in waiting))

    def _room(self, limit: int) -> None:
        if sum(kept.job.status is Status.QUEUED for kept in self._kept.values()) >= limit:
            raise QueueFull(f"{limit} jobs wait already; come back later.", retry_after=30)

    def _cost(self, name: str, seconds: float, audio: float) -> None:
        old = self._costs.get(name, Cost(seconds=0.0, audio=0.0))
        self._costs[name] = Cost(seconds=old.seconds * _OLD_COSTS + seconds, audio=old.audio * _OLD_COSTS + audio)


class MemoryBlobs:
    """Implements `jobs.base.BlobStore`; what is asked for by path is written to a temporary folder."""

    def __init__(self) -> None:
        """Begin empty."""
        self._folder = tempfile.TemporaryDirectory()
        self._kept: dict[BlobKey, tuple[bytes, float]] = {}

    async def put(self, stream: AsyncIterable[bytes]) -> BlobKey:
        """Store what the stream yields."""
        content = b"".join([chunk async for chunk in stream])
        key = BlobKey(secrets.token_hex(16))
        self._kept[key] = content, time.time()
        return key

    def path(self, key: BlobKey) -> Path | None:
        """Return a file to read the blob from, or None where it is gone."""
        if key not in self._kept:
            return None
        path = Path(self._folder.name) / key
        path.write_bytes(self._kept[key][0])
        return path

    async def delete(self, key: BlobKey) -> None:
        """Remove it; not an error where it is gone."""
        self._kept.pop(key, None)

    async def older(self, than: float) -> Sequence[BlobKey]:
        """Return the keys of blobs last written before this time."""
        return [key for key, (_content, written) in self._kept.items() if written < than]


def _record(kept: _Kept, record: StageRecord) -> None:
    others = tuple(one for one in kept.job.records if one.name != record.name)
    kept.job = replace(kept.job, records=(*others, record), stage=record.name)
    _tell(kept, "stage", record_json(record))


def _settled(records: tuple[StageRecord, ...], outcome: StageStatus | None) -> tuple[StageRecord, ...]:
    if outcome is None:
        return tuple(record for record in records if record.status != "running")
    return tuple(replace(record, status=outcome) if record.status == "running" else record for record in records)


def _tell(kept: _Kept, kind: str, data: Mapping[str, Any]) -> None:
    number = kept.events[-1].id + 1 if kept.events else 1
    kept.events.append(Event(id=number, type=kind, data=json.dumps(data, ensure_ascii=False).encode()))
    del kept.events[:-EVENTS_KEPT]
