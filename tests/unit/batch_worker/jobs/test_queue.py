"""The embedded bell: order, concurrency, a graceful end."""

import asyncio
from typing import Literal

import pytest

from batch_worker.jobs.model import Waiting
from batch_worker.jobs.queue import LocalQueue


def waiting(seq: int, priority: int = 0) -> Waiting:
    """Return a queued job called by its number."""
    return Waiting(job_id=str(seq), priority=priority, seq=seq)


@pytest.mark.parametrize(("order", "expected"), [("fifo", "30124"), ("lifo", "34210")])
async def test_priority_goes_first_and_then_the_order_asked_for(order: Literal["fifo", "lifo"], expected: str) -> None:
    """Statement 10, exact at concurrency 1."""
    queue, seen = LocalQueue(order), []
    for seq in (0, 1, 2, 4):
        queue.put(waiting(seq))
    queue.put(waiting(3, priority=1))
    done = asyncio.Event()

    async def handle(job_id: str) -> None:
        seen.append(job_id)
        if len(seen) == 5:
            done.set()

    running = asyncio.create_task(queue.run(handle, concurrency=1))
    await asyncio.wait_for(done.wait(), 10)
    await queue.close(0)
    await running
    assert "".join(seen) == expected


async def test_no_more_run_than_may() -> None:
    """The next one waits for a free place."""
    queue, running, most = LocalQueue(), 0, 0
    finished = asyncio.Semaphore(0)

    async def handle(_job_id: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        finished.release()

    for seq in range(10):
        queue.put(waiting(seq))
    task = asyncio.create_task(queue.run(handle, concurrency=3))
    for _ in range(10):
        await asyncio.wait_for(finished.acquire(), 10)
    await queue.close(0)
    await task
    assert most == 3


async def test_a_job_that_is_known_is_not_doubled() -> None:
    """A bell that rings twice is one bell."""
    queue, seen = LocalQueue(), []
    queue.put(waiting(1))
    queue.put(waiting(1))
    queue.put(waiting(2))
    done = asyncio.Event()

    async def handle(job_id: str) -> None:
        seen.append(job_id)
        if job_id == "2":
            done.set()

    task = asyncio.create_task(queue.run(handle, concurrency=1))
    await asyncio.wait_for(done.wait(), 10)
    await queue.close(0)
    await task
    assert seen == ["1", "2"]


async def test_closing_waits_then_cancels_and_hands_out_nothing_more() -> None:
    """Statement 8."""
    queue, cancelled, began = LocalQueue(), [], asyncio.Event()

    async def handle(job_id: str) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(job_id)
            raise

    queue.put(waiting(1))
    queue.put(waiting(2))
    task = asyncio.create_task(queue.run(handle, concurrency=1))
    await asyncio.wait_for(began.wait(), 10)
    await queue.close(0)
    await asyncio.wait_for(task, 10)
    assert cancelled == ["1"]


async def test_a_handler_that_fails_does_not_stop_the_queue() -> None:
    """The next job still runs."""
    queue, done = LocalQueue(), asyncio.Event()

    async def handle(job_id: str) -> None:
        if job_id == "1":
            raise RuntimeError
        done.set()

    queue.put(waiting(1))
    queue.put(waiting(2))
    task = asyncio.create_task(queue.run(handle, concurrency=1))
    await asyncio.wait_for(done.wait(), 10)
    await queue.close(0)
    await task
