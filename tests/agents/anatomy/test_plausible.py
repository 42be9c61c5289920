"""A chest's masks are believed; each way in which they can be wrong is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.plausible import implausible
from wardround.agents.imaging.phantom import make_phantom, plant_named

Masks = NDArray[np.uint8]


def _without_a_lung(masks: Masks) -> None:
    masks[0] = 0


def _empty(masks: Masks) -> None:
    masks[:] = 0


def _tiny_lung(masks: Masks) -> None:
    masks[1, :150] = 0


def _swapped(masks: Masks) -> None:
    masks[[0, 1]] = masks[[1, 0]]


def _overlapping(masks: Masks) -> None:
    masks[0, 40:160, 70:80] = 1


def _lying(masks: Masks) -> None:
    masks[:] = masks.transpose(0, 2, 1).copy()


def _aside(masks: Masks) -> None:
    masks[2] = 0
    masks[2, 100:160, 170:195] = 1


def _above(masks: Masks) -> None:
    masks[2] = 0
    masks[2, 5:35, 80:120] = 1


def _all_over(masks: Masks) -> None:
    masks[2, 40:160, 30:170] = 1


WRONG: tuple[tuple[Callable[[Masks], None], str], ...] = (
    (_without_a_lung, "not found: left lung"),
    (_empty, "not found: right lung, left lung, heart"),
    (_tiny_lung, "too small"),
    (_swapped, "to the left of the left lung"),
    (_overlapping, "outlines of the lungs overlap"),
    (_lying, "side by side"),
    (_aside, "between the lungs"),
    (_above, "above the middle"),
    (_all_over, "overlap too much"),
)


def test_a_drawn_chest_is_believed(drawn_chest: Masks) -> None:
    assert implausible(drawn_chest) == ()


def test_a_chest_is_believed_when_mirrored(drawn_chest: Masks, mirrored: Callable[[Masks], Masks]) -> None:
    assert implausible(mirrored(drawn_chest)) == ()


@pytest.mark.parametrize("finding", ["", "effusion", "pneumothorax", "cardiomegaly", "nodule"])
def test_the_true_masks_of_phantoms_are_believed(finding: str) -> None:
    for seed in range(3):
        phantom = make_phantom(seed, (plant_named(finding),) if finding else (), size=128)
        assert implausible(np.stack([phantom.masks[structure.value] for structure in CHANNELS])) == ()


@pytest.mark.parametrize(("spoil", "reason"), WRONG, ids=[spoil.__name__ for spoil, _ in WRONG])
def test_what_is_wrong_is_named(drawn_chest: Masks, spoil: Callable[[Masks], None], reason: str) -> None:
    spoil(drawn_chest)
    assert reason in "; ".join(implausible(drawn_chest))
