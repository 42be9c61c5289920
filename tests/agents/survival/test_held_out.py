"""Figures on held-out patients are those of other programs, and wrong curves are found out."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines.utils import concordance_index
from numpy.typing import NDArray

from wardround.agents.measures.survival import Observed, agreement, d_calibration
from wardround.agents.survival.held_out import CALIBRATED_FROM, Forecast, figures

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_GRID = np.linspace(0.0, 12.0, 300)


def _patients(count: int = 600, seed: int = 0) -> tuple[Floats, Bools, Floats]:
    """Times of exponential hazard exp(risk), events with independent censoring, and the true risks."""
    chance = np.random.default_rng(seed)
    risk = chance.normal(scale=0.8, size=count)
    died, lost = chance.exponential(np.exp(-risk)), chance.exponential(2.0, size=count)
    return np.minimum(died, lost), died <= lost, risk


def _c(times: Floats, events: Bools, risk: Floats) -> float:
    return agreement(Observed(times, events), risk).value


def _brier(times: Floats, events: Bools, forecast: Forecast) -> float:
    """Of a forecast for all, in two folds that are each other's like."""
    told = figures(
        np.concatenate([times, times]),
        np.concatenate([events, events]),
        np.repeat([0, 1], len(times)),
        lambda rest, test: forecast,
    )
    return told["integrated_brier"]


def _curves(risk: Floats, times: Floats) -> Floats:
    return np.asarray(np.exp(-np.exp(risk)[:, None] * times))


@pytest.mark.parametrize("decimals", [None, 1, 0])
def test_concordance_is_lifelines_own_with_and_without_ties(decimals: int | None) -> None:
    times, events, risk = _patients(200)
    if decimals is not None:
        times, risk = np.round(times, decimals), np.round(risk, decimals)
    assert _c(times, events, risk) == pytest.approx(concordance_index(times, -risk, events), abs=1e-12)


def test_concordance_of_a_perfect_a_reversed_and_an_absent_order() -> None:
    times, events = np.array([1.0, 2.0, 3.0]), np.array([True, True, False])
    assert _c(times, events, -times) == 1.0
    assert _c(times, events, times) == 0.0
    assert _c(times, events, np.zeros(3)) == 0.5
    assert np.isnan(_c(times, np.zeros(3, dtype=bool), times))


@pytest.mark.parametrize("seed", range(5))
def test_true_curves_are_not_rejected_and_wrong_ones_are(seed: int) -> None:
    times, events, risk = _patients(seed=seed)
    true = np.exp(-np.exp(risk) * times)
    assert d_calibration(true, events).p > CALIBRATED_FROM / 10
    for wrong in (true**2, true**0.5, np.exp(-np.exp(-risk) * times)):
        assert d_calibration(wrong, events).p < 1e-4


def test_true_curves_are_rejected_about_as_often_as_the_p_says() -> None:
    ps = []
    for seed in range(100):
        times, events, risk = _patients(seed=seed)
        ps.append(d_calibration(np.exp(-np.exp(risk) * times), events).p)
    assert np.mean(np.array(ps) < 0.05) <= 0.12


def test_the_brier_score_is_that_of_hand_figures() -> None:
    times, events = np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, dtype=np.bool_)
    half = Forecast(np.zeros(4), np.array([0.001, 5.0]), np.full((4, 2), 0.5))
    assert _brier(times, events, half) == pytest.approx(0.25, abs=1e-9)
    oracle = Forecast(-times, _GRID, (times[:, None] > _GRID).astype(float))
    assert _brier(times, events, oracle) < 0.02


def test_a_true_forecast_scores_better_than_one_that_knows_nothing() -> None:
    times, events, risk = _patients()
    nobody = np.zeros(len(risk))
    true, flat = (Forecast(one, _GRID, _curves(one, _GRID)) for one in (risk, nobody))
    assert _brier(times, events, true) < _brier(times, events, flat)


def test_a_forecast_is_told_at_other_times_from_1_at_0() -> None:
    forecast = Forecast(np.zeros(1), np.array([2.0, 4.0]), np.array([[0.8, 0.4]]))
    assert forecast.at(np.array([0.0, 1.0, 2.0, 3.0, 9.0])).tolist() == [pytest.approx([1.0, 0.9, 0.8, 0.6, 0.4])]


def test_figures_are_of_folds_that_were_not_learned_from() -> None:
    times, events, risk = _patients()
    folds = np.arange(len(times)) % 3
    learned: list[tuple[int, int]] = []

    def forecast(rest: Bools, test: Bools) -> Forecast:
        assert not (rest & test).any()
        learned.append((int(rest.sum()), int(test.sum())))
        return Forecast(risk[test], _GRID, _curves(risk[test], _GRID))

    told = figures(times, events, folds, forecast)
    assert learned == [(400, 200)] * 3
    per_fold = [_c(times[folds == fold], events[folds == fold], risk[folds == fold]) for fold in range(3)]
    assert told["harrell_c"] == pytest.approx(np.mean(per_fold)) and told["folds"] == 3.0
    assert told["d_calibration_p"] > CALIBRATED_FROM
    assert 0.0 < told["integrated_brier"] < 0.25


def test_a_figure_that_cannot_be_told_is_left_out() -> None:
    times, events = np.ones(20), np.ones(20, dtype=np.bool_)
    folds = np.arange(20) % 2
    told = figures(times, events, folds, lambda rest, test: Forecast(np.zeros(10), _GRID, np.ones((10, len(_GRID)))))
    assert set(told) == {"d_calibration_p", "folds"}
