"""The passages of a recording as files of their own, so that hours are not sent, nor decoded, for a few seconds."""

import wave
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from batch_worker.pipeline.rehearing.passages import Passage
from shared.audio import SAMPLE_RATE, Samples, pieces


def cut(
    recording: Path, passages: Sequence[Passage], folder: Path, *, cancelled: Callable[[], bool]
) -> dict[Passage, Path]:
    """Write each passage to `folder` as WAV, 16 kHz mono, and return the files; blocks.

    The recording is read once, in the memory of the passages that overlap. One that lies behind its end has no file.
    Raises what `shared.audio.pieces` does.
    """
    waiting = sorted(passages, key=lambda passage: passage.start)
    files: dict[Passage, Path] = {}
    held: dict[Passage, list[Samples]] = {}
    place = 0
    with closing(pieces(recording, cancelled=cancelled)) as decoded:
        for piece in decoded:
            while waiting and _samples(waiting[0].start) < place + piece.size:
                held[waiting.pop(0)] = []
            for passage in tuple(held):
                held[passage].append(
                    piece[max(0, _samples(passage.start) - place) : max(0, _samples(passage.end) - place)].copy()
                )
                if _samples(passage.end) <= place + piece.size:
                    files[passage] = _written(held.pop(passage), folder / f"{len(files)}.wav")
            place += piece.size
            if not waiting and not held:
                return files
    for passage, parts in held.items():
        files[passage] = _written(parts, folder / f"{len(files)}.wav")
    return files


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _written(parts: Sequence[Samples], path: Path) -> Path:
    samples = np.clip(np.concatenate([np.zeros(0, np.float32), *parts]), -1.0, 1.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
