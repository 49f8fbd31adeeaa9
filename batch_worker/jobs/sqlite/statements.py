"""Statements that callers, workers and housekeeping share; those that write belong in a unit of work of `Writer`."""

import json
from collections.abc import Mapping
from typing import Any

import aiosqlite

from batch_worker.jobs.model import EVENTS_KEPT, BlobKey, Status
from batch_worker.jobs.sqlite import rows
from batch_worker.jobs.view import job_json
from shared.errors import QueueFull

Row = aiosqlite.Row
Database = aiosqlite.Connection

_FIRST = {"fifo": ("seq < :seq", "seq"), "lifo": ("seq > :seq", "seq DESC")}


async def run(db: Database, statement: str, *values: object) -> None:
    """Run a statement."""
    await db.execute(statement, values)


async def one(db: Database, statement: str, *values: object) -> Row | None:
    """Return the first row of an answer, or None."""
    async with db.execute(statement, values) as cursor:
        return await cursor.fetchone()


async def many(db: Database, statement: str, *values: object) -> list[Row]:
    """Return all rows of an answer."""
    return list(await db.execute_fetchall(statement, values))


async def by_id(db: Database, job_id: str) -> Row | None:
    """Return a job's row, or None."""
    return await one(db, "SELECT * FROM jobs WHERE id = ?", job_id)


async def by_seq(db: Database, seq: int | None) -> Row:
    """Return the row of a job that is known to be there."""
    row = await one(db, "SELECT * FROM jobs WHERE seq = ?", seq)
    assert row is not None  # noqa: S101 - this transaction has seen it
    return row


def key(blob: str | None) -> BlobKey | None:
    """Return the recording's key in a column."""
    return None if blob is None else BlobKey(blob)


# --- the queue


async def room(db: Database, limit: int) -> None:
    """Raise `QueueFull` when `limit` jobs are queued."""
    row = await one(db, "SELECT jobs FROM counts WHERE status = 'queued'")
    if row is not None and row["jobs"] >= limit:
        raise QueueFull(f"{limit} jobs wait already; come back later.", retry_after=30)


async def ahead(db: Database, row: Row, order: str) -> int | None:
    """Return how many queued jobs go before this one; None where it is not queued."""
    if row["status"] != Status.QUEUED:
        return None
    # By itself SQLite takes the index of all states, which makes it read every queued row.
    cursor = await db.execute(
        "SELECT COUNT(*) AS ahead FROM jobs INDEXED BY jobs_queued WHERE status = 'queued' AND (priority > :priority "  # noqa: S608 - own text
        f"OR (priority = :priority AND {_FIRST[order][0]}))",
        {"priority": row["priority"], "seq": row["seq"]},
    )
    found = await cursor.fetchone()
    return None if found is None else int(found["ahead"])


async def all_ahead(db: Database, order: str) -> dict[int, int]:
    """Return for each queued job, by its `seq`, how many go before it."""
    found = await many(
        db,
        "SELECT seq FROM jobs INDEXED BY jobs_queued WHERE status = 'queued' "  # noqa: S608 - own text
        f"ORDER BY priority DESC, {_FIRST[order][1]}",
    )
    return {row["seq"]: place for place, row in enumerate(found)}


async def requeue(db: Database, row: Row) -> None:
    """Put a running job back, to go on with its attempt; nobody holds it any more."""
    await run(
        db,
        "UPDATE jobs SET status = 'queued', handed_back = 1, lease = NULL, worker = NULL, lease_until = NULL "
        "WHERE seq = ?",
        row["seq"],
    )
    await _settle(db, row["seq"], None)
    await tell(db, row, "status", {"status": "queued"})


# --- what becomes of a job


async def tell(db: Database, row: Row, kind: str, data: Mapping[str, Any]) -> None:
    """Write an event of a job, the next in its order."""
    seq = row["seq"]
    await run(db, "UPDATE jobs SET last_event = last_event + 1 WHERE seq = ?", seq)
    document = json.dumps(data, ensure_ascii=False).encode()
    await run(db, "INSERT INTO events SELECT seq, last_event, ?, ? FROM jobs WHERE seq = ?", kind, document, seq)
    await run(
        db,
        "DELETE FROM events WHERE seq = ? AND id <= (SELECT last_event FROM jobs WHERE seq = ?) - ?",
        seq, seq, EVENTS_KEPT,
    )  # fmt: skip


async def end(db: Database, seq: int, status: Status, *, now: float, error: Mapping[str, Any] | None = None) -> None:
    """Move a job to its end, tell those who watch, and owe its owner a webhook."""
    await run(
        db,
        "UPDATE jobs SET status = ?, error = ?, completed_at = ?, lease = NULL, worker = NULL, lease_until = NULL "
        "WHERE seq = ?",
        str(status), None if error is None else json.dumps(error, ensure_ascii=False), now, seq,
    )  # fmt: skip
    await _settle(db, seq, "failed" if status is Status.FAILED else None)
    row = await by_seq(db, seq)
    job = job_json(rows.job(row))
    await tell(db, row, str(status) if status in {Status.COMPLETED, Status.FAILED} else "status", job)
    if row["webhook_url"]:
        body = json.dumps(job, ensure_ascii=False).encode()
        await run(
            db,
            "INSERT INTO deliveries (job_id, url, body, due) VALUES (?, ?, ?, ?)",
            row["id"], row["webhook_url"], body, now,
        )  # fmt: skip


async def _settle(db: Database, seq: int, outcome: str | None) -> None:
    """Say of the stage that ran how it ended; None: as if it had not begun."""
    row = await by_seq(db, seq)
    records = rows.settled(json.loads(row["records"]), outcome)
    await run(db, "UPDATE jobs SET records = ? WHERE seq = ?", json.dumps(records, ensure_ascii=False), seq)
