"""What a second hearing is worth: word errors of doubtful recordings before and after, and of all.

    python -m benchmarks.rehearing WEAK STRONG [--threshold 0.5]

WEAK and STRONG are `bundled-pico`, `bundled` or folders of CTranslate2 Whispers; it takes some minutes.

`../shared/audio/phrases` and `pii`, with white noise at 10 dB, go through the services twice as jobs: without and with
the stage `retry`, WEAK being the resident model and STRONG the `WHISPER_RETRY_MODEL`. A recording is doubtful where
the stage had any part of it heard again. Prints a table and one line of JSON.
"""

import argparse
import io
import json
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jiwer
import numpy as np

from benchmarks.confidence_rows import noisy, normal
from shared.audio import SAMPLE_RATE, Samples, decode
from tests import processes

AUDIO = Path(__file__).parents[1].parent / "shared" / "audio"
FOLDERS = ("phrases", "pii")
DECIBELS = 10.0
PLAIN = {"language": False, "text": False, "pii": False}


def recordings() -> Iterator[tuple[str, bytes]]:
    """Yield what is said and the noisy recording."""
    random = np.random.default_rng(7)
    for folder in FOLDERS:
        for facts in sorted((AUDIO / folder).glob("*.json")):
            said = json.loads(facts.read_text(encoding="utf-8"))["text"]
            samples = decode(facts.with_suffix(".flac"), max_seconds=600).samples
            yield said, wav(noisy(samples, DECIBELS, random))


def wav(samples: Samples) -> bytes:
    """Return samples as a 16-bit wav."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes((samples.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return kept.getvalue()


def job(client: httpx.Client, content: bytes, *, retry: bool) -> dict[str, Any]:
    """Take a recording through the services and return the result."""
    wishes = {"features": json.dumps({**PLAIN, "retry": retry}), "language": "sv"}
    reply = client.post("/jobs", files={"file": ("a.wav", content)}, data=wishes).raise_for_status()
    path = f"/jobs/{reply.json()['job_id']}"
    while (state := client.get(path).json())["status"] in {"queued", "running"}:
        time.sleep(0.05)
    result: dict[str, Any] = state["result"]
    return result


def errors(said: str, result: dict[str, Any]) -> int:
    """Return the word errors of a result."""
    found = jiwer.process_words(normal(said), normal(result["text"]) or "-")
    return int(found.substitutions + found.deletions + found.insertions)


def measured(client: httpx.Client) -> dict[str, float | int]:
    """Return the figures."""
    rows = []
    for said, content in recordings():
        before, after = job(client, content, retry=False), job(client, content, retry=True)
        doubtful = any(one.get("retried") for one in after["segments"]) or after["text"] != before["text"]
        rows.append((len(normal(said).split()), errors(said, before), errors(said, after), doubtful))
    words, first, second = (sum(row[place] for row in rows) for place in range(3))
    doubts = [row for row in rows if row[3]]
    doubtful_first, doubtful_second = (sum(row[place] for row in doubts) for place in (1, 2))
    return {
        "recordings": len(rows),
        "of these doubtful": len(doubts),
        "their word errors before": doubtful_first,
        "their word errors after": doubtful_second,
        "after / before": round(doubtful_second / max(1, doubtful_first), 3),
        "all: WER before %": round(100 * first / words, 2),
        "all: WER after %": round(100 * second / words, 2),
        "recordings made worse": sum(row[2] > row[1] for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What a second hearing is worth.")
    parser.add_argument("weak")
    parser.add_argument("strong")
    parser.add_argument(
        "--threshold", type=float, default=0.5, help="CONFIDENCE_THRESHOLD; what is below is heard again"
    )
    args = parser.parse_args()
    if not AUDIO.is_dir():
        sys.exit("no ../shared/audio beside this checkout")
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.running(
            "api_server", Path(folder) / "api", WHISPER_MODEL=args.weak, WHISPER_RETRY_MODEL=args.strong
        ) as api,
        processes.running(
            "batch_worker",
            Path(folder) / "batch",
            WHISPER_API_URL=api.url,
            FEATURE_RETRY_LARGE="true",
            CONFIDENCE_THRESHOLD=str(args.threshold),
        ) as batch,
        httpx.Client(base_url=batch.url, timeout=120) as client,
    ):
        figures = measured(client)
    for name, figure in figures.items():
        print(f"{name:30} {figure}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
