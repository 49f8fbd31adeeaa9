"""Log-mel spectrograms of many clips at once, as faster-whisper computes and pads them."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import torch
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

HOP: Final = 160
"""Samples a mel frame stands for."""
_WINDOW: Final = 400


@cache
def _filters() -> torch.Tensor:
    return torch.from_numpy(FeatureExtractor().mel_filters)


def frames(size: int) -> int:
    """Return how many mel frames faster-whisper makes of so many samples."""
    return (size + HOP) // HOP


def log_mel(clips: Sequence[NDArray[np.float32]], length: int) -> torch.Tensor:
    """Return (clips, 80, length) log-mel features, zero after each clip's end.

    Equal to `faster_whisper.feature_extractor` but for each clip's last two frames, where that one mirrors the
    wave and this one sees silence.
    """
    longest = max(clip.size for clip in clips) + HOP
    waves = torch.zeros(len(clips), longest)
    for row, clip in enumerate(clips):
        waves[row, : clip.size] = torch.from_numpy(clip)
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(waves, _WINDOW, HOP, window=window, center=True, return_complex=True)[..., :-1]
    mel = torch.log10((_filters() @ spectrum.abs().square()).clamp(min=1e-10))
    features = torch.zeros(len(clips), 80, length)
    for row, clip in enumerate(clips):
        size = min(length, frames(clip.size))
        own = mel[row, :, :size]
        features[row, :, :size] = (torch.maximum(own, own.max() - 8) + 4) / 4
    return features
