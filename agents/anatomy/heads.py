"""Small linear heads on a film's features: AP or PA, a child's chest, mirrored; fitted by `recipe/screen_heads.py`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from wardround.contracts.screening import ScreenFinding

__all__ = ["AP", "MIRRORED", "PAEDIATRIC", "TABLE_NAME", "Head", "error_rate", "head"]

TABLE_NAME = "screen_heads.json"
AP, PAEDIATRIC, MIRRORED = "AP", "paediatric", "mirrored"
_FARTHEST = 4.0  # standard deviations: a feature further out counts as this far


@dataclass(frozen=True)
class Head:
    """A logistic regression on named features: `yes` from `yes_from` on, `no` up to `no_up_to`, undecided between."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float
    yes_from: float
    no_up_to: float

    def score(self, features: Mapping[str, float]) -> float:
        """A score in [0, 1]; a feature that could not be measured (NaN) counts as the mean."""
        total = self.intercept
        for name, mean, scale, weight in zip(self.features, self.mean, self.scale, self.weight, strict=True):
            value = (features.get(name, math.nan) - mean) / scale
            total += weight * (max(-_FARTHEST, min(_FARTHEST, value)) if math.isfinite(value) else 0.0)
        return 0.5 * (1.0 + math.tanh(0.5 * total))

    def says(self, features: Mapping[str, float]) -> bool | None:
        """Yes, no, or None where the score lies between the cuts."""
        score = self.score(features)
        if score >= self.yes_from:
            return True
        return False if score <= self.no_up_to else None


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(files(__package__).joinpath(TABLE_NAME).read_text(encoding="utf-8"))
    return table


@cache
def head(name: str) -> Head:
    """The fitted head of that name: `AP`, `PAEDIATRIC` or `MIRRORED`."""
    row: dict[str, Any] = _table()["heads"][name]
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Head(**made)


def error_rate(what: ScreenFinding) -> str:
    """How often the screen errs on this, as the recipe measured it, with n and data; or that it was not measured."""
    return str(_table()["error_rates"].get(what.value, "not measured"))
