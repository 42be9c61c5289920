"""The curriculum leans from easy to hard, keeps its sum and its bounds, and orders crops by loss and size."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.lesions.curriculum import difficulty, lean, weights

_LOSSES = np.array([0.1, 0.2, 0.3, 0.4])
_AREAS = np.array([400, 100, 25, 9])


def test_small_lesions_with_a_high_loss_are_the_hardest() -> None:
    assert difficulty(_LOSSES, _AREAS).tolist() == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0])


def test_loss_and_size_are_mixed_by_their_share() -> None:
    opposed = _AREAS[::-1]  # the hardest by loss is the largest
    assert difficulty(_LOSSES, opposed, 1.0).tolist() == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0])
    assert difficulty(_LOSSES, opposed, 0.0).tolist() == pytest.approx([1.0, 2 / 3, 1 / 3, 0.0])
    assert difficulty(_LOSSES, opposed, 0.5).tolist() == [0.5, 0.5, 0.5, 0.5]


def test_only_ranks_count_so_one_monstrous_loss_changes_nothing() -> None:
    np.testing.assert_array_equal(
        difficulty(_LOSSES, _AREAS), difficulty(np.array([0.1, 0.2, 0.3, 4000.0]), np.array([9000, 100, 25, 9]))
    )


def test_a_crop_without_lesion_stands_in_the_middle_of_the_sizes() -> None:
    hard = difficulty(np.array([1.0, 1.0, 1.0]), np.array([50, 0, 5]))
    assert hard.tolist() == [0.0, 0.5, 1.0]
    assert difficulty(np.array([0.2, 0.1]), np.array([0, 0])).tolist() == [1.0, 0.0]


def test_equal_crops_one_crop_and_none_are_no_harder_than_each_other() -> None:
    assert difficulty(np.ones(3), np.full(3, 7)).tolist() == [0.5, 0.5, 0.5]
    assert difficulty(np.ones(1), np.array([7])).tolist() == [0.5]
    assert difficulty(np.ones(0), np.zeros(0, dtype=np.int64)).size == weights(np.ones(0), 1.0).size == 0
    assert weights(np.array([0.5]), 1.0).tolist() == pytest.approx([1.0])


def test_the_lean_goes_from_easy_to_hard_on_half_a_cosine_and_stays_there() -> None:
    found = [lean(progress) for progress in (-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0)]
    half = 2**-0.5
    assert found == pytest.approx([-1.0, -1.0, -half, 0.0, half, 1.0, 1.0])


def test_weights_favour_the_easy_then_none_then_the_hard() -> None:
    hard = np.array([0.0, 0.25, 0.75, 1.0])
    assert weights(hard, -1.0).tolist() == pytest.approx([2.0, 1.5, 0.5, 0.0])
    assert weights(hard, 0.0).tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert weights(hard, 0.5).tolist() == pytest.approx([0.5, 0.75, 1.25, 1.5])


def test_weights_of_a_lopsided_batch_still_have_mean_one_between_zero_and_two() -> None:
    # Wanted: 0, 2, 2, 2. The mean falls to 1 when all are lowered by 2/3 and the first is clipped at 0.
    assert weights(np.array([0.0, 1.0, 1.0, 1.0]), 1.0).tolist() == pytest.approx([0.0, 4 / 3, 4 / 3, 4 / 3])
    draw = np.random.default_rng(0)
    for _ in range(100):
        hard, leaning = draw.random(int(draw.integers(1, 40))) ** 3, draw.uniform(-1.0, 1.0)
        found = weights(hard, leaning)
        assert found.mean() == pytest.approx(1.0) and found.min() >= 0.0 and found.max() <= 2.0
        order = np.argsort(hard)
        assert (np.diff(found[order]) * np.sign(leaning) >= -1e-12).all()


def test_no_other_weights_within_the_bounds_lie_nearer_to_what_was_wanted() -> None:
    draw = np.random.default_rng(1)
    hard = draw.random(6) ** 4
    wanted = 1.0 + (2.0 * hard - 1.0)
    best = np.square(weights(hard, 1.0) - wanted).sum()
    for _ in range(500):
        other = draw.random(6) * 2.0
        other = other / other.mean()
        if other.max() <= 2.0:
            assert np.square(other - wanted).sum() >= best - 1e-9
