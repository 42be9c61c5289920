"""Costophrenic angles from lung masks: how sharp the recess between the chest wall and the diaphragm is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.zones import LUNGS, Mask, midline, pick
from wardround.contracts.anatomy import Side

__all__ = ["costophrenic_angle"]

_REACH = 0.16  # length of the fitted stretches on either side of the corner, as a share of the lung's height
_GAP = 0.02  # left out next to the corner, where the outline is rounded by the pixels and by the network
_LEAST = 8  # points that a line is fitted through, at least


def _slope(along: NDArray[np.float64], across: NDArray[np.float64]) -> float | None:
    """Least-squares slope of `across` over `along`."""
    if along.size < _LEAST or np.ptp(along) == 0:
        return None
    return float(np.polyfit(along, across, 1)[0])


def _angle(lung: Mask) -> float | None:
    """The angle of a lung whose lateral side is on the left of the array."""
    rows, columns = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
    if rows.size == 0:
        return None
    height, width = float(rows[-1] - rows[0] + 1), float(columns[-1] - columns[0] + 1)
    base = lung.shape[0] - 1 - lung[::-1, columns].argmax(axis=0)
    # The corner is the outline's point that lies furthest down and out.
    corner = int(np.argmax(base - (columns - columns[0])))
    at_row, at_column = float(base[corner]), float(columns[corner])
    if at_row < rows[0] + 0.5 * height or at_column > columns[0] + 0.5 * width:
        return None
    outer = lung[rows].argmax(axis=1)
    near, far = _GAP * height, _REACH * height
    wall = (rows <= at_row - near) & (rows >= at_row - far)
    floor = (columns >= at_column + near) & (columns <= at_column + far)
    of_wall = _slope(rows[wall].astype(np.float64), outer[wall].astype(np.float64))
    of_floor = _slope(columns[floor].astype(np.float64), base[floor].astype(np.float64))
    if of_wall is None or of_floor is None:
        return None
    # From the corner, the wall runs up (-1 row, -slope columns) and the diaphragm inwards (slope rows, 1 column).
    up, inwards = np.array([-1.0, -of_wall]), np.array([of_floor, 1.0])
    cosine = float(up @ inwards) / (math.hypot(*up) * math.hypot(*inwards))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def costophrenic_angle(masks: NDArray[np.uint8], side: Side) -> float | None:
    """The costophrenic angle of one side in degrees, 0 to 180, from masks (5, h, w) whose pixels are square.

    Our formulation: the corner is the point of the lung's lower edge that lies furthest down and out (the greatest
    row minus distance from the lung's lateral edge). The angle is that between two least-squares lines, each through
    the outline between 2 % and 16 % of the lung's height from the corner: the lateral wall above it, the diaphragm
    inwards of it. A normal recess is sharp, well under 90 degrees; fluid blunts it. None where the lung is missing,
    where no corner lies in the lower, lateral quarter of the lung, or where too little outline is left for a line.
    """
    lung = pick(masks, LUNGS[side])
    middle = midline(masks)
    if middle is None:
        return None
    return _angle(lung if side is Side.RIGHT else lung[:, ::-1])
