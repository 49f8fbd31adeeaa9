"""A finished draft as the object of `GET /jobs/{id}/result`; pure."""

from collections.abc import Sequence
from typing import Any

from batch_worker.jobs.view import stages_json
from batch_worker.pipeline.draft import Draft, facts
from batch_worker.pipeline.runner import StageRecord


def result_json(draft: Draft, stages: tuple[str, ...], records: Sequence[StageRecord]) -> dict[str, Any]:
    """Return the result of a job that went through `stages`."""
    known = facts(draft)
    transcript = known["transcript"]
    return {
        "text": transcript["text"],
        "language": transcript["language"],
        "duration": transcript["duration"],
        "processing_time": round(sum(record.seconds for record in records), 3),
        "model": transcript["model"],
        "segments": transcript["segments"],
        "doubts": known["doubts"],
        "speakers": known["speakers"],
        "languages": known["languages"],
        "pii": known["pii"],
        "redacted_text": known.get("redacted_text"),
        "summary": known.get("summary"),
        "stages": stages_json(stages, tuple(records)),
        "warnings": known["warnings"],
    }
