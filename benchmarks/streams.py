"""Paced speakers on a running server: how late finals and partials are.

    python -m benchmarks.streams --url ws://127.0.0.1:8123/ws/transcribe --speakers 4 --sentences 10 CLIP…

Each speaker sends the clips in real time, 20 ms at a time, with a pause behind each, and compares the end of speech
in the clip itself (its last loud sample) with the arrival of the final. It says `stop` right behind its last word.
Prints a table and one line of JSON.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.sync.client import ClientConnection, connect

from shared.audio import SAMPLE_RATE, Samples, decode

CHUNK = SAMPLE_RATE // 50
LOUD = 0.02


@dataclass(kw_only=True, slots=True)
class Measured:
    """What one or more speakers saw, in seconds."""

    final: list[float] = field(default_factory=list)
    """End of speech to its final, the endpoint silence not counted."""
    stop: list[float] = field(default_factory=list)
    """`stop` right behind a word to `done`, the last final included."""
    lag: list[float] = field(default_factory=list)
    """From the newest audio that a partial covers to its arrival."""
    shown: list[float] = field(default_factory=list)
    """From each tenth of a second of speech to the first text that covers it."""


def speak(url: str, clips: list[Samples], *, pause: float, endpoint: float, into: Measured) -> None:
    """Say the clips one after the other; a sentence whose final never came counts as infinitely late."""
    events: list[tuple[float, dict[str, object]]] = []
    *clips, last = clips
    with connect(url, ping_interval=None, close_timeout=60) as client:
        reader = threading.Thread(target=listen, args=(client, events))
        reader.start()
        began, sent, starts, ends = time.monotonic(), 0, [], []
        for clip in clips:
            starts.append((sent + int(np.flatnonzero(np.abs(clip) > LOUD)[0])) / SAMPLE_RATE)
            ends.append((sent + int(np.flatnonzero(np.abs(clip) > LOUD)[-1])) / SAMPLE_RATE)
            sent = pace(client, np.pad(clip, (0, round(pause * SAMPLE_RATE))), began, sent)
        pace(client, last[: int(np.flatnonzero(np.abs(last) > LOUD)[-1])], began, sent)
        stopped = time.monotonic()
        client.send('{"type": "stop"}')
        reader.join()
    finals = [(at, event) for at, event in events if event["type"] == "final"]
    for end in ends:
        at = next((at for at, event in finals if float(str(event["end"])) > end - 0.5), float("inf"))
        into.final.append(max(0.0, at - began - end - endpoint))
    into.stop.append(events[-1][0] - stopped)
    into.lag += [at - began - float(str(event["end"])) for at, event in events if event["type"] == "partial"]
    covered = [(at - began, float(str(event["end"]))) for at, event in events if event["type"] in {"partial", "final"}]
    into.shown += delays(zip(starts, ends, strict=True), covered)


def delays(spans: Iterable[tuple[float, float]], covered: list[tuple[float, float]]) -> list[float]:
    """Return how long each tenth of a second of speech waited for text, of (arrival, end covered) pairs."""
    moments = [float(moment) for start, end in spans for moment in np.arange(start, end, 0.1)]
    return [next((at - moment for at, end in covered if end >= moment), float("inf")) for moment in moments]


def pace(client: ClientConnection, audio: Samples, began: float, sent: int) -> int:
    """Send audio in real time; returns how many samples have been sent since `began`."""
    for at in range(0, audio.size, CHUNK):
        piece = audio[at : at + CHUNK]
        client.send((piece * 32_767).astype("<i2").tobytes())
        sent += piece.size
        time.sleep(max(0.0, began + sent / SAMPLE_RATE - time.monotonic()))
    return sent


def listen(client: ClientConnection, events: list[tuple[float, dict[str, object]]]) -> None:
    """Note every event and when it came."""
    events.extend((time.monotonic(), json.loads(message)) for message in client)


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * round(share * 100) // 100) - 1))], 3)


def summary(measured: Measured) -> dict[str, dict[str, float]]:
    """Return count, median and 95th percentile of each figure that there is."""
    return {
        name: {"n": len(values), "median": round(statistics.median(values), 3), "p95": percentile(values, 0.95)}
        for name in ("final", "stop", "lag", "shown")
        if (values := getattr(measured, name))
    }


def together(
    url: str, clips: list[Samples], *, speakers: int, sentences: int, pause: float, endpoint: float
) -> Measured:
    """Return what several speakers see who begin a little after each other."""
    measured = Measured()
    threads = [
        threading.Timer(
            number * pause / speakers,
            speak,
            args=(url, [clips[(number + step) % len(clips)] for step in range(sentences)]),
            kwargs={"pause": pause, "endpoint": endpoint, "into": measured},
        )
        for number in range(speakers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--url", default="ws://127.0.0.1:8123/ws/transcribe")
    parser.add_argument("--speakers", type=int, default=1)
    parser.add_argument("--sentences", type=int, default=10)
    parser.add_argument("--pause", type=float, default=1.5, help="seconds of silence behind each clip")
    parser.add_argument("--endpoint", type=float, default=0.6, help="the server's ENDPOINT_SILENCE")
    chosen = parser.parse_args()
    clips = [decode(path, max_seconds=60).samples for path in chosen.clips]
    measured = together(
        chosen.url,
        clips,
        speakers=chosen.speakers,
        sentences=chosen.sentences,
        pause=chosen.pause,
        endpoint=chosen.endpoint,
    )
    report = summary(measured)
    for name, figures in report.items():
        print(f"{name:6} n {figures['n']:5}  median {figures['median']:7.3f} s  p95 {figures['p95']:7.3f} s")
    print(json.dumps({"speakers": chosen.speakers, **report}))


if __name__ == "__main__":
    main()
