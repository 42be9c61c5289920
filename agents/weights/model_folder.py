"""A fitted model as a folder: tensors in `weights.safetensors`, and all words about them in `card.json`.

The card holds the digest of the weights and one of its own content, so that neither changes unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["CARD", "WEIGHTS", "damaged", "demand_free", "packed", "read_model", "write_model"]

CARD, WEIGHTS = "card.json", "weights.safetensors"
_MOST_BYTES = {CARD: 32_000_000, WEIGHTS: 2_000_000_000}
_DIGEST = "weights_digest"


def packed(arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, str]:
    """The arrays as the bytes of a safetensors file, and their digest."""
    weights = safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return weights, _digest(weights)


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


def write_model(folder: Path, form: str, weights: bytes, told: Mapping[str, Any]) -> None:
    """Writes a new folder, whole or not at all.

    Args:
        form: what kind of model it is, in which version; only who asks for the same reads it.
        weights: as `packed` gives them.
        told: all words, as JSON has them.

    Raises:
        CallerError: BAD_ARGUMENT, the folder exists already or cannot be written.
    """
    demand_free(folder)
    words: dict[str, Any] = {"format": form, **told, _DIGEST: _digest(weights)}
    words["digest"] = _digest(_canonical(words))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            (part / WEIGHTS).write_bytes(weights)
            (part / CARD).write_text(json.dumps(words, ensure_ascii=False, indent=1), encoding="utf-8")
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


def read_model(folder: Path, form: str, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The words and the arrays of a folder, after both digests were checked.

    Args:
        kind: what the model is called in messages, such as 'survival'; its command is named by it, too.

    Raises:
        CallerError: NOT_FOUND, no model is there; UNSUPPORTED_FORMAT, it is of another kind, program or version;
            TOO_LARGE, a file is too large to be a model's.
        Fault: WEIGHTS_MISMATCH, a file is not the one that was written.
    """
    told = _card(_read(folder, CARD, kind), folder.name, form, kind)
    weights = _read(folder, WEIGHTS, kind)
    if told.pop(_DIGEST, None) != _digest(weights):
        raise damaged(folder.name, kind)
    try:
        return told, safetensors.numpy.load(weights)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise damaged(folder.name, kind) from error


def _read(folder: Path, name: str, kind: str) -> bytes:
    try:
        if (folder / name).stat().st_size > _MOST_BYTES[name]:
            raise CallerError(ProblemCode.TOO_LARGE, f"The {name} of '{folder.name}' is too large to be a model's.")
        return (folder / name).read_bytes()
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"'{folder.name}' is not the folder of a {kind} model: it has no {name} that can be read.",
            f"Name a folder that 'wardround {kind} fit' wrote, or a model of 'wardround {kind} list'.",
        ) from error


def _card(data: bytes, name: str, form: str, kind: str) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except ValueError as error:
        raise damaged(name, kind) from error
    if not isinstance(told, dict) or told.get("format") != form:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            f"The {CARD} of '{name}' is not one that this version wrote.",
            "Fit the model again with this version of Wardround.",
        )
    stated = told.pop("digest", None)
    try:
        whole = _digest(_canonical(told))
    except ValueError as error:
        raise damaged(name, kind) from error
    if stated != whole:
        raise damaged(name, kind)
    return told


def damaged(name: str, kind: str) -> Fault:
    """What is raised where a model's files do not fit each other."""
    return Fault(
        ProblemCode.WEIGHTS_MISMATCH,
        f"The {kind} model '{name}' is not what was written: a digest or its content does not match.",
        "Copy the folder again from where it was fitted, or fit it again; do not edit its files.",
    )
