"""A training run's state on disk, so that what was stopped goes on as if it had not been; never a pickle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wardround.agents.survival.learning.cohort import Patients
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.weights.training_state import (
    optimiser_tensors,
    read_state,
    restore_optimiser,
    state_folder,
    write_state,
)

__all__ = ["Checkpoints", "State", "run_digest"]

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
        self._folder, self._digest = None if folder is None else state_folder(folder), digest

    def write(self, state: State, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Replace the file, whole or not at all."""
        if self._folder is not None:
            words = {"epoch": state.epoch, "best": state.best, "best_epoch": state.best_epoch}
            groups = {"best": state.weights, "model": model.state_dict(), "optimiser": optimiser_tensors(optimiser)}
            write_state(self._folder, self._digest, words, groups)

    def read(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> State | None:
        """Where the training stood, with model and optimiser set to it; None where there is no file.

        Raises:
            CallerError: as `read_state`.
        """
        found = None if self._folder is None else read_state(self._folder, self._digest)
        if found is None:
            return None
        words, groups = found
        model.load_state_dict(groups["model"])
        restore_optimiser(optimiser, groups.get("optimiser", {}))
        return State(words["epoch"], words["best"], words["best_epoch"], groups["best"])
