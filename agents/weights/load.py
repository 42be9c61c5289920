"""Weights by digest: a file's SHA-256 is checked before a tensor is read from it."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from wardround.agents.weights.lock import pinned
from wardround.agents.weights.registry import ModelEntry, entries, folder, shown, weights_path
from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["WeightsCheck", "expected_sha256", "is_present", "load_safetensors", "verify"]


class WeightsCheck(Word):
    """What `wardround models verify` says of one model. `sha256` is what the file has, `expected` what it should."""

    name: str
    state: Literal["ok", "absent", "mismatch", "unpinned"]
    pinned_by: Literal["registry", "first use", ""] = ""
    sha256: str = ""
    expected: str = ""


def expected_sha256(model: ModelEntry) -> str:
    """The digest that the registry states, else the one pinned at conversion, else ''."""
    if model.sha256:
        return model.sha256
    known = pinned(model.name)
    return known.sha256 if known else ""


def is_present(model: ModelEntry) -> bool:
    """Whether the model's safetensors file lies where it is looked for; nothing is read from it."""
    return weights_path(model).is_file()


def _missing(model: ModelEntry) -> CallerError:
    if model.source == "bundled":
        return CallerError(
            ProblemCode.MISSING_WEIGHTS,
            f"The bundled weights of '{model.name}' are not in this installation.",
            "Reinstall the package from a complete checkout or wheel: pip install --force-reinstall wardround",
        )
    if not model.pullable:
        return CallerError(
            ProblemCode.MISSING_WEIGHTS,
            f"The published weights of '{model.name}' cannot be loaded here.",
            f"{model.get}\nPublished at {model.url}",
        )
    download = folder() / "downloads" / model.url.rsplit("/", 1)[-1]
    return CallerError(
        ProblemCode.MISSING_WEIGHTS,
        f"The published weights of '{model.name}' are not here yet.",
        f"Run: wardround models pull {model.name}\n"
        f"Without a network, fetch {model.url} elsewhere, copy it to {shown(download)} and run the same command.",
    )


def load_safetensors(model: ModelEntry) -> dict[str, Tensor]:
    """The model's tensors on the CPU, after its digest was checked.

    Raises:
        CallerError: MISSING_WEIGHTS, with what to run or copy.
        Fault: WEIGHTS_MISMATCH, the file is not the one that was pinned, was never pinned, or is not safetensors.
    """
    path = weights_path(model)
    if not path.is_file():
        raise _missing(model)
    expected = expected_sha256(model)
    if not expected:
        raise Fault(
            ProblemCode.WEIGHTS_MISMATCH,
            f"The weights of '{model.name}' have no pinned digest, so they are not loaded.",
            f"Delete {shown(path)} and run: wardround models pull {model.name}",
        )
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if found != expected:
        raise Fault(
            ProblemCode.WEIGHTS_MISMATCH,
            f"The weights of '{model.name}' have SHA-256 {found[:12]}..., not the pinned {expected[:12]}...",
            f"Delete {shown(path)} and get it again ({model.get}).",
        )
    try:
        return safetensors.torch.load(content)
    except SafetensorError as error:
        raise Fault(
            ProblemCode.WEIGHTS_MISMATCH, f"The weights of '{model.name}' are not a safetensors file.", model.get
        ) from error


def _check(model: ModelEntry) -> WeightsCheck:
    path = weights_path(model)
    if not path.is_file():
        return WeightsCheck(name=model.name, state="absent")
    found, expected = sha256(path.read_bytes()).hexdigest(), expected_sha256(model)
    if not expected:
        return WeightsCheck(name=model.name, state="unpinned", sha256=found)
    return WeightsCheck(
        name=model.name,
        state="ok" if found == expected else "mismatch",
        pinned_by="registry" if model.sha256 else "first use",
        sha256=found,
        expected=expected,
    )


def verify() -> tuple[WeightsCheck, ...]:
    """Every model's file against its digest; an absent published model is no error.

    Raises:
        Fault: WEIGHTS_MISMATCH, the lock file is damaged.
    """
    return tuple(_check(model) for model in entries())
