"""Watching a job: nothing that happened to it is missed, whenever it happens."""

import asyncio
from collections.abc import Sequence

from batch_worker.jobs.bells import Bells
from batch_worker.jobs.memory import MemoryStore
from batch_worker.jobs.model import Event, NewJob
from batch_worker.jobs.view import job_json
from batch_worker.jobs.watching import watch

NEW = NewJob(id="a" * 32, created_at=0.0, stages=("transcribe",))


class EndsBetweenTwoReads(MemoryStore):
    """A store whose job ends right after a watcher has found no news of it."""

    async def events(self, job_id: str, *, after: int, limit: int) -> Sequence[Event]:
        """Return the events, then let the job end."""
        found = await super().events(job_id, after=after, limit=limit)
        if not found:
            claimed = await self.claim(job_id, "worker")
            if claimed is not None:
                await self.finish(claimed.lease, b"{}", duration=1.0, drop_audio=False)
        return found


async def test_the_end_is_told_even_when_it_comes_between_two_reads() -> None:
    """The stream does not close before it has said how the job ended."""
    store = EndsBetweenTwoReads()
    await store.add(NEW, limit=10)
    told = [one async for one in watch(store, Bells(), NEW.id, after=None, describe=job_json)]
    assert [(one.type, one.id) for one in told] == [("status", 1), ("status", 2), ("completed", 3)]


async def test_a_watcher_that_comes_back_hears_what_it_missed_after_the_present_state() -> None:
    """In order, from the event that it names; one that it cannot know counts as the newest."""
    store = MemoryStore()
    await store.add(NEW, limit=10)
    await store.request_cancel(NEW.id)
    async with asyncio.timeout(5):
        for after, expected in ((0, [0, 1, 2]), (1, [1, 2]), (2, [2]), (99, [2]), (None, [2])):
            told = [one async for one in watch(store, Bells(), NEW.id, after=after, describe=job_json)]
            assert [one.id for one in told] == expected
            assert told[0].data is not None
            assert (told[0].type, told[0].data["status"]) == ("status", "cancelled")
