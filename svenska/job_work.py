"""What `svenska jobs` does with the batch service, one job after another."""

import uuid
from collections.abc import Callable, Iterator, Mapping

from svenska.client import Document, Service, patiently
from svenska.exits import Exit, Failure
from svenska.progress import bar
from svenska.recordings import Recording
from svenska.shell import Shell, printable
from svenska.watching import OVER, follow, progress_of, stage_of, state

_PAGE = 100


def submitted(
    shell: Shell, service: Service, recording: Recording, fields: Mapping[str, str], *, wait: float
) -> Document:
    """Hand a recording in and return the answer; asks again for up to `wait` seconds where the queue is full."""
    # A key of its own: should the answer be lost on the way, asking again makes no second job.
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with recording.opened() as file, bar(shell, recording.label):

        def send() -> Document:
            file.seek(0)
            files = {"file": (recording.upload_name, file)}
            return service.call("POST", "/jobs", data=fields, files=files, headers=headers)

        return patiently(lambda: _twice(send), seconds=wait, tell=shell.wait)


def _twice(send: Callable[[], Document]) -> Document:
    try:
        return send()
    except Failure as failure:
        if failure.code != "broken_off":
            raise
        return send()


def newest(service: Service, status: str | None, limit: int) -> Iterator[Document]:
    """Yield the newest jobs, page by page."""
    cursor: str | None = None
    while limit > 0:
        asked = {"status": status, "cursor": cursor, "limit": min(limit, _PAGE)}
        page = service.call("GET", "/jobs", params={name: value for name, value in asked.items() if value})
        yield from page["jobs"][:limit]
        limit -= len(page["jobs"])
        cursor = page.get("next_cursor")
        if not cursor or not page["jobs"]:
            return


def watched(shell: Shell, service: Service, job_id: str) -> None:
    """Show a job until it is over; raises `Failure` unless it is completed then."""
    title = printable(str(state(service, job_id).get("filename") or job_id))
    try:
        _show(shell, service, job_id, title)
    except KeyboardInterrupt:
        if not shell.json:
            shell.say("The job goes on: `svenska jobs watch {job}` or `svenska jobs cancel {job}`.", job=job_id)
        raise
    _verdict(shell, title, state(service, job_id))


def _show(shell: Shell, service: Service, job_id: str, title: str) -> None:
    seen = ""
    with bar(shell, title) as progress:
        for event in follow(service, job_id, tell=lambda _failure: progress.note(shell.text("connection lost"))):
            if shell.json:
                shell.document({"job_id": job_id, "event": event.name, "data": event.data})
            if (fraction := progress_of(event)) is not None:
                progress.advance(fraction)
            if (stage := stage_of(event)) and stage != seen:
                progress.note(stage)
                seen = stage
                if not shell.watched and not shell.json:
                    shell.say("{file}: {stage}", file=title, stage=stage)


def _verdict(shell: Shell, title: str, job: Document) -> None:
    if job["status"] == "completed":
        if not shell.json:
            shell.say("{file}: {status}", file=title, status=shell.text("completed"))
        return
    error = job.get("error") or {}
    raise Failure(
        "{message}",
        code=str(error.get("code", job["status"])),
        exit_code=Exit.FAILED,
        message=printable(str(error.get("message", shell.text(job["status"])))),
    )


def cancelled(service: Service, job: str) -> Document:
    """Stop a job and return it; raises `Failure` where it is over already."""
    # DELETE removes a job that is over, result and all; that is not what `cancel` is for.
    found = state(service, checked(job))
    if found["status"] in OVER:
        raise Failure(
            "The job is over already ({status}).", code="conflict", exit_code=Exit.NOT_NOW, status=found["status"]
        )
    service.call("DELETE", f"/jobs/{job}")
    return state(service, job)


def checked(job: str) -> str:
    """Return the id, or raise: what is no id must not become another path."""
    if not job or not all(one.isalnum() or one in "-_" for one in job):
        raise Failure("{job!r} is not the id of a job.", code="not_found", exit_code=Exit.NOT_FOUND, job=job[:80])
    return job
