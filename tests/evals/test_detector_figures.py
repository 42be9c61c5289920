"""A detector's figures are right on data whose answers are known, fair to whom it has seen, and never crash."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shade_detectors import ShadeDetector, TwoMemberDetector, calibrated

from wardround.agents.measures.ranking import auc
from wardround.contracts.base import NOTICE
from wardround.evals.evaluate.detector import Judged, evaluate_detector
from wardround.evals.evaluate.plots import detector_plots
from wardround.evals.evaluate.tables import Table, read_table


@pytest.fixture(scope="module")
def judged(shades: Path) -> Judged:
    return evaluate_detector(ShadeDetector(calibrated()), read_table(shades))


def test_ranking_stands_inside_its_interval_beside_its_floor(judged: Judged) -> None:
    result = judged.result
    told = result.auc["Effusion"]
    assert told.value == round(auc(judged.scores[:, 0], judged.truth.positive[:, 0]), 4)
    assert told.low is not None and told.high is not None and told.value is not None
    assert told.low < told.value < told.high
    assert told.floor_view is not None and 0.5 < told.floor_view < told.value
    assert (told.films, result.n, result.patients) == (160, 160, 80)
    precision = result.average_precision["Effusion"]
    assert precision.value is not None and precision.prevalence is not None and precision.value > precision.prevalence
    assert result.notice == NOTICE


def test_a_label_of_one_class_is_null_with_its_reason_and_not_in_the_mean(judged: Judged) -> None:
    assert judged.result.auc["Nodule"].value is None
    assert judged.result.auc["Nodule"].reason == "no film has it"
    assert judged.result.macro_auc.labels == 1
    assert judged.result.macro_auc.value == judged.result.auc["Effusion"].value
    assert judged.result.brier_skill["Nodule"].reason


def test_a_true_predictor_is_calibrated_has_skill_and_beats_the_constant(judged: Judged) -> None:
    told = judged.result.ece_by_label["Effusion"]
    assert told.value is not None and told.chance is not None and told.constant is not None
    assert told.value < 2.0 * told.chance
    assert told.of == "probability" and judged.result.ece_by_label["Nodule"].of == "score"
    skill = judged.result.brier_skill["Effusion"]
    assert skill.low is not None and skill.low > 0.0
    assert judged.result.macro_brier_skill.value == skill.value
    assert judged.result.calibrated == ("Effusion", "No Finding")


def test_conformal_sets_are_measured_by_class_pooled_and_by_label(judged: Judged) -> None:
    assert list(judged.result.conformal) == ["0.8", "0.9"]
    level = judged.result.conformal["0.8"]
    assert set(level.labels) == {"Effusion", "No Finding"}
    assert level.n_present == level.n_absent == 160
    said, positive = judged.probabilities[:, 0], judged.truth.positive[:, 0]
    assert level.labels["Effusion"].coverage_present == pytest.approx((said[positive] >= 0.45).mean(), abs=1e-4)
    assert level.labels["Effusion"].coverage_absent == pytest.approx((said[~positive] <= 0.55).mean(), abs=1e-4)
    wider = judged.result.conformal["0.9"]
    assert level.mean_set_size is not None and wider.mean_set_size is not None
    assert wider.mean_set_size > level.mean_set_size


def test_the_selective_mode_errs_less_on_fewer_films(judged: Judged) -> None:
    told = judged.result.selective
    assert told is not None and told.label == "No Finding"
    assert told.error_half.value is not None and told.error_full.value is not None
    assert told.error_half.value < told.error_full.value < told.majority_error
    assert told.error["1"] == told.error_full.value and told.error["0.5"] == told.error_half.value
    (cut,) = told.deferral
    confident = np.maximum(judged.probabilities[:, 2], 1.0 - judged.probabilities[:, 2]) >= 0.75
    assert cut.answered == pytest.approx(confident.mean(), abs=1e-4)


def test_a_demoted_label_stays_a_score_and_has_no_sets(shades: Path) -> None:
    result = evaluate_detector(ShadeDetector(calibrated(("Effusion",))), read_table(shades)).result
    assert result.calibrated == ("No Finding",)
    assert result.ece_by_label["Effusion"].of == "score"
    assert set(result.conformal["0.8"].labels) == {"No Finding"}


def test_without_a_calibration_all_numbers_are_scores(shades: Path) -> None:
    result = evaluate_detector(ShadeDetector(), read_table(shades)).result
    assert result.calibrated == () and result.conformal == {}
    assert {one.of for one in result.ece_by_label.values()} == {"score"}
    assert result.brier_skill["No Finding"].reason == "its training prevalence is not known"


def test_patients_that_were_seen_are_read_by_the_member_that_did_not_see_them(shades: Path) -> None:
    table = read_table(shades)
    seen = frozenset(f"p{number}" for number in range(0, 80, 2))
    judged = evaluate_detector(TwoMemberDetector(seen), table)
    assert judged.result.fresh == 80
    (warning,) = judged.result.warnings
    assert "80 of 160" in warning and "calibration" in warning and "optimistic" in warning
    plain = evaluate_detector(ShadeDetector(), table)
    turned = np.array([row.patient in seen for row in table.rows])
    np.testing.assert_allclose(judged.scores[turned], 1.0 - plain.scores[turned], atol=1e-6)
    np.testing.assert_allclose(judged.scores[~turned], plain.scores[~turned])


def test_a_detector_that_learned_from_the_set_and_leaves_nobody_out_is_warned_of(shades: Path) -> None:
    (warning,) = evaluate_detector(ShadeDetector(training_data="NIH and others"), read_table(shades)).result.warnings
    assert "NIH" in warning


def test_a_single_film_gives_a_result_all_the_same(shades: Path) -> None:
    table = read_table(shades)
    result = evaluate_detector(ShadeDetector(calibrated()), Table(table.folder, table.rows[:1])).result
    assert result.n == 1 and result.macro_auc.value is None and result.macro_auc.reason
    assert json.loads(result.model_dump_json())["macro_auc"]["value"] is None


def test_the_pictures_are_drawn(judged: Judged, tmp_path: Path) -> None:
    pictures = detector_plots(judged, tmp_path)
    assert [picture.name for picture in pictures] == ["roc.png", "reliability.png", "risk_coverage.png"]
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
