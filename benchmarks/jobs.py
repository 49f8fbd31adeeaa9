"""What jobs cost: accepted, polled, kept by the hundred thousand, watched, and long ones in memory.

    python -m benchmarks.jobs                  everything; about five minutes on two cores
    python -m benchmarks.jobs accept store     some of: accept poll cancel store memory reader

Starts its own services on free ports and stops them. The api_server is a stand-in that sends
segments as fast as they are taken, so that only the batch_worker is measured. Prints a table and one line of JSON.
"""

import argparse
import asyncio
import json
import random
import socket
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import psutil

from batch_worker.jobs.model import NewJob
from batch_worker.jobs.store import SqliteStore, open_store
from tests import processes
from tests.integration.fake_asr import FakeAsr
from tests.processes import Service

Figures = dict[str, Any]
T = TypeVar("T")

CLIENTS = 20
CANCELLED = 100
CANCEL_WAIT = 30.0
"""Seconds after which a request counts as never ended."""
POLLERS = 200
POLL_SECONDS = 8.0
POLL_PAUSE = 0.5
"""Seconds between two polls of one client: 200 clients make 400 polls a second."""
FEW, MANY = 100, 100_000
THREE_HOURS = 3 * 3600
DEAF = 20
MEGABYTE = 1_000_000
SHUT_SECONDS = 40.0
"""For which the kernel may try to deliver what a reader does not take."""


@contextmanager
def worker(asr: FakeAsr, **settings: str) -> Iterator[Service]:
    """Run a batch_worker in a folder of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.running("batch_worker", Path(folder), WHISPER_API_URL=asr.url, **settings) as service,
    ):
        yield service


# --- HTTP


def accept() -> Figures:
    """Measure how many jobs of 100 kB are accepted in a second, each durable before its answer."""
    with FakeAsr() as asr, worker(asr, MAX_QUEUE_SIZE="100000") as service:
        asr.windows(1, hold_at=0)
        request = post_request(service.url, b"x" * 100_000)
        asyncio.run(hammer(service.url, request, clients=CLIENTS, seconds=1.0))
        times = asyncio.run(hammer(service.url, request, clients=CLIENTS, seconds=5.0))
        asr.release()
    return {"accepted /s": round(len(times) / 5.0, 1), "accepted p95 ms": p95(times)}


def poll() -> Figures:
    """Measure polling by many clients while a job runs."""
    with FakeAsr() as asr, worker(asr) as service:
        asr.windows(1000, hold_at=500)
        reply = httpx.post(f"{service.url}/jobs", files={"file": b"x" * 1000}).raise_for_status()
        path = f"/jobs/{reply.json()['job_id']}"
        while httpx.get(f"{service.url}{path}").json()["status"] != "running":
            time.sleep(0.05)
        request = get_request(service.url, path)
        paced = asyncio.run(hammer(service.url, request, clients=POLLERS, seconds=POLL_SECONDS, pause=POLL_PAUSE))
        flat_out = asyncio.run(hammer(service.url, request, clients=POLLERS, seconds=POLL_SECONDS))
        asr.release()
    return {
        "every half second /s": round(len(paced) / POLL_SECONDS, 1),
        "every half second p95 ms": p95(paced),
        "without a pause /s": round(len(flat_out) / POLL_SECONDS, 1),
        "without a pause p95 ms": p95(flat_out),
    }


def cancel() -> Figures:
    """Measure how soon the api_server is free of a job that is cancelled while its segments are being written."""
    moments, times, kept = random.Random(1), [], 0
    with FakeAsr() as asr, worker(asr) as service, httpx.Client(base_url=service.url) as client:
        asr.windows(100_000)
        for _turn in range(CANCELLED):
            job, heard, gone = submit(client, 1), asr.sent, asr.gone
            while asr.sent < heard + 5:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.2))
            began = time.perf_counter()
            client.delete(f"/jobs/{job}").raise_for_status()
            while asr.gone == gone and time.perf_counter() - began < CANCEL_WAIT:
                time.sleep(0.002)
            times.append(time.perf_counter() - began)
            kept += asr.gone == gone
    return {
        "api_server free ms, median": _ms(statistics.median(times)),
        "worst ms": _ms(max(times)),
        f"never, of {CANCELLED}": kept,
    }


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def post_request(url: str, content: bytes) -> bytes:
    """Return a whole POST /jobs as bytes."""
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + content + b"\r\n--b--\r\n"
    head = (
        f"POST /jobs HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get_request(url: str, path: str) -> bytes:
    """Return a whole GET as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode()


async def hammer(url: str, request: bytes, *, clients: int, seconds: float, pause: float = 0.0) -> list[float]:
    """Send a request again and again from so many connections; return the seconds that each answer took.

    `pause` is the time from one request of a connection to its next; they begin spread over it.

    Written on bare sockets: a full HTTP client would be what is measured.
    """
    host, port = urlsplit(url).hostname, urlsplit(url).port
    end = time.perf_counter() + seconds
    times: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(pause * number / clients)
        reader, writer = await asyncio.open_connection(host, port)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
                raise RuntimeError(head.decode())
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            times.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, began + pause - time.perf_counter()))
        writer.close()

    await asyncio.gather(*(one(number) for number in range(clients)))
    return times


def p95(times: list[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return round(1000 * statistics.quantiles(times, n=20)[-1], 1)


# --- the store


def store() -> Figures:
    """Compare what the store costs with few and with many finished jobs, run by run in turn."""
    return asyncio.run(_store())


async def _store() -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.sqlite", Path(folder) / "many.sqlite"
        for path, count in ((few, FEW), (many, MANY)):
            async with open_store(path) as one:
                await one.add(new_job(0), limit=10)
            fill(path, count)
        times: dict[str, dict[str, list[float]]] = {}
        async with open_store(few) as small, open_store(many) as large:
            for number in range(1, 301):
                for name, one in (("few", small), ("many", large)):
                    await measure(one, number, times.setdefault(name, {}))
    figures: Figures = {}
    for step in times["few"]:
        medians = {name: statistics.median(times[name][step]) for name in times}
        figures[f"{step} at {MANY} ms"] = round(1000 * medians["many"], 3)
        figures[f"{step} {MANY} / {FEW}"] = round(medians["many"] / medians["few"], 2)
    return figures


def new_job(number: int) -> NewJob:
    """Return a job."""
    return NewJob(id=f"{number:032x}", created_at=time.time(), stages=("transcribe", "confidence"))


def fill(path: Path, count: int) -> None:
    """Add finished jobs, as the store would have left them."""
    database = sqlite3.connect(path)
    with database:
        names = [row[1] for row in database.execute("PRAGMA table_info(jobs)") if row[1] not in {"seq", "id"}]
        values = ", ".join(
            {"status": "'completed'", "completed_at": "created_at", "blob": "'x'"}.get(n, n) for n in names
        )
        database.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO jobs (id, {', '.join(names)}) SELECT 'old-' || i, {values} FROM jobs, n WHERE id = ?",
            (f"{0:032x}",),
        )
        database.execute("INSERT INTO documents (seq, draft, result) SELECT seq, '', ? FROM jobs WHERE id LIKE 'old-%'",
                         (b"x" * 2000,))  # fmt: skip
        database.execute("INSERT INTO events SELECT seq, 1, 'completed', ? FROM jobs WHERE id LIKE 'old-%'", (b"{}",))
        database.execute("DELETE FROM jobs WHERE id = ?", (f"{0:032x}",))
    database.close()


async def measure(one: SqliteStore, number: int, times: dict[str, list[float]]) -> None:
    """Take one job through the store."""
    job = new_job(number)

    async def timed(step: str, work: Awaitable[T]) -> T:
        began = time.perf_counter()
        result = await work
        times.setdefault(step, []).append(time.perf_counter() - began)
        return result

    await timed("submit", one.add(job, limit=1000))
    mine = await timed("claim", one.claim(job.id, "worker"))
    assert mine is not None
    await timed("poll", one.get(job.id))
    await timed("list", one.list(status=None, limit=50, before=None))
    await one.finish(mine.lease, b"{}", duration=1.0, drop_audio=False)


# --- memory


def memory() -> Figures:
    """Measure the batch_worker's resident memory while a job of three hours runs."""
    with FakeAsr() as asr, worker(asr, FEATURE_RETRY="false") as service, httpx.Client(base_url=service.url) as client:
        asr.windows(5)
        finished(client, submit(client, 1))
        before = resident(service)
        asr.windows(THREE_HOURS // 3)
        job, peak = submit(client, 345), before
        began = time.perf_counter()
        while (state := show(client, job))["status"] in {"queued", "running"}:
            peak = max(peak, resident(service))
            time.sleep(0.1)
    return {
        "3 hours: beyond idle MB": round((peak - before) / MEGABYTE, 1),
        "3 hours: ended": state["status"],
        "3 hours: s": round(time.perf_counter() - began, 1),
    }


def reader() -> Figures:
    """Measure what watchers cost that never read, and how long they are kept; less what the job itself takes."""
    alone, _kept, _shut = watched_job(0)
    grown, kept, shut = watched_job(DEAF)
    return {
        "MB each": round((grown - alone) / MEGABYTE / DEAF, 2),
        "kept s": round(kept, 1),
        "disconnected": f"{shut} of {DEAF}",
    }


def watched_job(deaf: int) -> tuple[int, float, int]:
    """Run a job of many windows before so many deaf watchers.

    Returns the bytes by which the service grew, for how many seconds watchers were kept, how many were disconnected.
    """
    with FakeAsr() as asr, worker(asr, FEATURE_RETRY="false") as service, httpx.Client(base_url=service.url) as client:
        asr.windows(5)
        finished(client, submit(client, 1))
        asr.windows(10_000, hold_at=10)
        job = submit(client, 1)
        while asr.sent < 15:  # five of the first job's
            time.sleep(0.05)
        watchers = [deaf_watcher(service.url, job) for _ in range(deaf)]
        time.sleep(1)
        before = peak = resident(service)
        asr.release()
        began, kept = time.perf_counter(), 0.0
        while show(client, job)["status"] in {"queued", "running"} or open_watchers(client):
            peak = max(peak, resident(service))
            kept = time.perf_counter() - began if open_watchers(client) else kept
            time.sleep(0.25)
        time.sleep(SHUT_SECONDS if deaf else 0)
        shut = deaf - connections(service, watchers)
        for watcher in watchers:
            watcher.close()
    return peak - before, kept, shut


def deaf_watcher(url: str, job: str) -> socket.socket:
    """Ask for a job's events and never read them."""
    parts = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((parts.hostname, parts.port))
    connection.sendall(get_request(url, f"/jobs/{job}/events"))
    return connection


def connections(service: Service, watchers: list[socket.socket]) -> int:
    """Return how many of these sockets the service still holds its end of."""
    ends = {watcher.getsockname()[1] for watcher in watchers}
    return sum(bool(one.raddr) and one.raddr.port in ends for one in psutil.Process(service.pid).net_connections("tcp"))


def open_watchers(client: httpx.Client) -> int:
    """Return how many event streams are open."""
    lines = client.get("/metrics").text.splitlines()
    return int(float(next(line for line in lines if line.startswith("svenska_watchers ")).split()[1]))


def submit(client: httpx.Client, megabytes: int) -> str:
    """Hand in a file of that size."""
    reply = client.post("/jobs", files={"file": b"x" * (megabytes * MEGABYTE)}, timeout=120).raise_for_status()
    job: str = reply.json()["job_id"]
    return job


def show(client: httpx.Client, job: str) -> dict[str, Any]:
    """Return a job without its result."""
    state: dict[str, Any] = client.get(f"/jobs/{job}", params={"include_result": "false"}, timeout=60).json()
    return state


def finished(client: httpx.Client, job: str) -> None:
    """Wait for a job's end."""
    while show(client, job)["status"] in {"queued", "running"}:
        time.sleep(0.05)


def resident(service: Service) -> int:
    """Return resident memory in bytes."""
    return int(psutil.Process(service.pid).memory_info().rss)


BENCHMARKS: dict[str, Callable[[], Figures]] = {
    "accept": accept, "poll": poll, "cancel": cancel, "store": store, "memory": memory, "reader": reader,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="What jobs cost.")
    parser.add_argument("which", nargs="*", choices=[[], *BENCHMARKS], help="all unless named")
    figures: Figures = {}
    for name in parser.parse_args().which or BENCHMARKS:
        for figure, value in BENCHMARKS[name]().items():
            figures[f"{name}: {figure}"] = value
            print(f"{name + ': ' + figure:45} {value}", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
