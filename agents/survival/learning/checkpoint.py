"""A training run's state on disk, so that what was stopped goes on as if it had not been; never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from wardround.agents.survival.learning.cohort import Patients
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Checkpoints", "State", "run_digest"]

_FILE = "training.safetensors"
_MACHINE = {"device"}  # options that may differ between the run that stopped and the one that goes on


@dataclass
class State:
    """Where a training stands: epochs done, the least held-out loss and its epoch, the weights of then."""

    epoch: int
    best: float
    best_epoch: int
    weights: dict[str, Tensor]


def run_digest(patients: Patients, options: SurvivalOptions, members: Tensor) -> str:
    """A digest of all that decides how a training goes."""
    made = hashlib.sha256(options.model_dump_json(exclude=_MACHINE).encode())
    arrays: list[NDArray[Any] | None] = [patients.times, patients.events, patients.clinical, patients.genes]
    arrays += [part for slide in patients.bags or () for bag in slide for part in (bag.features, bag.parents)]
    arrays.append(members.numpy())
    for array in arrays:
        made.update(b"-" if array is None else str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


class Checkpoints:
    """A file in a folder, or nothing at all where `folder` is None."""

    def __init__(self, folder: Path | None, digest: str) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made.
        """
        self._folder, self._digest = folder, digest
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CallerError(
                    ProblemCode.BAD_ARGUMENT,
                    "The folder of the training's state cannot be made.",
                    "Name a folder in a place that may be written.",
                ) from error

    def write(self, state: State, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Replace the file, whole or not at all."""
        if self._folder is None:
            return
        tensors = {f"best/{name}": value for name, value in state.weights.items()}
        tensors |= {f"model/{name}": value for name, value in model.state_dict().items()}
        for number, slot in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{number}/{name}": torch.as_tensor(value) for name, value in slot.items()}
        words = {"digest": self._digest, "epoch": state.epoch, "best": state.best, "best_epoch": state.best_epoch}
        path = self._folder / _FILE
        part = path.with_suffix(".part")
        plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        save_file(plain, part, metadata={"state": json.dumps(words)})
        os.replace(part, path)

    def read(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> State | None:
        """Where the training stood, with model and optimiser set to it; None where there is no file.

        Raises:
            CallerError: BAD_ARGUMENT, the file is of other patients or options; DAMAGED_FILE, it cannot be read.
        """
        if self._folder is None or not (self._folder / _FILE).is_file():
            return None
        try:
            with safe_open(self._folder / _FILE, "pt") as file:
                words = json.loads(file.metadata()["state"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            raise CallerError(
                ProblemCode.DAMAGED_FILE,
                "The state of the earlier training cannot be read.",
                "Remove its folder, and fit from the start.",
            ) from error
        if words["digest"] != self._digest:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The state in that folder is of a training on other patients or with other options.",
                "Give the same table and options to go on, or another folder to begin anew.",
            )
        model.load_state_dict(_under("model/", tensors))
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimiser/", tensors).items():
            number, _, slot = name.partition("/")
            slots.setdefault(int(number), {})[slot] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
        return State(words["epoch"], words["best"], words["best_epoch"], _under("best/", tensors))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
