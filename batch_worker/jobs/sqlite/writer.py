"""One writer for all: whatever waits is committed together, so that many callers share one fsync."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiosqlite

from shared.errors import Busy, StorageFull

T = TypeVar("T")
Work = Callable[[aiosqlite.Connection], Awaitable[T]]
_TOGETHER = 64
"""Units of work in one commit."""
_NO_ROOM = frozenset({
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,  # a quota, or a file that may not grow
    sqlite3.SQLITE_IOERR_SHMSIZE,
})  # fmt: skip
"""What SQLite calls a full disk."""
_FOR_NOW = frozenset({
    sqlite3.SQLITE_BUSY,  # another process has it locked
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
})  # fmt: skip
"""Faults of the machine, not of what was to be written."""


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    done: "asyncio.Future[Any]"
    begun: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Any = None
    fault: Exception | None = None


class Writer:
    """Runs units of work on one connection, each whole or not at all, and answers once they are durable."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        """Write to `database`, which must leave transactions alone (`isolation_level=None`)."""
        self._database = database
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="writer")

    async def do(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return what it returns, once that is on the disk.

        `work` may be run twice, the first time taken back. Raises what `work` raises, after taking back what it did;
        `StorageFull` where the disk has no room, `Busy` where the store cannot be written for now.

        A caller that is cancelled before the work has begun prevents it. Later it cannot be stopped: the result is
        returned all the same, and the cancellation comes where the caller waits next, so that nobody believes undone
        what is durable.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(work, done)
        self._waiting.put_nowait(waiting)
        cancelled = False
        while not done.done():
            try:
                await asyncio.wait({done})
            except asyncio.CancelledError:
                if not waiting.begun:
                    done.cancel()
                    raise
                cancelled = True
        if cancelled:
            _cancel_later()
        return done.result()

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
            wanted = [one for one in batch if not one.done.cancelled()]
            for one in wanted:
                one.begun = True
            try:
                await self._commit(wanted)
            finally:
                for one in batch:
                    one.done.cancel()  # where nothing else has been answered
                    self._waiting.task_done()

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            await self._database.execute("BEGIN IMMEDIATE")
            outcomes = [await self._one(waiting.work) for waiting in batch]
            await self._database.execute("COMMIT")
        except sqlite3.Error as error:
            await self._take_back()
            if _full(error) and len(batch) > 1:  # there may be room for the smaller ones
                for waiting in batch:
                    await self._commit([waiting])
                return
            outcomes = [_Outcome(fault=_meant(error))] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            _answer(waiting.done, outcome)

    async def _one(self, work: Work[Any]) -> _Outcome:
        await self._database.execute("SAVEPOINT one")
        try:
            result = await work(self._database)
        except sqlite3.OperationalError:
            raise  # the transaction itself is in doubt
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            await self._database.execute("ROLLBACK TO one")
            await self._database.execute("RELEASE one")
            return _Outcome(fault=error)
        await self._database.execute("RELEASE one")
        return _Outcome(result=result)

    async def _take_back(self) -> None:
        try:
            await self._database.execute("ROLLBACK")
        except sqlite3.Error:
            return  # SQLite has done it already, or the file is damaged, which the first fault says


def _answer(done: "asyncio.Future[Any]", outcome: _Outcome) -> None:
    if outcome.fault is None:
        done.set_result(outcome.result)
    else:
        done.set_exception(outcome.fault)


def _cancel_later() -> None:
    """Cancel the current task again, to be told at its next `await`; the count of cancellations stays as it was."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
        task.cancel()


def _full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) in _NO_ROOM


def _meant(error: sqlite3.Error) -> Exception:
    """Return what an error means to those who write."""
    if _full(error):
        return StorageFull("The disk has no room left.")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOR_NOW:  # the rest is detail
        return Busy(f"The job store cannot be written now ({error}).")
    return error
