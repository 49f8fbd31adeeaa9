"""Conversations of two voices, cut from clips, and who is heard in them when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from shared.audio import SAMPLE_RATE, Samples
from tools.diarization_model.voices import Speaker

MOST: Final = 2
"""Speakers that the tiny model can tell apart within one window."""
_PAUSE: Final = (-0.6, 1.2)
"""Seconds between two utterances; less than 0 is an interruption."""


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Some seconds of conversation."""

    samples: Samples
    """(n,), 16 kHz, -1 to 1."""
    speech: NDArray[np.bool_]
    """(speakers, n): who speaks at each sample."""


def mixture(speakers: Sequence[Speaker], chance: Generator, length: float) -> Mixture:
    """Return `length` seconds by one or two of the speakers, with pauses, interruptions, levels and noise."""
    size = round(length * SAMPLE_RATE)
    present = 1 if chance.random() < 0.25 else MOST  # noqa: PLR2004 - a share
    chosen = chance.choice(len(speakers), size=present, replace=False)
    samples, speech = np.zeros(size, np.float32), np.zeros((MOST, size), np.bool_)
    levels = chance.uniform(0.15, 1.0, size=present)
    place, who = round(chance.uniform(-2, 2) * SAMPLE_RATE), int(chance.integers(present))
    while place < size:
        clips = speakers[int(chosen[who])].clips
        clip = clips[int(chance.integers(len(clips)))]
        start, end = max(0, place), min(size, place + clip.size)
        if end > start:
            samples[start:end] += np.float32(levels[who]) * clip[start - place : end - place]
            speech[who, start:end] = True
        place += clip.size + round(chance.uniform(*_PAUSE) * SAMPLE_RATE)
        who = (who + int(chance.random() < 0.8)) % present  # noqa: PLR2004 - a share
    noise = chance.standard_normal(size).astype(np.float32) * np.float32(10 ** chance.uniform(-4, -1.8))
    samples = samples + noise
    peak = max(1e-6, float(np.abs(samples).max()))
    return Mixture(samples=samples * np.float32(chance.uniform(0.05, 0.99) / peak), speech=speech)


def frames(speech: NDArray[np.bool_], centers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (frames, speakers): who speaks at the samples in the middle of each of the model's frames."""
    inside = np.clip(centers, 0, speech.shape[1] - 1)
    return speech[:, inside].T.astype(np.float32)
