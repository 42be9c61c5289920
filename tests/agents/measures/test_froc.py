"""FROC by hand: one detection to one lesion, the cut by false alarms an image, bins of size, and resampled patients."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.measures.froc import (
    Matched,
    froc_rows,
    froc_statistic,
    match,
    outline_figures,
    precision_statistic,
    recall_statistic,
)

_ONES = np.ones((1, 4))
_TRUTH = np.zeros((20, 20), dtype=np.uint8)
_TRUTH[2:6, 2:6] = 1
_TRUTH[12:14, 12:14] = 1


def _labels(*boxes: tuple[int, int, int, int]) -> NDArray[np.int32]:
    found = np.zeros((20, 20), dtype=np.int32)
    for number, (top, bottom, left, right) in enumerate(boxes, start=1):
        found[top:bottom, left:right] = number
    return found


def _image(patient: str, found: list[float], false: list[float], diameters: list[float] | None = None) -> Matched:
    sizes = diameters or [5.0] * len(found)
    return Matched(patient, np.array(found), np.array(sizes), np.full(len(found), np.nan), np.array(false, dtype=float))


_MISSED = -math.inf
_FOUR = (
    _image("a", [0.9], [0.3]),
    _image("b", [0.6, _MISSED], [0.8, 0.5], [5.0, 20.0]),
    _image("c", [0.4], [], [20.0]),
    _image("d", [], [0.7]),
)


def test_a_detection_finds_the_lesion_that_it_overlaps_and_its_dice_is_told() -> None:
    image = match("p", _TRUTH, _labels((2, 6, 2, 4), (16, 18, 2, 4)), [0.9, 0.8], [(2.5, 3.5), (2.5, 16.5)], 4)
    assert image.found.tolist() == [0.9, -math.inf]
    assert image.false.tolist() == [0.8]
    assert image.dice[0] == pytest.approx(2 * 8 / (8 + 16)) and math.isnan(image.dice[1])
    assert image.diameters == pytest.approx([2 * math.sqrt(16 / math.pi), 2 * math.sqrt(4 / math.pi)])
    assert (image.patient, image.subtlety) == ("p", 4)


def test_a_second_detection_of_a_lesion_is_a_false_alarm_whatever_the_order() -> None:
    pieces = _labels((2, 4, 2, 6), (4, 6, 2, 6))
    assert match("p", _TRUTH, pieces, [0.4, 0.7], [(3.5, 2.5), (3.5, 4.5)]).found.tolist() == [0.7, -math.inf]
    assert match("p", _TRUTH, pieces, [0.4, 0.7], [(3.5, 2.5), (3.5, 4.5)]).false.tolist() == [0.4]


def test_one_detection_over_two_lesions_finds_the_one_that_it_covers_best() -> None:
    image = match("p", _TRUTH, _labels((2, 14, 2, 14)), [0.9], [(8.0, 8.0)])
    assert image.found.tolist() == [0.9, -math.inf] and image.false.size == 0


def test_a_centre_alone_finds_the_lesion_in_which_it_lies() -> None:
    nothing = _labels()
    image = match("p", _TRUTH, nothing, [0.9, 0.8, 0.7], [(12.4, 13.0), (10.0, 10.0), (99.0, -3.0)])
    assert image.found.tolist() == [-math.inf, 0.9]
    assert image.false.tolist() == [0.8, 0.7]
    assert image.dice[1] == 0.0


def test_one_outline_around_all_that_there_is_finds_nothing_but_what_its_centre_lies_in() -> None:
    whole = _labels((0, 20, 0, 20))
    image = match("p", _TRUTH, whole, [0.9], [(9.5, 9.5)])
    assert image.found.tolist() == [-math.inf, -math.inf] and image.false.tolist() == [0.9]
    assert match("p", _TRUTH, whole, [0.9], [(3.0, 3.0)]).found.tolist() == [0.9, -math.inf]


def test_images_without_lesions_or_without_detections_are_images_too() -> None:
    empty = np.zeros((20, 20), dtype=np.uint8)
    assert match("p", empty, _labels((0, 2, 0, 2)), [0.5], [(0.5, 0.5)]).false.tolist() == [0.5]
    assert match("p", empty, _labels(), [], []).found.size == 0
    assert match("p", _TRUTH, _labels(), [], []).found.tolist() == [-math.inf, -math.inf]


def test_sensitivity_is_that_of_the_lowest_cut_with_so_many_false_alarms() -> None:
    # False alarms by score: 0.8, 0.7, 0.5, 0.3 on four images; lesions at 0.9, 0.6, 0.4 and one missed.
    by_rate = {0.0: 1 / 4, 0.25: 1 / 4, 0.5: 2 / 4, 0.75: 3 / 4, 1.0: 3 / 4, 8.0: 3 / 4}
    for rate, wanted in by_rate.items():
        assert froc_statistic(_FOUR, rate)(_ONES)[0] == pytest.approx(wanted), rate


def test_a_lesion_that_scores_as_a_false_alarm_too_many_is_not_counted_as_found() -> None:
    images = (_image("a", [0.5], [0.5]),)
    assert froc_statistic(images, 0.5)(np.ones((1, 1)))[0] == 0.0
    assert froc_statistic(images, 1.0)(np.ones((1, 1)))[0] == 1.0


def test_in_a_resample_a_film_drawn_twice_counts_twice_in_lesions_and_in_false_alarms() -> None:
    # Film b twice, film c twice: false alarms 0.8, 0.8, 0.5, 0.5; lesions 0.6, 0.6, missed twice, 0.4, 0.4.
    weights = np.array([[0.0, 2.0, 2.0, 0.0]])
    assert froc_statistic(_FOUR, 0.5)(weights)[0] == pytest.approx(2 / 6)
    assert froc_statistic(_FOUR, 1.0)(weights)[0] == pytest.approx(4 / 6)


def test_a_detector_without_false_alarms_is_scored_on_all_that_it_found() -> None:
    images = (_image("a", [0.1], []), _image("b", [_MISSED], []))
    assert froc_statistic(images, 0.25)(np.ones((1, 2)))[0] == 0.5


def test_rows_tell_sizes_and_subtleties_at_the_cut_of_all_images() -> None:
    rows = {(row.group, row.rate): row for row in froc_rows(_FOUR, rates=(0.5, 1.0), resamples=200)}
    small, large = rows["below 8 px", 0.5], rows["from 16 px", 0.5]
    assert (small.lesions, small.sensitivity.value) == (2, 1.0)
    assert (large.lesions, large.sensitivity.value) == (2, 0.0)
    assert rows["from 16 px", 1.0].sensitivity.value == 0.5
    assert rows["8 to 16 px", 1.0].lesions == 0 and math.isnan(rows["8 to 16 px", 1.0].sensitivity.value)
    whole = rows["all", 1.0].sensitivity
    assert whole.value == 0.75 and whole.low <= 0.75 <= whole.high
    assert {row.group for row in rows.values()} == {"all", "below 8 px", "8 to 16 px", "from 16 px"}


def test_subtlety_has_rows_of_its_own_and_one_of_what_is_not_subtle() -> None:
    films = [
        match(f"p{grade}", _TRUTH, _labels((2, 6, 2, 6)), [0.9], [(3.5, 3.5)], grade)
        for grade in (1, 3, 5)
        for _ in "ab"
    ]
    rows = {row.group: row for row in froc_rows(films, rates=(1.0,), resamples=100)}
    assert rows["subtlety 3 to 5"].lesions == 8 and rows["subtlety 1"].lesions == 4
    assert rows["subtlety 3"].sensitivity.value == 0.5
    assert rows["all"].sensitivity.low == rows["all"].sensitivity.high == 0.5


def test_recall_and_precision_at_a_cut() -> None:
    assert recall_statistic(_FOUR, 0.5)(_ONES)[0] == pytest.approx(2 / 4)
    assert precision_statistic(_FOUR, 0.5)(_ONES)[0] == pytest.approx(2 / 5)
    assert recall_statistic(_FOUR, -math.inf)(_ONES)[0] == pytest.approx(3 / 4)


def test_outlines_are_compared_by_dice_and_by_the_distance_of_their_edges_in_millimetres() -> None:
    ours = np.zeros((32, 32), dtype=np.uint8)
    truth = ours.copy()
    ours[4:10, 4:10] = 1
    truth[4:10, 6:12] = 1
    assert outline_figures(ours, truth, 0.5) == pytest.approx((24 / 36, 1.0))
    assert outline_figures(ours, ours) == (1.0, 0.0)
    nothing = np.zeros_like(ours)
    assert outline_figures(nothing, nothing) == (1.0, 0.0)
    dice, distance = outline_figures(ours, nothing)
    assert dice == 0.0 and math.isnan(distance)
