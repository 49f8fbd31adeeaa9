"""What is done now and then: taking back, expiring, sweeping."""

import asyncio
import contextlib
import shutil
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
_LEFT_SECONDS = 2 * 86_400.0
"""Nothing temporary is in use for so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What is to be kept in order."""

    store: JobStore
    blobs: BlobStore
    dispatcher: Dispatcher
    workers: Path
    """Folder of the workers' locks."""
    temporary: Path
    """Folder for what is removed after use, unless the process was killed before."""
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
        """Remove what retention has ended, recordings that no job owns, and what killed processes left."""
        removed = 0
        while blobs := await self.store.expire(self.clock() - self.retention_seconds):
            for blob in blobs:
                await self.blobs.delete(blob)
            removed += len(blobs)
        old = await self.blobs.older(self.clock() - _ORPHAN_SECONDS)
        orphans = await self.store.orphans(old)
        for blob in orphans:
            await self.blobs.delete(blob)
        left = await asyncio.to_thread(_swept, self.temporary, self.clock() - _LEFT_SECONDS)
        if removed or orphans or left:
            log.info("tidied", expired=removed, orphans=len(orphans), left=left)


def _swept(folder: Path, than: float) -> int:
    """Remove what was last written before this time; return how much it was."""
    removed = 0
    for path in tuple(folder.iterdir()):
        with contextlib.suppress(FileNotFoundError):  # its owner has removed it meanwhile
            if path.lstat().st_mtime < than:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                removed += 1
    return removed


async def _every(seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    while True:
        await do()
        await asyncio.sleep(seconds)
