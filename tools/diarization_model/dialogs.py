"""Dialogues of voices that no model was trained on: to choose by, so that other dialogues are left to judge.

`python -m tools.diarization_model.dialogs FOLDER` writes `dialog-00.wav` and `dialog-00.json` … as they are in
`../shared/audio/dialog`; `python -m benchmarks.diarization MODEL --dialogs FOLDER` reads them. Needs espeak-ng.
"""

import argparse
import json
import wave
from pathlib import Path

import numpy as np
from numpy.random import Generator

from shared.audio import SAMPLE_RATE, Samples
from tools.diarization_model.voices import HELD_OUT_VARIANTS, Speaker, cast, spoken


def main() -> None:
    """Write some dialogues."""
    parser = argparse.ArgumentParser(prog="python -m tools.diarization_model.dialogs", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--lines", type=int, default=14, help="in each dialogue")
    parser.add_argument("--seed", type=int, default=1000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(given.seed)
    voices = cast(HELD_OUT_VARIANTS, chance, len(HELD_OUT_VARIANTS))
    for number in range(given.count):
        first, second = chance.choice(len(voices), size=2, replace=False)
        pair = tuple(spoken((voices[first], voices[second]), chance, given.lines))
        samples, lines = dialog(pair, chance, given.lines)
        _write(given.folder / f"dialog-{number:02d}", samples, lines)


def dialog(pair: tuple[Speaker, ...], chance: Generator, count: int) -> tuple[Samples, list[dict[str, object]]]:
    """Return a conversation in turns, with pauses and some noise, and its lines: start, end, speaker, no text."""
    parts, lines, place = [], [], 0
    for number in range(count):
        speaker = number % len(pair)
        clip = pair[speaker].clips[number]
        pause = round(chance.uniform(0.2, 0.9) * SAMPLE_RATE)
        parts += [np.zeros(pause, np.float32), np.float32(0.5) * clip]
        start, place = place + pause, place + pause + clip.size
        lines.append({"start": start / SAMPLE_RATE, "end": place / SAMPLE_RATE, "speaker": speaker, "text": ""})
    sound = np.concatenate(parts)
    return sound + chance.standard_normal(sound.size).astype(np.float32) * np.float32(0.002), lines


def _write(stem: Path, samples: Samples, lines: list[dict[str, object]]) -> None:
    with wave.open(f"{stem}.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    facts = {"language": "sv", "duration": samples.size / SAMPLE_RATE, "text": "", "segments": lines}
    Path(f"{stem}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
