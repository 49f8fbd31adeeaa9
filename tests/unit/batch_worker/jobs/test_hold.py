"""Leases are renewed whatever the event loop does, and their loss is told."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from batch_worker.jobs.hold import LeaseHold
from batch_worker.jobs.model import Lease, NewJob
from batch_worker.jobs.store import SqliteStore, StoreOptions, open_store

SECONDS = 1.2


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store whose leases are short."""
    async with open_store(tmp_path / "jobs.sqlite", StoreOptions(lease_seconds=SECONDS)) as one:
        yield one


@pytest.fixture
async def hold(tmp_path: Path, store: SqliteStore) -> AsyncIterator[LeaseHold]:
    """A hold on that store."""
    assert store
    one = LeaseHold(tmp_path / "jobs.sqlite", lease_seconds=SECONDS, loop=asyncio.get_running_loop())
    one.start()
    yield one
    one.stop()


async def leased(store: SqliteStore) -> Lease:
    """Return the lease of a new job."""
    await store.add(NewJob(id="a" * 32, created_at=0.0, stages=("transcribe",)), limit=9)
    mine = await store.claim("a" * 32, "worker-1")
    assert mine is not None
    return mine.lease


def lease_until(folder: Path) -> float:
    """Return until when the lease holds, epoch seconds."""
    database = sqlite3.connect(folder / "jobs.sqlite")
    try:
        until: float = database.execute("SELECT lease_until FROM jobs").fetchone()[0]
    finally:
        database.close()
    return until


async def test_a_loop_that_is_not_free_costs_no_lease(tmp_path: Path, store: SqliteStore, hold: LeaseHold) -> None:
    """Statement 6: the lease outlives a loop that computes for longer than it lasts."""
    hold.add(await leased(store), lambda: None)
    time.sleep(SECONDS * 2)  # noqa: ASYNC251 - the loop is blocked on purpose
    assert lease_until(tmp_path) > time.time()
    assert await store.reclaim("other", [], poison=3) == []


async def test_a_lease_in_other_hands_is_told(store: SqliteStore, hold: LeaseHold) -> None:
    """Whoever works under it can stop."""
    lease, lost = await leased(store), asyncio.Event()
    hold.add(lease, lost.set)
    await store.request_cancel(lease.job_id)
    await asyncio.wait_for(lost.wait(), 20)


async def test_a_lease_given_up_is_renewed_no_more(tmp_path: Path, store: SqliteStore, hold: LeaseHold) -> None:
    """It runs out by itself."""
    lease = await leased(store)
    hold.add(lease, lambda: None)
    hold.remove(lease)
    before = lease_until(tmp_path)
    await asyncio.sleep(SECONDS)
    assert lease_until(tmp_path) == before
