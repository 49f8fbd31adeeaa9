"""The rows in SQLite: `jobs.base.JobStore` on one file. All SQL is in the package `sqlite`, but for the renewals."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from batch_worker.jobs.sqlite.callers import Callers
from batch_worker.jobs.sqlite.connection import connected
from batch_worker.jobs.sqlite.keeping import Keeping
from batch_worker.jobs.sqlite.migrations import migrate
from batch_worker.jobs.sqlite.statements import Database
from batch_worker.jobs.sqlite.working import Working
from batch_worker.jobs.sqlite.writer import Writer


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreOptions:
    """How the store keeps its promises."""

    lease_seconds: float = 30.0
    """For how long a claim holds without being renewed."""
    order: Literal["fifo", "lifo"] = "fifo"
    """Who goes first among equal priorities."""


class SqliteStore(Callers, Working, Keeping):
    """Implements `jobs.base.JobStore`; used from one event loop."""

    def __init__(self, written: Database, read: Database, options: StoreOptions, clock: Callable[[], float]) -> None:
        """Write to one connection and read from another; made by `open_store`."""
        self._writer = Writer(written)
        Callers.__init__(self, self._writer, read, order=options.order, clock=clock)
        Working.__init__(self, self._writer, read, lease_seconds=options.lease_seconds, clock=clock)
        Keeping.__init__(self, self._writer, read, clock=clock)

    async def close(self) -> None:
        """Finish the writes that wait."""
        await self._writer.close()


async def prepare(path: Path) -> None:
    """Make or migrate the store in the file `path`; raises `StartupError` as `open_store` would."""
    async with connected(path) as database:
        await migrate(database)


@asynccontextmanager
async def open_store(
    path: Path, options: StoreOptions | None = None, *, clock: Callable[[], float] = time.time
) -> AsyncIterator[SqliteStore]:
    """Open the store in the file `path`, made or migrated if need be; several processes may.

    Raises `StartupError` for a store that a newer version has written, and for a file that cannot be opened.
    """
    async with connected(path) as written, connected(path) as read:
        await migrate(written)
        await read.execute("PRAGMA query_only = ON")
        store = SqliteStore(written, read, options or StoreOptions(), clock)
        try:
            yield store
        finally:
            await store.close()
