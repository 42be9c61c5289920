"""The lock file: digests pinned on first use for models whose digest the registry does not know."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from wardround.agents.weights.registry import folder
from wardround.contracts.base import Word
from wardround.contracts.errors import Fault, ProblemCode

__all__ = ["Pin", "pin", "pinned"]

_NAME = "weights.lock.json"


class Pin(Word):
    """What was converted here, and from what: hexadecimal SHA-256 of the download and of the safetensors file."""

    url: str
    download_sha256: str
    sha256: str


def _read() -> dict[str, Pin]:
    path = folder() / _NAME
    if not path.is_file():
        return {}
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: Pin.model_validate(value) for name, value in raw.items()}
    except (ValueError, AttributeError, ValidationError) as error:
        raise Fault(
            ProblemCode.WEIGHTS_MISMATCH,
            f"{_NAME} in the weights folder cannot be read.",
            "Delete it and run `wardround models pull NAME` for each published model again.",
        ) from error


def pinned(name: str) -> Pin | None:
    """The pin of a model, or None where it was never converted here.

    Raises:
        Fault: WEIGHTS_MISMATCH, the lock file is damaged.
    """
    return _read().get(name)


def pin(name: str, value: Pin) -> None:
    """Record a model's digests; the file is replaced whole, so a reader never sees half of it."""
    table = {**_read(), name: value}
    text = json.dumps({key: item.model_dump() for key, item in sorted(table.items())}, indent=1) + "\n"
    handle, part = tempfile.mkstemp(dir=folder(), suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    Path(part).replace(folder() / _NAME)
