"""`svenska jobs`: recordings given to the batch service, and what becomes of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from shared.render import Format
from svenska import tables
from svenska.address import jobs_address
from svenska.client import Document, Service, connected
from svenska.exits import Failure
from svenska.job_view import facts, row
from svenska.job_work import cancelled, checked, newest, submitted, watched
from svenska.one_by_one import end_with, one_by_one
from svenska.options import JobsServer, Json, Output, SpokenLanguage, Wait, Words, shell_of
from svenska.output import rendered, write
from svenska.recordings import STDIN, Recording, recordings
from svenska.shell import Shell, printable
from svenska.submission import json_object, settings, submission, switches
from svenska.watching import state

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
JobId = Annotated[str, typer.Argument(metavar="JOB")]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB")]


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
        metadata=json_object(metadata),
        webhook_url=webhook,
    )
    with _service(shell, server) as service:
        ids: list[str] = []

        def work(recording: Recording) -> None:
            job = submitted(shell, service, recording, fields, wait=wait)
            ids.append(str(job["job_id"]))
            _tell_submitted(shell, recording, job)

        named = recordings(files, shell.stdin if STDIN in files else None)
        failures = one_by_one(shell, named, work, what="file", name=lambda recording: recording.name)
        if then_watch:
            failures += _watch(shell, service, ids)
    end_with(failures)


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
    tables.facts(shell, facts(shell, found))
    rows = [(str(one["name"]), str(one["status"]), f"{one.get('seconds') or 0:.1f} s") for one in found["stages"]]
    if rows:
        shell.write("\n")
        tables.show(shell, ("stage", "status", "took"), rows)


def watch(context: typer.Context, jobs: JobIds, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Follow jobs to their end; fails if one of them does."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        end_with(_watch(shell, service, jobs))


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
        _change(shell, jobs, lambda job: cancelled(service, job))


def retry(context: typer.Context, jobs: JobIds, *, server: JobsServer = None, as_json: Json = False) -> None:
    """Queue failed or cancelled jobs again, from their first unfinished stage."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with _service(shell, server) as service:
        _change(shell, jobs, lambda job: service.call("POST", f"/jobs/{checked(job)}/retry"))


@contextmanager
def _service(shell: Shell, server: str | None) -> Iterator[Service]:
    with connected(jobs_address(server, shell.environ)) as service:
        yield service


def _watch(shell: Shell, service: Service, ids: Sequence[str]) -> list[Failure]:
    return one_by_one(shell, ids, lambda job: watched(shell, service, checked(job)), what="job", name=printable)


def _change(shell: Shell, ids: Sequence[str], change: Callable[[str], Document]) -> None:
    def work(job: str) -> None:
        _tell_state(shell, printable(job), change(job))

    end_with(one_by_one(shell, ids, work, what="job", name=printable))


def _tell_submitted(shell: Shell, recording: Recording, job: Document) -> None:
    if shell.json:
        shell.document({"file": recording.name, **job})
    else:
        shell.write(f"{job['job_id']}\n")
        _tell_state(shell, recording.name, job)


def _tell_state(shell: Shell, name: str, job: Document) -> None:
    if shell.json:
        shell.document(job)
    else:
        shell.say("{file}: {status}", file=name, status=shell.text(str(job["status"])))
