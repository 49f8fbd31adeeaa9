"""The embedded bell: ids in memory, handed out in order; implements `jobs.base.JobQueue`."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from typing import Literal

import structlog

from batch_worker.jobs.model import Waiting

log = structlog.stdlib.get_logger("queue")


class LocalQueue:
    """Priority first, then order of arrival (or the reverse); used from one event loop."""

    def __init__(self, order: Literal["fifo", "lifo"] = "fifo") -> None:
        """Begin empty."""
        self._sign = 1 if order == "fifo" else -1
        self._heap: list[tuple[int, int, str]] = []
        self._known: set[str] = set()
        self._wake = asyncio.Event()
        self._closed = False
        self._running: set[asyncio.Task[None]] = set()

    def put(self, waiting: Waiting, *, delay: float = 0.0) -> None:
        """Make a job known, after `delay` seconds; one that is known already is not doubled."""
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.put, waiting)
        elif waiting.job_id not in self._known:
            self._known.add(waiting.job_id)
            heapq.heappush(self._heap, (-waiting.priority, self._sign * waiting.seq, waiting.job_id))
            self._wake.set()

    async def run(self, handler: Callable[[str], Awaitable[None]], *, concurrency: int) -> None:
        """Hand job ids to `handler`, so many at a time; returns after `close`."""
        free = asyncio.Semaphore(concurrency)
        while not self._closed:
            await free.acquire()
            job_id = await self._next()
            if job_id is None:
                return
            task = asyncio.create_task(self._handle(handler, job_id), name=f"job {job_id}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            task.add_done_callback(lambda _done: free.release())

    async def close(self, grace: float) -> None:
        """Hand out nothing more, wait `grace` seconds for the handlers, then cancel them and wait for them."""
        self._closed = True
        self._wake.set()
        running = set(self._running)
        if running:
            _done, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _next(self) -> str | None:
        while not self._heap:
            if self._closed:
                return None
            self._wake.clear()
            await self._wake.wait()
        if self._closed:
            return None
        _priority, _order, job_id = heapq.heappop(self._heap)
        self._known.discard(job_id)
        return job_id

    async def _handle(self, handler: Callable[[str], Awaitable[None]], job_id: str) -> None:
        try:
            await handler(job_id)
        except Exception:  # the one supervisor of this queue's handlers: the next job must still run
            log.exception("handler failed", job_id=job_id)
