"""The ways in which a film may lie wrong on its picture, and the picture put right: for trying, never for reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.screening import ScreenFinding

__all__ = ["TURNS", "turned_films"]

Film: TypeAlias = NDArray[np.float32]

# What is wrong, and what puts it right; `rot90` turns anticlockwise. A mirrored film still looks like a chest film and
# is found by the heart's side.
TURNS: Mapping[ScreenFinding, Callable[[Film], Film]] = {
    ScreenFinding.ROTATED_90: lambda film: np.rot90(film, 1),
    ScreenFinding.ROTATED_180: lambda film: np.rot90(film, 2),
    ScreenFinding.ROTATED_270: lambda film: np.rot90(film, 3),
    ScreenFinding.INVERTED: lambda film: 1.0 - film,
}


def turned_films(film: Film) -> dict[ScreenFinding, Film]:
    """A film (rows, columns) in [0, 1] put right in each way, by what is wrong if that is the way."""
    return {what: np.ascontiguousarray(turn(film), dtype=np.float32) for what, turn in TURNS.items()}
