"""The store as housekeeping sees it: retention, orphans, webhooks owed, health."""

import sqlite3
from collections.abc import Callable, Sequence

from batch_worker.jobs.model import BlobKey, Delivery
from batch_worker.jobs.sqlite.statements import Database, Row, key, many, one, run
from batch_worker.jobs.sqlite.writer import Writer
from shared.errors import Internal

_AT_ONCE = 20
"""Jobs removed in one transaction: results may be large, and other writers wait meanwhile."""
_LOOKED_UP = 500
"""Recordings looked up in one read: a folder may hold a hundred thousand, and polls wait for each."""
_REMEMBERED_SECONDS = 90 * 86_400
"""How long an expired job is answered with 410 rather than 404."""


class Keeping:
    """The part of `jobs.base.JobStore` under "keeping house"."""

    def __init__(self, writer: Writer, read: Database, *, clock: Callable[[], float]) -> None:
        """`clock` tells the seconds since the epoch."""
        self._writer = writer
        self._read = read
        self._clock = clock

    async def expire(self, older_than: float) -> Sequence[BlobKey]:
        """Remove jobs that ended before this time; return their recordings."""
        removed: list[Row] = []
        while some := await self._writer.do(lambda db: _expire(db, older_than, self._clock())):
            removed += some
        return [blob for row in removed if (blob := key(row["blob"])) is not None]

    async def orphans(self, keys: Sequence[BlobKey]) -> Sequence[BlobKey]:
        """Return those of `keys` that no job owns."""
        owned: set[str] = set()
        for start in range(0, len(keys), _LOOKED_UP):
            some = keys[start : start + _LOOKED_UP]
            marks = ", ".join("?" * len(some))
            found = await many(self._read, f"SELECT blob FROM jobs WHERE blob IN ({marks})", *some)  # noqa: S608 - marks
            owned.update(row["blob"] for row in found)
        return [blob for blob in keys if blob not in owned]

    async def due(self, *, limit: int) -> Sequence[Delivery]:
        """Return the webhooks to be sent now: the oldest of each job that has any."""
        found = await many(
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
        await self._writer.do(lambda db: run(db, "DELETE FROM deliveries WHERE id = ?", delivery))

    async def postpone(self, delivery: int, until: float) -> None:
        """A webhook is to be tried again."""
        statement = "UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE id = ?"
        await self._writer.do(lambda db: run(db, statement, until, delivery))

    async def ping(self) -> None:
        """Prove that the store can be read; raises `Internal` otherwise."""
        try:
            await one(self._read, "SELECT 1 FROM counts")
        except (sqlite3.Error, ValueError) as error:  # ValueError: it is closed
            raise Internal("The job store cannot be read.") from error


async def _expire(db: Database, older_than: float, now: float) -> list[Row]:
    old = await many(
        db, "SELECT seq, id, blob FROM jobs WHERE completed_at < ? ORDER BY completed_at LIMIT ?", older_than, _AT_ONCE
    )
    for row in old:
        await run(db, "DELETE FROM jobs WHERE seq = ?", row["seq"])
        await run(db, "DELETE FROM deliveries WHERE job_id = ?", row["id"])
        await run(db, "INSERT OR REPLACE INTO expired VALUES (?, ?)", row["id"], now)
    await run(db, "DELETE FROM expired WHERE at < ?", now - _REMEMBERED_SECONDS)
    return old
