"""The two models of a pyannote pipeline, in small: who speaks within a window, and what a voice is like."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.random import Generator
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.utils.powerset import Powerset
from torch.nn import functional

from shared.audio import SAMPLE_RATE, Samples
from tools.diarization_model.mixtures import MOST, frames, mixture
from tools.diarization_model.voices import Speaker

WINDOW: Final = 3.0
"""Seconds that the segmentation model sees at once when it is used: enough for one change of speaker.

What was trained this shortly finds who speaks, but takes two like voices for one; over longer windows the better half,
the embedding, is not asked. Chosen on `dialogs`: confusion 0.251, 0.197, 0.128, 0.028 at 10, 5, 4 and 3 seconds.
"""
_TRAINING_WINDOW: Final = 6.0
"""And while it learns."""
_STRIDE: Final = 20
"""Samples between two of its first filters' outputs; pyannote's own 10 costs twice as much."""
_SPECTRUM: Final = {"n_fft": 512, "hop_length": 320, "n_mels": 64}
"""What the embedding hears: 50 spectra a second."""
_VOICE_SECONDS: Final = (1.0, 2.5)
"""Seconds of one voice in a training example of the embedding."""
_DIMENSION: Final = 128
_MARGIN, _SCALE = 0.2, 20.0
"""Additive margin softmax (Wang et al. 2018): voices end up apart by angle, which is how pyannote compares them."""

_RATE: Final = 2e-3


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long is trained."""

    steps: int
    """Of gradient descent; 0 leaves the weights at random."""
    batch: int
    """Examples in each."""


Step = Callable[[], Any]


def segmentation_model() -> Any:  # noqa: ANN401 - pyannote has no types
    """Return an untrained model that tells two voices of a window apart."""
    model = PyanNet(
        sincnet={"stride": _STRIDE},
        lstm={"hidden_size": 64, "num_layers": 2},
        linear={"hidden_size": 64, "num_layers": 2},
    )
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION, resolution=Resolution.FRAME, duration=WINDOW,
        classes=[f"speaker#{number}" for number in range(1, MOST + 1)], powerset_max_classes=MOST,
        permutation_invariant=True,
    )  # fmt: skip
    model.build()
    return model


def embedding_model() -> Any:  # noqa: ANN401
    """Return an untrained model that turns a voice into a direction."""
    model = XVectorMFCC(mfcc={"melkwargs": _SPECTRUM}, dimension=_DIMENSION)
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=_VOICE_SECONDS[1],
        min_duration=_VOICE_SECONDS[0],
    )  # fmt: skip
    return model


def train_segmentation(model: Any, speakers: Sequence[Speaker], chance: Generator, effort: Effort) -> None:  # noqa: ANN401
    """Train on mixtures made as they are needed; the loss is that of the better naming of the two voices."""
    size = round(_TRAINING_WINDOW * SAMPLE_RATE)
    centers = np.array([model.receptive_field_center(frame) for frame in range(model.num_frames(size))])
    powerset = Powerset(MOST, MOST)

    def step() -> Any:  # noqa: ANN401
        made = [mixture(speakers, chance, _TRAINING_WINDOW) for _ in range(effort.batch)]
        heard = torch.from_numpy(np.stack([one.samples for one in made]))[:, None]
        truth = torch.from_numpy(np.stack([frames(one.speech, centers) for one in made]))
        scores = model(heard)
        namings = [powerset.to_powerset(truth[..., order]).argmax(-1) for order in ([0, 1], [1, 0])]
        losses = [functional.nll_loss(scores.transpose(1, 2), one, reduction="none").mean(-1) for one in namings]
        return torch.minimum(*losses).mean()

    _descend(list(model.parameters()), step, effort, "segmentation")


def train_embedding(model: Any, speakers: Sequence[Speaker], chance: Generator, effort: Effort) -> None:  # noqa: ANN401
    """Train to name the voice of a short stretch of speech."""
    voices = torch.nn.Parameter(torch.randn(len(speakers), _DIMENSION) * 0.1)

    def step() -> Any:  # noqa: ANN401
        size = round(chance.uniform(*_VOICE_SECONDS) * SAMPLE_RATE)
        names = chance.integers(len(speakers), size=effort.batch)
        heard = torch.from_numpy(np.stack([stretch(speakers[int(name)], chance, size) for name in names]))[:, None]
        near = functional.normalize(model(heard)) @ functional.normalize(voices).T
        target = torch.from_numpy(names)
        margin = _MARGIN * functional.one_hot(target, len(speakers))
        return functional.cross_entropy(_SCALE * (near - margin), target)

    _descend([*model.parameters(), voices], step, effort, "embedding")


def stretch(speaker: Speaker, chance: Generator, size: int) -> Samples:
    """Return some samples of a speaker, from one clip after another, at any level, with some noise."""
    sound = np.zeros(0, np.float32)
    while sound.size < size:
        sound = np.concatenate([sound, speaker.clips[int(chance.integers(len(speaker.clips)))]])
    start = int(chance.integers(sound.size - size + 1))
    noise = chance.standard_normal(size).astype(np.float32) * np.float32(10 ** chance.uniform(-4, -2))
    return (sound[start : start + size] + noise) * np.float32(chance.uniform(0.05, 0.9))


def _descend(parameters: list[Any], step: Step, effort: Effort, name: str) -> None:
    """Take the steps, the rate rising quickly and then falling to nothing."""
    optimizer = torch.optim.AdamW(parameters)
    began, mean = time.monotonic(), 0.0
    for count in range(effort.steps):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (count + 1) / 30) * (1 - count / effort.steps)
        loss = step()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        mean = 0.95 * mean + 0.05 * float(loss) if count else float(loss)
        if (count + 1) % 50 == 0:
            print(f"{name}: step {count + 1}, {time.monotonic() - began:.0f} s, loss {mean:.3f}", flush=True)
