"""Calibration: bent scores are straightened out of fold, what has no skill is called a score, sets and cuts hold."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.calibration.apply import Calibrator, logistic
from wardround.agents.calibration.fit import LEVELS, conformal_cut, cross_calibrated, fit_calibration, platt
from wardround.agents.cxr.bundled import stored_calibration
from wardround.agents.measures.reliability import ece
from wardround.contracts.calibration import Calibration
from wardround.contracts.codes import NO_FINDING, nih_labels

FILMS = 3000
PATIENTS = [f"p{film // 2}" for film in range(FILMS)]
FOLDS = np.arange(FILMS) // 2 % 5


def _simulated(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True log-odds, truth, and scores that are twice too sure; the second label's scores know nothing."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-1.0, 1.5, (FILMS, 2))
    positive = random.random((FILMS, 2)) < logistic(log_odds)
    shown = np.column_stack([2.0 * log_odds[:, 0], random.normal(-1.0, 1.5, FILMS)])
    return log_odds, positive, logistic(shown)


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    _, positive, scores = _simulated()
    return fit_calibration(
        "bent", ("Effusion", NO_FINDING), scores, positive, PATIENTS, FOLDS, data="simulated", deferral=("Effusion",)
    )


def test_scores_that_are_twice_too_sure_become_probabilities_on_new_films(fitted: Calibration) -> None:
    log_odds, positive, scores = _simulated(seed=1)
    said = Calibrator(fitted).probabilities("Effusion", scores[:, 0])
    assert ece(said, positive[:, 0]) < 0.03 < ece(scores[:, 0], positive[:, 0])
    assert np.abs(said - logistic(log_odds[:, 0])).max() < 0.05


def test_a_label_without_skill_stays_a_score(fitted: Calibration) -> None:
    calibrator = Calibrator(fitted)
    known, unknown = fitted.labels
    assert known.brier_skill_low > 0
    assert not known.demoted
    assert unknown.demoted
    assert calibrator.trusted("Effusion") is known
    assert calibrator.trusted(NO_FINDING) is None
    assert calibrator.prediction_set(NO_FINDING, 0.9, 0.9) is None
    assert calibrator.deferral_cuts(NO_FINDING) == ()


def test_a_label_that_the_calibration_does_not_have_keeps_its_scores(fitted: Calibration) -> None:
    scores = np.array([0.1, 0.7])
    np.testing.assert_array_equal(Calibrator(fitted).probabilities("Mass", scores), scores)


def test_a_film_is_calibrated_without_the_patients_of_its_fold() -> None:
    _, positive, scores = _simulated()
    before = cross_calibrated(scores, positive, FOLDS)
    positive[FOLDS == 0] = True
    after = cross_calibrated(scores, positive, FOLDS)
    np.testing.assert_array_equal(before[FOLDS == 0], after[FOLDS == 0])
    assert np.abs(before - after)[FOLDS != 0].max() > 0.01


def test_a_rare_label_borrows_the_slope_of_the_others() -> None:
    """Thirty positives whose own slope would be far from the other label's are drawn towards it."""
    random = np.random.default_rng(0)
    _, positive, scores = _simulated()
    rare = random.random(FILMS) < 0.01
    scores = np.column_stack([scores[:, 0], logistic(random.normal(-4.0, 0.3, FILMS) + 0.05 * rare)])
    slopes, _ = platt(scores, np.column_stack([positive[:, 0], rare]))
    assert slopes[0] == pytest.approx(0.5, rel=0.1)
    assert 0.2 < slopes[1] < 0.8


@pytest.mark.parametrize("level", LEVELS)
def test_conformal_cuts_cover_new_films_of_both_classes_as_promised(level: float) -> None:
    log_odds, positive, _ = _simulated()
    p, truth = logistic(log_odds[:, 0]), positive[:, 0]
    old, new = np.arange(FILMS) < FILMS // 2, np.arange(FILMS) >= FILMS // 2
    cut = conformal_cut(p[old], truth[old], level)
    assert (p[new & truth] >= cut.present_from).mean() == pytest.approx(level, abs=0.05)
    assert (p[new & ~truth] <= cut.absent_to).mean() == pytest.approx(level, abs=0.05)


def test_too_few_films_for_a_level_give_sets_that_hold_everything() -> None:
    cut = conformal_cut(np.array([0.9, 0.1, 0.2]), np.array([True, False, False]), 0.95)
    assert (cut.present_from, cut.absent_to) == (0.0, 1.0)


def test_who_answers_fewer_films_errs_less_and_the_cut_says_how_often(fitted: Calibration) -> None:
    _, positive, scores = _simulated(seed=2)
    p = Calibrator(fitted).probabilities("Effusion", scores[:, 0])
    confidence, wrong = np.maximum(p, 1 - p), (p >= 0.5) != positive[:, 0]
    errors = []
    for cut in Calibrator(fitted).deferral_cuts("Effusion"):
        answered = confidence >= cut.least_confidence
        assert answered.mean() == pytest.approx(cut.coverage, abs=0.05)
        assert wrong[answered].mean() == pytest.approx(cut.error_rate, abs=0.03)
        errors.append(cut.error_rate)
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


def test_the_bundled_detectors_calibration_covers_its_labels_and_says_what_it_was_fitted_on() -> None:
    stored = stored_calibration("cxr-lite0")
    assert stored is not None
    assert {row.label for row in stored.labels} == set(nih_labels())
    assert "out of fold" in stored.data
    assert all(row.demoted is (row.brier_skill <= 0.0) for row in stored.labels)
    assert set(stored.deferral) == {NO_FINDING}
