"""What HTTP adds to faster-whisper, and what the services cost: the figures of the README, in one run on one machine.

    python -m benchmarks.transcribe                 everything; about ten minutes on two cores
    python -m benchmarks.transcribe latency start   some of: wer latency upload start idle jobs

Starts its own services on free ports, with the bundled model, and stops them. Word error rates need recordings with
references in `../shared/audio` beside the checkout and are left out without them. Sampling is off (temperature 0),
so that both sides decode the same. Prints a table and one line of JSON; ratios are of alternating runs.
"""

import argparse
import io
import json
import os
import platform
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ctranslate2
import faster_whisper
import httpx
import jiwer
import numpy as np
import psutil
from faster_whisper import WhisperModel
from prometheus_client.parser import text_string_to_metric_families

from tests import clips, processes
from tests.clips import Clip
from tests.integration.talking import kept_files, long_speech
from tests.processes import ROOT, Service
from tests.unit.shared.synth import wav

Figures = dict[str, Any]
"""A benchmark's name for each figure, and the figure."""

AUDIO = ROOT.parent / "shared" / "audio"
MODEL = ROOT / "api_server" / "assets" / "nano-sv"
OPTIONS = {"language": "sv", "beam_size": 5, "vad_filter": True, "temperature": 0.0}
FORM = {"language": "sv", "beam_size": "5", "vad_filter": "true", "temperature": "0"}
MEGABYTE = 1_000_000
BYTES_PER_SECOND = 192_000 * 8 * 4
"""Of studio quality: 8 channels, 192 kHz, 32 bits."""


@contextmanager
def service(module: processes.Module = "api_server", **settings: str) -> Iterator[Service]:
    """Run a service with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, processes.running(module, Path(folder), **settings) as running:
        yield running


def in_process() -> Callable[[bytes], str]:
    """Return faster-whisper's own way from a file to its text."""
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8")

    def transcribe(file: bytes) -> str:
        segments, _info = model.transcribe(io.BytesIO(file), **OPTIONS)
        return " ".join(segment.text.strip() for segment in segments)

    return transcribe


def over_http(running: Service) -> Callable[[bytes], str]:
    """Return the same way through the server."""
    client = httpx.Client(base_url=running.url, timeout=600)

    def transcribe(file: bytes) -> str:
        text: str = client.post("/transcribe", files={"file": file}, data=FORM).raise_for_status().json()["text"]
        return text

    return transcribe


# --- words


def wer(_chosen: argparse.Namespace) -> Figures:
    """Compare the word error rates of both ways, with full windows and with the server's default ones."""
    if not AUDIO.is_dir():
        return {"left out": "no ../shared/audio beside this checkout"}
    figures: Figures = {}
    with service() as verified, service(AUDIO_CONTEXT="full") as full:
        ways = {"library": in_process(), "full": over_http(full), "verified": over_http(verified)}
        for folder in ("phrases", "pii", "sv"):
            recordings, before = clips.load(AUDIO / folder), short_windows(verified)
            rates = {name: rate(way, recordings) for name, way in ways.items()}
            figures |= {f"{folder} n": len(recordings)} | {f"{folder} {name} %": one for name, one in rates.items()}
            figures[f"{folder} full - library"] = round(rates["full"] - rates["library"], 2)
            figures[f"{folder} verified - library"] = round(rates["verified"] - rates["library"], 2)
            short = short_windows(verified) - before
            figures[f"{folder} short windows decoded again %"] = round(100 - 100 * short["believed"] / short.total(), 1)
    return figures


def short_windows(server: Service) -> Counter[str]:
    """Return how many short windows there were so far, by what the verification said of them."""
    families = text_string_to_metric_families(httpx.get(f"{server.url}/metrics").raise_for_status().text)
    samples = [one for family in families for one in family.samples if one.name == "svenska_short_windows_total"]
    return Counter({one.labels["verdict"]: round(one.value) for one in samples})


def rate(way: Callable[[bytes], str], recordings: tuple[Clip, ...]) -> float:
    """Return the word error rate in percent, case and punctuation left aside."""
    heard = [plain(way(clip.path.read_bytes())) for clip in recordings]
    return round(100 * jiwer.wer([plain(clip.text) for clip in recordings], heard), 2)


def plain(text: str) -> str:
    """Return the words of a text."""
    return " ".join(re.findall(r"[\w']+", text.lower()))


# --- time


def latency(chosen: argparse.Namespace) -> Figures:
    """Compare how long both ways take, run by run in turn."""
    figures: Figures = {}
    with service(AUDIO_CONTEXT="full") as full, service() as verified:
        ways = {"library": in_process(), "full": over_http(full), "verified": over_http(verified)}
        for seconds in (10, 60):
            file = long_speech(seconds)
            times = alternating({name: lambda way=way, file=file: way(file) for name, way in ways.items()}, chosen)
            medians = {name: statistics.median(one) for name, one in times.items()}
            for name, median in medians.items():
                figures[f"{seconds} s {name} s"] = round(median, 4)
            figures[f"{seconds} s full / library"] = round(medians["full"] / medians["library"], 3)
            figures[f"{seconds} s full - library ms"] = round(1000 * (medians["full"] - medians["library"]), 1)
            figures[f"{seconds} s verified / library"] = round(medians["verified"] / medians["library"], 3)
    return figures


def alternating(ways: dict[str, Callable[[], object]], chosen: argparse.Namespace) -> dict[str, list[float]]:
    """Return the seconds of each run; the first round warms up and does not count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(chosen.rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn:
                times[name].append(time.perf_counter() - began)
    return times


def start(chosen: argparse.Namespace) -> Figures:
    """Measure from the process's start to the first 200 of `/ready`."""
    seconds = []
    for _start in range(max(3, chosen.rounds // 3)):
        began = time.perf_counter()
        with service():
            seconds.append(time.perf_counter() - began)
    return {"to ready s, median": round(statistics.median(seconds), 2), "to ready s, worst": round(max(seconds), 2)}


def idle(chosen: argparse.Namespace) -> Figures:
    """Measure the processor time of services that nobody uses, in percent of one core."""
    figures: Figures = {}
    with service() as api, batch_beside(api) as batch:
        running = {"api_server": api} | ({"batch_worker": batch} if batch else {})
        time.sleep(5)
        before = {name: cpu_seconds(one) for name, one in running.items()}
        time.sleep(chosen.idle_seconds)
        for name, one in running.items():
            figures[f"{name} %"] = round(100 * (cpu_seconds(one) - before[name]) / chosen.idle_seconds, 2)
    return figures


def cpu_seconds(running: Service) -> float:
    """Return the processor time a service has taken."""
    times = psutil.Process(running.pid).cpu_times()
    return float(times.user + times.system)


# --- uploads


def upload(chosen: argparse.Namespace) -> Figures:
    """Measure what a large upload adds to resident memory at its peak, and what a refused one leaves behind.

    Decoding a minute of speech takes memory whatever file it came in, and the allocator keeps it: so that only the
    upload is measured, speech as long as the file has been decoded before.
    """
    size = chosen.upload_mb * MEGABYTE
    speech = long_speech(size / BYTES_PER_SECOND)
    figures: Figures = {}
    with service() as api, batch_beside(api) as batch:
        over_http(api)(speech)
        figures["api_server growth MB"] = growth(api, lambda: send(api, "/transcribe", size))
        figures["api_server growth MB, no audio in it"] = growth(api, lambda: refused(api, figures, size))
        figures["api_server growth MB, too large"] = growth(api, lambda: refused(api, figures, 1025 * MEGABYTE))
        if batch:
            first = httpx.post(batch.url + "/jobs", files={"file": speech}).raise_for_status()
            finished(batch, first.json()["job_id"])
            job = ""

            def post() -> None:
                nonlocal job
                job = send(batch, "/jobs", size).json()["job_id"]

            figures["batch_worker growth MB"] = growth(batch, post)
            figures["batch_worker growth MB, job done"] = growth(batch, lambda: finished(batch, job))
    return figures


def refused(running: Service, figures: Figures, size: int) -> None:
    """Post what is no recording; note the answer, and the files that are left when it has come."""
    status = send(running, "/transcribe", size, content=False).status_code
    for _look in range(50):  # the answer is sent first, then the file is closed
        if not (left := kept_files(running)):
            break
        time.sleep(0.02)
    figures[f"{size // MEGABYTE} MB refused with, files left"] = f"{status}, {len(left)}"


def growth(running: Service, work: Callable[[], object]) -> float:
    """Return by how many MB the resident memory exceeded, at its highest, what it was before."""
    before = memory(running, "VmRSS")
    Path(f"/proc/{running.pid}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew: proc(5)
    work()
    return round((memory(running, "VmHWM") - before) / MEGABYTE, 1)


def memory(running: Service, field: str) -> int:
    """Return a figure of `/proc/PID/status` in bytes."""
    status = Path(f"/proc/{running.pid}/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024


def send(running: Service, path: str, size: int, *, content: bool = True) -> httpx.Response:
    """Post a file of `size` bytes: a tone in studio quality, or zeros."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    second = np.repeat((np.sin(np.arange(192_000) * 0.01) * 1e8).astype("<i4"), 8).tobytes()
    header = wav(b"", rate=192_000, channels=8, bits=32, size=size) if content else b""

    def body() -> Iterator[bytes]:
        yield head + header
        for at in range(0, size, len(second)):
            yield (second if content else bytes(len(second)))[: size - at]
        yield tail

    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(head) + len(header) + size + len(tail)),
    }
    return httpx.post(running.url + path, content=body(), headers=headers, timeout=600)


# --- jobs


def jobs(chosen: argparse.Namespace) -> Figures:
    """Measure how quickly a job is taken and looked up while another one runs."""
    with service() as api, batch_beside(api) as batch:
        if batch is None:
            return {"left out": "batch_worker does not start here"}
        client = httpx.Client(base_url=batch.url, timeout=60)
        running = client.post("/jobs", files={"file": long_speech(3600)}).raise_for_status().json()["job_id"]
        while status_of(client, running) != "running":
            time.sleep(0.05)
        file = long_speech(MEGABYTE / 32_000)
        posts, polls, posted = [], [], list[str]()
        for _round in range(chosen.rounds * 2):
            began = time.perf_counter()
            posted.append(client.post("/jobs", files={"file": file}).raise_for_status().json()["job_id"])
            posts.append(time.perf_counter() - began)
            for _poll in range(10):
                began = time.perf_counter()
                client.get(f"/jobs/{running}").raise_for_status()
                polls.append(time.perf_counter() - began)
        still = status_of(client, running)
        for job in [*posted, running]:
            client.delete(f"/jobs/{job}")
    return {
        "post of 1 MB ms, median": round(1000 * statistics.median(posts), 1),
        "poll ms, median": round(1000 * statistics.median(polls), 2),
        "the job beside it was": still,
    }


def status_of(client: httpx.Client, job: str) -> str:
    """Return a job's status."""
    status: str = client.get(f"/jobs/{job}").raise_for_status().json()["status"]
    return status


def finished(batch: Service, job: str) -> None:
    """Wait for a job's end."""
    with httpx.Client(base_url=batch.url, timeout=60) as client:
        while status_of(client, job) in {"queued", "running"}:
            time.sleep(0.1)


@contextmanager
def batch_beside(api: Service) -> Iterator[Service | None]:
    """Run a batch_worker that asks `api`; None where it does not start."""
    with tempfile.TemporaryDirectory() as folder:
        batch = processes.start("batch_worker", Path(folder), WHISPER_API_URL=api.url)
        try:
            processes.wait_ready(batch)
        except (RuntimeError, TimeoutError) as error:
            print(f"(no batch_worker: {str(error).strip().splitlines()[-1]})")
            yield None
        else:
            yield batch
        finally:
            batch.stop()


BENCHMARKS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "wer": wer,
    "latency": latency,
    "upload": upload,
    "start": start,
    "idle": idle,
    "jobs": jobs,
}


def machine() -> Figures:
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "faster-whisper": faster_whisper.__version__,
        "ctranslate2": ctranslate2.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("which", nargs="*", metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=15, help="timed runs of each way")
    parser.add_argument("--upload-mb", type=int, default=500)
    parser.add_argument("--idle-seconds", type=float, default=60)
    chosen = parser.parse_args()
    if unknown := set(chosen.which) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    report: Figures = {"machine": machine()}
    for name in chosen.which or BENCHMARKS:
        report[name] = BENCHMARKS[name](chosen)
        for figure, value in report[name].items():
            print(f"{name:8} {figure:34} {value}", flush=True)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
