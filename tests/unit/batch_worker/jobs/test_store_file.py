"""The store's file: versions, concurrent writers, a full disk."""

import asyncio
import sqlite3
from collections.abc import Awaitable
from pathlib import Path

import pytest

from batch_worker.jobs.model import BlobKey, NewJob
from batch_worker.jobs.sqlite.migrations import steps
from batch_worker.jobs.sqlite.writer import Writer
from batch_worker.jobs.store import open_store
from shared.errors import Busy, StartupError, StorageFull
from tests.unit.batch_worker.jobs.test_blobs import no_file_larger_than


def new(number: int, **changes: object) -> NewJob:
    """Return a job."""
    return NewJob(id=f"{number:032x}", created_at=0.0, stages=("transcribe",), **changes)  # type: ignore[arg-type]


async def test_a_store_keeps_its_jobs_when_it_is_opened_again(tmp_path: Path) -> None:
    """Statement 1; migrations change nothing that is there."""
    async with open_store(tmp_path / "jobs.sqlite") as store:
        job, _created = await store.add(new(1), limit=9)
    async with open_store(tmp_path / "jobs.sqlite") as store:
        assert await store.get(job.id) == job


async def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    """It refuses with a sentence, and the file is as it was."""
    path = tmp_path / "jobs.sqlite"
    async with open_store(path):
        pass
    newest = steps()[-1][0]
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {newest + 1}")
    database.close()
    with pytest.raises(StartupError, match="written by a newer version"):
        async with open_store(path):
            pass


async def test_two_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    """Migrations run once, under a lock."""

    async def opened() -> int:
        async with open_store(tmp_path / "jobs.sqlite") as store:
            return (await store.counts()).queued

    assert await asyncio.gather(*(opened() for _ in range(5))) == [0] * 5


async def test_power_loss_takes_nothing_that_was_answered(tmp_path: Path) -> None:
    """WAL with synchronous=FULL: a commit is on the disk when it returns."""
    async with open_store(tmp_path / "jobs.sqlite") as store:
        database = store._writer._database
        async with database.execute("PRAGMA journal_mode") as cursor:
            journal = await cursor.fetchone()
        async with database.execute("PRAGMA synchronous") as cursor:
            synchronous = await cursor.fetchone()
    assert journal is not None
    assert synchronous is not None
    assert (journal[0], synchronous[0]) == ("wal", 2)


async def test_a_write_that_fails_takes_nothing_of_its_neighbours_along(tmp_path: Path) -> None:
    """Many share a commit; each stands for itself."""
    async with open_store(tmp_path / "jobs.sqlite") as store:
        await store.add(new(0, idempotency_key="k", fingerprint="one"), limit=99)
        wishes = [new(number) for number in range(1, 10)]
        wishes.insert(4, new(99, idempotency_key="k", fingerprint="two"))
        answers = await asyncio.gather(*(store.add(wish, limit=99) for wish in wishes), return_exceptions=True)
        assert sum(isinstance(answer, Exception) for answer in answers) == 1
        assert (await store.counts()).queued == 10


async def test_a_full_disk_is_said_and_the_store_stays_readable(tmp_path: Path) -> None:
    """Statement 14."""
    async with open_store(tmp_path / "jobs.sqlite") as store:
        job, _created = await store.add(new(1), limit=9)
        with no_file_larger_than(200_000), pytest.raises(StorageFull):
            await store.add(new(2, draft=b"x" * 1_000_000), limit=9)
        assert await store.get(job.id) == job
        await store.add(new(3), limit=9)


async def test_a_store_that_another_process_has_locked_says_so_and_goes_on_afterwards(tmp_path: Path) -> None:
    """It is no failure of the job that was to be written."""
    path = tmp_path / "jobs.sqlite"
    async with open_store(path) as store:
        await store._writer._database.execute("PRAGMA busy_timeout = 0")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            await store.add(new(1), limit=9)
        other.execute("ROLLBACK")
        other.close()
        await store.add(new(1), limit=9)
        assert (await store.counts()).queued == 1


async def test_a_store_in_no_folder_is_said_in_one_line(tmp_path: Path) -> None:
    """`DATABASE_URL` may point anywhere."""
    with pytest.raises(StartupError, match="cannot be opened"):
        async with open_store(tmp_path / "nowhere" / "jobs.sqlite"):
            pass


async def test_owners_of_many_recordings_are_looked_up_in_few_reads(tmp_path: Path) -> None:
    """Else sweeping a large folder would hold up every poll."""
    async with open_store(tmp_path / "jobs.sqlite") as store:
        for number in range(3):
            await store.add(new(number, blob=f"own-{number}"), limit=9)
        reads: list[str] = []
        await store._read.set_trace_callback(reads.append)
        keys = [BlobKey(f"own-{number}") for number in range(3)] + [
            BlobKey(f"lost-{number}") for number in range(1_200)
        ]
        assert await store.orphans(keys) == keys[3:]
        assert len(reads) == 3


class Malformed:
    """A connection to a file that is no database any more."""

    def execute(self, _statement: str) -> Awaitable[None]:
        """Fail as SQLite does."""

        async def fail() -> None:
            raise sqlite3.DatabaseError("database disk image is malformed")

        return fail()


async def test_a_store_that_is_damaged_fails_each_write_and_holds_up_none() -> None:
    """The writer goes on, so that nobody waits for it for ever."""
    writer = Writer(Malformed())  # type: ignore[arg-type]

    async def nothing(_database: object) -> None: ...

    async with asyncio.timeout(5):
        for _ in range(2):
            with pytest.raises(sqlite3.DatabaseError, match="malformed"):
                await writer.do(nothing)
        await writer.close()
