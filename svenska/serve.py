"""`svenska serve`: the services themselves, in the foreground."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Annotated, NoReturn

import typer

from svenska.address import API_PORT
from svenska.exits import Exit, Failure
from svenska.options import shell_of
from svenska.shell import Shell

_NEEDS = {"api_server": ("faster_whisper", "api"), "batch_worker": ("aiosqlite", "batch")}
"""A package by which each can be told to be installed, and the extra that brings it."""
_GRACE_SECONDS = 30
_POLL_SECONDS = 0.2
_FIRST_FAULT = 1
_HERE = "127.0.0.1"
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on

Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 for all.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="Port to listen on.")]
ServedModel = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME", help="WHISPER_MODEL: a size, a hub id or a folder.")
]


def create() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(name="serve", help="Run the services here, set by the environment.", no_args_is_help=True)
    for name, command in (("api", api), ("batch", batch), ("all", both)):
        group.command(name)(command)
    return group


def api(context: typer.Context, *, host: Host = None, port: Port = None, model: ServedModel = None) -> None:
    """Run the api_server."""
    given = {"API_HOST": host, "API_PORT": port, "WHISPER_MODEL": model}
    _become("api_server", environment(shell_of(context).environ, given))


def batch(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Run the batch_worker."""
    _become("batch_worker", environment(shell_of(context).environ, {"BATCH_HOST": host, "BATCH_PORT": port}))


def both(
    context: typer.Context,
    *,
    host: Host = None,
    api_port: Annotated[
        int | None, typer.Option("--api-port", min=1, max=65_535, help="Port of the api_server.")
    ] = None,
    batch_port: Annotated[
        int | None, typer.Option("--batch-port", min=1, max=65_535, help="Port of the batch_worker.")
    ] = None,
    model: ServedModel = None,
) -> None:
    """Run both; the end of one ends the other."""
    shell = shell_of(context)
    given = {
        "API_HOST": host,
        "API_PORT": api_port,
        "BATCH_HOST": host,
        "BATCH_PORT": batch_port,
        "WHISPER_MODEL": model,
    }
    from dotenv import dotenv_values  # noqa: PLC0415 - pydantic-settings brings it along, for `.env`

    environ = beside_each_other(environment(shell.environ, given), dotenv_values(".env"))
    code = together(shell, ("api_server", "batch_worker"), environ)
    if code:
        raise typer.Exit(code)


def environment(environ: Mapping[str, str], given: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a service: what the person gave on the command line goes first."""
    return {**environ, **{name: str(value) for name, value in given.items() if value is not None}}


def beside_each_other(environ: Mapping[str, str], file: Mapping[str, str | None]) -> dict[str, str]:
    """Return the environment of both: the batch_worker asks the api_server beside it, unless told which.

    `file` is what `.env` says, which goes after the environment.
    """
    known = {**file, **environ}
    if known.get("WHISPER_API_URL") or not (known.get("API_PORT") or known.get("API_HOST")):
        return dict(environ)
    host = known.get("API_HOST") or _HERE
    host = _HERE if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return {**environ, "WHISPER_API_URL": f"http://{host}:{known.get('API_PORT') or API_PORT}"}


def together(shell: Shell, modules: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run services beside each other until one ends or this process is told to stop; return the exit code.

    Raises `Failure` where one is not installed.
    """
    for module in modules:
        _check_installed(module)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        processes = {module: _started(stack, module, environ) for module in modules}
        while not stop.wait(_POLL_SECONDS):
            ended = [(module, code) for module, one in processes.items() if (code := one.poll()) is not None]
            if ended:
                module, code = ended[0]
                shell.say("{module} ended with {code}; stopping the other.", module=module, code=code)
                return max(code, _FIRST_FAULT)
    return Exit.DONE


def _started(stack: ExitStack, module: str, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C is for this process, which ends both in order.
    process = subprocess.Popen([sys.executable, "-m", module], env=dict(environ), start_new_session=True)  # noqa: S603
    stack.callback(_end, process)
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _become(module: str, environ: Mapping[str, str]) -> NoReturn:
    """Go on as the service, so that signals and exit code are its own."""
    _check_installed(module)
    os.execve(sys.executable, [sys.executable, "-m", module], dict(environ))  # noqa: S606 - this very Python


def _check_installed(module: str) -> None:
    package, extra = _NEEDS[module]
    if importlib.util.find_spec(package) is None:
        raise Failure(
            "This service needs the package {name}: pip install 'whisper-svenska[{extra}]'.",
            code="not_installed",
            exit_code=Exit.USAGE,
            name=package,
            extra=extra,
        )
