"""One writer for all: whatever waits is committed together, so that many callers share one fsync."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiosqlite

from shared.errors import StorageFull

T = TypeVar("T")
Work = Callable[[aiosqlite.Connection], Awaitable[T]]
_TOGETHER = 64
_NO_ROOM = "The disk has no room left."


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Work[Any]
    done: "asyncio.Future[Any]"


class Writer:
    """Runs units of work on one connection, each whole or not at all, and answers once they are durable."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        """Write to `database`, which must leave transactions alone (`isolation_level=None`)."""
        self._database = database
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="writer")

    async def do(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return what it returns, once that is on the disk.

        Raises what `work` raises, after taking back what it did; `StorageFull` where the disk has no room.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Waiting(work, done))
        return await done

    async def close(self) -> None:
        """Finish what waits, then stop."""
        await self._waiting.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < _TOGETHER and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._commit([one for one in batch if not one.done.cancelled()])
            for _ in batch:
                self._waiting.task_done()

    async def _commit(self, batch: list[_Waiting]) -> None:
        outcomes: list[tuple[_Waiting, Any, Exception | None]] = []
        try:
            await self._database.execute("BEGIN IMMEDIATE")
            outcomes = [await self._one(waiting) for waiting in batch]
            await self._database.execute("COMMIT")
        except sqlite3.Error as error:
            await self._take_back()
            outcomes = [(waiting, None, _meaning(error)) for waiting in batch]
        for waiting, result, fault in outcomes:
            if waiting.done.done():
                continue
            if fault is None:
                waiting.done.set_result(result)
            else:
                waiting.done.set_exception(fault)

    async def _one(self, waiting: _Waiting) -> tuple[_Waiting, Any, Exception | None]:
        await self._database.execute("SAVEPOINT one")
        try:
            result = await waiting.work(self._database)
        except sqlite3.OperationalError:
            raise  # the transaction itself is in doubt
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            await self._database.execute("ROLLBACK TO one")
            await self._database.execute("RELEASE one")
            return waiting, None, error
        await self._database.execute("RELEASE one")
        return waiting, result, None

    async def _take_back(self) -> None:
        try:
            await self._database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return  # SQLite has done it already


def _meaning(error: sqlite3.Error) -> Exception:
    """Return `StorageFull` for a full disk, whatever SQLite calls it, else the error itself."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return StorageFull(_NO_ROOM) if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} else error
