"""Clips to batches: which are read, how long their window is, and what the model is to answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import torch
from torch import Tensor

from tools.bundled_model.augment import augment
from tools.bundled_model.clips import Clip, read_shard
from tools.bundled_model.features import frames, log_mel
from tools.bundled_model.plans import Plan
from tools.bundled_model.speech import SAMPLE_RATE
from tools.bundled_model.targets import IGNORED, NOWHERE, SPOKEN_LANGUAGES, TargetWriter

_WINDOWS: Final = (150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 850, 1000, 1300, 1600, 2000, 2500, 3000)
"""Mel frames of a batch. Few sizes, since a CPU's matrix kernels are compiled anew for each (Intel's oneDNN)."""
_TOKENS: Final = 16
"""The decoder's positions are a multiple of this, for the same reason."""
_LONGEST_SECONDS: Final = 29.0
_LANGUAGE_SECONDS: Final = 5
"""As much of a clip is heard as its language alone is learned from."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Clips of like length, ready for the model."""

    mel: Tensor
    tokens: Tensor
    labels: Tensor
    letters: list[list[int]]
    states: list[int]
    """By clip: how many encoder states carry sound."""
    moments: Tensor
    """(clips, positions): the second at which each answer is said, or `NOWHERE`."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        tensors = {name: getattr(self, name).to(device) for name in ("mel", "tokens", "labels", "moments")}
        return replace(self, **tensors)


class Batches:
    """Reads clips at random, makes each a little different every time, and groups those of like length."""

    def __init__(self, plan: Plan, writer: TargetWriter, seed: int) -> None:
        """Read as the plan says; the seed decides about order and noise."""
        self._plan = plan
        self._writer = writer
        self._random = Random(seed)
        self._rng = np.random.default_rng(seed)

    def __call__(self, data: Path, progress: Callable[[], float]) -> Iterator[Batch]:
        """Yield batches without end from the shards in `data`; `progress` is the share of the time that is used."""
        while True:
            shards = [path for path in sorted(data.glob("*.json")) if path.with_suffix(".npy").exists()]
            picked = self._random.sample(shards, min(4, len(shards)))
            pool = [clip for path in picked for clip in read_shard(path)]
            used = progress()
            read = [self._parted(_shortened(clip)) for clip in pool if self._fits(clip, used)]
            for window, clips in self._group(read):
                yield self._prepare(window, clips)

    def _fits(self, clip: Clip, used: float) -> bool:
        size = frames(clip.samples.size)
        if clip.language == "sv" and self._random.random() >= self._plan.swedish:
            return False
        if used < self._plan.short_until:
            return size <= self._plan.short_frames
        return size <= self._plan.usual_frames or self._random.random() < self._plan.longer

    def _parted(self, clip: Clip) -> Clip:
        """Return the clip, at times with a longer pause behind one of its sentences: they are spoken without one."""
        room = _LONGEST_SECONDS - clip.samples.size / SAMPLE_RATE
        if len(clip.segments) < 2 or room < 1 or self._random.random() < 0.6:  # noqa: PLR2004 - a share
            return clip
        before = self._random.randrange(1, len(clip.segments))
        pause = self._random.uniform(0.5, min(5.0, room))
        at = round((clip.segments[before - 1].end + clip.segments[before].start) / 2 * SAMPLE_RATE)
        silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
        later = [replace(one, start=one.start + pause, end=one.end + pause) for one in clip.segments[before:]]
        return replace(
            clip,
            samples=np.concatenate([clip.samples[:at], silence, clip.samples[at:]]),
            segments=(*clip.segments[:before], *later),
        )

    def _group(self, pool: list[Clip]) -> list[tuple[int, list[Clip]]]:
        self._random.shuffle(pool)
        by_window: dict[int, list[Clip]] = {}
        for clip in pool:
            by_window.setdefault(self._window(clip), []).append(clip)
        batches = []
        for window, clips in by_window.items():
            size = max(1, self._plan.batch_frames // window)
            whole = max(size, len(clips) - len(clips) % size)
            batches += [(window, clips[at : at + size]) for at in range(0, min(whole, len(clips)), size)]
        self._random.shuffle(batches)
        return batches

    def _window(self, clip: Clip) -> int:
        kind = self._random.random()
        least = frames(clip.samples.size)
        if kind < 0.02:  # noqa: PLR2004 - a share
            return _WINDOWS[-1]
        if kind < 0.08:  # noqa: PLR2004 - a share
            least = max(least, 1000)
        return next((window for window in _WINDOWS if window >= least), _WINDOWS[-1])

    def _prepare(self, window: int, clips: Sequence[Clip]) -> Batch:
        mel = log_mel([augment(clip.samples, self._rng) for clip in clips], window)
        self._mask(mel)
        targets = [self._writer.write(clip, self._random) for clip in clips]
        longest = up(max(len(target.tokens) for target in targets), _TOKENS)
        tokens = torch.full((len(clips), longest), self._writer.end)
        labels = torch.full((len(clips), longest), IGNORED)
        moments = torch.full((len(clips), longest), NOWHERE)
        for row, target in enumerate(targets):
            tokens[row, : len(target.tokens)] = torch.tensor(target.tokens)
            labels[row, : len(target.labels)] = torch.tensor(target.labels)
            moments[row, : len(target.moments)] = torch.tensor(target.moments)
        return Batch(
            mel=mel,
            tokens=tokens,
            labels=labels,
            letters=[target.letters for target in targets],
            states=[min(window, frames(clip.samples.size)) // 2 for clip in clips],
            moments=moments,
        )

    def _mask(self, mel: Tensor) -> None:
        for row in mel:
            if self._random.random() < 0.25:  # noqa: PLR2004 - a share
                band = self._random.randrange(72)
                row[band : band + self._random.randint(1, 8)] = 0
            if self._random.random() < 0.15:  # noqa: PLR2004 - a share
                at = self._random.randrange(mel.size(2))
                row[:, at : at + self._random.randint(1, 10)] = 0


def _shortened(clip: Clip) -> Clip:
    if clip.language in SPOKEN_LANGUAGES or not clip.segments:
        return clip
    return replace(clip, samples=clip.samples[: _LANGUAGE_SECONDS * SAMPLE_RATE])


def up(size: int, step: int) -> int:
    """Return the next multiple of `step`."""
    return -(-size // step) * step
