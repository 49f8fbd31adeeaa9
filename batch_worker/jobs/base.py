"""The contracts of store, queue and blobs.

A method that takes a lease and returns False has written nothing: the lease is no longer held, and the caller stops;
it never retries.
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from batch_worker.jobs.model import (
    BlobKey,
    Claimed,
    Cost,
    Counts,
    Delivery,
    Event,
    Job,
    Lease,
    NewJob,
    Reclaimed,
    Status,
    Waiting,
)
from batch_worker.pipeline.runner import StageRecord
from shared.transcript import Segment


class JobStore(Protocol):
    """The rows: the one truth about every job. Every method that writes returns once the write is durable.

    Raises `shared.errors.StorageFull` where the disk has no room, `shared.errors.TryLater` where it cannot for now.
    """

    # --- callers

    async def add(self, new: NewJob, *, limit: int) -> tuple[Job, bool]:
        """Store a job and return it with True; with False the one that has its idempotency key already.

        Raises `Conflict` when that one was another request, `QueueFull` when `limit` jobs are queued.
        """

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None; raises `Expired` when retention has removed it."""

    async def list(self, *, status: Status | None, limit: int, before: int | None) -> Sequence[Job]:
        """Return the newest jobs that arrived before `seq` number `before`, newest first."""

    async def result(self, job_id: str) -> bytes | None:
        """Return the result of a completed job as JSON."""

    async def events(self, job_id: str, *, after: int, limit: int) -> Sequence[Event]:
        """Return the events of a job that came after event `after`, in order; of very many, the newest are kept."""

    async def last_event(self, job_id: str) -> int:
        """Return the id of the newest event; 0 for none."""

    async def request_cancel(self, job_id: str) -> Job | None:
        """End a queued or running job as cancelled; whoever works on it loses the lease. None: no such job."""

    async def retry(self, job_id: str, *, limit: int) -> Job | None:
        """Queue a failed or cancelled job again, keeping its finished stages; raises `Conflict`, `QueueFull`."""

    async def delete(self, job_id: str) -> BlobKey | None:
        """Remove a job that is over with everything about it; return the recording that nobody needs now."""

    async def counts(self) -> Counts:
        """Return how many jobs are in which state, in constant time."""

    # --- workers

    async def queued(self) -> Sequence[Waiting]:
        """Return all queued jobs."""

    async def claim(self, job_id: str, worker: str) -> Claimed | None:
        """Take a queued job; None when it is not queued any more."""

    async def begin(self, lease: Lease, stage: str) -> bool:
        """A stage begins."""

    async def append(self, lease: Lease, segments: Sequence[Segment], *, end: float) -> bool:
        """Commit segments decoded up to `end` seconds."""

    async def checkpoint(self, lease: Lease, record: StageRecord, draft: bytes) -> bool:
        """Commit the end of a stage together with the draft that it made."""

    async def progress(self, lease: Lease, fraction: float, stage: str) -> bool:
        """Note how far the job is, 0 to 1."""

    async def finish(self, lease: Lease, result: bytes, *, duration: float | None, drop_audio: bool) -> bool:
        """End a job as completed."""

    async def fail(self, lease: Lease, error: Mapping[str, Any]) -> bool:
        """End a job as failed."""

    async def release(self, lease: Lease) -> bool:
        """Hand a job back to the queue at its last checkpoint."""

    async def reclaim(
        self, worker: str, dead: Sequence[str], *, poison: int, held: Collection[str] | None = None
    ) -> Sequence[Reclaimed]:
        """Queue again what workers held whose lease ran out, or who are `dead`; fail what crashed `poison` times.

        A crash counts when nothing was committed since the claim. `held` are the jobs that `worker` itself works on;
        None: all that it has claimed.
        """

    async def holders(self) -> Sequence[str]:
        """Return the workers that hold leases."""

    async def costs(self) -> Mapping[str, Cost]:
        """Return what the stages have taken on this machine so far."""

    # --- keeping house

    async def expire(self, older_than: float) -> Sequence[BlobKey]:
        """Remove jobs that ended before this time; return their recordings."""

    async def orphans(self, keys: Sequence[BlobKey]) -> Sequence[BlobKey]:
        """Return those of `keys` that no job owns."""

    async def due(self, *, limit: int) -> Sequence[Delivery]:
        """Return the webhooks to be sent now: the oldest of each job that has any."""

    async def delivered(self, delivery: int) -> None:
        """A webhook has arrived, or is given up."""

    async def postpone(self, delivery: int, until: float) -> None:
        """A webhook is to be tried again."""

    async def ping(self) -> None:
        """Prove that the store can be read; raises `Internal` otherwise."""

    async def close(self) -> None:
        """Close it."""


class Hold(Protocol):
    """Leases kept alive, apart from the event loop."""

    def add(self, lease: Lease, lost: Callable[[], None]) -> None:
        """Renew `lease` from now on; `lost` is called on the event loop when it is somebody else's or nobody's."""

    def remove(self, lease: Lease) -> None:
        """Renew it no more."""


class JobQueue(Protocol):
    """The bell: tells a worker which job is next. Loses nothing that matters, since the rows are the truth."""

    def put(self, waiting: Waiting, *, delay: float = 0.0) -> None:
        """Make a job known, after `delay` seconds; one that is known already is not doubled."""

    async def run(self, handler: Callable[[str], Awaitable[None]], *, concurrency: int) -> None:
        """Hand job ids to `handler`, the first in order first, so many at a time; returns after `close`."""

    async def close(self, grace: float) -> None:
        """Hand out nothing more, wait `grace` seconds for the handlers, then cancel them and wait for them."""


class BlobStore(Protocol):
    """Recordings, by key."""

    async def put(self, stream: AsyncIterable[bytes]) -> BlobKey:
        """Store what the stream yields; returns once it is durable. Leaves nothing behind when the stream fails.

        Raises `shared.errors.StorageFull`.
        """

    def path(self, key: BlobKey) -> Path | None:
        """Return a file to read the blob from, or None where it is gone."""

    async def delete(self, key: BlobKey) -> None:
        """Remove it; not an error where it is gone."""

    async def older(self, than: float) -> Sequence[BlobKey]:
        """Return the keys of blobs and unfinished uploads last written before this time."""
