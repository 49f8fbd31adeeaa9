"""Kills and faults: what becomes of jobs when everything under them dies.

    python -m benchmarks.chaos                       everything; about fifteen minutes on two cores
    python -m benchmarks.chaos kills --jobs 30 --kills 10 --seed 7
    python -m benchmarks.chaos faults resume         some of: kills faults resume

kills   SIGKILL of batch_worker and api_server at random moments while recordings with real speech are worked on.
faults  a full disk (a small tmpfs; needs root), an api_server that answers 503, hangs, hangs up, talks nonsense.
resume  a recording of an hour, its worker killed at 90 %.

The same seed makes the same decisions; the machine decides how they fall. `POISON_RESTARTS` is out of the way, since
here it is not the job that kills. Prints a table and one line of JSON; exits 1 where something was lost or doubled.
"""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import wave
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from shared.audio import SAMPLE_RATE, decode
from tests import clips, processes
from tests.e2e.proxy import network
from tests.integration.fake_asr import FakeAsr
from tests.processes import Module, Service

Figures = dict[str, Any]
CLIPS = ("kundtjanst", "paus", "tid", "namn", "mote")
WINDOW_SECONDS = 30
LONG_WINDOWS = 4
"""Of the recording that takes several; every tenth job."""
HOUR_WINDOWS = 120
AHEAD = 0.05
"""The jobs handed in are this share ahead of the kills done."""
WAIT_SECONDS = 900.0
RIGHT_CODES = frozenset({"asr_unavailable", "busy", "storage_full", "timeout"})
OPTIONS = {"options": json.dumps({"vad_filter": False}), "language": "sv"}
DISK_BYTES = 256_000_000
"""The language identifier unpacks its tables there when the service starts."""
KILLED_AT = 0.9


@dataclass(slots=True)
class Pair:
    """Both services, each of which may be killed and started again on its port."""

    folder: Path
    settings: dict[Module, dict[str, str]] = field(default_factory=dict)
    services: dict[Module, Service] = field(default_factory=dict)

    def start(self, module: Module, *, port: int | None = None) -> None:
        """Start a service."""
        folder = self.folder / module
        folder.mkdir(exist_ok=True)
        self.services[module] = processes.start(module, folder, port=port, **self.settings[module])
        processes.wait_ready(self.services[module])

    async def kill(self, module: Module) -> None:
        """Take a service down and start it again as it was."""
        old = self.services[module]
        old.kill()
        await asyncio.to_thread(self.start, module, port=int(old.url.rpartition(":")[2]))

    def stop(self) -> None:
        """Stop both."""
        for service in self.services.values():
            service.stop()


@contextmanager
def pair() -> Iterator[Pair]:
    """Run both services in folders of their own."""
    with tempfile.TemporaryDirectory() as folder:
        both = Pair(Path(folder))
        try:
            both.settings["api_server"] = {}
            both.start("api_server")
            url = both.services["api_server"].url
            both.settings["batch_worker"] = {"WHISPER_API_URL": url, "POISON_RESTARTS": "1000000"}
            both.start("batch_worker")
            yield both
        finally:
            both.stop()


# --- jobs, by a client that takes no for an answer but not for the last one


async def insistently(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    **request: Any,  # noqa: ANN401 - as httpx takes them
) -> httpx.Response:
    """Return the first reply that is neither a broken connection nor a 5xx or 429."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            reply = await client.request(method, path, **request)
            if reply.status_code < 500 and reply.status_code != 429:
                return reply
        except httpx.TransportError as error:
            reply = httpx.Response(503, text=repr(error))
        if time.monotonic() > end:
            raise TimeoutError(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
        await asyncio.sleep(0.1)


async def submit(client: httpx.AsyncClient, key: str, content: bytes) -> str:
    """Hand in a recording under a key, until it is accepted."""
    reply = await insistently(
        client, "POST", "/jobs", files={"file": ("tal.wav", content)}, headers={"Idempotency-Key": key}, data=OPTIONS
    )
    job: str = reply.raise_for_status().json()["job_id"]
    return job


async def shown(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    """Return a job as it is."""
    state: dict[str, Any] = (await insistently(client, "GET", f"/jobs/{job}")).raise_for_status().json()
    return state


async def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    while not true():  # noqa: ASYNC110 - seldom, and in a benchmark
        await asyncio.sleep(0.05)


async def ended(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    """Return a job at its end."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        state = await shown(client, job)
        if state["status"] not in {"queued", "running"}:
            return state
        await asyncio.sleep(0.2)
    return state


async def told(client: httpx.AsyncClient, job: str) -> list[tuple[str, dict[str, Any]]]:
    """Return all events of a job that has ended."""
    text = (await insistently(client, "GET", f"/jobs/{job}/events", headers={"Last-Event-ID": "0"})).text
    blocks = [dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in text.split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


@asynccontextmanager
async def client_of(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a service, which stays good over its deaths."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        yield client


# --- kills


def recordings() -> list[bytes]:
    """Return real speech: a few clips, and a recording of several windows."""
    contents = [clips.clip(name).path.read_bytes() for name in CLIPS]
    return [*contents, joined(LONG_WINDOWS)]


def joined(windows: int) -> bytes:
    """Return the clips one after another, each in a window of its own, as a wav of 16 kHz."""
    parts = [decode(clips.clip(name).path, max_seconds=WINDOW_SECONDS).samples for name in CLIPS]
    padded = [np.pad(part, (0, WINDOW_SECONDS * SAMPLE_RATE - len(part))) for part in parts]
    samples = np.concatenate(list(islice(cycle(padded), windows)))
    with tempfile.TemporaryFile() as kept:
        with wave.open(kept, "wb") as out:
            out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            out.writeframes((samples * 32_767).astype("<i2").tobytes())
        kept.seek(0)
        return kept.read()


def kills(jobs: int, deaths: int, seed: int) -> Figures:
    """Kill both services again and again while jobs come in and are done."""
    with pair() as both:
        return asyncio.run(_kills(both, jobs, deaths, random.Random(seed)))


async def _kills(both: Pair, jobs: int, deaths: int, chance: random.Random) -> Figures:
    contents, done = recordings(), Counter[str]()
    async with client_of(both.services["batch_worker"]) as client:
        quiet = [await ended(client, await submit(client, f"quiet-{n}", c)) for n, c in enumerate(contents)]
        kinds = [
            len(contents) - 1 if number % 10 == 0 else chance.randrange(len(contents) - 1) for number in range(jobs)
        ]
        began = time.perf_counter()

        async def kill() -> None:
            while done.total() < deaths:
                await asyncio.sleep(chance.uniform(0.05, 2.0))
                victim: Module = chance.choice(["batch_worker", "api_server"])
                await both.kill(victim)
                done[victim] += 1

        def due(number: int) -> bool:
            return number / jobs <= done.total() / deaths + AHEAD

        async def hand_in() -> list[str]:
            ids = []
            for number, kind in enumerate(kinds):
                await until(partial(due, number))
                ids.append(await submit(client, f"job-{number}", contents[kind]))
            return ids

        async with asyncio.TaskGroup() as group:
            group.create_task(kill())
            handed = group.create_task(hand_in())
        states = [await ended(client, job) for job in handed.result()]
        again = [await submit(client, f"job-{number}", contents[kind]) for number, kind in enumerate(kinds)]
        events = [await told(client, state["job_id"]) for state in states]
        listed = await everything(client)
    short = [
        (text_of(quiet[kind]), text_of(state)) for kind, state in zip(kinds, states, strict=True) if kind < len(CLIPS)
    ]
    return {
        "jobs": jobs,
        "kills": done.total(),
        "of batch_worker": done["batch_worker"],
        "of api_server": done["api_server"],
        "completed": sum(state["status"] == "completed" for state in states),
        "lost": jobs - sum(state["status"] == "completed" for state in states),
        "why": dict(Counter(why(one) for one in states if not one["result"])),
        "double": (listed - jobs - len(contents)) + sum(a != s["job_id"] for a, s in zip(again, states, strict=True))
        + sum(doubled(state, told) for state, told in zip(states, events, strict=True)),
        "worker restarts told": sum(state["restarts"] for state in states),
        "stages begun again": sum(begun_again(told) for told in events),
        "recordings of one window": len(short),
        "of these with another text than undisturbed": sum(one != other for one, other in short),
        "seconds": round(time.perf_counter() - began),
    }  # fmt: skip


def why(state: dict[str, Any]) -> str:
    """Return why a job has no result."""
    error = state["error"] or {"code": state["status"], "message": ""}
    return f"{error['code']}: {error['message']}"


async def everything(client: httpx.AsyncClient) -> int:
    """Return how many jobs there are."""
    count, cursor = 0, None
    while True:
        page = (
            await insistently(client, "GET", "/jobs", params={"limit": 100, **({"cursor": cursor} if cursor else {})})
        ).json()
        count += len(page["jobs"])
        if (cursor := page.get("next_cursor")) is None:
            return count


def text_of(state: dict[str, Any]) -> str:
    """Return what a job heard; nothing where it has not ended well."""
    text: str = (state.get("result") or {}).get("text", "")
    return text


def doubled(state: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> bool:
    """Tell whether a job ended twice or has a segment twice."""
    segments = (state.get("result") or {}).get("segments", [])
    overlaps = any(later["start"] < earlier["end"] - 0.5 for earlier, later in pairwise(segments))
    return sum(kind == "completed" for kind, _ in events) > 1 or overlaps


def begun_again(events: list[tuple[str, dict[str, Any]]]) -> int:
    """Return how often a stage began that had begun before."""
    names = [data["name"] for kind, data in events if kind == "stage" and data["status"] == "running"]
    return len(names) - len(set(names))


# --- faults


def faults(jobs: int, seed: int) -> Figures:
    """Fail in every way that an api_server and a disk have; then let all that failed be tried again."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        asr, folder = stack.enter_context(FakeAsr()), Path(stack.enter_context(tempfile.TemporaryDirectory()))
        full = stack.enter_context(small_disk(folder / "data"))
        service = stack.enter_context(
            processes.running(
                "batch_worker", folder, WHISPER_API_URL=asr.url, HTTP_TIMEOUT="1", HTTP_RETRY_BACKOFF="0.1",
                FEATURE_RETRY="false", MAX_CONCURRENT_JOBS="4",
            )
        )  # fmt: skip
        return asyncio.run(_faults(asr, service, full, jobs, chance))


async def _faults(asr: FakeAsr, service: Service, full: Path | None, jobs: int, chance: random.Random) -> Figures:
    asr.windows(6)
    sent: Counter[str] = Counter()
    over = asyncio.Event()

    async def trouble() -> None:
        while not over.is_set():
            fault = chance.choice(["", "", "busy", "cut", "garbage", "refuse", "hang", "disk"])
            sent[fault] += 1
            if fault == "disk" and full is not None:
                await asyncio.to_thread(fill, full)
                await asyncio.sleep(chance.uniform(0.2, 1.0))
                await asyncio.to_thread(full.unlink)
            elif fault:
                asr.faults(*[fault] * chance.randint(1, 6))
            await asyncio.sleep(chance.uniform(0.05, 0.2))

    async with client_of(service) as client:
        began = time.perf_counter()
        troublemaker = asyncio.create_task(trouble())
        ids = []
        for number in range(jobs):
            ids.append(await submit(client, f"job-{number}", os.urandom(chance.randint(1, 50_000))))
            await asyncio.sleep(chance.uniform(0.0, 0.4))
        states = [await ended(client, job) for job in ids]
        over.set()
        await troublemaker
        asr.faults()
        failed = [state for state in states if state["status"] == "failed"]
        for state in failed:
            (await insistently(client, "POST", f"/jobs/{state['job_id']}/retry")).raise_for_status()
        last = [await ended(client, job) for job in ids]
        count = await everything(client)
        events = [await told(client, job) for job in ids]
    whole = [
        number
        for number, state in enumerate(last)
        if [s["id"] for s in (state.get("result") or {}).get("segments", [])] == list(range(6))
    ]
    return {
        "jobs": jobs,
        "faults": sum(number for fault, number in sent.items() if fault and (fault != "disk" or full)),
        "of a full disk": sent["disk"] if full else "not tried: no root",
        "failed at first": dict(Counter(state["error"]["code"] for state in failed)),
        "with a wrong code": sum(state["error"]["code"] not in RIGHT_CODES for state in failed),
        "completed in the end": len(whole),
        "lost": jobs - len(whole) + sum(state["status"] != "completed" for state in last),
        "double": count - jobs + sum(doubled(s, told) for s, told in zip(last, events, strict=True)),
        "seconds": round(time.perf_counter() - began),
    }


@contextmanager
def small_disk(path: Path) -> Iterator[Path | None]:
    """Mount a disk of a few megabytes there; gives a file to fill it with, or None where that is not allowed."""
    path.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)]
    if os.getuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield path / "ballast"
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass


# --- resume


def resume(windows: int) -> Figures:
    """Kill the worker of a long recording at 90 %; compare what the api_server had sent with what it was asked next."""
    with ExitStack() as stack:
        both = Pair(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(both.stop)
        both.settings["api_server"] = {}
        both.start("api_server")
        sent = Sent()
        between = stack.enter_context(network(both.services["api_server"].url, sent.take))
        both.settings["batch_worker"] = {"WHISPER_API_URL": between.url, "FEATURE_RETRY": "false"}
        both.start("batch_worker")
        return asyncio.run(_resume(both, sent, windows))


async def _resume(both: Pair, sent: "Sent", windows: int) -> Figures:
    seconds = windows * WINDOW_SECONDS
    async with client_of(both.services["batch_worker"]) as client:
        job = await submit(client, "long", joined(windows))
        await until(lambda: sent.end >= KILLED_AT * seconds)
        furthest = sent.end
        await both.kill("batch_worker")
        state = await ended(client, job)
        events = await told(client, job)
    resumed = next(one["detail"].get("resumed_at", furthest) for one in state["stages"] if one["name"] == "transcribe")
    return {
        "recording s": seconds,
        "sent by the api_server when killed, s": furthest,
        "went on at, s": resumed,
        "decoded again, s": round(furthest - resumed, 1),
        "with the window under way, s at most": round(furthest - resumed + WINDOW_SECONDS, 1),
        "lost": int(state["status"] != "completed"),
        "double": int(doubled(state, events)),
    }


class Sent:
    """How far an api_server has told of a recording."""

    def __init__(self) -> None:
        """Know of nothing yet."""
        self.end = 0.0
        """Seconds."""
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Look at what it sends."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if line.startswith(b"data: ") and (found := re.search(rb'"end":([0-9.]+)', line)):
                self.end = max(self.end, float(found[1]))


RUNS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "kills": lambda args: kills(args.jobs, args.kills, args.seed),
    "faults": lambda args: faults(args.jobs, args.seed),
    "resume": lambda _args: resume(HOUR_WINDOWS),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="What becomes of jobs when everything under them dies.")
    parser.add_argument("which", nargs="*", choices=[[], *RUNS], help="all unless named")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    figures: Figures = {}
    for name in args.which or RUNS:
        for figure, value in RUNS[name](args).items():
            figures[f"{name}: {figure}"] = value
            print(f"{name + ': ' + figure:45} {value}", flush=True)
    print(json.dumps(figures))
    sys.exit(any(value for name, value in figures.items() if name.endswith((": lost", ": double", "wrong code"))))


if __name__ == "__main__":
    main()
