"""Live speech: how late its text comes, for how many speakers, beside how much batch work; one run on one machine.

    python -m benchmarks.realtime                    everything; about half an hour on two cores
    python -m benchmarks.realtime bundled busy       some of: bundled base clip busy speakers agreement memory

Starts its own servers on free ports and stops them. Real sizes are models of `benchmarks.random_model`: true shape,
random weights, 24 tokens for every window whatever it holds, no fallback. Speakers send 20 ms at a time in real time
and pause 1.5 s behind each sentence. Prints a table, with the bar of issue 3 beside each figure that has one, and one
line of JSON; ratios are of runs that take turns. Other work on the machine spoils them: the load is printed with them.
"""

import argparse
import io
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import jiwer
import numpy as np
from faster_whisper import WhisperModel
from websockets.sync.client import connect

from benchmarks import random_model
from benchmarks.sessions import as_pcm, growth
from benchmarks.streams import Measured, delays, percentile, summary, together
from benchmarks.transcribe import AUDIO, Figures, alternating, machine, plain, service
from shared.audio import SAMPLE_RATE, Samples, decode
from tests import clips
from tests.integration.talking import long_speech
from tests.processes import Service
from tests.unit.shared.synth import wav

PAUSE = 1.5
ENDPOINT = 0.6
INTERVAL = 0.5
BUSY_FILES = 2
"""Recordings that are posted to the batch lane at once, without pause."""
BARS = {
    "final p95 s": "≤ 0.25 bundled, ≤ 0.5 base",
    "stop p95 s": "≤ 0.3 bundled",
    "small, server / library": "≤ 0.45",
    "final p95, busy / idle": "≤ 1.25",
    "batch throughput, with speaker / alone": "≥ 0.6",
    "speakers, server / library": "≥ 4",
    "words that differ": "≤ 0.02",
    "rss after all / after 50": "≤ 1.03",
}


def sentences() -> list[Samples]:
    """Return the Swedish clips of the tests."""
    said = [clip for clip in clips.load() if clip.language == "sv" and clip.name != "paus"]
    return [decode(clip.path, max_seconds=60).samples for clip in said]


def streams(running: Service) -> str:
    """Return where its streams are."""
    return running.url.replace("http", "ws", 1) + "/ws/transcribe"


@contextmanager
def real_size(name: str, **settings: str) -> Iterator[tuple[Service, Path]]:
    """Run a server on a model of true size; also yields its folder."""
    with tempfile.TemporaryDirectory() as folder:
        model = random_model.write(name, Path(folder) / name)
        with service(WHISPER_MODEL=str(model), **settings) as running:
            yield running, model


def hold(running: Service, *, speakers: int, count: int) -> Measured:
    """Let speakers say `count` sentences each."""
    return together(streams(running), sentences(), speakers=speakers, sentences=count, pause=PAUSE, endpoint=ENDPOINT)


def seen(measured: Measured) -> Figures:
    """Return a row for each figure."""
    return {
        f"{name} {part} s": value
        for name, figures in summary(measured).items()
        for part, value in figures.items()
        if part != "n"
    }


# --- one speaker


def bundled(chosen: argparse.Namespace) -> Figures:
    """Measure one speaker on the bundled model; `stop` needs several streams, it comes once in each."""
    with service() as running:
        hold(running, speakers=1, count=2)
        measured = hold(running, speakers=1, count=chosen.sentences)
        for _stream in range(chosen.sentences - 1):
            measured.stop += hold(running, speakers=1, count=2).stop
    return seen(measured)


def base(chosen: argparse.Namespace) -> Figures:
    """Measure one speaker on a model as large as Whisper's base."""
    with real_size("base") as (running, _model):
        hold(running, speakers=1, count=2)
        return seen(hold(running, speakers=1, count=chosen.sentences))


# --- a recording


def clip(chosen: argparse.Namespace) -> Figures:
    """Compare a clip of 5 s through the server with faster-whisper's own full windows."""
    file = long_speech(5)
    with real_size("small") as (running, model):
        library = WhisperModel(str(model), device="cpu", compute_type="int8")
        client = httpx.Client(base_url=running.url, timeout=600)

        def in_process() -> None:
            list(library.transcribe(io.BytesIO(file), language="sv", vad_filter=True)[0])

        def over_http() -> None:
            client.post("/transcribe", files={"file": file}).raise_for_status()

        times = alternating({"library": in_process, "server": over_http}, chosen)
    medians = {name: statistics.median(one) for name, one in times.items()}
    return {
        "small library s": round(medians["library"], 3),
        "small server s": round(medians["server"], 3),
        "small, server / library": round(medians["server"] / medians["library"], 3),
    }


# --- beside batch work


class Batch:
    """Keeps the batch lane busy and counts what it gets done."""

    def __init__(self, running: Service) -> None:
        """Post to `running` from `start` to `stop`."""
        self._url = running.url
        self._file = long_speech(30)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._post) for _file in range(BUSY_FILES)]
        self._done: list[float] = []

    def _post(self) -> None:
        with httpx.Client(base_url=self._url, timeout=600) as client:
            while not self._over.is_set():
                client.post("/transcribe", files={"file": self._file}, data={"lane": "batch"}).raise_for_status()
                self._done.append(time.monotonic())

    def __enter__(self) -> Self:
        """Begin, and wait until the lane has done something."""
        for thread in self._threads:
            thread.start()
        while len(self._done) < BUSY_FILES:
            time.sleep(0.05)
        return self

    def __exit__(self, *_error: object) -> None:
        """End behind the recordings that are under way."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def rate(self, work: Callable[[], object]) -> float:
        """Return how many recordings an hour get done while `work` lasts."""
        began = time.monotonic()
        work()
        ended = time.monotonic()
        return 3600 * sum(began < done <= ended for done in self._done) / (ended - began)


def busy(chosen: argparse.Namespace) -> Figures:
    """Measure one speaker with and without a saturated batch lane, in turns; and the lane with and without him."""
    idle, beside = Measured(), Measured()
    alone, shared = [], []
    with real_size("base") as (running, _model):
        hold(running, speakers=1, count=2)
        for _turn in range(2):
            speak_into(running, idle, chosen.sentences // 2)
            with Batch(running) as batch:
                shared.append(batch.rate(lambda: speak_into(running, beside, chosen.sentences // 2)))
                alone.append(batch.rate(lambda: time.sleep(30)))
    late, early = percentile(beside.final, 0.95), percentile(idle.final, 0.95)
    return {
        "final p95 idle s": early,
        "final p95 busy s": late,
        "final median, busy / idle": round(statistics.median(beside.final) / statistics.median(idle.final), 3),
        "final p95, busy / idle": round(late / early, 3),
        "lag p95, busy / idle": round(percentile(beside.lag, 0.95) / percentile(idle.lag, 0.95), 3),
        "batch recordings of 30 s an hour, alone": round(statistics.mean(alone)),
        "batch throughput, with speaker / alone": round(statistics.mean(shared) / statistics.mean(alone), 3),
    }


def speak_into(running: Service, measured: Measured, count: int) -> None:
    """Add one speaker's figures."""
    more = hold(running, speakers=1, count=count + 1)
    measured.final += more.final
    measured.lag += more.lag


# --- many speakers


def speakers(chosen: argparse.Namespace) -> Figures:
    """Count the speakers whose text is at most a second behind, against one call per partial of full windows."""
    with real_size("base", MAX_CONNECTED_CLIENTS="200") as (running, model):
        library = WhisperModel(str(model), device="cpu", compute_type="int8")
        hold(running, speakers=1, count=2)
        ours, ours_at = most(lambda count: hold(running, speakers=count, count=chosen.sentences // 4 + 1), chosen)
    theirs, theirs_at = most(lambda count: call_per_partial(library, count, chosen.sentences // 4), chosen)
    return {
        "most speakers, server": ours,
        "most speakers, library": theirs,
        "speakers, server / library": round(ours / max(1, theirs), 1),
        **{f"server {count} {name}": value for count, one in ours_at.items() for name, value in one.items()},
        **{f"library {count} {name}": value for count, one in theirs_at.items() for name, value in one.items()},
    }


def most(attempt: Callable[[int], Measured], chosen: argparse.Namespace) -> tuple[int, dict[int, Figures]]:
    """Return the largest number of speakers, of 1, 2, 4, 6, 8 … , with a p95 lag of at most a second."""
    tried: dict[int, Figures] = {}
    best = 0
    for count in (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48)[: chosen.steps]:
        measured = attempt(count)
        if not measured.lag:
            break
        tried[count] = {key: value for key, value in seen(measured).items() if key.endswith("p95 s")} | {
            "partials per second of speech": round(10 * len(measured.lag) / max(1, len(measured.shown)), 2)
        }
        if percentile(measured.lag, 0.95) > 1.0:
            break
        best = count
    return best, tried


def call_per_partial(library: WhisperModel, count: int, said: int) -> Measured:
    """Return what speakers see where each partial is one call for all audio of the sentence, the calls in turn.

    The next call of a speaker comes when the one before is answered and half a second more has been said; finals,
    endpoints and silence cost nothing here.
    """
    measured, lock, audio = Measured(), threading.Lock(), sentences()

    def speak(number: int) -> None:
        for step in range(said):
            spoken = audio[(number + step) % len(audio)]
            length, began, covered, answers = spoken.size / SAMPLE_RATE, time.monotonic(), 0.0, []
            while (heard := min(length, time.monotonic() - began)) < length:
                if heard - covered < INTERVAL:
                    time.sleep(0.02)
                    continue
                covered = heard
                with lock:
                    list(
                        library.transcribe(
                            spoken[: round(heard * SAMPLE_RATE)], language="sv", beam_size=1, without_timestamps=True
                        )[0]
                    )
                answers.append((time.monotonic() - began, covered))
            measured.lag.extend(at - end for at, end in answers)
            measured.shown.extend(delays([(0.0, answers[-1][1] if answers else 0.0)], answers))
            time.sleep(PAUSE)

    threads = [threading.Timer(number * PAUSE / count, speak, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


# --- the same words, the same memory


def agreement(_chosen: argparse.Namespace) -> Figures:
    """Compare the finals of streams with the same recordings through `POST /transcribe`."""
    folder = AUDIO / "phrases"
    if not folder.is_dir():
        return {"left out": "no ../shared/audio beside this checkout"}
    posted, streamed, said = [], [], []
    with service() as running:
        for one in clips.load(folder):
            samples = decode(one.path, max_seconds=60).samples
            file = wav((samples * 32_767).astype("<i2").tobytes())
            reply = httpx.post(running.url + "/transcribe", files={"file": file}, timeout=600).raise_for_status()
            posted.append(plain(reply.json()["text"]))
            streamed.append(plain(finals(streams(running), samples)))
            said.append(plain(one.text))
    return {
        "recordings": len(posted),
        "words that differ": round(jiwer.wer(posted, streamed), 4),
        "word errors, posted": round(jiwer.wer(said, posted), 4),
        "word errors, streamed": round(jiwer.wer(said, streamed), 4),
    }


def finals(url: str, samples: Samples) -> str:
    """Return the text of a stream, sent as fast as the server takes it."""
    raw = as_pcm(np.pad(samples, (0, SAMPLE_RATE)))
    with connect(url, ping_interval=None, close_timeout=60) as client:
        for at in range(0, len(raw), 6_400):
            client.send(raw[at : at + 6_400])
        client.send('{"type": "stop"}')
        events = [json.loads(message) for message in client]
    return " ".join(event["text"] for event in events if event["type"] == "final")


def memory(chosen: argparse.Namespace) -> Figures:
    """Measure what a thousand streams leave behind, half of them raw samples and half of them ogg."""
    with service() as running:
        sizes = growth(running.pid, streams(running), sentences()[0], count=chosen.sessions)
    ratio = sizes.pop("ratio")
    return {**sizes, "rss after all / after 50": ratio}


BENCHMARKS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "bundled": bundled,
    "base": base,
    "clip": clip,
    "busy": busy,
    "speakers": speakers,
    "agreement": agreement,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("which", nargs="*", metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--sentences", type=int, default=40, help="of one speaker")
    parser.add_argument("--rounds", type=int, default=10, help="timed runs of each way")
    parser.add_argument("--sessions", type=int, default=1000, help="streams whose memory is watched")
    parser.add_argument("--steps", type=int, default=13, help="how far the number of speakers goes up, of 13 steps")
    chosen = parser.parse_args()
    if unknown := set(chosen.which) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    report: Figures = {"machine": machine(), "simulated": "real sizes: random weights, 24 tokens a window"}
    for name in chosen.which or BENCHMARKS:
        before = os.getloadavg()[0]
        report[name] = {
            **BENCHMARKS[name](chosen),
            "load before, after": [round(before, 1), round(os.getloadavg()[0], 1)],
        }
        for figure, value in report[name].items():
            print(f"{name:10} {figure:44} {value!s:22} {BARS.get(figure, '')}", flush=True)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
