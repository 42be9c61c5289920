"""AUC and average precision agree with hand values and with counting pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wardround.agents.measures.ranking import auc, auc_statistic, average_precision, roc_points

_FILMS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)


def _arrays(films: Sequence[tuple[int, bool]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([score / 6 for score, _ in films]), np.array([positive for _, positive in films])


def test_auc_of_four_films_by_hand() -> None:
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert auc(scores, positive) == 0.75
    assert auc(1.0 - scores, positive) == 0.25
    assert auc(np.full(4, 0.5), positive) == 0.5


def test_average_precision_of_four_films_by_hand() -> None:
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert average_precision(scores, positive) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)
    assert average_precision(np.full(4, 0.5), positive) == 0.5


def test_one_class_alone_has_no_auc() -> None:
    assert math.isnan(auc(np.array([0.1, 0.2]), np.array([True, True])))
    assert math.isnan(average_precision(np.array([0.1, 0.2]), np.array([False, False])))


@given(_FILMS)
def test_auc_counts_the_pairs_that_are_ranked_rightly_and_ties_half(films: list[tuple[int, bool]]) -> None:
    scores, positive = _arrays(films)
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[positive] for n in scores[~positive]]
    found = auc(scores, positive)
    assert found == pytest.approx(np.mean(pairs)) if pairs else math.isnan(found)


@given(_FILMS)
def test_a_films_weight_is_the_same_as_its_copies(films: list[tuple[int, bool]]) -> None:
    scores, positive = _arrays(films)
    weights = np.arange(len(films)) % 3
    copies = np.repeat(np.arange(len(films)), weights)
    expected = auc(scores[copies], positive[copies]) if len(copies) else math.nan
    found = auc_statistic(scores, positive)(weights[None].astype(np.float64))[0]
    assert found == pytest.approx(expected, nan_ok=True)


@given(_FILMS)
def test_the_roc_curve_encloses_the_auc_whatever_the_order_of_the_films(films: list[tuple[int, bool]]) -> None:
    scores, positive = _arrays(films)
    if positive.any() and not positive.all():
        false, true = roc_points(scores, positive)
        assert (false[0], true[0], false[-1], true[-1]) == (0.0, 0.0, 1.0, 1.0)
        assert np.trapezoid(true, false) == pytest.approx(auc(scores, positive))
        assert auc(scores[::-1], positive[::-1]) == pytest.approx(auc(scores, positive))
