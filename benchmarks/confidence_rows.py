"""Decodes `../shared/audio` with added noise and writes one row per segment: the decoder's figures and its errors.

Run: `.venv/bin/python -m benchmarks.confidence_rows MODEL_DIR rows.json`; `benchmarks.quality confidence rows.json`
makes the table of them.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import jiwer
import numpy as np
from faster_whisper import WhisperModel, decode_audio
from numpy.typing import NDArray

AUDIO = Path(__file__).parents[1].parent / "shared" / "audio"
NOISE = (None, 12.0, 4.0, -2.0)
"""Signal to noise, dB; None adds nothing."""


def normal(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def noisy(samples: NDArray[np.float32], decibels: float | None, random: np.random.Generator) -> NDArray[np.float32]:
    if decibels is None:
        return samples
    power = float(np.mean(samples**2)) / 10 ** (decibels / 10)
    return (samples + random.normal(0, power**0.5, len(samples))).astype(np.float32)


def clips() -> Iterator[tuple[str, NDArray[np.float32], str]]:
    for folder in ("phrases", "pii", "sv"):
        for path in sorted((AUDIO / folder).glob("*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            samples = decode_audio(str(path.with_suffix(".flac")))
            spans = document.get("segments") or [{"start": 0, "end": document["duration"], "text": document["text"]}]
            for span in spans:
                cut = samples[max(0, int((span["start"] - 0.2) * 16_000)) : int((span["end"] + 0.2) * 16_000)]
                yield path.stem, cut, span["text"]


def main(model_dir: str, output: str) -> None:
    model = WhisperModel(model_dir, device="cpu", compute_type="int8", cpu_threads=1)
    random = np.random.default_rng(1)
    rows = []
    for name, samples, said in clips():
        for decibels in NOISE:
            heard, _ = model.transcribe(
                noisy(samples, decibels, random), language="sv", beam_size=2, word_timestamps=True,
                condition_on_previous_text=False, temperature=0.0,
            )  # fmt: skip
            segments = list(heard)
            if not segments:
                continue
            text = normal(" ".join(segment.text for segment in segments))
            rows.append({
                "clip": name, "noise": decibels, "words": len(normal(said).split()),
                "errors": jiwer.process_words(normal(said), text or "-").substitutions
                + jiwer.process_words(normal(said), text or "-").deletions
                + jiwer.process_words(normal(said), text or "-").insertions,
                "avg_logprob": float(np.mean([segment.avg_logprob for segment in segments])),
                "no_speech_prob": max(segment.no_speech_prob for segment in segments),
                "compression_ratio": max(segment.compression_ratio for segment in segments),
                "probabilities": [word.probability for segment in segments for word in segment.words or ()],
            })  # fmt: skip
            Path(output).write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
