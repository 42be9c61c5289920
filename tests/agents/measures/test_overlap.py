"""Dice of masks and intersection over union of boxes, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.measures.overlap import box_iou, dice


def test_dice_by_hand() -> None:
    one, other = np.zeros((4, 4), dtype=np.bool_), np.zeros((4, 4), dtype=np.bool_)
    assert dice(one, other) == 1.0
    one[:2], other[1:3] = True, True
    assert dice(one, other) == 0.5
    assert dice(one, np.zeros((4, 4), dtype=np.bool_)) == 0.0


def test_boxes_by_hand() -> None:
    assert box_iou((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)) == 1.0
    assert box_iou((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)) == 0.0
    assert box_iou((0.0, 0.0, 0.4, 0.4), (0.2, 0.0, 0.4, 0.4)) == pytest.approx(1 / 3)
    assert box_iou((0.2, 0.2, 0.0, 0.0), (0.2, 0.2, 0.0, 0.0)) == 0.0
