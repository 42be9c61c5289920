"""How much of one outline lies on another: Dice of masks, intersection over union of boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rectangle", "box_iou", "dice"]

Rectangle = tuple[float, float, float, float]  # left, top, width, height


def dice(ours: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Twice the overlap over the sum of both areas (Dice 1945); 1 where both are empty."""
    total = int(ours.sum()) + int(truth.sum())
    return 1.0 if total == 0 else 2.0 * int((ours & truth).sum()) / total


def box_iou(one: Rectangle, other: Rectangle) -> float:
    """Area of the intersection of two boxes over that of their union; 0 where both are empty."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0.0, across) * max(0.0, down)
    union = one[2] * one[3] + other[2] * other[3] - both
    return both / union if union > 0.0 else 0.0
