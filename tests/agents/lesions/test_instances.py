"""A map of probabilities becomes lesions with a place, a size in the right unit, and a certainty."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wardround.agents.lesions.instances import find_instances
from wardround.contracts.errors import CallerError, Fault

_MAP = np.zeros((12, 16), dtype=np.float32)
_MAP[2:4, 3:7] = [[0.6, 0.8, 0.8, 0.6], [0.6, 0.7, 0.7, 0.6]]
_MAP[8, 10] = _MAP[9, 11] = _MAP[8, 12] = 0.95
_MAP[11, 0] = 0.99


def test_two_lesions_are_told_by_place_size_and_certainty_the_surest_first() -> None:
    told = find_instances(_MAP, 0.5, 3, spacing_mm=0.5)
    assert told.dropped == 1  # the single pixel in the corner
    small, large = told.found
    assert (small.number, small.area_px, small.box) == (1, 3, (10, 8, 3, 2))
    assert small.peak == pytest.approx(0.95) and small.spread == pytest.approx(0.0, abs=1e-7)
    assert small.centroid == pytest.approx((11.0, 25 / 3))
    assert (large.number, large.area_px, large.box) == (2, 8, (3, 2, 4, 2))
    assert large.centroid == pytest.approx((4.5, 2.5))
    assert large.area_mm2 == pytest.approx(2.0)
    assert large.diameter_px == pytest.approx(2 * math.sqrt(8 / math.pi))
    assert large.diameter_mm == pytest.approx(math.sqrt(8 / math.pi))
    assert large.mean == pytest.approx(0.675)
    assert large.spread == pytest.approx(math.sqrt((4 * 0.075**2 + 2 * 0.125**2 + 2 * 0.025**2) / 8))
    assert large.peak == pytest.approx(0.8)
    assert [int((told.labels == number).sum()) for number in (1, 2)] == [3, 8]
    assert told.labels[11, 0] == 0


def test_without_spacing_there_are_no_millimetres() -> None:
    large = find_instances(_MAP).found[1]
    assert large.area_mm2 is None and large.diameter_mm is None and large.diameter_px > 0.0


def test_a_higher_operating_point_leaves_what_reaches_it() -> None:
    # The operating point says how high a peak must be, and moves no outline.
    assert [one.area_px for one in find_instances(_MAP, 0.75, 1).found] == [1, 3, 8]
    assert [one.area_px for one in find_instances(_MAP, 0.9, 1).found] == [1, 3]
    nothing = find_instances(_MAP, 0.999)
    assert nothing.found == () and nothing.dropped == 0 and not nothing.labels.any()


def test_a_lesion_inside_the_box_of_another_stays_its_own() -> None:
    ring = np.full((9, 9), 0.6)
    ring[1:8, 1:8] = 0.0
    ring[3:6, 3:6] = 0.9
    inner, outer = find_instances(ring).found
    assert (inner.area_px, outer.area_px) == (9, 32) and outer.peak == pytest.approx(0.6)


def test_a_low_operating_point_melts_nothing_together() -> None:
    y, x = np.mgrid[:60, :80]
    spots = [(15, 20, 0.9), (15, 34, 0.3), (45, 60, 0.06)]
    bumps = sum(height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 18.0) for row, column, height in spots)
    told = find_instances(np.asarray(bumps + 0.025), 0.05)
    places = [(round(one.centroid[1]), round(one.centroid[0])) for one in told.found]
    assert places == [(15, 20), (15, 34), (45, 60)]
    assert [one.peak for one in told.found] == pytest.approx([0.925, 0.325, 0.085], abs=1e-3)
    assert max(one.diameter_px for one in told.found) < 2 * min(one.diameter_px for one in told.found)
    assert len(find_instances(np.asarray(bumps + 0.025), 0.05, most=2).found) == 2


def test_a_lesion_larger_than_the_first_look_is_whole() -> None:
    y, x = np.mgrid[:200, :200]
    disc = np.where((y - 100) ** 2 + (x - 90) ** 2 <= 70**2, 0.9, 0.0)
    (one,) = find_instances(disc).found
    assert one.area_px == int((disc > 0).sum()) and one.centroid == pytest.approx((90.0, 100.0))
    (whole,) = find_instances(np.full((40, 70), 0.7)).found
    assert whole.area_px == 2800


def test_what_is_out_of_range_is_told() -> None:
    for point, least, spacing in ((0.0, 3, None), (1.0, 3, None), (0.5, 0, None), (0.5, 3, 0.0), (0.5, 3, math.nan)):
        with pytest.raises(CallerError, match="Lesions need"):
            find_instances(_MAP, point, least, spacing)
    for wrong in (_MAP * 2.0, _MAP - 0.1, _MAP[None], np.full((4, 4), np.nan)):
        with pytest.raises(Fault, match="not one of probabilities"):
            find_instances(wrong)
