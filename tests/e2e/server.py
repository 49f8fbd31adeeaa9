"""The whole api_server in this process, around a model that hears what it was told to."""

import contextlib
import math
import threading
from collections.abc import Iterator
from pathlib import Path

from api_server.app import create_app
from api_server.engine.fake import FakeTranscriber
from api_server.settings import Settings
from tests.integration.stream_server import Server

WINDOW = 2.0
"""Seconds: a recording of half a minute is decoded in many windows."""


class Brake:
    """Holds windows up; implements `AtWindow`."""

    def __init__(self, at: float = math.inf) -> None:
        """Let windows through until the one of number `at`, and until it is pulled."""
        self._at = at
        self._go = threading.Event()

    def __call__(self, number: int, /) -> None:
        """Wait where it is pulled."""
        if number >= self._at and not self._go.wait(60):
            raise TimeoutError("Nobody released the brake.")

    def pull(self) -> None:
        """Hold every window up."""
        self._at = 0

    def release(self) -> None:
        """Let windows through again."""
        self._go.set()


@contextlib.contextmanager
def serving(
    folder: Path, *, transcriber: FakeTranscriber | None = None, keys: str = "", clients: int = 50
) -> Iterator[str]:
    """Serve on a free port until the block ends; return the address."""
    settings = Settings(_env_file=None, data_dir=folder, api_keys=keys, max_connected_clients=clients)
    server = Server(create_app(settings, transcriber=transcriber or FakeTranscriber(window_seconds=WINDOW)))
    server.start()
    try:
        yield server.url.replace("ws://", "http://").removesuffix("/ws/transcribe")
    finally:
        server.stop()
