"""The store as those see it who hand jobs in and ask for them."""

import json
from collections.abc import Callable, Sequence

from batch_worker.jobs.model import BlobKey, Counts, Event, Job, NewJob, Status
from batch_worker.jobs.sqlite import rows
from batch_worker.jobs.sqlite.statements import (
    Database,
    Row,
    ahead,
    all_ahead,
    by_id,
    by_seq,
    end,
    key,
    many,
    one,
    room,
    run,
    tell,
)
from batch_worker.jobs.sqlite.writer import Writer
from batch_worker.jobs.view import record_json
from batch_worker.pipeline.runner import standing
from shared.errors import Conflict, Expired

_NEWEST = 2**62


class Callers:
    """The part of `jobs.base.JobStore` under "callers"."""

    def __init__(self, writer: Writer, read: Database, *, order: str, clock: Callable[[], float]) -> None:
        """`order` is `fifo` or `lifo` among equal priorities."""
        self._writer = writer
        self._read = read
        self._order = order
        self._clock = clock

    async def add(self, new: NewJob, *, limit: int) -> tuple[Job, bool]:
        """Store a job, or return the one that has its idempotency key; raises `Conflict`, `QueueFull`."""

        async def work(db: Database) -> tuple[Job, bool]:
            if (known := await _same_request(db, new)) is not None:
                return await self._seen(db, known), False
            await room(db, limit)
            row = await _insert(db, new)
            await tell(db, row, "status", {"status": "queued"})
            return await self._seen(db, row), True

        return await self._writer.do(work)

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None; raises `Expired`."""
        if (row := await by_id(self._read, job_id)) is not None:
            return await self._seen(self._read, row)
        if await one(self._read, "SELECT 1 FROM expired WHERE id = ?", job_id) is not None:
            raise Expired("This job was removed when its retention was over.")
        return None

    async def list(self, *, status: Status | None, limit: int, before: int | None) -> Sequence[Job]:
        """Return the newest jobs that arrived before `before`, newest first."""
        start = _NEWEST if before is None else before
        if status is None:
            statement, values = "SELECT * FROM jobs WHERE seq < ? ORDER BY seq DESC LIMIT ?", (start, limit)
            found = await many(self._read, statement, *values)
        else:
            statement = "SELECT * FROM jobs WHERE status = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
            found = await many(self._read, statement, str(status), start, limit)
        waiting = any(row["status"] == Status.QUEUED for row in found)
        places = await all_ahead(self._read, self._order) if waiting else {}
        return [rows.job(row, ahead=places.get(row["seq"])) for row in found]

    async def result(self, job_id: str) -> bytes | None:
        """Return the result of a completed job as JSON."""
        row = await one(
            self._read,
            "SELECT result FROM documents JOIN jobs USING (seq) WHERE id = ? AND status = 'completed'",
            job_id,
        )
        return None if row is None else row["result"]

    async def events(self, job_id: str, *, after: int, limit: int) -> Sequence[Event]:
        """Return the events of a job that came after event `after`, in order."""
        found = await many(
            self._read,
            "SELECT events.id, type, data FROM events JOIN jobs USING (seq) WHERE jobs.id = ? AND events.id > ? "
            "ORDER BY events.id LIMIT ?",
            job_id, after, limit,
        )  # fmt: skip
        return [Event(id=row["id"], type=row["type"], data=row["data"]) for row in found]

    async def last_event(self, job_id: str) -> int:
        """Return the id of the newest event; 0 for none."""
        row = await one(self._read, "SELECT last_event FROM jobs WHERE id = ?", job_id)
        return 0 if row is None else int(row["last_event"])

    async def request_cancel(self, job_id: str) -> Job | None:
        """End a queued or running job as cancelled; whoever works on it loses the lease. None: no such job."""

        async def work(db: Database) -> Job | None:
            row = await by_id(db, job_id)
            if row is None:
                return None
            if not Status(row["status"]).over:
                await end(db, row["seq"], Status.CANCELLED, now=self._clock())
                row = await by_seq(db, row["seq"])
            return rows.job(row)

        return await self._writer.do(work)

    async def retry(self, job_id: str, *, limit: int) -> Job | None:
        """Queue a failed or cancelled job again, keeping its finished stages; raises `Conflict`, `QueueFull`."""

        async def work(db: Database) -> Job | None:
            row = await by_id(db, job_id)
            if row is None:
                return None
            if row["status"] not in {Status.FAILED, Status.CANCELLED}:
                raise Conflict(f"The job is {row['status']}; only a failed or cancelled one can be tried again.")
            await room(db, limit)
            again = await _renew(db, row)
            await tell(db, again, "status", {"status": "queued"})
            return await self._seen(db, again)

        return await self._writer.do(work)

    async def delete(self, job_id: str) -> BlobKey | None:
        """Remove a job that is over with everything about it; return the recording that nobody needs now."""

        async def work(db: Database) -> BlobKey | None:
            row = await by_id(db, job_id)
            if row is None:
                return None
            if not Status(row["status"]).over:
                raise Conflict(f"The job is {row['status']}; cancel it first.")
            await run(db, "DELETE FROM jobs WHERE seq = ?", row["seq"])
            await run(db, "DELETE FROM deliveries WHERE job_id = ?", job_id)
            return key(row["blob"])

        return await self._writer.do(work)

    async def counts(self) -> Counts:
        """Return how many jobs are in which state, in constant time."""
        found = {row["status"]: row["jobs"] for row in await many(self._read, "SELECT status, jobs FROM counts")}
        oldest = await one(self._read, "SELECT created_at FROM jobs WHERE status = 'queued' ORDER BY seq LIMIT 1")
        return Counts(**found, oldest_queued_at=None if oldest is None else oldest["created_at"])

    async def _seen(self, db: Database, row: Row) -> Job:
        return rows.job(row, ahead=await ahead(db, row, self._order))


async def _same_request(db: Database, new: NewJob) -> Row | None:
    """Return the job that has this idempotency key already; raises `Conflict` when that was another request."""
    if new.idempotency_key is None:
        return None
    found = await one(db, "SELECT * FROM jobs WHERE idempotency_key = ?", new.idempotency_key)
    if found is not None and found["fingerprint"] != new.fingerprint:
        raise Conflict("This Idempotency-Key was used for another request; take a new one.")
    return found


async def _insert(db: Database, new: NewJob) -> Row:
    values = rows.values(new)
    marks = ", ".join("?" * len(values))
    cursor = await db.execute(f"INSERT INTO jobs ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - own names
    await run(db, "INSERT INTO documents (seq, draft) VALUES (?, ?)", cursor.lastrowid, new.draft)
    return await by_seq(db, cursor.lastrowid)


async def _renew(db: Database, row: Row) -> Row:
    """Queue a job for a new attempt; stages that failed, though the job could go on without, have another go too."""
    job = rows.job(row)
    records = [record_json(record) for record in standing(job.stages, job.records)]
    await run(
        db,
        "UPDATE jobs SET status = 'queued', records = ?, error = NULL, completed_at = NULL, crashes = 0, "
        "handed_back = 0, stage = NULL WHERE seq = ?",
        json.dumps(records, ensure_ascii=False), row["seq"],
    )  # fmt: skip
    return await by_seq(db, row["seq"])
