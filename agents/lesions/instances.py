"""From a map of probabilities to lesions one by one: where each lies, how large it is, how sure the map is of it.

A lesion is a peak, and what around it stays above half of it. So its outline does not depend on the operating point,
which only says how high a peak must be: at a low one, a single level for all would melt neighbours, and in the end the
whole map, into one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter

from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["Instance", "Instances", "find_instances", "measured"]

_EIGHT = np.ones((3, 3), dtype=np.int8)
_HALF = 0.5  # of its peak, where a lesion ends
_REACH = 16  # pixels from a peak that are looked at first


@dataclass(frozen=True)
class Instance:
    """One lesion of a map. `number` is its value in the labels.

    `box` is left, top, width and height, and `centroid` x and y, all in pixels, where the middle of the first pixel is
    (0, 0). Millimetres are None where the spacing is unknown. `mean`, `spread` (standard deviation) and `peak` are of
    the probabilities of its pixels.
    """

    number: int
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]
    area_px: int
    area_mm2: float | None
    diameter_px: float
    diameter_mm: float | None
    mean: float
    spread: float
    peak: float


@dataclass(frozen=True)
class Instances:
    """`labels`: int32 (rows, columns), 0 where none is; `found`: the surest peak first, as numbered from 1.

    `dropped` tells how many were smaller than asked for.
    """

    labels: NDArray[np.int32]
    found: tuple[Instance, ...]
    dropped: int


def _demand(probability: NDArray[np.floating], operating_point: float, minimum_px: int, spacing: float | None) -> None:
    if probability.ndim != 2 or not (
        np.isfinite(probability).all() and (probability >= 0.0).all() and (probability <= 1.0).all()
    ):
        raise Fault(
            ProblemCode.WRONG_SHAPE,
            "The map is not one of probabilities: it has no rows and columns of values from 0 to 1.",
            "Use another model, or install this one again.",
        )
    if not 0.0 < operating_point < 1.0 or minimum_px < 1 or (spacing is not None and not 0.0 < spacing < math.inf):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "Lesions need an operating point between 0 and 1, a minimum size of 1 pixel or more and a spacing above 0.",
            "For example 0.5, 3 pixels and 0.35 mm; leave the spacing out where it is unknown.",
        )


def measured(number: int, pixels: NDArray[np.intp], values: NDArray[np.floating], spacing_mm: float | None) -> Instance:
    """The measures of a lesion by its pixels (n, 2), row and column, and their probabilities (n,)."""
    (top, left), (bottom, right) = pixels.min(axis=0), pixels.max(axis=0)
    row, column = pixels.mean(axis=0)
    diameter = 2.0 * math.sqrt(len(pixels) / math.pi)
    chances = values.astype(np.float64)
    return Instance(
        number=number,
        box=(int(left), int(top), int(right - left) + 1, int(bottom - top) + 1),
        centroid=(float(column), float(row)),
        area_px=len(pixels),
        area_mm2=None if spacing_mm is None else len(pixels) * spacing_mm**2,
        diameter_px=diameter,
        diameter_mm=None if spacing_mm is None else diameter * spacing_mm,
        mean=float(chances.mean()),
        spread=float(chances.std()),
        peak=float(chances.max()),
    )


def find_instances(
    probability: NDArray[np.floating],
    operating_point: float = 0.5,
    minimum_px: int = 3,
    spacing_mm: float | None = None,
    most: int = 200,
) -> Instances:
    """The lesions of a map (rows, columns), the highest peak first.

    A pixel belongs to the highest peak that it is joined to, corners included, above half of that peak. The diameter is
    that of a circle of the same area, 2 sqrt(area / pi).

    Args:
        operating_point: the least peak of a lesion, above 0 and below 1.
        minimum_px: lesions of fewer pixels are dropped, and counted.
        spacing_mm: the side of a square pixel.
        most: lesions that are looked for.

    Raises:
        CallerError: BAD_ARGUMENT, one of these is out of range.
        Fault: WRONG_SHAPE, the map is not one of probabilities.
    """
    _demand(probability, operating_point, minimum_px, spacing_mm)
    owner = np.zeros(probability.shape, dtype=np.int32)  # -1 where a lesion was dropped
    found: list[Instance] = []
    dropped = 0
    for row, column in _peaks(probability, operating_point):
        if owner[row, column]:
            continue
        pixels = _around(probability, owner, row, column)
        if len(pixels) < minimum_px:
            owner[pixels[:, 0], pixels[:, 1]] = -1
            dropped += 1
            continue
        number = len(found) + 1
        owner[pixels[:, 0], pixels[:, 1]] = number
        found.append(measured(number, pixels, probability[pixels[:, 0], pixels[:, 1]], spacing_mm))
        if len(found) == most:
            break
    return Instances(labels=np.maximum(owner, 0), found=tuple(found), dropped=dropped)


def _peaks(probability: NDArray[np.floating], least: float) -> list[tuple[int, int]]:
    """Places (row, column) of local maxima of at least `least`, the highest first."""
    high = (probability >= least) & (probability == maximum_filter(probability, size=3, mode="nearest"))
    places = np.argwhere(high)
    order = np.argsort(-probability[high], kind="stable")
    return [(int(row), int(column)) for row, column in places[order]]


def _around(probability: NDArray[np.floating], owner: NDArray[np.int32], row: int, column: int) -> NDArray[np.intp]:
    """The free pixels (n, 2) that are joined to a peak above half of it; looked for in a window that grows."""
    rows, columns = probability.shape
    level, reach = _HALF * probability[row, column], _REACH
    while True:
        top, left = max(0, row - reach), max(0, column - reach)
        window = np.s_[top : row + reach + 1, left : column + reach + 1]
        islands, _ = label((probability[window] >= level) & (owner[window] == 0), structure=_EIGHT)
        pixels = np.add(np.argwhere(islands == islands[row - top, column - left]), (top, left))
        (first, west), (last, east) = pixels.min(axis=0), pixels.max(axis=0)
        cut = (
            (first == top > 0)
            or (west == left > 0)
            or (last == row + reach < rows - 1)
            or (east == column + reach < columns - 1)
        )
        if not cut:
            return np.asarray(pixels, dtype=np.intp)
        reach *= 2
