"""An api_server of the command's own, in its own process, for as long as the command takes.

It is the whole service on a free port of 127.0.0.1 with a key that nobody else knows, so that a command does the same
with and without a service that runs already.
"""

import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from shared import logs
from shared.environment import load
from shared.errors import StartupError
from svenska.address import Address
from svenska.exits import Exit, Failure
from svenska.shell import Shell

_POLL_SECONDS = 0.01
_STOP_SECONDS = 10


@contextmanager
def own_server(shell: Shell, model: str | None) -> Iterator[Address]:
    """Serve on this machine until the block ends; `model` takes the place of `WHISPER_MODEL`.

    Raises `Failure` where the service cannot start.
    """
    key = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="svenska-") as folder:
        with shell.status("Loading the model …"):
            server = _built(model, key, Path(folder))
        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listening],), name="own-server", daemon=True)
        thread.start()
        try:
            _wait_started(server, thread)
            yield Address(url=f"http://127.0.0.1:{listening.getsockname()[1]}", key=key, own=True)
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)
            listening.close()


def _built(model: str | None, key: str, folder: Path) -> uvicorn.Server:
    try:
        # What only this needs is imported only here: the command line alone is light.
        from api_server.app import create_app  # noqa: PLC0415
        from api_server.settings import Settings  # noqa: PLC0415
    except ImportError as error:
        raise Failure(
            "Working without a service needs the package {name}: pip install 'whisper-svenska[api]'.",
            code="not_installed",
            exit_code=Exit.USAGE,
            name=error.name,
        ) from error
    logs.configure(level="error", form="console")
    try:
        settings = load(Settings).model_copy(
            update={"api_keys": (SecretStr(key),), "data_dir": folder, "batch_lane": "shared"}
            | ({"whisper_model": model} if model else {})
        )
        app = create_app(settings)
    except StartupError as error:
        raise Failure("{message}", code=error.code, exit_code=Exit.USAGE, message=error.message) from error
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_ping_timeout=120,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    return uvicorn.Server(config)


def _wait_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(_POLL_SECONDS)
        if not thread.is_alive():
            raise Failure(
                "The service of this process could not start.", code="startup", exit_code=Exit.FAILED
            ) from None
