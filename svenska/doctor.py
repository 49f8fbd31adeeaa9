"""`svenska doctor`: is this machine set up to work, and if not, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from shared.errors import StartupError
from svenska import check_model, check_service, checks
from svenska.address import api_address, jobs_address
from svenska.checks import Finding, State
from svenska.exits import Exit
from svenska.options import Json, Server, shell_of
from svenska.shell import Shell, printable

_MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "fault": "✗"}
_COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "fault": "red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """The settings that the services would start with here."""

    values: Mapping[str, Any]
    """By name; only those of services whose settings can be used."""
    faults: Mapping[str, list[str]] = field(default_factory=dict)
    """By service: a line for each wrong value; none of a service that is not installed."""


def doctor(context: typer.Context, *, server: Server = None, as_json: Json = False) -> None:
    """Check settings, packages, model, disk and services; say what to mend."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    worst: State = "ok"
    for finding in findings(shell, server):
        _show(shell, finding)
        worst = finding.state if finding.state == "fault" or worst == "ok" else worst
    if not shell.json:
        shell.say(_conclusion(worst))
    if worst == "fault":
        raise typer.Exit(Exit.FAILED)


def findings(shell: Shell, server: str | None) -> Iterator[Finding]:
    """Yield what each check finds."""
    yield from map(checks.packages, ("api", "batch"))
    configured = configuration()
    for service, faults in configured.faults.items():
        yield checks.settings(service, faults)
    values = configured.values
    hosts = [values[name] for name in ("api_host", "batch_host") if name in values]
    if hosts:
        yield checks.keys(len(values["api_keys"]), hosts)
        yield checks.disk(Path(values["data_dir"]).expanduser())
    if "whisper_model" in values:
        yield check_model.model(values["whisper_model"], cached_model)
        if (size := _size(values["whisper_model"])) is not None:
            yield check_model.memory(size, check_model.memory_of_machine())
    yield check_service.service("api_server", api_address(server, shell.environ), "/models")
    yield check_service.service("batch_worker", jobs_address(None, shell.environ), "/queue/stats")
    yield checks.recorder()


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


def cached_model(name: str) -> Path | None:
    """Return the folder of a hub model or size on this disk, without asking the network."""
    try:
        from faster_whisper.utils import download_model  # noqa: PLC0415
    except ImportError:
        return None
    try:
        folder = Path(download_model(name, local_files_only=True))
    except (ValueError, OSError):  # not a name of a model; not here
        return None
    return folder if folder.is_dir() else None


def _size(name: str) -> int | None:
    path = Path(name).expanduser()
    folder = path if path.is_dir() else None if name == "bundled" else cached_model(name)
    weights = folder / "model.bin" if folder else None
    return weights.stat().st_size if weights and weights.is_file() else None


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
