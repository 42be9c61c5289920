"""Which patients a bundled detector learned from, so that it can tell a fair film from one it knows."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.resources import files

__all__ = ["FOLDS", "fold_of_patient", "mark", "seen_marks"]

FOLDS = 5


def mark(patient: str) -> str:
    """Eight hexadecimal digits that stand for a patient's id in the training table (first of its SHA-256)."""
    return sha256(patient.encode()).hexdigest()[:8]


def fold_of_patient(patient: str) -> int:
    """The fold, 0 to 4, of a patient's id as the table writes it; all films of a patient fall into one fold."""
    return int(mark(patient), 16) % FOLDS


@cache
def seen_marks(name: str) -> frozenset[str]:
    """The marks of the patients that a bundled detector learned from; empty where it ships no such list."""
    table = files("wardround.agents.cxr").joinpath("patients").joinpath(f"{name}.json")
    return frozenset(json.loads(table.read_text(encoding="utf-8"))) if table.is_file() else frozenset()
