"""The options that several commands share, spelled once."""

from pathlib import Path
from typing import Annotated

import typer

from svenska.shell import Shell


def shell_of(context: typer.Context) -> Shell:
    """Return what the command has around it."""
    shell: Shell = context.obj
    return shell


def _as_json(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - the shape of a typer callback
    shell_of(context).json = value
    return value


def _language(value: str | None) -> str | None:
    return value.lower() if value else None


def _path(value: Path | None) -> Path | None:
    return None if value == Path("-") else value  # as everywhere: standard output


Json = Annotated[
    bool, typer.Option("--json", callback=_as_json, help="Write one JSON object a line, errors too.", is_eager=True)
]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="The api_server; SVENSKA_SERVER, else http://127.0.0.1:8123."),
]
JobsServer = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="The batch_worker; SVENSKA_JOBS_SERVER, else port 8400 beside SVENSKA_SERVER.",
    ),
]
Local = Annotated[
    bool, typer.Option("--local", help="Work in this process, without a service; the model is loaded first.")
]
SpokenLanguage = Annotated[
    str | None,
    typer.Option(
        "--language", "-l", metavar="CODE", callback=_language, help="Language of the speech: sv, en, … or auto."
    ),
]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="One of `svenska models list`.")]
Prompt = Annotated[str | None, typer.Option("--prompt", metavar="TEXT", help="Text that came before the recording.")]
Words = Annotated[bool, typer.Option("--words", help="Times for every word (in JSON).")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", callback=_path, help="Write there, not to the screen."),
]
Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to go on asking a service that is busy.")
]
