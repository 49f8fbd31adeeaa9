"""A job as a person sees it."""

from svenska import tables
from svenska.client import Document
from svenska.shell import Shell


def row(job: Document) -> tuple[str, ...]:
    """Return a job as one line of a list."""
    return (
        str(job["job_id"]),
        str(job["status"]) if job["status"] != "running" else f"running {job.get('progress') or 0:.0f} %",
        tables.moment(job.get("created_at")),
        tables.seconds(job.get("duration")),
        str(job.get("filename") or ""),
    )


def facts(shell: Shell, job: Document) -> dict[str, str]:
    """Return what is known of a job, by what it is called."""
    error = job.get("error") or {}
    known = {
        "job": str(job["job_id"]),
        "status": shell.text(str(job["status"])),
        "progress": f"{job.get('progress') or 0:.0f} %",
        "file": str(job.get("filename") or ""),
        "length": tables.seconds(job.get("duration")),
        "language": str(job.get("language") or ""),
        "position": str(job.get("position") or ""),
        "ready in": tables.seconds(job.get("eta_seconds")),
        "created": tables.moment(job.get("created_at")),
        "started": tables.moment(job.get("started_at")),
        "ended": tables.moment(job.get("completed_at")),
        "attempts": str(job.get("attempts", "")),
        "error": f"{error['message']} ({error['code']})" if error else "",
    }
    return {name: value for name, value in known.items() if value}
