"""Sends the webhooks that are owed, in order for each job, again and again until they arrive."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from batch_worker.jobs.base import JobStore
from batch_worker.jobs.model import Delivery
from shared import backoff
from shared.errors import StorageFull, TryLater

log = structlog.stdlib.get_logger("webhook")

_LOOK_SECONDS = 1.0
_TOGETHER = 16
"""Receivers that are waited for at once."""
_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 3600.0
_TRIES = 56
"""About a day."""


class Observer(Protocol):
    """Is told of webhooks, for the metrics."""

    def webhook(self, *, delivered: bool) -> None:
        """One was sent."""


@dataclass(kw_only=True, slots=True)
class Sender:
    """Sends what is owed; a receiver that takes its time holds up nobody else's webhooks."""

    store: JobStore
    send: Callable[[str, bytes], Awaitable[bool]]
    """Takes address and body; tells whether they were taken."""
    observer: Observer
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _underway: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                await self._begin()
                await self._rest()
        finally:
            for task in self._underway.values():
                task.cancel()
            await asyncio.gather(*self._underway.values(), return_exceptions=True)

    async def _begin(self) -> None:
        """Begin with what is due, as far as there are hands free."""
        for delivery in await self.store.due(limit=2 * _TOGETHER):
            if len(self._underway) < _TOGETHER and delivery.id not in self._underway:
                self._underway[delivery.id] = asyncio.create_task(self._one(delivery), name=f"webhook {delivery.id}")

    async def _rest(self) -> None:
        """Wait until one is done, not for long; raises what went wrong with it."""
        if not self._underway:
            await self.sleep(_LOOK_SECONDS)
            return
        done, _pending = await asyncio.wait(
            self._underway.values(), timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        self._underway = {number: task for number, task in self._underway.items() if task not in done}
        for task in done:
            task.result()

    async def _one(self, delivery: Delivery) -> None:
        arrived = await self.send(delivery.url, delivery.body)
        self.observer.webhook(delivered=arrived)
        tries = delivery.attempts + 1
        if arrived or tries >= _TRIES:
            if not arrived:
                log.error("webhook given up", job_id=delivery.job_id, tries=tries)
            await self._noted(lambda: self.store.delivered(delivery.id))
        else:
            pause = backoff.delay(tries, base=_FIRST_SECONDS, cap=_LONGEST_SECONDS)
            await self._noted(lambda: self.store.postpone(delivery.id, self.clock() + max(1.0, pause)))

    async def _noted(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what became of a webhook, however long the store cannot; else it would be sent again at once."""
        tries = 0
        while True:
            try:
                return await write()
            except (StorageFull, TryLater) as error:
                tries += 1
                log.warning("a webhook's outcome cannot be written yet", code=error.code, tries=tries)
                await self.sleep(backoff.delay(min(tries, 6), base=1.0))
