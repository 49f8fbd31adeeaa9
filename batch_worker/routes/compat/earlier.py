"""What the earlier systems had in common: their words for where a job stands; pure."""

from collections.abc import Mapping
from typing import Any

from batch_worker.jobs.model import Status

PROCESSING = "processing"
"""What they called a running job."""


def word(status: str) -> str:
    """Return their word for a status: `processing` where it is `running` here, all others are the same."""
    return PROCESSING if status == Status.RUNNING else status


def message(job: Mapping[str, Any]) -> str:
    """Return a sentence for people about a job as `jobs.view.job_json` describes it."""
    match job["status"]:
        case Status.QUEUED:
            ahead = (job.get("position") or 1) - 1
            return f"Waiting; {ahead} before this one." if ahead else "Waiting."
        case Status.RUNNING:
            return f"Working: {job.get('stage') or 'about to begin'}."
        case Status.FAILED:
            return str((job.get("error") or {}).get("message", "Failed."))
        case status:
            return f"{str(status).capitalize()}."
