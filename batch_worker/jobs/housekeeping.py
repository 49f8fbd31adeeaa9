"""What is done now and then: taking back, expiring, sweeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from batch_worker.jobs import workers
from batch_worker.jobs.base import BlobStore, JobStore
from batch_worker.jobs.dispatcher import Dispatcher

log = structlog.stdlib.get_logger("housekeeping")

_HOUSE_SECONDS = 300.0
_ORPHAN_SECONDS = 3600.0
"""A recording that no job owns after that time is left over from a crash between the two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What is to be kept in order."""

    store: JobStore
    blobs: BlobStore
    dispatcher: Dispatcher
    workers: Path
    """Folder of the workers' locks."""
    retention_seconds: float
    """For how long finished jobs are kept."""
    reclaim_seconds: float
    """How often workers that are gone are looked for."""
    clock: Callable[[], float] = time.time

    async def reclaim(self) -> None:
        """Take back what workers held that are gone, and let the queue know of every job that waits."""
        await self.dispatcher.reclaim(workers.dead(self.workers, await self.store.holders()))
        await self.dispatcher.refill()

    async def keep_reclaiming(self) -> None:
        """Take back until cancelled."""
        await _every(self.reclaim_seconds, self.reclaim)

    async def keep_tidy(self) -> None:
        """Expire and sweep until cancelled."""
        await _every(_HOUSE_SECONDS, self.tidy)

    async def tidy(self) -> None:
        """Remove what retention has ended, and recordings that no job owns."""
        removed = 0
        while blobs := await self.store.expire(self.clock() - self.retention_seconds):
            for blob in blobs:
                await self.blobs.delete(blob)
            removed += len(blobs)
        old = await self.blobs.older(self.clock() - _ORPHAN_SECONDS)
        orphans = await self.store.orphans(old)
        for blob in orphans:
            await self.blobs.delete(blob)
        if removed or orphans:
            log.info("tidied", expired=removed, orphans=len(orphans))


async def _every(seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    while True:
        await do()
        await asyncio.sleep(seconds)
