"""Between the values of `jobs.model` and the columns of the table `jobs`; pure."""

import json
import sqlite3
from typing import Any

from batch_worker.jobs.model import BlobKey, Job, NewJob, Status
from batch_worker.jobs.view import record_from_json, record_json
from batch_worker.pipeline.options import options_to_json, parse_options
from batch_worker.pipeline.runner import StageRecord

_SAME = (
    "seq", "id", "stage", "progress", "priority", "blob", "size", "filename", "language", "duration", "webhook_url",
    "created_at", "started_at", "completed_at", "attempts", "restarts", "resumed_from", "resumed_at",
)  # fmt: skip


def values(new: NewJob) -> dict[str, Any]:
    """Return the columns of a job as it was handed in."""
    skipped = [record_json(StageRecord(name=name, status="skipped")) for name in new.finished]
    return {
        "id": new.id,
        "status": str(Status.QUEUED),
        "priority": new.priority,
        "stages": json.dumps(new.stages),
        "records": json.dumps(skipped),
        "blob": new.blob,
        "size": new.size,
        "filename": new.filename,
        "language": new.language,
        "options": json.dumps(options_to_json(new.options), ensure_ascii=False),
        "metadata": json.dumps(dict(new.metadata), ensure_ascii=False),
        "webhook_url": new.webhook_url,
        "created_at": new.created_at,
        "idempotency_key": new.idempotency_key,
        "fingerprint": new.fingerprint,
    }


def job(row: sqlite3.Row, *, ahead: int | None = None) -> Job:
    """Return the job in a row; `ahead` is how many queued jobs go first."""
    same: dict[str, Any] = {name: row[name] for name in _SAME}
    same["blob"] = None if row["blob"] is None else BlobKey(row["blob"])
    return Job(
        **same,
        status=Status(row["status"]),
        stages=tuple(json.loads(row["stages"])),
        records=tuple(record_from_json(record) for record in json.loads(row["records"])),
        options=parse_options(json.loads(row["options"])),
        metadata=json.loads(row["metadata"]),
        error=None if row["error"] is None else json.loads(row["error"]),
        ahead=ahead,
    )


def settled(records: list[dict[str, Any]], outcome: str | None) -> list[dict[str, Any]]:
    """Return the stages once nobody works on them: what runs ends as `outcome`; None: as if it had not begun."""
    if outcome is None:
        return [record for record in records if record["status"] != "running"]
    return [record | {"status": outcome} if record["status"] == "running" else record for record in records]


def duration(draft: bytes) -> float:
    """Return the seconds of audio that a draft knows of, 0 for none."""
    document = json.loads(draft) if draft else {}
    return float((document.get("transcript") or {}).get("duration", 0.0))
