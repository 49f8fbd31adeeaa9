"""Where the decoder's heads look in the audio, and a loss for those that look elsewhere than at what they write.

Attention finds the diagonal by itself only after many clips. Where every clip says what was said when, it can be
shown: Tachibana et al. 2017 call it guided attention.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor

from tools.bundled_model.model import Attention, Decoder
from tools.bundled_model.targets import NOWHERE

STATE_SECONDS: Final = 0.02
"""Of audio that one encoder state stands for."""
_SPREAD: Final = 0.3
"""Seconds within which a look counts as right: moments are estimates, since only sentences have times."""
_LEAST: Final = 1e-3
"""Of a head's attention; keeps the logarithm finite."""

Look = tuple[Attention, Tensor, Tensor]
"""A layer's attention to the audio with the states that asked and those that were asked."""


@contextmanager
def looks_of(decoder: Decoder) -> Iterator[list[Look]]:
    """Yield a list that the decoder fills, one look for each layer, first to last, while it is used."""
    looks: list[Look] = []
    parts = [part for name, part in decoder.named_modules() if name.endswith("encoder_attn")]
    hooks = [part.register_forward_pre_hook(lambda part, inputs: looks.append((part, *inputs))) for part in parts]
    try:
        yield looks
    finally:
        for hook in hooks:
            hook.remove()


def astray(looks: Sequence[Look], moments: Tensor) -> Tensor:
    """Return how far each layer's first head looks past `moments` (clips, positions); about 0 where it does not."""
    said = moments != NOWHERE
    losses = []
    for part, asking, asked in looks:
        middles = (torch.arange(asked.size(1), device=moments.device) + 0.5) * STATE_SECONDS
        near = (-0.5 * ((middles - moments[..., None]) / _SPREAD) ** 2).exp()
        seen = (part.weights(asking, asked)[:, 0].float() * near).sum(-1)
        losses.append(-(seen[said] + _LEAST).log().mean() if said.any() else seen.sum() * 0)
    return torch.stack(losses).mean()
