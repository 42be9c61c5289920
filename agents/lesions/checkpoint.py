"""A lesion training's state on disk: weights and the optimiser's, whole or not at all, and never a pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Checkpoints"]

_FILE = "training.safetensors"


class Checkpoints:
    """A file in a folder, written every `every` steps."""

    def __init__(self, folder: Path, digest: str, every: int = 100) -> None:
        """
        Args:
            digest: of all that decides how the training goes; a state of another is refused.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made.
        """
        self._path, self._digest, self._every = folder / _FILE, digest, every
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The folder of the training's state cannot be made.",
                "Name a folder in a place that may be written.",
            ) from error

    def write(self, step: int, network: nn.Module, kept: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Keeps the state after `step` steps, where it is due."""
        if step % self._every:
            return
        tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
        tensors |= {f"kept/{name}": value for name, value in kept.state_dict().items()}
        for number, slot in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{number}/{name}": torch.as_tensor(value) for name, value in slot.items()}
        plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        part = self._path.with_suffix(".part")
        save_file(plain, part, metadata={"state": json.dumps({"digest": self._digest, "step": step})})
        os.replace(part, self._path)

    def read(self, network: nn.Module, kept: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """How many steps are done, with all three set to that; 0 where there is no file.

        Raises:
            CallerError: BAD_ARGUMENT, the state is of another training; DAMAGED_FILE, it cannot be read.
        """
        if not self._path.is_file():
            return 0
        try:
            with safe_open(self._path, "pt") as file:
                words = json.loads(file.metadata()["state"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            raise CallerError(
                ProblemCode.DAMAGED_FILE,
                "The state of the earlier training cannot be read.",
                "Remove its folder, and train from the start.",
            ) from error
        if words["digest"] != self._digest:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The state in that folder is of a training on other images or with other options.",
                "Give the same data and options to go on, or another folder to begin anew.",
            )
        network.load_state_dict(_under("network/", tensors))
        kept.load_state_dict(_under("kept/", tensors))
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimiser/", tensors).items():
            number, _, slot = name.partition("/")
            slots.setdefault(int(number), {})[slot] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
        return int(words["step"])


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
