"""What is heard where nobody speaks: an hour of silence and noise as one job, with the default settings.

    python -m benchmarks.quiet [MINUTES]

A minute each of silence, white noise, brown noise, mains hum and clicks, again and again, each time at another level
(-60 to -20 dB). Starts its own services. Prints what was written, by source, and one line of JSON.
"""

import argparse
import json
import tempfile
import time
import wave
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from shared.audio import SAMPLE_RATE, Samples
from tests import processes

MINUTE = 60
LEVELS = (-60, -50, -40, -30, -20)
"""dB of full scale, root mean square."""


def silence(_random: np.random.Generator) -> Samples:
    return np.zeros(MINUTE * SAMPLE_RATE, np.float32)


def white(random: np.random.Generator) -> Samples:
    return random.normal(0, 1, MINUTE * SAMPLE_RATE).astype(np.float32)


def brown(random: np.random.Generator) -> Samples:
    walk = np.cumsum(random.normal(0, 1, MINUTE * SAMPLE_RATE))
    return (walk - np.convolve(walk, np.ones(1600) / 1600, "same")).astype(np.float32)


def hum(_random: np.random.Generator) -> Samples:
    seconds = np.arange(MINUTE * SAMPLE_RATE) / SAMPLE_RATE
    return sum(np.sin(2 * np.pi * 50 * n * seconds) / n for n in (1, 2, 3, 5)).astype(np.float32)  # type: ignore[union-attr]


def clicks(random: np.random.Generator) -> Samples:
    out = np.zeros(MINUTE * SAMPLE_RATE, np.float32)
    out[random.integers(0, out.size, 90)] = 1.0
    return np.convolve(out, np.exp(-np.arange(160) / 30), "same").astype(np.float32)


SOURCES = {"silence": silence, "white noise": white, "brown noise": brown, "hum": hum, "clicks": clicks}


def write(path: Path, minutes: int) -> list[str]:
    """Write the recording; return the source of each minute."""
    random = np.random.default_rng(3)
    names = [list(SOURCES)[number % len(SOURCES)] for number in range(minutes)]
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        for number, name in enumerate(names):
            samples = SOURCES[name](random)
            loudness = float(np.sqrt(np.mean(samples**2))) or 1.0
            samples = samples / loudness * 10 ** (LEVELS[number // len(SOURCES) % len(LEVELS)] / 20)
            out.writeframes((samples.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description="What is heard where nobody speaks.")
    parser.add_argument("minutes", nargs="?", type=int, default=60)
    minutes = parser.parse_args().minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.running("api_server", Path(folder) / "api") as api,
        processes.running("batch_worker", Path(folder) / "batch", WHISPER_API_URL=api.url) as batch,
        httpx.Client(base_url=batch.url, timeout=120) as client,
    ):
        path = Path(folder) / "quiet.wav"
        names = write(path, minutes)
        with path.open("rb") as file:
            job = client.post("/jobs", files={"file": ("quiet.wav", file)}).raise_for_status().json()["job_id"]
        while (state := client.get(f"/jobs/{job}").json())["status"] in {"queued", "running"}:
            time.sleep(0.5)
    words: Counter[str] = Counter()
    for segment in state["result"]["segments"]:
        name = names[min(len(names) - 1, int(segment["start"] // MINUTE))]
        words[name] += len(segment["text"].split())
        print(f"  {segment['start']:8.1f} {name:12} {segment['text']}")
    figures = {"minutes": minutes, "status": state["status"], "words": words.total(), **words}
    for figure, value in figures.items():
        print(f"{figure:20} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
