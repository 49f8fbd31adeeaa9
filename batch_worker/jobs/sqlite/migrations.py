"""The store's schema, version by version, forward only."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from shared.errors import StartupError

_FOLDER = Path(__file__).parent / "sql"
Step = tuple[int, str]
"""A version and the SQL that leads to it from the one before."""


def steps() -> list[Step]:
    """Return all steps, in order."""
    return [(int(path.stem), path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("[0-9][0-9][0-9].sql"))]


async def migrate(database: aiosqlite.Connection, known: Sequence[Step] | None = None) -> None:
    """Bring the schema to the newest version, wholly or not at all, one process at a time.

    Raises `StartupError` for a store that a newer version has written.
    """
    known = steps() if known is None else known
    await database.execute("BEGIN IMMEDIATE")
    try:
        version = await _version(database)
        _refuse_newer(version, known[-1][0])
        for number, sql in known:
            if number > version:
                await _apply(database, sql)
                await database.execute(f"PRAGMA user_version = {number}")
        await database.execute("COMMIT")
    except BaseException:
        await asyncio.shield(database.execute("ROLLBACK"))
        raise


async def _version(database: aiosqlite.Connection) -> int:
    async with database.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _apply(database: aiosqlite.Connection, sql: str) -> None:
    statement = ""  # executescript would commit what came before
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            await database.execute(statement)
            statement = ""
    await database.execute(statement)  # the last semicolon may be missing


def _refuse_newer(version: int, newest: int) -> None:
    if version > newest:
        raise StartupError(
            f"The job store in DATA_DIR was written by a newer version (schema {version}, this one knows {newest}). "
            "Install that version again, or point DATA_DIR elsewhere."
        )
