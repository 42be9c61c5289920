"""Measures of survival say what their definitions say, and what scikit-survival says where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.measures.resampling import PatientBootstrap
from wardround.agents.measures.survival import (
    Observed,
    agreement,
    brier_terms,
    censoring_curve,
    covered,
    d_calibration,
    dynamic_auc,
    integrated,
    kaplan_meier,
    mean_auc,
    weighted_agreement,
)
from wardround.evals.survival.compare import corrected_t, holm, resampled_means
from wardround.evals.survival.extra import extra_module, has_extra

needs_extra = pytest.mark.skipif(not has_extra(), reason="scikit-survival is not installed: pip install '.[bench]'")
EXACT = 1e-6


def _drawn(n: int, seed: int, step: float = 1.0) -> tuple[Observed, NDArray[np.float64]]:
    """Patients with tied times, events and censorings alike, and tied risks."""
    random = np.random.default_rng(seed)
    risk = np.round(random.normal(size=n), 1)
    event, lost = random.exponential(30.0 * np.exp(-risk)), random.exponential(40.0, n)
    times = np.ceil(np.minimum(event, lost) / step) * step
    return Observed(times, event <= lost), risk


def _outcome(observed: Observed) -> Any:
    return extra_module("sksurv.util").Surv.from_arrays(observed.events, observed.times)


def _grid(test: Observed) -> NDArray[np.float64]:
    return np.linspace(float(np.percentile(test.times, 10.0)), float(np.percentile(test.times, 80.0)), 25)


@needs_extra
@pytest.mark.parametrize("step", [0.001, 1.0, 10.0])
def test_concordance_agrees_with_scikit_survival_with_and_without_ties(step: float) -> None:
    metrics = extra_module("sksurv.metrics")
    (train, _), (test, risk) = _drawn(150, 1, step), _drawn(90, 2, step)
    harrell = metrics.concordance_index_censored(test.events, test.times, risk)[0]
    assert agreement(test, risk).value == pytest.approx(harrell, abs=EXACT)
    tau = float(np.percentile(train.times[train.events], 90))
    uno = metrics.concordance_index_ipcw(_outcome(train), _outcome(test), risk, tau=tau)[0]
    assert weighted_agreement(train, test, risk, tau).value == pytest.approx(uno, abs=EXACT)


@needs_extra
@pytest.mark.parametrize("step", [0.001, 1.0, 10.0])
def test_brier_scores_and_auc_over_time_agree_with_scikit_survival(step: float) -> None:
    metrics = extra_module("sksurv.metrics")
    (train, _), (test, risk) = _drawn(150, 3, step), _drawn(90, 4, step)
    grid = _grid(test)
    survival = np.exp(-np.exp(risk)[:, None] * grid / 40.0)
    terms = brier_terms(train, test, survival, grid)
    _, by_time = metrics.brier_score(_outcome(train), _outcome(test), survival, grid)
    np.testing.assert_allclose(terms.mean(axis=0), by_time, atol=EXACT)
    whole = metrics.integrated_brier_score(_outcome(train), _outcome(test), survival, grid)
    assert integrated(terms, grid).mean() == pytest.approx(whole, abs=EXACT)
    by_time, mean = metrics.cumulative_dynamic_auc(_outcome(train), _outcome(test), risk, grid)
    values = dynamic_auc(train, test, risk, grid)
    np.testing.assert_allclose(values, by_time, atol=EXACT)
    assert mean_auc(test, values, grid) == pytest.approx(mean, abs=EXACT)


@needs_extra
def test_the_curves_agree_with_scikit_survival() -> None:
    curves = extra_module("sksurv.nonparametric")
    observed, _ = _drawn(120, 5)
    for own, reverse in ((kaplan_meier(observed), False), (censoring_curve(observed), True)):
        times, values = curves.kaplan_meier_estimator(observed.events, observed.times, reverse=reverse)
        np.testing.assert_allclose(own.at(times), values, atol=EXACT)


def test_the_floors_are_what_they_must_be() -> None:
    (train, _), (test, _) = _drawn(150, 6), _drawn(90, 7)
    nothing = np.zeros(len(test))
    assert agreement(test, nothing).value == 0.5
    assert weighted_agreement(train, test, nothing, 60.0).value == 0.5
    grid = _grid(test)
    np.testing.assert_allclose(dynamic_auc(train, test, nothing, grid), 0.5)
    flat = kaplan_meier(train).at(grid)
    known = integrated(brier_terms(train, test, np.tile(flat, (len(test), 1)), grid), grid).mean()
    assert 0.1 < known < 0.25


def test_perfect_order_is_one_and_no_comparable_pair_is_no_figure() -> None:
    everyone = Observed(np.array([3.0, 1.0, 2.0]), np.array([True, True, True]))
    assert agreement(everyone, -everyone.times).value == 1.0
    nobody = Observed(everyone.times, np.zeros(3, dtype=bool))
    assert np.isnan(agreement(nobody, -nobody.times).value)


def test_a_resample_counts_a_patient_as_often_as_it_was_drawn() -> None:
    test, risk = _drawn(40, 8)
    drawn = np.random.default_rng(0).integers(40, size=40)
    weights = np.bincount(drawn, minlength=40).astype(np.float64)[None, :]
    copied = agreement(Observed(test.times[drawn], test.events[drawn]), risk[drawn])
    # Copies of one patient compare with each other only where they are told apart, which copies never are.
    assert agreement(test, risk).statistic()(weights)[0] == pytest.approx(copied.value, abs=1e-5)


def test_uniform_survival_at_the_event_is_calibrated_and_a_bent_one_is_not() -> None:
    random = np.random.default_rng(9)
    at_event, at_loss = random.uniform(size=4000), random.uniform(size=4000)
    events = at_event > at_loss  # survival falls with time: whichever is larger came first
    honest = d_calibration(np.maximum(at_event, at_loss), events)
    assert honest.p > 0.05 and sum(honest.shares) == pytest.approx(1.0)
    assert d_calibration(np.maximum(at_event, at_loss) ** 2, events).p < 1e-6


def test_a_censored_patient_is_shared_out_over_what_is_left() -> None:
    one = d_calibration(np.array([0.25]), np.array([False]))
    assert one.shares[:4] == pytest.approx((0.4, 0.4, 0.2, 0.0))
    certain = d_calibration(np.array([0.0, 1.0]), np.array([False, True]))
    assert certain.shares[0] == certain.shares[-1] == 0.5


def test_coverage_counts_points_within_the_band() -> None:
    truth = np.array([[0.9, 0.5], [0.8, 0.2]])
    assert covered(truth, truth - np.array([0.1, 0.0]), truth + 0.1) == 1.0
    assert covered(truth, truth - 0.1, np.full((2, 2), 0.5)) == 0.5


def test_folds_that_share_patients_widen_the_test() -> None:
    differences = np.random.default_rng(10).normal(0.02, 0.03, 15)
    found = corrected_t(differences, 0.25)
    plain = differences.std(ddof=1) / np.sqrt(15)
    assert found.value == pytest.approx(differences.mean())
    assert (found.high - found.low) / 2 == pytest.approx(2.1448 * plain * np.sqrt(1 + 15 / 4), rel=1e-4)
    assert found.low < 0 < found.high and 0.05 < found.p < 1.0
    assert corrected_t(np.zeros(5), 0.25).p == 1.0
    assert np.isnan(corrected_t(np.array([0.1]), 0.25).p)


def test_many_comparisons_are_allowed_for() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": float("nan")})
    assert found["a"] == pytest.approx(0.03) and found["b"] == found["c"] == pytest.approx(0.06)
    assert np.isnan(found["d"])


def test_the_mean_over_folds_is_shaken_by_patients_of_all_folds() -> None:
    test, risk = _drawn(60, 11)
    rows = (np.arange(30), np.arange(30, 60))
    folds = [(agreement(test.subset(part), risk[part]).statistic(), part) for part in rows]
    value, values = resampled_means(PatientBootstrap([str(row) for row in range(60)], count=100), folds)
    assert value == pytest.approx(np.mean([agreement(test.subset(part), risk[part]).value for part in rows]), abs=1e-5)
    assert values.shape == (100,) and values.min() < value < values.max()
