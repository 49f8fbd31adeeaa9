"""Connections to the store's file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiosqlite

from shared.errors import StartupError

_PRAGMAS = (
    "busy_timeout = 10000",
    "journal_mode = WAL",
    "synchronous = FULL",  # in WAL mode a commit is then on the disk when it returns, power loss included
    "foreign_keys = ON",
    "secure_delete = ON",  # what retention has removed cannot be read from the file any more
    "journal_size_limit = 67108864",
)


@asynccontextmanager
async def connected(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection that leaves transactions to its user; raises `StartupError` where that cannot be."""
    async with AsyncExitStack() as stack:
        try:
            await asyncio.to_thread(_opened, path)  # aiosqlite's thread would outlive the loop where this fails
            database = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))
            database.row_factory = aiosqlite.Row
            for pragma in _PRAGMAS:
                await database.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise StartupError(
                f"The job store in DATA_DIR cannot be opened ({error}). Make room or repair the file {path.name}, "
                "or point DATA_DIR or DATABASE_URL elsewhere."
            ) from error
        yield database


def _opened(path: Path) -> None:
    sqlite3.connect(path).close()
