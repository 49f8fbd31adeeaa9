"""A job as its owner sees it: the object of `GET /jobs/{id}`, of events and of webhooks; pure."""

from datetime import UTC, datetime
from typing import Any

from batch_worker.jobs.model import Job, Status
from batch_worker.pipeline.runner import StageRecord


def timestamp(seconds: float | None) -> str | None:
    """Return RFC 3339 in UTC with milliseconds, None for None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job_json(job: Job, *, position: int | None = None, eta_seconds: float | None = None) -> dict[str, Any]:
    """Return the job without its result; `position` counts from 1, `eta_seconds` from now."""
    return {
        "job_id": job.id,
        "status": str(job.status),
        "progress": round(job.progress * 100, 1),
        "stage": job.stage,
        "stages": stages_json(job.stages, job.records),
        "created_at": timestamp(job.created_at),
        "started_at": timestamp(job.started_at),
        "completed_at": timestamp(job.completed_at),
        "position": position if job.status is Status.QUEUED else None,
        "eta_seconds": None if eta_seconds is None or job.status.over else round(eta_seconds, 1),
        "attempts": job.attempts,
        "restarts": job.restarts,
        "filename": job.filename,
        "duration": job.duration,
        "language": job.language,
        "priority": job.priority,
        "metadata": dict(job.metadata),
        "error": None if job.error is None else dict(job.error),
    }


def stages_json(stages: tuple[str, ...], records: tuple[StageRecord, ...]) -> list[dict[str, Any]]:
    """Return what became of each stage, in order; one that has not begun is `pending`."""
    known = {record.name: record for record in records}
    return [record_json(known.get(name) or StageRecord(name=name, status="pending")) for name in stages]


def record_json(record: StageRecord) -> dict[str, Any]:
    """Return one stage."""
    return {
        "name": record.name,
        "status": record.status,
        "seconds": round(record.seconds, 3),
        "detail": dict(record.detail),
    }


def record_from_json(document: dict[str, Any]) -> StageRecord:
    """Return the stage that `record_json` wrote."""
    return StageRecord(
        name=document["name"], status=document["status"], seconds=document["seconds"], detail=document["detail"]
    )
