"""What a fit gives: a signal that is found, curves that fall, missing parts that are no error, refusals that teach."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from simulated_survival import QUICK, cohort

from wardround.agents.survival.learning.cohort import Patients
from wardround.agents.survival.learning.fitting import Fitted, fit
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.training import Progress
from wardround.contracts.errors import CallerError


@pytest.fixture(scope="module")
def multimodal() -> tuple[Fitted, Patients]:
    patients, _ = cohort(120, genes=6, bags=True)
    pathways = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0]])
    return fit(patients, QUICK, pathways), patients


def test_a_simulated_signal_is_learned_and_holds_for_new_patients() -> None:
    patients, hazard = cohort(420)
    seen, new = np.arange(300), np.arange(300, 420)
    predicted = fit(patients.subset(seen), QUICK).predict(patients.subset(new))
    assert spearmanr(predicted.risk, hazard[new]).statistic > 0.85


def test_networks_alone_learn_it_too() -> None:
    patients, hazard = cohort(300)
    options = QUICK.model_copy(update={"linear": False, "epochs": 30, "batch": 64})
    risk = fit(patients, options).predict(patients).risk
    assert spearmanr(risk, hazard).statistic > 0.6


def test_curves_start_at_1_never_rise_and_lie_in_their_bands(multimodal: tuple[Fitted, Patients]) -> None:
    predicted = multimodal[0].predict(multimodal[1])
    assert predicted.times[0] == 0.0 and bool((np.diff(predicted.times) > 0).all())
    assert predicted.times[-1] == pytest.approx(multimodal[1].times.max(), rel=1e-6)
    for curve in (predicted.survival, predicted.low, predicted.high):
        assert bool((curve[:, 0] == 1.0).all())
        assert bool((np.diff(curve, axis=1) <= 1e-6).all())
        assert bool(((curve >= 0.0) & (curve <= 1.0)).all())
    assert bool((predicted.low <= predicted.survival).all() and (predicted.survival <= predicted.high).all())
    assert bool((predicted.risk_low < predicted.risk).all() and (predicted.risk < predicted.risk_high).all())
    higher = np.argsort(predicted.risk)
    assert predicted.survival[higher[0], 50] > predicted.survival[higher[-1], 50]


def test_any_modality_or_value_may_be_missing(multimodal: tuple[Fitted, Patients]) -> None:
    fitted, patients = multimodal
    no_table = np.full_like(patients.clinical, np.nan)
    holes = patients.clinical.copy()
    holes[:, 1] = np.nan
    for change in (
        {"genes": None},
        {"bags": None},
        {"bags": ((),) * len(patients), "genes": None},
        {"clinical": no_table, "genes": None},
        {"clinical": no_table, "bags": None},
        {"clinical": holes},
    ):
        predicted = fitted.predict(dataclasses.replace(patients, **change))
        assert bool(np.isfinite(predicted.risk).all()) and bool(np.isfinite(predicted.survival).all())


def test_who_is_predicted_beside_others_does_not_matter(multimodal: tuple[Fitted, Patients]) -> None:
    fitted, patients = multimodal
    together = fitted.predict(patients)
    alone = fitted.predict(patients.subset([17]))
    assert alone.risk[0] == pytest.approx(together.risk[17], abs=1e-4)
    assert alone.survival[0] == pytest.approx(together.survival[17], abs=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"hyperbolic": False},
        {"hierarchy": False},
        {"arcl": False},
        {"cuc": False},
        {"linear": False},
        {"censored": "drop"},
        {"members": 1},
        {"epochs": 0},
        {"ties": "breslow"},
    ],
    ids=str,
)
def test_each_part_can_be_turned_off(change: dict[str, object]) -> None:
    patients, _ = cohort(60, genes=4)
    options = SurvivalOptions.model_validate({**QUICK.model_dump(), "epochs": 2, **change})
    predicted = fit(patients, options).predict(patients)
    assert bool(np.isfinite(predicted.risk).all()) and predicted.risk.std() > 0


def test_the_same_seed_gives_the_same_model_and_another_another() -> None:
    patients, _ = cohort(60)
    once, twice = (fit(patients, QUICK).predict(patients).risk for _ in range(2))
    other = fit(patients, QUICK.model_copy(update={"seed": 1})).predict(patients).risk
    assert once.tolist() == twice.tolist() != other.tolist()


class _PulledPlug(Exception):
    pass


def test_a_training_that_was_stopped_goes_on_to_the_same_model(tmp_path: Path) -> None:
    patients, _ = cohort(80, genes=4, bags=True)
    told: list[Progress] = []

    def until_the_third(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 3:
            raise _PulledPlug

    with pytest.raises(_PulledPlug):
        fit(patients, QUICK, tick=until_the_third, resume=tmp_path)
    again: list[Progress] = []
    resumed = fit(patients, QUICK, tick=again.append, resume=tmp_path).predict(patients)
    whole = fit(patients, QUICK).predict(patients)
    assert [one.epoch for one in told] == [1, 2, 3] and again[0].epoch == 4
    assert resumed.risk.tolist() == whole.risk.tolist()
    assert resumed.survival.tolist() == whole.survival.tolist()


def test_a_state_of_another_training_is_refused(tmp_path: Path) -> None:
    patients, _ = cohort(60)
    fit(patients, QUICK, resume=tmp_path)
    with pytest.raises(CallerError, match="other data or with other options"):
        fit(patients, QUICK.model_copy(update={"rate": 0.01}), resume=tmp_path)
    (tmp_path / "training.safetensors").write_bytes(b"garbage")
    with pytest.raises(CallerError, match="cannot be read"):
        fit(patients, QUICK, resume=tmp_path)


def test_a_model_is_arrays_and_words_and_back(multimodal: tuple[Fitted, Patients]) -> None:
    fitted, patients = multimodal
    again = Fitted.restored(*fitted.saved())
    assert again.options == fitted.options
    assert again.predict(patients).low.tolist() == fitted.predict(patients).low.tolist()


def test_risks_can_be_differentiated_by_what_was_given(multimodal: tuple[Fitted, Patients]) -> None:
    fitted, patients = multimodal
    batch = fitted.batch(patients)
    batch.clinical.requires_grad_()
    torch.autograd.backward(fitted.risk(batch).sum())
    assert batch.clinical.grad is not None and float(batch.clinical.grad.abs().sum()) > 0


def _with_time(value: float) -> Patients:
    patients, _ = cohort(60)
    times = patients.times.copy()
    times[4] = value
    return dataclasses.replace(patients, times=times)


def _changed(**change: object) -> Patients:
    return dataclasses.replace(cohort(60, genes=3)[0], **change)  # type: ignore[arg-type]


def _constant() -> Patients:
    patients, _ = cohort(60)
    clinical = patients.clinical.copy()
    clinical[:, 1] = 7.0
    return dataclasses.replace(patients, clinical=clinical)


@pytest.mark.parametrize(
    ("patients", "said"),
    [
        (_with_time(float("nan")), "1 of 60 times are missing"),
        (_with_time(float("inf")), "1 of 60 times are missing"),
        (_with_time(-3.0), "1 of 60 times are negative"),
        (_changed(times=np.zeros(60)), "All times are zero"),
        (_changed(events=np.zeros(60, dtype=bool)), "All patients are censored"),
        (cohort(60)[0].subset([0, 1, 2]), "3 patients are too few"),
        (_constant(), "same value for all patients, or none: dose"),
        (_changed(times=np.ones(59)), "59 times"),
        (_changed(clinical=np.full((60, 2), np.inf, dtype=np.float32)), "infinite"),
        (_changed(genes=np.zeros((59, 3), dtype=np.float32)), "genes table has shape"),
        (_changed(clinical=np.zeros((60, 0), dtype=np.float32), genes=None), "nothing to learn from"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_that_cannot_be_learned_from_is_refused_with_a_hint(patients: Patients, said: str) -> None:
    with pytest.raises(CallerError, match=said) as refused:
        fit(patients, QUICK)
    assert refused.value.problem.hint or "shape" in refused.value.problem.message


def test_inside_folds_a_constant_column_is_ignored_and_named() -> None:
    fitted = fit(_constant(), QUICK.model_copy(update={"constant": "ignore"}))
    assert fitted.ignored == ("dose",)
    assert bool(np.isfinite(fitted.predict(cohort(60)[0]).risk).all())


@pytest.mark.parametrize(
    ("pathways", "said"),
    [
        (np.ones((2, 5)), "each of 3 genes"),
        (np.full((2, 3), 0.5), "0 or 1"),
        (np.zeros((2, 3)), "None of the genes"),
    ],
)
def test_pathways_that_do_not_fit_the_genes_are_refused(
    pathways: np.ndarray[tuple[int, int], np.dtype[np.float64]], said: str
) -> None:
    with pytest.raises(CallerError, match=said):
        fit(cohort(60, genes=3)[0], QUICK, pathways)


def test_patients_of_another_shape_are_refused(multimodal: tuple[Fitted, Patients]) -> None:
    fitted, patients = multimodal
    for change, said in (
        ({"clinical": patients.clinical[:, :2]}, "4 clinical columns"),
        ({"genes": np.zeros((len(patients), 9), dtype=np.float32)}, "6 genes"),
        ({"clinical": np.full_like(patients.clinical, np.nan), "genes": None, "bags": None}, "nothing is known"),
    ):
        with pytest.raises(CallerError, match=said):
            fitted.predict(dataclasses.replace(patients, **change))


def test_more_censoring_leaves_wider_bands() -> None:
    (few, _), (many, _) = cohort(200, censoring=0.2), cohort(200, censoring=0.8)
    narrow, wide = (fit(patients, QUICK).predict(few) for patients in (few, many))
    assert float((wide.risk_high - wide.risk_low).mean()) > float((narrow.risk_high - narrow.risk_low).mean())


@pytest.mark.gpu
def test_a_fit_on_cuda_is_near_the_one_on_the_cpu() -> None:
    patients, _ = cohort(120, genes=6, bags=True)
    here, there = (fit(patients, QUICK.model_copy(update={"device": name})) for name in ("cpu", "cuda"))
    assert spearmanr(here.predict(patients).risk, there.predict(patients).risk).statistic > 0.9
