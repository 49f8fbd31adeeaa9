"""Sentences by many espeak-ng voices, as short clips without silence around them."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator

from shared.audio import SAMPLE_RATE, Samples, decode
from tools.bundled_model.word_list import words

TRAINING_VARIANTS: Final = (
    "m1", "m2", "m4", "m6", "m7", "m8", "f1", "f4", "f5", "klatt", "klatt2", "klatt3", "adam", "belinda", "david",
    "linda", "steph", "victor", "Alex", "ed", "john", "michel", "paul", "rob", "robert", "sandro", "travis", "anika",
    "Andrea", "antonio", "boris", "caleb", "max", "marcelo", "edward", "quincy", "Lee", "steph2",
)  # fmt: skip
"""Voice variants of espeak-ng that sound like a person."""
HELD_OUT_VARIANTS: Final = ("m3", "m5", "f2", "f3", "klatt4", "Annie", "Michael")
"""Those that no training clip uses, for the figures."""
_WORDS: Final = words(
    "jag du han hon vi ni de och men eller att som i på med till från för över under är var blir har hade kan ska vill "
    "måste går kommer ringer skriver läser köper bor arbetar hus bil bok väg dag natt morgon kväll vecka månad år "
    "vatten bröd kaffe kund möte fråga svar telefon nummer räkning avtal stad land skog sjö hav fjäll sommar vinter "
    "ett två tre fyra fem sex sju åtta nio tio hundra tusen gärna aldrig alltid kanske absolut tyvärr tack hej ja nej"
)
_AUDIBLE: Final = 0.01
"""Of the loudest sample; what is softer at either end is not speech."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One speaker."""

    variant: str
    """A voice variant of espeak-ng."""
    pitch: int
    """0-99, espeak-ng's own scale."""


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A voice and what it said."""

    voice: Voice
    clips: tuple[Samples, ...]
    """(n,) each, 16 kHz, loudest sample 1."""


def cast(variants: Sequence[str], chance: Generator, count: int) -> tuple[Voice, ...]:
    """Return some voices: every variant at its own pitch first, then again higher or lower."""
    voices = [Voice(variant=variant, pitch=50) for variant in variants]
    while len(voices) < count:
        voices.append(Voice(variant=str(chance.choice(variants)), pitch=int(chance.integers(25, 85))))
    return tuple(dict.fromkeys(voices[:count]))


def spoken(voices: Sequence[Voice], chance: Generator, sentences: int) -> Iterator[Speaker]:
    """Yield speakers with some sentences each; runs espeak-ng once for each of these."""
    with tempfile.TemporaryDirectory(prefix="voices-") as folder:
        for voice in voices:
            clips = tuple(_said(voice, _sentence(chance), chance, Path(folder)) for _ in range(sentences))
            yield Speaker(voice=voice, clips=clips)


def _sentence(chance: Generator) -> str:
    return " ".join(chance.choice(_WORDS, size=int(chance.integers(2, 14))))


def _said(voice: Voice, text: str, chance: Generator, folder: Path) -> Samples:
    file = folder / "said.wav"
    rate = str(chance.integers(130, 200))
    command = ["espeak-ng", "-v", f"sv+{voice.variant}", "-p", str(voice.pitch), "-s", rate, "-w", str(file), text]
    subprocess.run(command, check=True)
    return trimmed(decode(file, max_seconds=60).samples)


def trimmed(samples: Samples) -> Samples:
    """Return a clip from its first audible sample to its last, at full scale."""
    loud = np.abs(samples)
    peak = float(loud.max(initial=0.0))
    (heard,) = np.nonzero(loud > _AUDIBLE * peak)
    if not heard.size:
        raise ValueError("espeak-ng said nothing")
    return np.asarray(samples[heard[0] : heard[-1] + 1] / np.float32(peak), np.float32)


def seconds(speakers: Sequence[Speaker]) -> float:
    """Return how long all of them spoke."""
    return sum(clip.size for speaker in speakers for clip in speaker.clips) / SAMPLE_RATE
