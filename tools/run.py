"""`make run`: both services in the foreground, shown to work on a sample, until Ctrl-C."""

import os
import shlex
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from honcho.manager import Manager

from api_server.settings import Settings as ApiSettings
from batch_worker.settings import Settings as BatchSettings
from shared.environment import load
from shared.errors import StartupError

SAMPLE = Path(__file__).parents[1] / "tests" / "data" / "kundtjanst.flac"
_START_SECONDS = 1800
"""A large model is fetched first."""
_POLL_SECONDS = 0.2
_INTERRUPTED = {130, 143}


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where the services answer, and the key that they ask for."""

    api: str
    batch: str
    key: str | None

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def main() -> int:
    """Run until a service ends or Ctrl-C; return the exit code."""
    try:
        api, batch = load(ApiSettings), load(BatchSettings)
    except StartupError as error:
        print(error.message, file=sys.stderr)
        return 2
    addresses = Addresses(
        api=f"http://127.0.0.1:{api.api_port}",
        batch=f"http://127.0.0.1:{batch.batch_port}",
        key=next(iter(api.keys), None),
    )
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.setdefault("WHISPER_API_URL", addresses.api)
    manager = Manager()
    for name, module in (("api", "api_server"), ("batch", "batch_worker")):
        manager.add_process(name, f"exec {shlex.quote(sys.executable)} -m {module}", env=environment)
    threading.Thread(target=_show, args=(addresses,), daemon=True).start()
    manager.loop()
    return 0 if manager.returncode in _INTERRUPTED else int(manager.returncode or 0)


def _show(addresses: Addresses) -> None:
    """Print what both services make of the sample, then where they are."""
    with httpx.Client(headers=addresses.headers, timeout=120) as client:
        began = time.monotonic()
        for url in (addresses.api, addresses.batch):
            _wait_ready(client, url)
        _say(f"both services are ready after {time.monotonic() - began:.1f} s; the sample is {SAMPLE.name}")
        try:
            _say(_at_once(client, addresses.api))
            _say(_as_a_job(client, addresses.batch))
        except (httpx.HTTPError, KeyError) as error:
            _say(f"the sample failed: {error}")
            return
    _say(f"page      {addresses.api}/        interfaces {addresses.api}/docs")
    _say(f"jobs      {addresses.batch}/jobs    interfaces {addresses.batch}/docs")
    _say("Ctrl-C stops both")


def _wait_ready(client: httpx.Client, url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get(f"{url}/ready").is_success:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        time.sleep(_POLL_SECONDS)


def _at_once(client: httpx.Client, url: str) -> str:
    began = time.monotonic()
    with SAMPLE.open("rb") as file:
        reply = client.post(f"{url}/transcribe", files={"file": file}).raise_for_status().json()
    return f"POST /transcribe  {time.monotonic() - began:.2f} s for {reply['duration']:.1f} s: {reply['text']}"


def _as_a_job(client: httpx.Client, url: str) -> str:
    began = time.monotonic()
    with SAMPLE.open("rb") as file:
        job = client.post(f"{url}/jobs", files={"file": file}).raise_for_status().json()
    while job["status"] in {"queued", "running"}:
        time.sleep(_POLL_SECONDS)
        job = client.get(f"{url}/jobs/{job['job_id']}").raise_for_status().json()
    if job["status"] != "completed":
        return f"POST /jobs        {job['status']}: {job['error']}"
    result = job["result"]
    return f"POST /jobs        {time.monotonic() - began:.2f} s for {result['duration']:.1f} s: {result['text']}"


def _say(line: str) -> None:
    print(f"==> {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
