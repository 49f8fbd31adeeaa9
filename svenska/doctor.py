"""`svenska doctor`: is this machine set up to work, and if not, what to do."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from shared.errors import StartupError
from svenska.address import api_address, jobs_address
from svenska.checks import Finding, State
from svenska.checkup import Configured, findings
from svenska.exits import Exit
from svenska.options import Json, Server, shell_of
from svenska.shell import Shell, printable

OtherServer = Annotated[
    str | None,
    typer.Option(
        "--jobs-server",
        metavar="URL",
        help="The batch_worker; SVENSKA_JOBS_SERVER, else port 8400 beside the api_server.",
    ),
]
_MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "fault": "✗"}
_COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "fault": "red"}


def doctor(
    context: typer.Context, *, server: Server = None, jobs_server: OtherServer = None, as_json: Json = False
) -> None:
    """Check settings, packages, model, disk and services; say what to mend."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    environ = {**shell.environ, **({"SVENSKA_SERVER": server} if server else {})}
    worst: State = "ok"
    for finding in findings(configuration(), api_address(None, environ), jobs_address(jobs_server, environ)):
        _show(shell, finding)
        worst = finding.state if finding.state == "fault" or worst == "ok" else worst
    if not shell.json:
        shell.say(_conclusion(worst))
    if worst == "fault":
        raise typer.Exit(Exit.FAILED)


def configuration() -> Configured:
    """Return what the services that are installed read from the environment and `.env`."""
    from shared.environment import load  # noqa: PLC0415 - takes a tenth of a second, of every command

    values: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for service, kind in _settings():
        try:
            values |= dict(iter(load(kind)))  # dict() alone would take the property `keys` for a mapping's
            faults[service] = []
        except StartupError as error:
            faults[service] = error.message.splitlines()
    return Configured(values=values, faults=faults)


def _settings() -> Iterator[tuple[str, Any]]:
    # Only this command reads the services' settings.
    from api_server.settings import Settings as Api  # noqa: PLC0415
    from batch_worker.settings import Settings as Batch  # noqa: PLC0415

    yield "api_server", Api
    yield "batch_worker", Batch


def _show(shell: Shell, finding: Finding) -> None:
    found = printable(shell.text(finding.found, **finding.values))
    fix = shell.text(finding.fix, **finding.values) if finding.fix else ""
    if shell.json:
        shell.document({"check": finding.check, "state": finding.state, "found": found, "fix": fix})
        return
    shell.out.out(_MARKS[finding.state], style=_COLOURS[finding.state], highlight=False, end=" ")
    shell.write(f"{finding.check:<24}{found}\n")
    if fix:
        shell.write(f"  {'':<24}→ {fix}\n")


def _conclusion(worst: State) -> str:
    return {
        "ok": "Everything is as it should be.",
        "warning": "It works; the lines with ! say what could be better.",
        "fault": "The lines with ✗ say what has to be mended.",
    }[worst]
