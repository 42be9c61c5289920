"""From a map of probabilities to lesions one by one: where each lies, how large it is, how sure the map is of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["Instance", "Instances", "find_instances"]

_EIGHT = np.ones((3, 3), dtype=np.int8)


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

    `dropped` tells how many islands were smaller than asked for.
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


def _measured(
    number: int, pixels: NDArray[np.intp], values: NDArray[np.floating], spacing_mm: float | None
) -> Instance:
    """The measures of pixels (n, 2) of row and column with their probabilities (n,)."""
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
) -> Instances:
    """The lesions of a map (rows, columns): islands, corners joined, of what reaches the operating point.

    The diameter is that of a circle of the same area, 2 sqrt(area / pi).

    Args:
        operating_point: the least probability of a lesion's pixel, above 0 and below 1.
        minimum_px: islands of fewer pixels are dropped, and counted.
        spacing_mm: the side of a square pixel.

    Raises:
        CallerError: BAD_ARGUMENT, one of these is out of range.
        Fault: WRONG_SHAPE, the map is not one of probabilities.
    """
    _demand(probability, operating_point, minimum_px, spacing_mm)
    islands, count = label(probability >= operating_point, structure=_EIGHT)
    kept: list[tuple[float, NDArray[np.intp], NDArray[np.floating]]] = []
    for island, window in enumerate(find_objects(islands), start=1):
        within = islands[window] == island
        if int(within.sum()) >= minimum_px:
            values = probability[window][within]
            pixels = np.add(np.argwhere(within), (window[0].start, window[1].start))
            kept.append((float(values.max()), pixels, values))
    kept.sort(key=lambda one: -one[0])
    labels = np.zeros(probability.shape, dtype=np.int32)
    found = []
    for number, (_, pixels, values) in enumerate(kept, start=1):
        labels[pixels[:, 0], pixels[:, 1]] = number
        found.append(_measured(number, pixels, values, spacing_mm))
    return Instances(labels=labels, found=tuple(found), dropped=count - len(kept))
