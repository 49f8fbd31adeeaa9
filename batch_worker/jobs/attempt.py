"""One attempt at a job: its stages run, each step made safe under the lease, its progress told."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from batch_worker.jobs.base import JobStore
from batch_worker.jobs.bells import Bells
from batch_worker.jobs.model import Claimed, Lease
from batch_worker.pipeline.base import LeaseLost
from batch_worker.pipeline.draft import Draft, to_json
from batch_worker.pipeline.runner import StageRecord
from shared import backoff
from shared.errors import StorageFull, TryLater
from shared.transcript import Segment

log = structlog.stdlib.get_logger("jobs")

_TOLD_SECONDS = 0.5
"""How often progress becomes durable."""


@dataclass(slots=True)
class Safe:
    """What a store under a lease says, as an exception: `LeaseLost` where it says no."""

    store: JobStore
    lease: Lease
    bells: Bells
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def write(self, write: Callable[[], Awaitable[bool]]) -> None:
        """Write what a stage has made, however long the store is locked; raises `LeaseLost` and `StorageFull`."""
        tries = 0
        while True:
            try:
                return self.held(await write())
            except TryLater as error:
                tries += 1
                log.warning("a step cannot be written yet", code=error.code, tries=tries)
                await self.sleep(backoff.delay(min(tries, 5), base=1.0))

    def held(self, held: bool) -> None:  # noqa: FBT001 - the store's own answer
        """Go on only where the lease is held; those who watch are woken."""
        if not held:
            raise LeaseLost
        self.bells.ring(self.lease.job_id)


@dataclass(slots=True)
class StoredJournal:
    """Implements `pipeline.base.Journal` on the store."""

    safe: Safe
    segments: tuple[Segment, ...]
    end: float

    async def append(self, segments: Sequence[Segment], *, end: float) -> None:
        """Commit segments that were decoded up to `end` seconds; raises `LeaseLost`."""
        await self.safe.write(lambda: self.safe.store.append(self.safe.lease, segments, end=end))
        self.segments, self.end = (*self.segments, *segments), end


@dataclass(slots=True)
class Progress:
    """How far the whole job is; the newest figure is made durable now and then."""

    safe: Safe
    weights: Mapping[str, float]
    """Each stage's share of the work."""
    done: float
    """Share of the stages that have ended."""
    stage: str = ""
    _newest: float = 0.0
    _told: float = 0.0

    def within(self, stage: str, fraction: float) -> None:
        """Take note of how far a stage is, 0 to 1; cheap, from any thread."""
        self.stage = stage
        self._newest = max(self._newest, self.done + self.weights.get(stage, 0.0) * min(1.0, max(0.0, fraction)))

    def ended(self, stage: str) -> None:
        """A stage has ended."""
        self.done = min(1.0, self.done + self.weights.get(stage, 0.0))
        self._newest = max(self._newest, self.done)

    async def run(self, lost: Callable[[], None]) -> None:
        """Tell the store until cancelled; `lost` is called where the lease is somebody else's."""
        while True:
            await asyncio.sleep(_TOLD_SECONDS)
            try:
                await self.tell()
            except LeaseLost:
                lost()
                return
            except (StorageFull, TryLater):  # the end of a stage will say so; a figure can wait
                continue

    async def tell(self) -> None:
        """Make the newest figure durable; raises `LeaseLost`."""
        newest = self._newest
        if newest > self._told:
            self.safe.held(await self.safe.store.progress(self.safe.lease, newest, self.stage))
            self._told = newest


@dataclass(slots=True)
class StoredSteps:
    """Implements `pipeline.runner.Recorder` on the store."""

    safe: Safe
    progress: Progress
    records: dict[str, StageRecord] = field(default_factory=dict)
    """What has ended, by stage, from earlier attempts too."""

    async def started(self, stage: str) -> None:
        """A stage begins; raises `LeaseLost`."""
        self.progress.within(stage, 0.0)
        await self.safe.write(lambda: self.safe.store.begin(self.safe.lease, stage))

    async def finished(self, record: StageRecord, draft: Draft) -> None:
        """A stage has ended with this draft; raises `LeaseLost`."""
        self.progress.ended(record.name)
        self.records[record.name] = record
        document = await asyncio.to_thread(to_json, draft)
        await self.safe.write(lambda: self.safe.store.checkpoint(self.safe.lease, record, document))
        with contextlib.suppress(StorageFull, TryLater):
            await self.progress.tell()


ENDED = frozenset({"completed", "skipped", "failed"})
"""A stage with such a record is not run again."""


def ended(claimed: Claimed) -> dict[str, StageRecord]:
    """Return the stages that earlier attempts have brought to an end."""
    return {record.name: record for record in claimed.job.records if record.status in ENDED}


def afresh(draft: Draft, stages: Iterable[str]) -> Draft:
    """Return the draft without what earlier attempts warned of these stages, which have another go."""
    again = frozenset(stages)
    return replace(draft, warnings=tuple(notice for notice in draft.warnings if notice.stage not in again))
