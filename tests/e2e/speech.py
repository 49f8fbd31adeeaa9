"""Clips as a person who speaks into the microphone: sentences, pauses between them, silence at the end."""

import re
import wave
from collections.abc import Iterable
from pathlib import Path

import jiwer
import numpy as np

from shared.audio import decode
from tests.clips import clip

RATE = 16_000
PAUSE = 1.5
"""Seconds: longer than the silence that ends an utterance."""
_AFTER = 180
"""Seconds of silence at the end; Chromium buzzes when it runs out of file."""


def write(path: Path, names: Iterable[str], *, pause: float = PAUSE, after: float = _AFTER) -> Path:
    """Write a wav in which the clips `names` are spoken, each behind a pause; times in seconds."""
    before = np.zeros(round(pause * RATE), np.float32)
    spoken = [part for name in names for part in (before, decode(clip(name).path, max_seconds=60).samples)]
    samples = np.concatenate([*spoken, np.zeros(round(after * RATE), np.float32)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def reference(names: Iterable[str]) -> str:
    """Return what is said in the clips, as one text."""
    return " ".join(clip(name).text for name in names)


def error_rate(said: str, read: str) -> float:
    """Return the word error rate, case and punctuation aside."""
    return float(jiwer.wer(_plain(said), _plain(read)))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
