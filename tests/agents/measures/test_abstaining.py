"""Risk against coverage, and coverage of conformal sets, on data whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.measures.conformal import pooled, set_counts
from wardround.agents.measures.resampling import PatientBootstrap, ratio_statistic
from wardround.agents.measures.selective import aurc, error_at, risk_coverage


def test_the_error_among_the_most_confident_by_hand() -> None:
    said, positive = np.array([0.95, 0.1, 0.6, 0.45]), np.array([True, False, False, True])
    assert error_at(said, positive, 0.5) == 0.0
    assert error_at(said, positive, 1.0) == 0.5
    coverage, risk = risk_coverage(said, positive)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0.0, 0.0, 1 / 3, 0.5])
    assert aurc(said, positive) == pytest.approx(np.mean([0.0, 0.0, 1 / 3, 0.5]))


def test_films_of_equal_confidence_share_their_errors_whatever_their_order() -> None:
    said, positive = np.full(6, 0.2), np.array([True, False, False, False, True, False])
    for order in (positive, positive[::-1]):
        assert error_at(said, order, 0.5) == pytest.approx(1 / 3)
        assert aurc(said, order) == pytest.approx(1 / 3)


def test_a_true_predictor_errs_less_where_it_is_sure() -> None:
    random = np.random.default_rng(0)
    said = random.random(4000)
    positive = random.random(4000) < said
    assert error_at(said, positive, 0.5) < 0.6 * error_at(said, positive, 1.0)


def test_sets_by_hand() -> None:
    said, positive = np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, True, False, True])
    counts = set_counts(said, positive, present_from=0.5, absent_to=0.65)
    assert counts.covered_positives.tolist() == [0, 0, 0, 1]
    assert counts.covered_negatives.tolist() == [1, 0, 1, 0]
    assert counts.size.tolist() == [1, 1, 2, 1]
    half = set_counts(said, positive, 0.5, 0.65, known=np.array([True, True, False, False]))
    assert (half.positives.sum(), half.negatives.sum(), half.size.sum()) == (1, 1, 2)
    both = pooled([counts, half])
    assert both.positives.tolist() == [0, 2, 0, 1]


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_sets_cut_on_exchangeable_films_cover_as_promised(level: float) -> None:
    random = np.random.default_rng(1)
    positive = random.random(40_000) < 0.2
    said = 1.0 / (1.0 + np.exp(-random.normal(size=40_000) - 1.5 * positive))
    fit, judged = slice(0, 20_000), slice(20_000, None)
    present_from = float(np.quantile(said[fit][positive[fit]], 1.0 - level))
    absent_to = float(np.quantile(said[fit][~positive[fit]], level))
    counts = set_counts(said[judged], positive[judged], present_from, absent_to)
    bootstrap = PatientBootstrap([str(i) for i in range(20_000)], count=50)
    for covered, of in ((counts.covered_positives, counts.positives), (counts.covered_negatives, counts.negatives)):
        assert bootstrap.value(ratio_statistic(covered, of)) == pytest.approx(level, abs=0.015)
