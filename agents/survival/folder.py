"""A fitted survival model as a folder: tensors in `weights.safetensors`, and all words about them in `card.json`.

The card holds the digest of the weights and one of its own content, so that neither changes unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from wardround.agents.survival.encoding import TableEncoding
from wardround.agents.survival.learning.fitted import Fitted
from wardround.agents.survival.reference import Reference
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.survival import SurvivalModelCard

__all__ = ["CARD", "WEIGHTS", "Loaded", "demand_free", "load", "save"]

CARD, WEIGHTS = "card.json", "weights.safetensors"
_FORMAT = "wardround survival 1"
_NETWORK, _REFERENCE = "fitted/", "reference/"
_MOST_BYTES = {CARD: 32_000_000, WEIGHTS: 2_000_000_000}


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked. `sets` are the genes of each pathway, by the names on the card."""

    card: SurvivalModelCard
    encoding: TableEncoding
    fitted: Fitted
    reference: Reference
    sets: dict[str, tuple[str, ...]]


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _canonical(words: dict[str, Any]) -> bytes:
    return json.dumps(words, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def demand_free(folder: Path) -> None:
    """
    Raises:
        CallerError: BAD_ARGUMENT, something lies where the model is to be written.
    """
    if folder.exists():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{folder.name}' exists already, and a fitted model is never written over.",
            "Name another folder, or remove that one first.",
        )


def save(
    fitted: Fitted,
    folder: Path,
    card: SurvivalModelCard,
    encoding: TableEncoding,
    reference: Reference,
    sets: dict[str, tuple[str, ...]] | None = None,
) -> SurvivalModelCard:
    """Writes a new folder, whole or not at all; gives the card with the digest and the version that it got.

    Raises:
        CallerError: BAD_ARGUMENT, the folder exists already or cannot be written.
    """
    demand_free(folder)
    arrays, words = fitted.saved()
    named = {
        **{f"{_NETWORK}{name}": array for name, array in arrays.items()},
        **{f"{_REFERENCE}{name}": array for name, array in reference.arrays().items()},
    }
    weights = safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in named.items()})
    digest = _digest(weights)
    card = card.model_copy(update={"weights_digest": digest, "version": f"1-{digest[7:15]}"})
    told: dict[str, Any] = {
        "format": _FORMAT,
        "card": card.model_dump(mode="json"),
        "encoding": encoding.model_dump(mode="json"),
        "fitted": words,
        "sets": {name: list(members) for name, members in (sets or {}).items()},
    }
    told["digest"] = _digest(_canonical(told))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            (part / WEIGHTS).write_bytes(weights)
            (part / CARD).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            part.chmod(0o755)
            os.rename(part, folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The model cannot be written to '{folder.name}'.",
            "Name a new folder in a place that may be written.",
        ) from error
    return card


def load(folder: Path) -> Loaded:
    """The model of a folder, after both digests were checked.

    Raises:
        CallerError: NOT_FOUND, no model is there; UNSUPPORTED_FORMAT, it is of another program or version.
        Fault: WEIGHTS_MISMATCH, a file is not the one that was written.
    """
    told = _card(_read(folder, CARD), folder.name)
    weights = _read(folder, WEIGHTS)
    try:
        card = SurvivalModelCard.model_validate(told["card"])
        encoding = TableEncoding.model_validate(told["encoding"])
        if _digest(weights) != card.weights_digest:
            raise _damaged(folder.name)
        arrays = safetensors.numpy.load(weights)
        return Loaded(
            card=card,
            encoding=encoding,
            fitted=Fitted.restored(_within(arrays, _NETWORK), told["fitted"]),
            reference=Reference.restored(_within(arrays, _REFERENCE)),
            sets={name: tuple(members) for name, members in told["sets"].items()},
        )
    except (AttributeError, LookupError, TypeError, ValueError, SafetensorError, RuntimeError) as error:
        raise _damaged(folder.name) from error


def _within(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _read(folder: Path, name: str) -> bytes:
    try:
        if (folder / name).stat().st_size > _MOST_BYTES[name]:
            raise CallerError(ProblemCode.TOO_LARGE, f"The {name} of '{folder.name}' is too large to be a model's.")
        return (folder / name).read_bytes()
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"'{folder.name}' is not the folder of a survival model: it has no {name} that can be read.",
            "Name a folder that 'wardround survival fit' wrote, or a model of 'wardround survival list'.",
        ) from error


def _card(data: bytes, name: str) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except ValueError as error:
        raise _damaged(name) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            f"The {CARD} of '{name}' is not one that this version wrote.",
            "Fit the model again with this version of Wardround.",
        )
    stated = told.pop("digest", None)
    try:
        whole = _digest(_canonical(told))
    except ValueError as error:
        raise _damaged(name) from error
    if stated != whole:
        raise _damaged(name)
    return told


def _damaged(name: str) -> Fault:
    return Fault(
        ProblemCode.WEIGHTS_MISMATCH,
        f"The survival model '{name}' is not what was written: a digest or its content does not match.",
        "Copy the folder again from where it was fitted, or fit it again; do not edit its files.",
    )
