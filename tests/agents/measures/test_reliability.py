"""ECE and Brier tell a true predictor from a bent one, and chance alone from both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.agents.measures.reliability import brier, brier_skill, chance_ece, ece, reliability_curve

_N = 20_000
_RANDOM = np.random.default_rng(0)
_TRUE = _RANDOM.beta(1.0, 5.0, _N)
_POSITIVE = _RANDOM.random(_N) < _TRUE


def test_a_true_predictor_has_hardly_any_calibration_error_and_a_bent_one_has() -> None:
    assert ece(_TRUE, _POSITIVE) < 0.01
    assert ece(np.sqrt(_TRUE), _POSITIVE) > 0.15


def test_what_chance_alone_makes_of_the_error_is_what_a_true_predictor_shows() -> None:
    few = slice(0, 300)
    assert chance_ece(_TRUE[few]) == pytest.approx(ece(_TRUE[few], _POSITIVE[few]), abs=0.02)
    assert chance_ece(_TRUE[few]) > chance_ece(_TRUE) > 0.0


def test_a_constant_predictor_has_one_bin_and_errs_by_its_distance_from_the_prevalence() -> None:
    (only,) = reliability_curve(np.full(_N, 0.5), _POSITIVE)
    assert only.films == _N
    assert ece(np.full(_N, 0.5), _POSITIVE) == pytest.approx(0.5 - _POSITIVE.mean())


def test_bins_hold_about_the_same_number_of_films_and_rise() -> None:
    bins = reliability_curve(_TRUE, _POSITIVE)
    assert len(bins) == 15
    assert {one.films for one in bins} <= set(range(_N // 15 - 2, _N // 15 + 3))
    assert [one.probability for one in bins] == sorted(one.probability for one in bins)


def test_brier_by_hand() -> None:
    assert brier(np.array([0.0, 0.5, 1.0]), np.array([False, True, True])) == pytest.approx(0.25 / 3)


def test_skill_is_one_for_an_oracle_zero_for_the_reference_and_negative_below_it() -> None:
    prevalence = float(_POSITIVE.mean())
    assert brier_skill(_POSITIVE.astype(float), _POSITIVE, prevalence) == 1.0
    assert brier_skill(np.full(_N, prevalence), _POSITIVE, prevalence) == pytest.approx(0.0)
    assert brier_skill(np.full(_N, 0.9), _POSITIVE, prevalence) < 0.0
    assert 0.0 < brier_skill(_TRUE, _POSITIVE, prevalence) < 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_error_is_a_share_and_no_film_is_lost_in_the_bins(films: list[tuple[float, bool]]) -> None:
    said, positive = np.array([p for p, _ in films]), np.array([y for _, y in films])
    assert 0.0 <= ece(said, positive) <= 1.0
    assert sum(one.films for one in reliability_curve(said, positive)) == len(films)
