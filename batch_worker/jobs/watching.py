"""A job as it happens: its present state first, then every event in order, until it is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from batch_worker.jobs.base import JobStore
from batch_worker.jobs.bells import Bells
from batch_worker.jobs.model import Job

_LOOK_SECONDS = 1.0
"""How often a change made by another process is looked for."""
_QUIET_SECONDS = 15.0
"""Silence after which a heartbeat is due."""
_TOGETHER = 100

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a watcher is told; a heartbeat has neither type nor data."""

    type: str | None = None
    """`status`, `progress`, `stage`, `segment`, `completed` or `failed`."""
    data: Document | None = None
    id: int | None = None
    """Where a watcher may resume; None for what is not kept (`progress`)."""


async def watch(
    store: JobStore, bells: Bells, job_id: str, *, after: int | None, describe: Callable[[Job], Document]
) -> AsyncIterator[Told]:
    """Yield what happens to a job; `after` is the last event the watcher knows. Nothing is read ahead of it."""
    with bells.watched(job_id) as rung:
        newest = await store.last_event(job_id)
        job = await store.get(job_id)
        if job is None:
            return
        seen = newest if after is None else min(after, newest)
        yield Told(type="status", data=describe(job), id=seen)
        progress, quiet = job.progress, 0.0
        while job is not None:
            rung.clear()
            found = await store.events(job_id, after=seen, limit=_TOGETHER)
            for event in found:
                yield Told(type=event.type, data=json.loads(event.data), id=event.id)
                seen, quiet = event.id, 0.0
            if found:
                continue
            if job.status.over:  # known before the events were read: none comes after them
                return
            job = await store.get(job_id)
            if job is None or job.status.over:
                continue
            if job.progress > progress:
                progress, quiet = job.progress, 0.0
                yield Told(type="progress", data={"progress": round(progress * 100, 1), "stage": job.stage})
            quiet += await _rest(rung)
            if quiet >= _QUIET_SECONDS:
                quiet = 0.0
                yield Told()


async def _rest(rung: asyncio.Event) -> float:
    """Wait for the bell, not for long; return the seconds of silence."""
    try:
        await asyncio.wait_for(rung.wait(), _LOOK_SECONDS)
    except TimeoutError:
        return _LOOK_SECONDS
    return 0.0
