"""Training clips: spoken sentences in a row with pauses, kept as plain samples with what was said when."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tools.bundled_model import speech
from tools.bundled_model.speech import SAMPLE_RATE, Speech, Voice
from tools.bundled_model.text import Writer

LANGUAGE_SHARES: Final[Mapping[str, float]] = {
    "sv": 0.72,
    "en": 0.13,
    "de": 0.03,
    "ru": 0.03,
    "no": 0.03,
    "da": 0.03,
    "fi": 0.03,
}
"""By Whisper's language code: its share of the clips."""

CLIPS_PER_SHARD: Final = 500
_LONGEST: Final = 28.5


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A sentence within a clip."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Up to 30 s of speech, before any augmentation."""

    samples: NDArray[np.float32]
    """Mono, 16 kHz."""
    language: str
    """Whisper's language code."""
    segments: tuple[Segment, ...]
    """In order; none where nobody speaks."""


class Speaker:
    """Speaks what the writers write; seeded, so that a seed gives the same clips."""

    def __init__(self, writers: Mapping[str, Writer], seed: int, variants: tuple[str, ...] = ()) -> None:
        """Take a writer by language; `variants` replaces the training voices, for tests on others."""
        self._writers = writers
        self._random = Random(seed)
        self._variants = variants

    def clip(self) -> Clip:
        """Return a new clip: one sentence, several with pauses, or (3 in 100) silence."""
        random = self._random
        language = random.choices(list(LANGUAGE_SHARES), weights=list(LANGUAGE_SHARES.values()))[0]
        if random.random() < 0.03:  # noqa: PLR2004 - a share
            silence = np.zeros(int(random.uniform(0.5, 12) * SAMPLE_RATE), np.float32)
            return Clip(samples=silence, language=language, segments=())
        several = random.random() < 0.35  # noqa: PLR2004 - a share
        sentences = random.choice((2, 2, 3, 3, 4, 6)) if several else 1
        return self._dialogue(language, sentences)

    def _dialogue(self, language: str, sentences: int) -> Clip:
        random = self._random
        voice = self._voice(language)
        parts = [_silence(random.uniform(0, 0.6))]
        segments: list[Segment] = []
        at = parts[0].size / SAMPLE_RATE
        for _ in range(sentences):
            if segments and random.random() < 0.2:  # noqa: PLR2004 - a share
                voice = self._voice(language)
            text = self._writers[language].sentence(random)
            spoken = self._say(text, voice, language)
            end = at + spoken.samples.size / SAMPLE_RATE
            if end > _LONGEST:
                break
            pause = _silence(random.uniform(0.1, 1.0))
            segments.append(Segment(start=at, end=end, text=text))
            parts += [spoken.samples, pause]
            at = end + pause.size / SAMPLE_RATE
        return Clip(samples=np.concatenate(parts), language=language, segments=tuple(segments))

    def _voice(self, language: str) -> Voice:
        random = self._random
        odd = random.random() < 0.1  # noqa: PLR2004 - a share
        variants = self._variants or (speech.ODD_VARIANTS if odd else speech.CLEAR_VARIANTS)
        name = f"{random.choice(speech.ESPEAK_VOICES[language])}+{random.choice(variants)}"
        return Voice(name=name, rate=random.randint(125, 205), pitch=random.randint(25, 75))

    def _say(self, text: str, voice: Voice, language: str) -> Speech:
        if language == "en" and not self._variants and self._random.random() < 0.1:  # noqa: PLR2004 - a share
            return speech.flite(text, self._random.choice(speech.FLITE_VOICES))
        return speech.espeak().say(text, voice)


def _silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def write_shard(path: Path, clips: list[Clip]) -> None:
    """Write clips as `<path>.npy` (all samples, 16 bit) and `<path>.json` (the rest), whole or not at all."""
    samples = np.concatenate([clip.samples for clip in clips])
    peak = np.clip(samples, -1, 1) * 32767
    temporary = path.with_suffix(".part.npy")
    np.save(temporary, peak.astype(np.int16))
    rows = [
        {"size": clip.samples.size, "language": clip.language, "segments": [asdict(one) for one in clip.segments]}
        for clip in clips
    ]
    temporary.replace(path.with_suffix(".npy"))
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    draft.replace(path.with_suffix(".json"))


def read_shard(path: Path) -> Iterator[Clip]:
    """Yield the clips that `write_shard` wrote."""
    samples = np.load(path.with_suffix(".npy"), mmap_mode="r")
    at = 0
    for row in json.loads(path.with_suffix(".json").read_text(encoding="utf-8")):
        piece = (np.asarray(samples[at : at + row["size"]]) / np.float32(32768)).astype(np.float32)
        at += row["size"]
        segments = tuple(Segment(**one) for one in row["segments"])
        yield Clip(samples=piece, language=row["language"], segments=segments)


def speak_shards(writers: Mapping[str, Writer], folder: Path, *, seed: int, shards: int, size: int) -> None:
    """Write so many shards that are not there yet; each has a seed of its own, so that it can be repeated."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(shards):
        path = folder / f"{seed:03d}-{number:04d}"
        if path.with_suffix(".json").exists():
            continue
        speaker = Speaker(writers, seed=seed * 10_000 + number)
        write_shard(path, [speaker.clip() for _ in range(size)])
        print(f"{path.name}: {size} clips", flush=True)
