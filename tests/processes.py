"""The services as real processes, for the tests that talk to them over HTTP."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
START_SECONDS = 120
"""Far more than a start takes; only a hang gets this far."""
STOP_SECONDS = 30
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PORT_SETTING = {"api_server": "API_PORT", "batch_worker": "BATCH_PORT"}
_HOST_SETTING = {"api_server": "API_HOST", "batch_worker": "BATCH_HOST"}

Module = Literal["api_server", "batch_worker"]


@dataclass(kw_only=True, slots=True)
class Service:
    """A running service."""

    process: subprocess.Popen[bytes]
    url: str
    """`http://127.0.0.1:PORT`, no slash at the end."""
    data_dir: Path
    """Its `DATA_DIR`."""
    log_path: Path
    """What it wrote to standard output and error."""
    environment: dict[str, str] = field(default_factory=dict)
    """What it was started with, to start it again."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Ask it to stop, wait, and kill it where it does not; return its exit code (negative: the signal)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """Take it down as the kernel would: SIGKILL, nothing saved."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(module: Module, folder: Path, *, port: int | None = None, **settings: str) -> Service:
    """Start `python -m MODULE` with its data in `folder`, without waiting; `settings` become environment variables.

    It starts in `folder`, so that no `.env` of the checkout is read, and inherits no setting of this process.
    """
    port = port or free_port()
    data_dir = folder / "data"
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(data_dir),
        _HOST_SETTING[module]: "127.0.0.1",
        _PORT_SETTING[module]: str(port),
        **settings,
    }
    log_path = folder / f"{module}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    return Service(
        process=process, url=f"http://127.0.0.1:{port}", data_dir=data_dir, log_path=log_path, environment=environment
    )


def wait_ready(service: Service, *, path: str = "/ready") -> None:
    """Return once the service answers 200 there; raise with its log where it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            raise RuntimeError(f"ended with {service.process.returncode} before it was ready:\n{service.log[-4000:]}")
        with contextlib.suppress(OSError, urllib.error.URLError):
            if get(service.url + path)[0] == 200:
                return
        time.sleep(0.05)
    service.kill()
    raise TimeoutError(f"not ready within {START_SECONDS} seconds:\n{service.log[-4000:]}")


@contextlib.contextmanager
def running(module: Module, folder: Path, *, port: int | None = None, **settings: str) -> Iterator[Service]:
    """Run a service from ready to stopped."""
    service = start(module, folder, port=port, **settings)
    try:
        wait_ready(service)
        yield service
    finally:
        service.stop()


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Return status and body of a GET, whatever the status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=60) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get_json(url: str) -> dict[str, object]:
    """Return the JSON object that a GET brings, whatever the status."""
    document: dict[str, object] = json.loads(get(url)[1])
    return document
