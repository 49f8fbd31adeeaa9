"""Wakes those who watch a job: something about it has changed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bells:
    """One bell per watched job; used from one event loop. What happens in other processes rings none."""

    def __init__(self) -> None:
        """Nobody watches anything."""
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, job_id: str) -> None:
        """Wake everyone who watches this job."""
        for event in self._waiting.get(job_id, ()):
            event.set()

    @contextmanager
    def watched(self, job_id: str) -> Iterator[asyncio.Event]:
        """Lend an event that is set at every change, to be cleared by the watcher."""
        event = asyncio.Event()
        self._waiting.setdefault(job_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]
