"""A job and everything that is known of it, as values. Times are seconds since the epoch (UTC)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.runner import StageRecord
from shared.transcript import Segment

BlobKey = NewType("BlobKey", str)
EVENTS_KEPT = 10_000
"""Of one job; older ones are let go. An hour of speech makes about a thousand."""


class Status(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in {Status.COMPLETED, Status.FAILED, Status.CANCELLED}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job as it was handed in."""

    id: str
    """32 hexadecimal digits."""
    created_at: float
    stages: tuple[str, ...]
    """Which stages it goes through, in order."""
    blob: BlobKey | None = None
    """The recording; None where a transcript was handed in."""
    size: int = 0
    """Bytes of the recording."""
    draft: bytes = b""
    """The draft to begin with, as JSON; empty for none."""
    finished: tuple[str, ...] = ()
    """Stages that the draft makes unnecessary."""
    filename: str | None = None
    """As the caller named it."""
    language: str | None = None
    """ISO 639-1, `auto`, or None for the default."""
    priority: int = 0
    """-100 to 100, higher first."""
    options: JobOptions = field(default_factory=JobOptions)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """The caller's own, returned as given."""
    webhook_url: str | None = None
    """Who is told of the end."""
    idempotency_key: str | None = None
    """The caller's name for this request."""
    fingerprint: str = ""
    """SHA-256 of everything that was handed in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job as the store has it."""

    seq: int
    """Order of arrival."""
    id: str
    status: Status
    stages: tuple[str, ...]
    """Which stages it goes through, in order."""
    records: tuple[StageRecord, ...]
    """What became of the stages that have begun, in order."""
    stage: str | None
    """The stage that runs, or ran last."""
    progress: float
    """0 to 1; never falls within an attempt."""
    priority: int
    blob: BlobKey | None
    size: int
    filename: str | None
    language: str | None
    duration: float | None
    """Seconds of audio, once known."""
    options: JobOptions
    metadata: Mapping[str, Any]
    webhook_url: str | None
    created_at: float
    started_at: float | None
    completed_at: float | None
    attempts: int
    """Times it was begun on purpose."""
    restarts: int
    """Times it was taken up again after its worker was gone."""
    error: Mapping[str, Any] | None
    """`{"code", "message", "detail"?}` of a failed job."""
    resumed_from: float = 0.0
    """`progress` when the present attempt began."""
    resumed_at: float | None = None
    """When the present attempt began."""
    ahead: int | None = None
    """Queued jobs that go first; None unless queued."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to work on a job and to write its row, for as long as it is renewed."""

    job_id: str
    token: str
    """Differs for every claim."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A job that is ours, with what earlier attempts made safe."""

    lease: Lease
    job: Job
    draft: bytes
    """JSON; empty for none."""
    segments: tuple[Segment, ...]
    """Committed by the transcribe stage."""
    end: float
    """Seconds of the recording up to which they reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A queued job as the queue needs it."""

    job_id: str
    priority: int
    seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to a job, as those who watch it are told."""

    id: int
    """Grows within a job; survives restarts."""
    type: str
    """`status`, `stage`, `segment`, `completed` or `failed`."""
    data: bytes
    """JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The store at a glance."""

    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int
    oldest_queued_at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A webhook that is owed."""

    id: int
    job_id: str
    url: str
    body: bytes
    """JSON, as it was when the job ended."""
    attempts: int
    """Tries so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reclaimed:
    """A job whose worker is gone, and what became of it."""

    job_id: str
    status: Status
    """`queued`, or `failed` where it took too many workers with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a stage has taken on this machine."""

    seconds: float
    """Seconds of work, older work counting less."""
    audio: float
    """Seconds of audio in that work."""
