"""Webhooks that are owed: in order for each job, none held up by another job's receiver."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from batch_worker.jobs.memory import MemoryStore
from batch_worker.jobs.model import NewJob
from batch_worker.jobs.webhooks import Sender
from shared.errors import StorageFull


class Receivers:
    """Who takes webhooks, by address; those named `hang` never answer."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self.asked: list[str] = []
        self.outcomes: list[bool] = []

    async def send(self, url: str, _body: bytes) -> bool:
        """Answer, or not."""
        self.asked.append(url)
        if "hang" in url:
            await asyncio.Event().wait()
        return "refuse" not in url

    def webhook(self, *, delivered: bool) -> None:
        """Take note for the metrics."""
        self.outcomes.append(delivered)


async def ended(store: MemoryStore, *urls: str) -> None:
    """Bring a job to its end for each address."""
    for number, url in enumerate(urls):
        new = NewJob(id=f"{number:032x}", created_at=0.0, stages=("transcribe",), webhook_url=url)
        await store.add(new, limit=1000)
        await store.request_cancel(new.id)


async def until(check: Callable[[], bool]) -> None:
    """Let the others run until it is so."""
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - it looks at the fakes, which ring no bells
            await asyncio.sleep(0)


@asynccontextmanager
async def sending(store: MemoryStore, receivers: Receivers) -> AsyncIterator[None]:
    """Send what is owed."""
    sender = Sender(store=store, send=receivers.send, observer=receivers, sleep=lambda _seconds: asyncio.sleep(0))
    task = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_receivers_that_hang_hold_up_nobody_else() -> None:
    """Each webhook is sent by itself."""
    store, receivers = MemoryStore(), Receivers()
    await ended(store, *(f"http://hang/{number}" for number in range(10)), "http://fine/")
    async with sending(store, receivers):
        await until(lambda: receivers.outcomes == [True])
        assert "http://fine/" in receivers.asked
    assert len(await store.due(limit=1000)) == 10


class Full(MemoryStore):
    """A store whose disk is full three times."""

    faults = 3

    async def delivered(self, delivery: int) -> None:
        """Raise, or take note."""
        if self.faults:
            self.faults -= 1
            raise StorageFull("Full.")
        await super().delivered(delivery)


async def test_what_arrived_is_not_sent_again_because_the_disk_is_full() -> None:
    """It is taken note of once there is room."""
    store, receivers = Full(), Receivers()
    await ended(store, "http://fine/")
    async with sending(store, receivers):
        await until(lambda: not store._deliveries)
    assert (receivers.asked, store.faults) == (["http://fine/"], 0)


async def test_a_webhook_that_was_refused_waits_for_its_turn() -> None:
    """It is not due again at once."""
    store, receivers = MemoryStore(), Receivers()
    await ended(store, "http://refuse/")
    async with sending(store, receivers):
        await until(lambda: receivers.outcomes == [False])
        await until(lambda: all(one.attempts == 1 for one, _due in store._deliveries.values()))
    assert (len(receivers.asked), await store.due(limit=10)) == (1, [])
