"""Where a lesion training keeps its state: learned and kept weights, and what the optimiser remembers."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from wardround.agents.weights.training_state import (
    optimiser_tensors,
    read_state,
    restore_optimiser,
    state_folder,
    write_state,
)

__all__ = ["Checkpoints"]


class Checkpoints:
    """A file in a folder, written every `every` steps."""

    def __init__(self, folder: Path, digest: str, every: int = 100) -> None:
        """
        Args:
            digest: of all that decides how the training goes; a state of another is refused.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made.
        """
        self._folder, self._digest, self._every = state_folder(folder), digest, every

    def write(self, step: int, network: nn.Module, kept: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Keeps the state after `step` steps, where it is due."""
        if step % self._every == 0:
            groups = {
                "network": network.state_dict(),
                "kept": kept.state_dict(),
                "optimiser": optimiser_tensors(optimiser),
            }
            write_state(self._folder, self._digest, {"step": step}, groups)

    def read(self, network: nn.Module, kept: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """How many steps are done, with all three set to that; 0 where there is no state.

        Raises:
            CallerError: as `read_state`.
        """
        found = read_state(self._folder, self._digest)
        if found is None:
            return 0
        words, groups = found
        network.load_state_dict(groups["network"])
        kept.load_state_dict(groups["kept"])
        restore_optimiser(optimiser, groups.get("optimiser", {}))
        return int(words["step"])
