"""What is said of one patient: a curve within its band, what was missing or unread, or that no estimate is due."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from survival_study import GENES, Study, refused

from wardround.agents.survival.estimate import estimate
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.reference import Reference
from wardround.contracts.errors import ProblemCode
from wardround.contracts.survival import Modality, RiskGroup, SurvivalEstimate, SurvivalInput


def _changed(patient: SurvivalInput, **clinical: float | str | None) -> SurvivalInput:
    return patient.model_copy(update={"clinical": {**patient.clinical, **clinical}})


@pytest.fixture(scope="module")
def everyone(study: Study) -> list[SurvivalEstimate]:
    return [estimate(study.loaded, *one) for one in zip(study.patients, study.bags, strict=True)]


def test_a_curve_falls_from_1_within_its_band_up_to_the_horizon(study: Study, everyone: list[SurvivalEstimate]) -> None:
    for told in everyone:
        curve = told.curve
        assert curve.times[0] == 0.0 and curve.survival[0] == curve.low[0] == curve.high[0] == 1.0
        assert curve.times[-1] == told.horizon == pytest.approx(np.quantile(study.table.times, 0.9))
        for values in (curve.low, curve.survival, curve.high):
            assert list(values) == sorted(values, reverse=True)
        assert all(a <= b <= c for a, b, c in zip(curve.low, curve.survival, curve.high, strict=True))
        assert told.risk_low < told.risk < told.risk_high
        assert 0.0 < told.restricted_mean <= told.horizon
        assert told.used == (Modality.CLINICAL, Modality.GENES, Modality.HISTOLOGY)


def test_a_median_is_where_the_curve_is_one_half_and_none_where_it_is_not_reached(
    everyone: list[SurvivalEstimate],
) -> None:
    reached = [told for told in everyone if told.median is not None]
    assert 0 < len(reached) < len(everyone)
    for told in everyone:
        ends = told.curve.survival[-1]
        assert (told.median is None) is (ends > 0.5)
        if told.median is not None:
            at = np.interp(told.median, told.curve.times, told.curve.survival)
            assert at == pytest.approx(0.5, abs=1e-4)
            assert told.median_low is not None and told.median_low <= told.median
            assert told.median_high is None or told.median <= told.median_high


def test_higher_risk_is_a_lower_curve_and_a_shorter_time(everyone: list[SurvivalEstimate]) -> None:
    ordered = sorted(everyone, key=lambda told: told.risk)
    first, last = ordered[0], ordered[-1]
    assert first.restricted_mean > last.restricted_mean
    assert first.percentile < last.percentile == 1.0


def test_risk_groups_are_thirds_of_the_cohort(everyone: list[SurvivalEstimate]) -> None:
    counted = Counter(told.group for told in everyone)
    assert all(abs(counted[group] - len(everyone) / 3) <= 1 for group in RiskGroup)
    ordered = sorted(everyone, key=lambda told: told.risk)
    assert ordered[0].group is RiskGroup.LOW and ordered[-1].group is RiskGroup.HIGH


def test_the_cohort_s_own_are_inside(everyone: list[SurvivalEstimate]) -> None:
    assert np.mean([told.in_cohort for told in everyone]) >= 0.97
    assert 0.5 < np.median([told.distance for told in everyone]) < 1.5


def test_a_missing_modality_is_told_and_the_estimate_goes_without(study: Study) -> None:
    patient, bags = study.patients[3], study.bags[3]
    no_slide = estimate(study.loaded, patient)
    assert no_slide.used == (Modality.CLINICAL, Modality.GENES) and no_slide.missing == ("histology",)
    no_genes = estimate(study.loaded, patient.model_copy(update={"genes": {}}), bags)
    assert no_genes.missing == ("genes",) and Modality.GENES not in no_genes.used
    alone = estimate(study.loaded, SurvivalInput(), bags)
    assert alone.used == (Modality.HISTOLOGY,)
    assert alone.missing == ("age", "stage", "dose", "genes")


def test_missing_values_are_told_and_lie_further_off(study: Study) -> None:
    patient, bags = study.patients[3], study.bags[3]
    whole = estimate(study.loaded, patient, bags)
    assert whole.missing == ()
    gapped = estimate(study.loaded, _changed(patient, dose=None, stage=""), bags)
    assert gapped.missing == ("stage", "dose")
    assert gapped.distance > whole.distance
    few = estimate(study.loaded, patient.model_copy(update={"genes": {"G0": 0.1, "G1": 0.2}}), bags)
    assert few.missing == ("4 of 6 genes",)
    assert any("more than half of the genes" in one for one in few.warnings)


def test_names_that_the_model_does_not_read_are_warned_of(study: Study) -> None:
    told = estimate(study.loaded, _changed(study.patients[3], Age=61.0, smoker="yes"), study.bags[3])
    assert "not read by this model: 'Age', 'smoker'." in told.warnings
    assert told.risk == estimate(study.loaded, study.patients[3], study.bags[3]).risk


def test_a_patient_of_whom_nothing_is_known_is_refused_with_what_is_read(study: Study) -> None:
    for patient in (SurvivalInput(), SurvivalInput(clinical={"Age": 61.0}), SurvivalInput(clinical={"age": None})):
        said = refused(ProblemCode.BAD_ARGUMENT, partial(estimate, study.loaded, patient))
        assert "'age', 'stage', 'dose'" in said


def test_a_value_somewhat_beyond_is_told_and_one_in_another_unit_refused(study: Study) -> None:
    age = study.loaded.card.covariates[0]
    assert age.low is not None and age.high is not None
    patient, bags = study.patients[3], study.bags[3]
    older = estimate(study.loaded, _changed(patient, age=age.high + 0.1 * (age.high - age.low)), bags)
    assert any("'age' is" in one and "years seen." in one for one in older.warnings)
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: estimate(study.loaded, _changed(patient, age=60 * 365.0), bags))
    assert "no estimate is given" in said and "is the unit right?" in said


def test_a_patient_unlike_the_cohort_gets_an_estimate_that_says_so(study: Study) -> None:
    patient = _changed(study.patients[3], age=118.0, dose=-4.5)
    told = estimate(study.loaded, patient)
    assert not told.in_cohort and told.distance_percentile > 0.98
    assert any("the estimate may mean nothing" in one for one in told.warnings)


def test_genes_on_another_scale_are_refused(study: Study) -> None:
    counts = study.patients[3].model_copy(update={"genes": dict.fromkeys(GENES, 40_000.0)})
    assert "on its scale" in refused(ProblemCode.BAD_ARGUMENT, lambda: estimate(study.loaded, counts))
    absurd = study.patients[3].model_copy(update={"genes": dict.fromkeys(GENES, 1e300)})
    assert "'G0'" in refused(ProblemCode.BAD_ARGUMENT, lambda: estimate(study.loaded, absurd))
    renamed = study.patients[3].model_copy(update={"genes": {"ENSG0001": 1.0}})
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: estimate(study.loaded, renamed))
    assert "6 genes" in said and "'G0'" in said


@pytest.mark.parametrize(
    "clinical", [{"age": "old"}, {"age": 1e300}, {"stage": "IV"}, {"stage": "z" * 1_000_000}], ids=range(4)
)
def test_a_value_that_cannot_be_read_is_refused_by_its_column(
    study: Study, clinical: dict[str, float | str | None]
) -> None:
    patient = _changed(study.patients[3], **clinical)
    assert f"'{next(iter(clinical))}'" in refused(ProblemCode.BAD_ARGUMENT, lambda: estimate(study.loaded, patient))


def test_a_slide_of_another_shape_is_refused(study: Study) -> None:
    patient, (coarse, fine) = study.patients[3], study.bags[3]
    wide = Bag(np.ones((2, 9), dtype=np.float32), None, 4.0)
    for bags in ((coarse,), (coarse, fine, fine), (wide, fine)):
        said = refused(ProblemCode.BAD_ARGUMENT, partial(estimate, study.loaded, patient, bags))
        assert "2 of 5 features each, at 4, 1 microns" in said


def test_what_a_model_does_not_read_at_all_is_warned_of(study: Study) -> None:
    card = study.loaded.card.model_copy(update={"genes": (), "pathways": ()})
    reference = replace(study.loaded.reference, resolutions=(), patch_means=())
    told = estimate(replace(study.loaded, card=card, reference=reference), study.patients[3], study.bags[3])
    assert told.used == (Modality.CLINICAL,)
    assert any("reads no genes" in one for one in told.warnings)
    assert any("reads no slides" in one for one in told.warnings)


def test_the_percentile_of_the_highest_risk_is_1_and_beyond_it_no_more(study: Study) -> None:
    reference: Reference = study.loaded.reference
    assert reference.percentile(reference.risks[-1]) == 1.0 == reference.percentile(99.0)
    assert reference.percentile(-99.0) == 0.0
    assert reference.percentile(float(np.median(reference.risks))) == pytest.approx(0.5, abs=0.02)
