"""Sends the webhooks that are owed, in order for each job, again and again until they arrive."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from batch_worker.jobs.base import JobStore
from batch_worker.jobs.model import Delivery
from shared import backoff

log = structlog.stdlib.get_logger("webhook")

_LOOK_SECONDS = 1.0
_TOGETHER = 16
_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 3600.0
_TRIES = 24
"""About a day."""


class Observer(Protocol):
    """Is told of webhooks, for the metrics."""

    def webhook(self, *, delivered: bool) -> None:
        """One was sent."""


async def keep_sending(
    store: JobStore,
    send: Callable[[str, bytes], Awaitable[bool]],
    observer: Observer,
    *,
    clock: Callable[[], float] = time.time,
) -> None:
    """Send until cancelled."""

    async def one(delivery: Delivery) -> None:
        arrived = await send(delivery.url, delivery.body)
        observer.webhook(delivered=arrived)
        tries = delivery.attempts + 1
        if arrived or tries >= _TRIES:
            if not arrived:
                log.error("webhook given up", job_id=delivery.job_id, tries=tries)
            await store.delivered(delivery.id)
        else:
            pause = backoff.delay(tries, base=_FIRST_SECONDS, cap=_LONGEST_SECONDS)
            await store.postpone(delivery.id, clock() + max(1.0, pause))

    while True:
        due = await store.due(limit=_TOGETHER)
        await asyncio.gather(*(one(delivery) for delivery in due))
        if not due:
            await asyncio.sleep(_LOOK_SECONDS)
