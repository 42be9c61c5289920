"""Evens out a film's brightness and contrast from place to place, so that a faint lesion looks alike everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

__all__ = ["levelled"]

Floats = NDArray[np.float32]

_FAINT = 0.01  # grey levels of the film: noise below it is not raised
_SPAN = 8.0  # standard deviations from black to white


def _around(values: Floats, side: int) -> Floats:
    """The mean over squares, twice, so that a bright edge does not print a square."""
    once = uniform_filter(values, side, mode="nearest")
    return np.asarray(uniform_filter(once, side, mode="nearest"), dtype=np.float32)


def levelled(film: Floats, side: int) -> Floats:
    """Each pixel's distance from the mean of its surroundings in their standard deviations, 0.5 for none.

    Args:
        film: (rows, columns) in [0, 1].
        side: of the squares of surroundings, in pixels; several times a lesion's diameter, or the lesion is evened out.

    Returns:
        (rows, columns) in [0, 1].
    """
    away = film - _around(film, side)
    spread = np.sqrt(np.clip(_around(away * away, side), 0.0, None) + _FAINT**2)
    return np.asarray(np.clip(0.5 + away / (_SPAN * spread), 0.0, 1.0), dtype=np.float32)
