"""`svenska models`: what the api_server can listen with."""

from typing import Annotated
from urllib.parse import quote

import typer

from svenska import tables
from svenska.address import api_address
from svenska.client import Document, connected
from svenska.options import Json, Server, shell_of

_LOAD_SECONDS = 1800.0
"""A large model is fetched first."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="A size (small) or a hub id (KBLab/kb-whisper-small).")]


def create() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(name="models", help="The models of the api_server.", no_args_is_help=True)
    for name, command in (("list", list_), ("load", load), ("unload", unload)):
        group.command(name)(command)
    return group


def list_(context: typer.Context, *, server: Server = None, as_json: Json = False) -> None:
    """List the models that may be asked for."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with connected(api_address(server, shell.environ)) as service:
        models = service.call("GET", "/models")["models"]
    if shell.json:
        for model in models:
            shell.document(model)
    else:
        rows = [_row(model) for model in models]
        tables.show(shell, ("model", "state", "device", "type", "languages"), rows)


def load(context: typer.Context, name: Name, *, server: Server = None, as_json: Json = False) -> None:
    """Bring a model into the service's memory; fetches it first where need be."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    address = api_address(server, shell.environ)
    with connected(address, silent_seconds=_LOAD_SECONDS) as service, shell.status("Loading the model …"):
        model = service.call("POST", f"/models/{quote(name)}/load")
    if shell.json:
        shell.document(model)
    else:
        shell.say("{file}: {status}", file=name, status=shell.text("loaded"))


def unload(context: typer.Context, name: Name, *, server: Server = None, as_json: Json = False) -> None:
    """Give a model's memory back."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    with connected(api_address(server, shell.environ)) as service:
        service.call("DELETE", f"/models/{quote(name)}")
    if shell.json:
        shell.document({"name": name, "loaded": False})
    else:
        shell.say("{file}: {status}", file=name, status=shell.text("unloaded"))


def _row(model: Document) -> tuple[str, ...]:
    languages = model.get("languages") or ()
    shown = ", ".join(languages) if len(languages) <= 5 else str(len(languages))  # noqa: PLR2004 - what fits a line
    return (
        str(model["name"]),
        "resident" if model["resident"] else "loaded" if model["loaded"] else "not loaded",
        str(model.get("device", "")),
        str(model.get("compute_type", "")),
        shown,
    )
