"""`svenska jobs`: recordings given to the batch service, and what becomes of them."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import typer

from shared.render import Format
from svenska import tables
from svenska.address import jobs_address
from svenska.client import Document, Service, connected, patiently
from svenska.exits import Exit, Failure
from svenska.options import JobsServer, Json, Output, SpokenLanguage, Wait, Words, shell_of
from svenska.output import rendered, write
from svenska.progress import bar
from svenska.recordings import STDIN, Recording, recordings
from svenska.shell import Shell, printable
from svenska.watching import OVER, follow, progress_of, stage_of, state

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
JobId = Annotated[str, typer.Argument(metavar="JOB")]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB")]
_PAGE = 100


def create() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(name="jobs", help="Recordings as jobs of the batch service.", no_args_is_help=True)
    for name, command in (
        ("submit", submit),
        ("list", list_),
        ("show", show),
        ("watch", watch),
        ("result", result),
        ("cancel", cancel),
        ("retry", retry),
    ):
        group.command(name)(command)
    return group


def submit(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Audio or video; patterns; - for standard input.")],
    *,
    language: SpokenLanguage = None,
    priority: Annotated[int, typer.Option("--priority", min=-100, max=100, help="Higher goes first.")] = 0,
    features: Annotated[
        list[str] | None,
        typer.Option("--feature", metavar="NAME=on|off", help="Switch a stage on or off: pii=off. May be repeated."),
    ] = None,
    words: Words = False,
    options: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="As docs/api.md names them: beam_size=1. May be repeated."),
    ] = None,
    metadata: Annotated[
        str | None, typer.Option("--metadata", metavar="JSON", help="An object that comes back with the job.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Is told when the job is over.")
    ] = None,
    then_watch: Annotated[bool, typer.Option("--watch", help="Follow the jobs to their end.")] = False,
    server: JobsServer = None,
    wait: Wait = 60.0,
    as_json: Json = False,
) -> None:
    """Give recordings to the batch service; writes the id of each job."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    fields = submission(
        language=language,
        priority=priority,
        features=switches(features or ()),
        options=settings(options or ()) | ({"word_timestamps": True} if words else {}),
        metadata=_object(metadata),
        webhook_url=webhook,
    )
    with _service(shell, server) as service:
        ids, failures = _submit_all(shell, service, files, fields, wait)
        if then_watch:
            failures += _watch_all(shell, service, ids)
    _end(failures)


def list_(
    context: typer.Context,
    *,
    status: Annotated[Status | None, typer.Option("--status", "-s", help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="So many, the newest first.")] = 20,
    server: JobsServer = None,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        jobs = list(newest(service, status, limit))
    if shell.json:
        for job in jobs:
            shell.document(job)
    else:
        tables.show(shell, ("job", "status", "created", "length", "file"), [row(job) for job in jobs])


def show(context: typer.Context, job: JobId, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Show one job: its state, its stages, why it failed."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        found = state(service, checked(job))
    if shell.json:
        shell.document(found)
        return
    tables.facts(shell, _facts(shell, found))
    rows = [(str(one["name"]), str(one["status"]), f"{one.get('seconds') or 0:.1f} s") for one in found["stages"]]
    if rows:
        shell.write("\n")
        tables.show(shell, ("stage", "status", "took"), rows)


def watch(context: typer.Context, jobs: JobIds, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Follow jobs to their end; fails if one of them does."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        _end(_watch_all(shell, service, [checked(job) for job in jobs]))


def result(
    context: typer.Context,
    job: JobId,
    *,
    form: Annotated[Format, typer.Option("--format", "-f", help="How it is written.")] = "text",
    output: Output = None,
    server: JobsServer = None,
    as_json: Json = False,
) -> None:
    """Write the result of a completed job."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        document = service.call("GET", f"/jobs/{checked(job)}/result")
    if output:
        write(output, rendered(document, form))
    elif shell.json:
        shell.document(document)
    else:
        shell.write(rendered(document, form))


def cancel(context: typer.Context, jobs: JobIds, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Stop queued or running jobs; what is over stays as it is."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        _each(shell, jobs, lambda job: cancelled(service, job))


def retry(context: typer.Context, jobs: JobIds, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Queue failed or cancelled jobs again, from their first unfinished stage."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        _each(shell, jobs, lambda job: service.call("POST", f"/jobs/{checked(job)}/retry"))


# --- what a submission says


def submission(**fields: object) -> dict[str, str]:
    """Return the form of `POST /jobs`: what says nothing is left out, objects are JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
        if value
    }


def switches(words: Sequence[str]) -> dict[str, bool]:
    """Return `["pii=off", "summary"]` as `{"pii": False, "summary": True}`; raises `Failure`."""
    values = {"on": True, "true": True, "off": False, "false": False}
    pairs = [(name, value or "on") for name, _, value in (word.partition("=") for word in words)]
    for name, value in pairs:
        if not name or value.lower() not in values:
            raise _wrong("--feature", "NAME=on or NAME=off", f"{name}={value}")
    return {name: values[value.lower()] for name, value in pairs}


def settings(words: Sequence[str]) -> dict[str, Any]:
    """Return `["beam_size=1", "prompt=hej"]` as `{"beam_size": 1, "prompt": "hej"}`; raises `Failure`."""
    pairs = [word.partition("=") for word in words]
    for name, equals, value in pairs:
        if not (name and equals):
            raise _wrong("--option", "NAME=VALUE", name + equals + value)
    return {name: _value(value) for name, _, value in pairs}


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object(text: str | None) -> dict[str, Any] | None:
    value = _value(text) if text else None
    if value is not None and not isinstance(value, dict):
        raise _wrong("--metadata", 'a JSON object, as {"meeting": 7}', str(text))
    return value


def _wrong(option: str, expected: str, got: str) -> Failure:
    return Failure(
        "{option}: expected {expected}, got {got!r}.",
        code="invalid_parameter",
        exit_code=Exit.USAGE,
        option=option,
        expected=expected,
        got=got,
    )


# --- what is done


@contextmanager
def _service(shell: Shell, server: str | None) -> Iterator[Service]:
    with connected(jobs_address(server, shell.environ)) as service:
        yield service


def _submit_all(
    shell: Shell, service: Service, files: Sequence[str], fields: Mapping[str, str], wait: float
) -> tuple[list[str], list[Failure]]:
    ids, failures = [], []
    for recording in recordings(files, shell.stdin if STDIN in files else None):
        try:
            job = _submitted(shell, service, recording, fields, wait)
        except Failure as failure:
            shell.fail(failure, file=recording.name)
            failures.append(failure)
            continue
        ids.append(str(job["job_id"]))
        if shell.json:
            shell.document({"file": recording.name, **job})
        else:
            shell.write(f"{job['job_id']}\n")
            shell.say("{file}: {status}", file=recording.name, status=shell.text(str(job["status"])))
    return ids, failures


def _submitted(
    shell: Shell, service: Service, recording: Recording, fields: Mapping[str, str], wait: float
) -> Document:
    # A key of its own: should the answer be lost on the way, asking again makes no second job.
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with recording.opened() as file, bar(shell, recording.name):

        def work() -> Document:
            file.seek(0)
            return service.call(
                "POST", "/jobs", data=fields, files={"file": (recording.upload_name, file)}, headers=headers
            )

        def once_more() -> Document:
            try:
                return work()
            except Failure as failure:
                if failure.code != "broken_off":
                    raise
                return work()

        return patiently(once_more, seconds=wait, tell=lambda failure: shell.say("{message}", message=failure))


def newest(service: Service, status: Status | None, limit: int) -> Iterator[Document]:
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


def _watch_all(shell: Shell, service: Service, ids: Sequence[str]) -> list[Failure]:
    failures = []
    for job_id in ids:
        try:
            _watched(shell, service, job_id)
        except Failure as failure:
            shell.fail(failure, job=job_id)
            failures.append(failure)
    return failures


def _watched(shell: Shell, service: Service, job_id: str) -> None:
    title = printable(str(state(service, job_id).get("filename") or job_id))
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
    _verdict(shell, title, state(service, job_id))


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


def _each(shell: Shell, jobs: Sequence[str], work: Callable[[str], Document]) -> None:
    failures = []
    for job in jobs:
        try:
            done = work(job)
        except Failure as failure:
            shell.fail(failure, job=printable(job))
            failures.append(failure)
            continue
        if shell.json:
            shell.document(done)
        else:
            shell.say("{file}: {status}", file=printable(job), status=shell.text(str(done.get("status", ""))))
    _end(failures)


def checked(job: str) -> str:
    """Return the id, or raise: what is no id must not become another path."""
    if not job or not all(one.isalnum() or one in "-_" for one in job):
        raise Failure("{job!r} is not the id of a job.", code="not_found", exit_code=Exit.NOT_FOUND, job=job[:80])
    return job


def _end(failures: Sequence[Failure]) -> None:
    if failures:
        raise typer.Exit(failures[0].exit_code)


# --- how a job looks


def row(job: Document) -> tuple[str, ...]:
    """Return a job as one line of a list."""
    return (
        str(job["job_id"]),
        str(job["status"]) if job["status"] != "running" else f"running {job.get('progress') or 0:.0f} %",
        tables.moment(job.get("created_at")),
        tables.seconds(job.get("duration")),
        str(job.get("filename") or ""),
    )


def _facts(shell: Shell, job: Document) -> dict[str, str]:
    error = job.get("error") or {}
    facts = {
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
    return {name: value for name, value in facts.items() if value}
