"""The store as workers see it: claims, and what is written under a lease."""

import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from batch_worker.jobs.estimate import WHOLE_JOB
from batch_worker.jobs.model import Claimed, Cost, Lease, Reclaimed, Status, Waiting
from batch_worker.jobs.sqlite import rows
from batch_worker.jobs.sqlite.statements import Database, Row, end, many, one, requeue, run, tell
from batch_worker.jobs.sqlite.writer import Writer
from batch_worker.jobs.view import record_json
from batch_worker.pipeline.runner import StageRecord
from shared.errors import Poison
from shared.transcript import Segment, segment_from_json, to_json

_OLD_COSTS = 0.8
"""What a stage has taken so far counts this much once a new measurement comes in."""


class Working:
    """The part of `jobs.base.JobStore` under "workers"."""

    def __init__(self, writer: Writer, read: Database, *, lease_seconds: float, clock: Callable[[], float]) -> None:
        """A claim holds for `lease_seconds` without being renewed."""
        self._writer = writer
        self._read = read
        self._lease_seconds = lease_seconds
        self._clock = clock

    async def queued(self) -> Sequence[Waiting]:
        """Return all queued jobs."""
        found = await many(self._read, "SELECT id, priority, seq FROM jobs WHERE status = 'queued'")
        return [Waiting(job_id=row["id"], priority=row["priority"], seq=row["seq"]) for row in found]

    async def claim(self, job_id: str, worker: str) -> Claimed | None:
        """Take a queued job; None when it is not queued any more."""
        lease = Lease(job_id=job_id, token=secrets.token_hex(16))

        async def work(db: Database) -> Claimed | None:
            if not await _take(db, lease, worker, now=self._clock(), seconds=self._lease_seconds):
                return None
            row = await one(
                db, "SELECT jobs.*, documents.draft FROM jobs JOIN documents USING (seq) WHERE id = ?", job_id
            )
            assert row is not None  # noqa: S101 - it was taken just now
            await tell(db, row, "status", {"status": "running"})
            return await _claimed(db, lease, row)

        return await self._writer.do(work)

    async def begin(self, lease: Lease, stage: str) -> bool:
        """A stage begins."""
        return await self._held(lease, lambda db, row: _record(db, row, StageRecord(name=stage, status="running")))

    async def append(self, lease: Lease, segments: Sequence[Segment], *, end: float) -> bool:
        """Commit segments decoded up to `end` seconds."""

        async def work(db: Database, row: Row) -> None:
            for segment in segments:
                document = to_json(segment)
                stored = json.dumps(document, ensure_ascii=False)
                await run(db, "INSERT INTO segments VALUES (?, ?, ?)", row["seq"], segment.id, stored)
                await tell(db, row, "segment", document)
            await run(db, "UPDATE jobs SET committed_end = ?, crashes = 0 WHERE seq = ?", end, row["seq"])

        return await self._held(lease, work)

    async def checkpoint(self, lease: Lease, record: StageRecord, draft: bytes) -> bool:
        """Commit the end of a stage together with the draft that it made."""

        async def work(db: Database, row: Row) -> None:
            await _record(db, row, record)
            await run(db, "UPDATE documents SET draft = ? WHERE seq = ?", draft, row["seq"])
            await run(db, "UPDATE jobs SET crashes = 0 WHERE seq = ?", row["seq"])
            audio = row["duration"] or rows.duration(draft)
            if audio and record.status == "completed":
                await run(db, "UPDATE jobs SET duration = ? WHERE seq = ?", audio, row["seq"])
                await _cost(db, record.name, record.seconds, audio)

        return await self._held(lease, work)

    async def progress(self, lease: Lease, fraction: float, stage: str) -> bool:
        """Note how far the job is, 0 to 1."""
        statement = "UPDATE jobs SET progress = MAX(progress, ?), stage = ? WHERE seq = ?"
        return await self._held(lease, lambda db, row: run(db, statement, min(1.0, fraction), stage, row["seq"]))

    async def finish(self, lease: Lease, result: bytes, *, duration: float | None, drop_audio: bool) -> bool:
        """End a job as completed."""

        async def work(db: Database, row: Row) -> None:
            await run(db, "UPDATE documents SET result = ?, draft = '' WHERE seq = ?", result, row["seq"])
            await run(db, "DELETE FROM segments WHERE seq = ?", row["seq"])
            await run(
                db,
                "UPDATE jobs SET progress = 1, duration = COALESCE(?, duration), "
                "blob = CASE WHEN ? THEN NULL ELSE blob END WHERE seq = ?",
                duration, drop_audio, row["seq"],
            )  # fmt: skip
            now = self._clock()
            if row["started_at"] == row["resumed_at"]:  # in one go: neither downtime nor a pause is in it
                await _cost(db, WHOLE_JOB, now - row["started_at"], 1.0)
            await end(db, row["seq"], Status.COMPLETED, now=now)

        return await self._held(lease, work)

    async def fail(self, lease: Lease, error: Mapping[str, Any]) -> bool:
        """End a job as failed."""
        return await self._held(
            lease, lambda db, row: end(db, row["seq"], Status.FAILED, now=self._clock(), error=error)
        )

    async def release(self, lease: Lease) -> bool:
        """Hand a job back to the queue at its last checkpoint."""
        return await self._held(lease, requeue)

    async def reclaim(
        self, worker: str, dead: Sequence[str], *, poison: int, held: Collection[str] | None = None
    ) -> Sequence[Reclaimed]:
        """Queue again what workers held whose lease ran out, or who are `dead`; fail what crashed `poison` times."""

        async def work(db: Database) -> Sequence[Reclaimed]:
            now = self._clock()
            running = await many(db, "SELECT * FROM jobs WHERE status = 'running'")
            left = [row for row in running if row["worker"] != worker or (held is not None and row["id"] not in held)]
            gone = [row for row in left if row["worker"] in dead or row["lease_until"] < now]
            return [await _take_back(db, row, poison=poison, now=now) for row in gone]

        return await self._writer.do(work)

    async def holders(self) -> Sequence[str]:
        """Return the workers that hold leases."""
        found = await many(self._read, "SELECT DISTINCT worker FROM jobs WHERE status = 'running'")
        return [row["worker"] for row in found]

    async def costs(self) -> Mapping[str, Cost]:
        """Return what the stages have taken on this machine so far."""
        found = await many(self._read, "SELECT stage, seconds, audio FROM costs")
        return {row["stage"]: Cost(seconds=row["seconds"], audio=row["audio"]) for row in found}

    async def _held(self, lease: Lease, work: Callable[[Database, Row], Awaitable[None]]) -> bool:
        """Run `work` on the job's row if the lease still holds, in one transaction; tell whether it did."""

        async def guarded(db: Database) -> bool:
            row = await one(
                db, "SELECT * FROM jobs WHERE id = ? AND lease = ? AND status = 'running'", lease.job_id, lease.token
            )
            if row is None:
                return False
            await work(db, row)
            return True

        return await self._writer.do(guarded)


async def _take(db: Database, lease: Lease, worker: str, *, now: float, seconds: float) -> bool:
    """Make a queued job ours; tell whether it was there to be taken."""
    cursor = await db.execute(
        "UPDATE jobs SET status = 'running', lease = ?, worker = ?, lease_until = ?, "
        "started_at = COALESCE(started_at, ?), attempts = attempts + (1 - handed_back), handed_back = 0, "
        "resumed_from = progress, resumed_at = ? WHERE id = ? AND status = 'queued'",
        (lease.token, worker, now + seconds, now, now, lease.job_id),
    )
    return bool(cursor.rowcount)


async def _claimed(db: Database, lease: Lease, row: Row) -> Claimed:
    segments = await many(db, "SELECT document FROM segments WHERE seq = ? ORDER BY number", row["seq"])
    return Claimed(
        lease=lease,
        job=rows.job(row),
        draft=row["draft"],
        segments=tuple(segment_from_json(json.loads(segment["document"])) for segment in segments),
        end=row["committed_end"],
    )


async def _record(db: Database, row: Row, record: StageRecord) -> None:
    records = [known for known in json.loads(row["records"]) if known["name"] != record.name]
    document = record_json(record)
    stored = json.dumps([*records, document], ensure_ascii=False)
    await run(db, "UPDATE jobs SET records = ?, stage = ? WHERE seq = ?", stored, record.name, row["seq"])
    await tell(db, row, "stage", document)


async def _take_back(db: Database, row: Row, *, poison: int, now: float) -> Reclaimed:
    crashes = row["crashes"] + 1
    await run(db, "UPDATE jobs SET restarts = restarts + 1, crashes = ? WHERE seq = ?", crashes, row["seq"])
    if crashes >= poison:
        error = Poison(f"The job took its worker process down {crashes} times in a row and is not tried again.")
        await end(db, row["seq"], Status.FAILED, now=now, error=error.to_json()["error"])
        return Reclaimed(job_id=row["id"], status=Status.FAILED)
    await requeue(db, row)
    return Reclaimed(job_id=row["id"], status=Status.QUEUED)


async def _cost(db: Database, name: str, seconds: float, audio: float) -> None:
    await run(
        db,
        "INSERT INTO costs VALUES (?1, ?2, ?3) ON CONFLICT (stage) DO UPDATE SET "
        "seconds = seconds * ?4 + ?2, audio = audio * ?4 + ?3",
        name, seconds, audio, _OLD_COSTS,
    )  # fmt: skip
