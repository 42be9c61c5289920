"""A training's state as one safetensors file: groups of tensors and some words, whole or not at all, never a pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Groups", "optimiser_tensors", "read_state", "restore_optimiser", "state_folder", "write_state"]

Groups = Mapping[str, Mapping[str, Tensor]]
_FILE = "training.safetensors"


def state_folder(folder: Path) -> Path:
    """The folder, made where it is not there.

    Raises:
        CallerError: BAD_ARGUMENT, it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The folder of the training's state cannot be made.",
            "Name a folder in a place that may be written.",
        ) from error
    return folder


def write_state(folder: Path, digest: str, words: Mapping[str, Any], groups: Groups) -> None:
    """Replaces the state of a training, which `digest` tells apart from any other."""
    plain = {
        f"{group}/{name}": value.detach().cpu().contiguous().clone()
        for group, tensors in groups.items()
        for name, value in tensors.items()
    }
    path = folder / _FILE
    part = path.with_suffix(".part")
    save_file(plain, part, metadata={"state": json.dumps({**words, "digest": digest})})
    os.replace(part, path)


def read_state(folder: Path, digest: str) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]] | None:
    """The words and the groups of tensors; None where there is no state.

    Raises:
        CallerError: BAD_ARGUMENT, the state is of another training; DAMAGED_FILE, it cannot be read.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            words: dict[str, Any] = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CallerError(
            ProblemCode.DAMAGED_FILE,
            "The state of the earlier training cannot be read.",
            "Remove its folder, and begin anew.",
        ) from error
    if words["digest"] != digest:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The state in that folder is of a training on other data or with other options.",
            "Give the same data and options to go on, or another folder to begin anew.",
        )
    groups: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        group, _, own = name.partition("/")
        groups.setdefault(group, {})[own] = value
    return words, groups


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers of each of its parameters, by number and name."""
    return {
        f"{number}/{name}": torch.as_tensor(value)
        for number, slot in optimiser.state_dict()["state"].items()
        for name, value in slot.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The reverse of `optimiser_tensors`."""
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, slot = name.partition("/")
        slots.setdefault(int(number), {})[slot] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
