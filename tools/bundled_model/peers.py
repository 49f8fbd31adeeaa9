"""Several processes that train one model together: each learns from clips of its own, gradients are averaged."""

import os
from collections.abc import Sequence

import torch
from torch import Tensor, distributed


class Peers:
    """The processes that `torchrun` started, or this one alone."""

    def __init__(self) -> None:
        """Join the others."""
        self.rank, self.count = 0, 1
        if "WORLD_SIZE" in os.environ:
            distributed.init_process_group("gloo")
            self.rank, self.count = distributed.get_rank(), distributed.get_world_size()

    @property
    def leads(self) -> bool:
        """Whether this process is the one that prints and saves."""
        return self.rank == 0

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over all processes of equally shaped values."""
        if self.count == 1:
            return values
        distributed.all_reduce(values)
        return values / self.count

    def leaders(self, values: Tensor) -> Tensor:
        """Return the leading process's values to all."""
        if self.count > 1:
            distributed.broadcast(values, 0)
        return values

    def mean_of_all(self, several: Sequence[Tensor]) -> list[Tensor]:
        """Return the means of several tensors, exchanged as one."""
        if self.count == 1:
            return list(several)
        flat = self.mean(torch.cat([one.flatten() for one in several]))
        parts = flat.split([one.numel() for one in several])
        return [part.view(one.shape) for part, one in zip(parts, several, strict=True)]

    def leave(self) -> None:
        """Let go of the others."""
        if self.count > 1:
            distributed.destroy_process_group()
