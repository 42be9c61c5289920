"""Costophrenic angles of drawn lungs are those that were drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.anatomy.angles import costophrenic_angle
from wardround.contracts.anatomy import Side

Masks = NDArray[np.uint8]


def chest_with(angle: float) -> Masks:
    """Two lungs with straight lateral walls and a diaphragm that rises inwards so as to leave `angle` degrees."""
    masks = np.zeros((5, 400, 400), dtype=np.uint8)
    rows, columns = np.mgrid[:400, :400]
    floor = 350 - (columns - 40) / math.tan(math.radians(angle))
    right = (rows >= 60) & (columns >= 40) & (columns < 170) & (rows <= floor)
    masks[1] = right
    masks[0] = right[:, ::-1]
    return masks


@pytest.mark.parametrize("angle", [30.0, 45.0, 60.0, 80.0])
@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
def test_a_drawn_angle_is_measured(angle: float, side: Side) -> None:
    measured = costophrenic_angle(chest_with(angle), side)
    assert measured == pytest.approx(angle, abs=2.0)


def test_a_rounded_recess_measures_blunter_than_a_sharp_one() -> None:
    sharp = chest_with(45.0)
    blunt = sharp.copy()
    rows, columns = np.mgrid[:400, :400]
    blunt[1] &= ~((rows > 250) & (rows - 250 > 1.2 * (columns - 40)))
    one, other = (costophrenic_angle(masks, Side.RIGHT) for masks in (sharp, blunt))
    assert one is not None and other is not None and other > one + 20


def test_mirroring_swaps_the_sides(mirrored: Callable[[Masks], Masks]) -> None:
    masks = chest_with(50.0)
    masks[0, 300:] = 0
    assert costophrenic_angle(mirrored(masks), Side.LEFT) == costophrenic_angle(masks, Side.RIGHT)


def test_without_a_lung_or_a_corner_there_is_no_angle() -> None:
    masks = chest_with(45.0)
    masks[0] = 0
    assert costophrenic_angle(masks, Side.LEFT) is None
    assert costophrenic_angle(masks, Side.RIGHT) is None
