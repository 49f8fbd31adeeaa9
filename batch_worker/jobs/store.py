"""The rows in SQLite: `jobs.base.JobStore` on one file. Every statement of the system is here and in `sql/`."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from batch_worker.jobs.sqlite import rows
from batch_worker.jobs.estimate import WHOLE_JOB
from batch_worker.jobs.sqlite.migrations import migrate
from batch_worker.jobs.model import (
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
from batch_worker.jobs.view import job_json, record_json
from batch_worker.jobs.sqlite.writer import Writer
from batch_worker.pipeline.runner import StageRecord
from shared.errors import Conflict, Expired, Internal, Poison, QueueFull
from shared.transcript import Segment, segment_from_json, to_json

Row = aiosqlite.Row
Database = aiosqlite.Connection

_BUSY_MILLISECONDS = 10_000
_EXPIRED_AT_ONCE = 200
_REMEMBERED_SECONDS = 90 * 86_400
"""How long an expired job is answered with 410 rather than 404."""
_OLD_COSTS = 0.8
"""What a stage has taken so far counts this much once a new measurement comes in."""
_FIRST_ORDER = {"fifo": "seq < :seq", "lifo": "seq > :seq"}


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreOptions:
    """How the store keeps its promises."""

    lease_seconds: float = 30.0
    """For how long a claim holds without being renewed."""
    order: str = "fifo"
    """`fifo` or `lifo` among equal priorities."""


@asynccontextmanager
async def open_store(
    path: Path, options: StoreOptions | None = None, *, clock: Callable[[], float] = time.time
) -> AsyncIterator["SqliteStore"]:
    """Open the store in the file `path`, made or migrated if need be; several processes may.

    Raises `StartupError` for a store that a newer version has written.
    """
    async with _connected(path) as written, _connected(path) as read:
        await migrate(written)
        await read.execute("PRAGMA query_only = ON")
        store = SqliteStore(written, read, options or StoreOptions(), clock)
        try:
            yield store
        finally:
            await store.close()


@asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[Database]:
    async with aiosqlite.connect(path, isolation_level=None) as database:
        database.row_factory = aiosqlite.Row
        # FULL: in WAL mode a commit is then on the disk when it returns, power loss included.
        for pragma in (f"busy_timeout = {_BUSY_MILLISECONDS}", "journal_mode = WAL", "synchronous = FULL",
                       "foreign_keys = ON"):  # fmt: skip
            await database.execute(f"PRAGMA {pragma}")
        yield database


class SqliteStore:
    """Implements `jobs.base.JobStore`; used from one event loop."""

    def __init__(self, written: Database, read: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        """Write to one connection and read from another; made by `open_store`."""
        self._read = read
        self._writer = Writer(written)
        self._options = options
        self._clock = clock

    async def close(self) -> None:
        """Finish the writes that wait."""
        await self._writer.close()

    # --- callers

    async def add(self, new: NewJob, *, limit: int) -> tuple[Job, bool]:
        """Store a job, or return the one that has its idempotency key; raises `Conflict`, `QueueFull`."""

        async def work(db: Database) -> tuple[Job, bool]:
            if new.idempotency_key is not None:
                found = await _one(db, "SELECT * FROM jobs WHERE idempotency_key = ?", new.idempotency_key)
                if found is not None:
                    if found["fingerprint"] != new.fingerprint:
                        raise Conflict("This Idempotency-Key was used for another request; take a new one.")
                    return rows.job(found, ahead=await self._ahead(db, found)), False
            await _room(db, limit)
            values = rows.values(new)
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            cursor = await db.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - own names
            seq = cursor.lastrowid
            await db.execute("INSERT INTO documents (seq, draft) VALUES (?, ?)", (seq, new.draft))
            job = await _job_by_seq(db, seq)
            await _tell(db, job, "status", {"status": "queued"})
            return rows.job(job, ahead=await self._ahead(db, job)), True

        return await self._writer.do(work)

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None; raises `Expired`."""
        row = await _one(self._read, "SELECT * FROM jobs WHERE id = ?", job_id)
        if row is not None:
            return rows.job(row, ahead=await self._ahead(self._read, row))
        if await _one(self._read, "SELECT 1 FROM expired WHERE id = ?", job_id) is not None:
            raise Expired("This job was removed when its retention was over.")
        return None

    async def list(self, *, status: Status | None, limit: int, before: int | None) -> Sequence[Job]:
        """Return the newest jobs that arrived before `before`, newest first."""
        limits = "seq < ?" if status is None else "status = ? AND seq < ?"
        values: tuple[object, ...] = (before if before is not None else 2**62,)
        if status is not None:
            values = (str(status), *values)
        found = await _all(self._read, f"SELECT * FROM jobs WHERE {limits} ORDER BY seq DESC LIMIT ?", *values, limit)  # noqa: S608 - own text
        return [rows.job(row, ahead=await self._ahead(self._read, row)) for row in found]

    async def result(self, job_id: str) -> bytes | None:
        """Return the result of a completed job as JSON."""
        row = await _one(
            self._read,
            "SELECT result FROM documents JOIN jobs USING (seq) WHERE id = ? AND status = 'completed'",
            job_id,
        )
        return None if row is None else row["result"]

    async def events(self, job_id: str, *, after: int, limit: int) -> Sequence[Event]:
        """Return the events of a job that came after event `after`, in order."""
        found = await _all(
            self._read,
            "SELECT events.id, type, data FROM events JOIN jobs USING (seq) WHERE jobs.id = ? AND events.id > ? "
            "ORDER BY events.id LIMIT ?",
            job_id, after, limit,
        )  # fmt: skip
        return [Event(id=row["id"], type=row["type"], data=row["data"]) for row in found]

    async def last_event(self, job_id: str) -> int:
        """Return the id of the newest event; 0 for none."""
        row = await _one(self._read, "SELECT last_event FROM jobs WHERE id = ?", job_id)
        return 0 if row is None else int(row["last_event"])

    async def request_cancel(self, job_id: str) -> Job | None:
        """End a queued or running job as cancelled; whoever works on it loses the lease. None: no such job."""

        async def work(db: Database) -> Job | None:
            row = await _one(db, "SELECT * FROM jobs WHERE id = ?", job_id)
            if row is None:
                return None
            if not Status(row["status"]).over:
                await self._end(db, row["seq"], Status.CANCELLED)
                row = await _job_by_seq(db, row["seq"])
            return rows.job(row)

        return await self._writer.do(work)

    async def retry(self, job_id: str, *, limit: int) -> Job | None:
        """Queue a failed or cancelled job again, keeping its finished stages; raises `Conflict`, `QueueFull`."""

        async def work(db: Database) -> Job | None:
            row = await _one(db, "SELECT * FROM jobs WHERE id = ?", job_id)
            if row is None:
                return None
            if row["status"] not in {Status.FAILED, Status.CANCELLED}:
                raise Conflict(f"The job is {row['status']}; only a failed or cancelled one can be tried again.")
            await _room(db, limit)
            records = [record for record in json.loads(row["records"]) if record["status"] in {"completed", "skipped"}]
            await db.execute(
                "UPDATE jobs SET status = 'queued', records = ?, error = NULL, completed_at = NULL, crashes = 0, "
                "handed_back = 0, stage = NULL WHERE seq = ?",
                (json.dumps(records), row["seq"]),
            )
            row = await _job_by_seq(db, row["seq"])
            await _tell(db, row, "status", {"status": "queued"})
            return rows.job(row, ahead=await self._ahead(db, row))

        return await self._writer.do(work)

    async def delete(self, job_id: str) -> BlobKey | None:
        """Remove a job that is over with everything about it; return the recording that nobody needs now."""

        async def work(db: Database) -> BlobKey | None:
            row = await _one(db, "SELECT * FROM jobs WHERE id = ?", job_id)
            if row is None:
                return None
            if not Status(row["status"]).over:
                raise Conflict(f"The job is {row['status']}; cancel it first.")
            await db.execute("DELETE FROM jobs WHERE seq = ?", (row["seq"],))
            await db.execute("DELETE FROM deliveries WHERE job_id = ?", (job_id,))
            return _key(row["blob"])

        return await self._writer.do(work)

    async def counts(self) -> Counts:
        """Return how many jobs are in which state, in constant time."""
        found = {row["status"]: row["jobs"] for row in await _all(self._read, "SELECT * FROM counts")}
        oldest = await _one(self._read, "SELECT created_at FROM jobs WHERE status = 'queued' ORDER BY seq LIMIT 1")
        return Counts(**found, oldest_queued_at=None if oldest is None else oldest["created_at"])

    # --- workers

    async def queued(self) -> Sequence[Waiting]:
        """Return all queued jobs."""
        found = await _all(self._read, "SELECT id, priority, seq FROM jobs WHERE status = 'queued'")
        return [Waiting(job_id=row["id"], priority=row["priority"], seq=row["seq"]) for row in found]

    async def claim(self, job_id: str, worker: str) -> Claimed | None:
        """Take a queued job; None when it is not queued any more."""
        token = secrets.token_hex(16)

        async def work(db: Database) -> Claimed | None:
            now = self._clock()
            cursor = await db.execute(
                "UPDATE jobs SET status = 'running', lease = :token, worker = :worker, lease_until = :until, "
                "started_at = COALESCE(started_at, :now), attempts = attempts + (1 - handed_back), handed_back = 0, "
                "resumed_from = progress, resumed_at = :now WHERE id = :id AND status = 'queued'",
                {
                    "token": token,
                    "worker": worker,
                    "until": now + self._options.lease_seconds,
                    "now": now,
                    "id": job_id,
                },
            )
            if not cursor.rowcount:
                return None
            row = await _one(
                db, "SELECT jobs.*, documents.draft FROM jobs JOIN documents USING (seq) WHERE id = ?", job_id
            )
            assert row is not None  # noqa: S101 - it was updated just now
            segments = await _all(db, "SELECT document FROM segments WHERE seq = ? ORDER BY number", row["seq"])
            await _tell(db, row, "status", {"status": "running"})
            return Claimed(
                lease=Lease(job_id=job_id, token=token),
                job=rows.job(row),
                draft=row["draft"],
                segments=tuple(segment_from_json(json.loads(one["document"])) for one in segments),
                end=row["committed_end"],
            )

        return await self._writer.do(work)

    async def begin(self, lease: Lease, stage: str) -> bool:
        """A stage begins."""
        return await self._held(lease, lambda db, row: self._record(db, row, StageRecord(name=stage, status="running")))

    async def append(self, lease: Lease, segments: Sequence[Segment], *, end: float) -> bool:
        """Commit segments decoded up to `end` seconds."""

        async def work(db: Database, row: Row) -> None:
            for segment in segments:
                document = to_json(segment)
                await db.execute(
                    "INSERT INTO segments VALUES (?, ?, ?)",
                    (row["seq"], segment.id, json.dumps(document, ensure_ascii=False)),
                )
                await _tell(db, row, "segment", document)
            await db.execute("UPDATE jobs SET committed_end = ?, crashes = 0 WHERE seq = ?", (end, row["seq"]))

        return await self._held(lease, work)

    async def checkpoint(self, lease: Lease, record: StageRecord, draft: bytes) -> bool:
        """Commit the end of a stage together with the draft that it made."""

        async def work(db: Database, row: Row) -> None:
            await self._record(db, row, record)
            await db.execute("UPDATE documents SET draft = ? WHERE seq = ?", (draft, row["seq"]))
            await db.execute("UPDATE jobs SET crashes = 0 WHERE seq = ?", (row["seq"],))
            audio = row["duration"] or _duration(draft)
            if audio and record.status == "completed":
                await db.execute("UPDATE jobs SET duration = ? WHERE seq = ?", (audio, row["seq"]))
                await _cost(db, record.name, record.seconds, audio)

        return await self._held(lease, work)

    async def progress(self, lease: Lease, fraction: float, stage: str) -> bool:
        """Note how far the job is, 0 to 1."""

        async def work(db: Database, row: Row) -> None:
            await db.execute(
                "UPDATE jobs SET progress = MAX(progress, ?), stage = ? WHERE seq = ?",
                (min(1.0, fraction), stage, row["seq"]),
            )

        return await self._held(lease, work)

    async def finish(self, lease: Lease, result: bytes, *, duration: float | None, drop_audio: bool) -> bool:
        """End a job as completed."""

        async def work(db: Database, row: Row) -> None:
            await db.execute("UPDATE documents SET result = ?, draft = '' WHERE seq = ?", (result, row["seq"]))
            await db.execute("DELETE FROM segments WHERE seq = ?", (row["seq"],))
            await db.execute(
                "UPDATE jobs SET progress = 1, duration = COALESCE(?, duration), "
                "blob = CASE WHEN ? THEN NULL ELSE blob END WHERE seq = ?",
                (duration, drop_audio, row["seq"]),
            )
            await _cost(db, WHOLE_JOB, self._clock() - row["started_at"], 1.0)
            await self._end(db, row["seq"], Status.COMPLETED)

        return await self._held(lease, work)

    async def fail(self, lease: Lease, error: Mapping[str, Any]) -> bool:
        """End a job as failed."""

        async def work(db: Database, row: Row) -> None:
            await self._end(db, row["seq"], Status.FAILED, error)

        return await self._held(lease, work)

    async def release(self, lease: Lease) -> bool:
        """Hand a job back to the queue at its last checkpoint."""

        async def work(db: Database, row: Row) -> None:
            await _requeue(db, row["seq"])
            await _tell(db, row, "status", {"status": "queued"})

        return await self._held(lease, work)

    async def reclaim(self, worker: str, dead: Sequence[str], *, poison: int) -> Sequence[Reclaimed]:
        """Queue again what workers held whose lease ran out, or who are `dead`; fail what crashed `poison` times."""

        async def work(db: Database) -> Sequence[Reclaimed]:
            now = self._clock()
            running = await _all(db, "SELECT * FROM jobs WHERE status = 'running' AND worker <> ?", worker)
            gone = [row for row in running if row["worker"] in dead or row["lease_until"] < now]
            return [await self._take_back(db, row, poison=poison) for row in gone]

        return await self._writer.do(work)

    async def holders(self) -> Sequence[str]:
        """Return the workers that hold leases."""
        found = await _all(self._read, "SELECT DISTINCT worker FROM jobs WHERE status = 'running'")
        return [row["worker"] for row in found]

    async def costs(self) -> Mapping[str, Cost]:
        """Return what the stages have taken on this machine so far."""
        found = await _all(self._read, "SELECT * FROM costs")
        return {row["stage"]: Cost(seconds=row["seconds"], audio=row["audio"]) for row in found}

    # --- keeping house

    async def expire(self, older_than: float) -> Sequence[BlobKey]:
        """Remove jobs that ended before this time, a bounded number at once; return their recordings."""

        async def work(db: Database) -> Sequence[BlobKey]:
            old = await _all(
                db, "SELECT seq, id, blob FROM jobs WHERE completed_at < ? ORDER BY completed_at LIMIT ?",
                older_than, _EXPIRED_AT_ONCE,
            )  # fmt: skip
            now = self._clock()
            for row in old:
                await db.execute("DELETE FROM jobs WHERE seq = ?", (row["seq"],))
                await db.execute("DELETE FROM deliveries WHERE job_id = ?", (row["id"],))
                await db.execute("INSERT OR REPLACE INTO expired VALUES (?, ?)", (row["id"], now))
            await db.execute("DELETE FROM expired WHERE at < ?", (now - _REMEMBERED_SECONDS,))
            return [key for row in old if (key := _key(row["blob"])) is not None]

        return await self._writer.do(work)

    async def orphans(self, keys: Sequence[BlobKey]) -> Sequence[BlobKey]:
        """Return those of `keys` that no job owns."""
        return [key for key in keys if await _one(self._read, "SELECT 1 FROM jobs WHERE blob = ? LIMIT 1", key) is None]

    async def due(self, *, limit: int) -> Sequence[Delivery]:
        """Return the webhooks to be sent now: the oldest of each job that has any."""
        found = await _all(
            self._read,
            "SELECT * FROM deliveries AS one WHERE due <= ? AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier "
            "WHERE earlier.job_id = one.job_id AND earlier.id < one.id) ORDER BY due LIMIT ?",
            self._clock(), limit,
        )  # fmt: skip
        return [
            Delivery(id=row["id"], job_id=row["job_id"], url=row["url"], body=row["body"], attempts=row["attempts"])
            for row in found
        ]

    async def delivered(self, delivery: int) -> None:
        """A webhook has arrived, or is given up."""
        await self._writer.do(lambda db: _run(db, "DELETE FROM deliveries WHERE id = ?", delivery))

    async def postpone(self, delivery: int, until: float) -> None:
        """A webhook is to be tried again."""
        statement = "UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE id = ?"
        await self._writer.do(lambda db: _run(db, statement, until, delivery))

    async def ping(self) -> None:
        """Prove that the store can be read; raises `Internal` otherwise."""
        try:
            await _one(self._read, "SELECT 1 FROM counts")
        except (aiosqlite.Error, ValueError) as error:
            raise Internal("The job store cannot be read.") from error

    # --- what they share

    async def _held(self, lease: Lease, work: "Callable[[Database, Row], Any]") -> bool:
        """Run `work` on the job's row if the lease still holds, in one transaction; tell whether it did."""

        async def guarded(db: Database) -> bool:
            row = await _one(
                db, "SELECT * FROM jobs WHERE id = ? AND lease = ? AND status = 'running'", lease.job_id, lease.token
            )
            if row is None:
                return False
            await work(db, row)
            return True

        return await self._writer.do(guarded)

    async def _record(self, db: Database, row: Row, record: StageRecord) -> None:
        records = [one for one in json.loads(row["records"]) if one["name"] != record.name]
        document = record_json(record)
        await db.execute(
            "UPDATE jobs SET records = ?, stage = ? WHERE seq = ?",
            (json.dumps([*records, document], ensure_ascii=False), record.name, row["seq"]),
        )
        await _tell(db, row, "stage", document)

    async def _take_back(self, db: Database, row: Row, *, poison: int) -> Reclaimed:
        crashes = row["crashes"] + 1
        await db.execute("UPDATE jobs SET restarts = restarts + 1, crashes = ? WHERE seq = ?", (crashes, row["seq"]))
        if crashes >= poison:
            error = Poison(f"The job took its worker process down {crashes} times in a row and is not tried again.")
            await self._end(db, row["seq"], Status.FAILED, error.to_json()["error"])
            return Reclaimed(job_id=row["id"], status=Status.FAILED)
        await _requeue(db, row["seq"])
        await _tell(db, row, "status", {"status": "queued"})
        return Reclaimed(job_id=row["id"], status=Status.QUEUED)

    async def _end(self, db: Database, seq: int, status: Status, error: Mapping[str, Any] | None = None) -> None:
        """Move a job to its end, tell those who watch, and owe its owner a webhook."""
        document = None if error is None else json.dumps(error, ensure_ascii=False)
        await db.execute(
            "UPDATE jobs SET status = ?, error = ?, completed_at = ?, lease = NULL, worker = NULL, lease_until = NULL "
            "WHERE seq = ?",
            (str(status), document, self._clock(), seq),
        )
        if status is Status.FAILED:
            await self._close_records(db, seq)
        row = await _job_by_seq(db, seq)
        job = job_json(rows.job(row))
        kind = str(status) if status in {Status.COMPLETED, Status.FAILED} else "status"
        await _tell(db, row, kind, job)
        if row["webhook_url"]:
            body = json.dumps(job, ensure_ascii=False).encode()
            await db.execute(
                "INSERT INTO deliveries (job_id, url, body, due) VALUES (?, ?, ?, ?)",
                (row["id"], row["webhook_url"], body, self._clock()),
            )

    async def _close_records(self, db: Database, seq: int) -> None:
        row = await _job_by_seq(db, seq)
        records = json.loads(row["records"])
        for record in records:
            if record["status"] == "running":
                record["status"] = "failed"
        await db.execute("UPDATE jobs SET records = ? WHERE seq = ?", (json.dumps(records, ensure_ascii=False), seq))

    async def _ahead(self, db: Database, row: Row) -> int | None:
        if row["status"] != Status.QUEUED:
            return None
        found = await _one(
            db,
            "SELECT COUNT(*) AS ahead FROM jobs WHERE status = 'queued' AND (priority > :priority OR "  # noqa: S608 - own text
            f"(priority = :priority AND {_FIRST_ORDER[self._options.order]}))",
            {"priority": row["priority"], "seq": row["seq"]},
        )
        return None if found is None else int(found["ahead"])


# --- statements


async def _run(db: Database, statement: str, *values: object) -> None:
    await db.execute(statement, values)


async def _one(db: Database, statement: str, *values: object) -> Row | None:
    given = values[0] if len(values) == 1 and isinstance(values[0], dict) else values
    async with db.execute(statement, given) as cursor:
        return await cursor.fetchone()


async def _all(db: Database, statement: str, *values: object) -> list[Row]:
    return list(await db.execute_fetchall(statement, values))


async def _job_by_seq(db: Database, seq: int | None) -> Row:
    row = await _one(db, "SELECT * FROM jobs WHERE seq = ?", seq)
    assert row is not None  # noqa: S101 - it was written in this transaction
    return row


async def _room(db: Database, limit: int) -> None:
    row = await _one(db, "SELECT jobs FROM counts WHERE status = 'queued'")
    if row is not None and row["jobs"] >= limit:
        raise QueueFull(f"{limit} jobs wait already; come back later.", retry_after=30)


async def _requeue(db: Database, seq: int) -> None:
    await db.execute(
        "UPDATE jobs SET status = 'queued', handed_back = 1, lease = NULL, worker = NULL, lease_until = NULL "
        "WHERE seq = ?",
        (seq,),
    )


async def _tell(db: Database, row: Row, kind: str, data: Mapping[str, Any]) -> None:
    """Write an event of a job, the next in its order."""
    await db.execute("UPDATE jobs SET last_event = last_event + 1 WHERE seq = ?", (row["seq"],))
    await db.execute(
        "INSERT INTO events SELECT seq, last_event, ?, ? FROM jobs WHERE seq = ?",
        (kind, json.dumps(data, ensure_ascii=False).encode(), row["seq"]),
    )


async def _cost(db: Database, name: str, seconds: float, audio: float) -> None:
    await db.execute(
        "INSERT INTO costs VALUES (:name, :seconds, :audio) ON CONFLICT (stage) DO UPDATE SET "
        "seconds = seconds * :old + :seconds, audio = audio * :old + :audio",
        {"name": name, "seconds": seconds, "audio": audio, "old": _OLD_COSTS},
    )


def _key(blob: str | None) -> BlobKey | None:
    return None if blob is None else BlobKey(blob)


def _duration(draft: bytes) -> float:
    """Return the seconds of audio that a draft knows of, 0 for none."""
    document = json.loads(draft) if draft else {}
    return float((document.get("transcript") or {}).get("duration", 0.0))
