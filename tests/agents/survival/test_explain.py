"""What a risk is made of: parts that add up, equal what can be worked out by hand, and leave out what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from simulated_survival import cohort, slides

from wardround.agents.survival import explain as module
from wardround.agents.survival.estimate import prepared
from wardround.agents.survival.explain import explain
from wardround.agents.survival.folder import Loaded
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.making import Plan, make_model
from wardround.agents.survival.table import Cell, Genes, Table
from wardround.contracts.survival import Attribution, Covariate, Explanation, Modality, SurvivalInput

_OPTIONS = SurvivalOptions(epochs=3, members=2, patience=3, width=8, dimensions=4, batch=64)
_LINEAR = SurvivalOptions(epochs=0, bends=0, members=2, width=4, dimensions=2)
_SETS = {"GROWTH": ("G0", "G1", "G2"), "REPAIR": ("G2", "G3")}
_NUMBERS = ("age", "dose", "noise", "more noise")
_COUNT = 120


class _Study:
    """A fitted model with its cohort: four numbers, of which doses have gaps, and a grade that the hazard follows."""

    def __init__(
        self,
        options: SurvivalOptions,
        *,
        genes: int = 0,
        bags: bool = False,
        sets: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        patients, hazard = cohort(_COUNT, genes=genes, bags=bags)
        grades = np.array(["I", "II", "III"])[np.searchsorted(np.quantile(hazard, (0.33, 0.66)), hazard)]
        self.rows: list[dict[str, Cell]] = [
            {**dict(zip(_NUMBERS, map(float, row), strict=True)), "grade": str(grade)}
            for row, grade in zip(patients.clinical, grades, strict=True)
        ]
        for row in self.rows[::10]:
            row["dose"] = None
        self.genes = patients.genes
        self.bags = patients.bags
        covariates = (*(Covariate(name=name) for name in _NUMBERS), Covariate(name="grade", levels=("I", "II", "III")))
        table = Table(
            ids=tuple(map(str, range(_COUNT))),
            times=patients.times,
            events=patients.events,
            covariates=covariates,
            rows=tuple(self.rows),
            genes=None if patients.genes is None else Genes(patients.gene_names, patients.genes),
            digest="sha256:" + "0" * 64,
            warnings=(),
        )
        made = make_model(table, Plan(name="simulated", options=options, folds=0), sets=sets, bags=patients.bags)
        self.loaded = Loaded(made.card, made.encoding, made.fitted, made.reference, made.sets)

    def patient(self, place: int) -> SurvivalInput:
        values = (
            {} if self.genes is None else dict(zip(self.loaded.card.genes, map(float, self.genes[place]), strict=True))
        )
        return SurvivalInput(clinical=self.rows[place], genes=values)

    def slide(self, place: int) -> tuple[Bag, ...]:
        return self.bags[place] if self.bags is not None else ()


@pytest.fixture(scope="module")
def table() -> _Study:
    return _Study(_OPTIONS)


@pytest.fixture(scope="module")
def multimodal() -> _Study:
    return _Study(_OPTIONS, genes=6, bags=True, sets=_SETS)


def _named(told: Explanation) -> dict[str, float]:
    return {one.name: one.value for one in told.attributions}


def _sum(attributions: tuple[Attribution, ...], *modalities: Modality) -> float:
    return math.fsum(one.value for one in attributions if one.modality in (modalities or tuple(Modality)))


def _demand_complete(told: Explanation) -> None:
    assert told.completeness_error < 0.01 * max(abs(told.total), 0.05)
    assert abs(_sum(told.attributions) - told.total) == pytest.approx(told.completeness_error, abs=1e-9)
    sizes = [abs(one.value) for one in told.attributions]
    assert sizes == sorted(sizes, reverse=True)


def _risk(study: _Study, patient: SurvivalInput, slide: tuple[Bag, ...] = ()) -> float:
    with torch.no_grad():
        ready = prepared(study.loaded, patient, slide)
        return float(study.loaded.fitted.risk(study.loaded.fitted.batch(ready.patients)))


def test_the_parts_of_a_table_add_up_to_the_risk_less_the_average_patients(table: _Study) -> None:
    for place in range(1, 6):
        told = explain(table.loaded, table.patient(place))
        _demand_complete(told)
        assert set(_named(told)) == {*_NUMBERS, "grade"}
        assert told.baseline_risk + told.total == pytest.approx(_risk(table, table.patient(place)), abs=1e-5)
        assert told.pathways == ()


def test_the_parts_of_table_genes_and_slide_add_up_too(multimodal: _Study) -> None:
    for place in range(1, 4):
        told = explain(multimodal.loaded, multimodal.patient(place), multimodal.slide(place))
        _demand_complete(told)
        assert {one.modality for one in told.attributions} == set(Modality)
        assert len(told.attributions) == 5 + 6 + 2 + 6
        assert {"region 1 at 4 µm/px", "patch 5 at 1 µm/px"} < set(_named(told))


def test_what_is_told_does_not_depend_on_how_many_steps_are_read_at_once(
    multimodal: _Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = explain(multimodal.loaded, multimodal.patient(1), multimodal.slide(1), steps=16)
    monkeypatch.setattr(module, "_TOGETHER", 1)
    alone = explain(multimodal.loaded, multimodal.patient(1), multimodal.slide(1), steps=16)
    assert _named(alone) == pytest.approx(_named(together), abs=1e-5)


def test_pathways_share_their_genes_evenly_and_add_up_to_all_genes(multimodal: _Study) -> None:
    told = explain(multimodal.loaded, multimodal.patient(2), multimodal.slide(2))
    genes = _named(told)
    pathways = {one.name: one.value for one in told.pathways}
    assert pathways == pytest.approx(
        {
            "GROWTH": genes["G0"] + genes["G1"] + genes["G2"] / 2,
            "REPAIR": genes["G2"] / 2 + genes["G3"],
            "no pathway": genes["G4"] + genes["G5"],
        }
    )
    assert _sum(told.pathways) == pytest.approx(_sum(told.attributions, Modality.GENES))


@pytest.mark.parametrize("lacked", list(Modality))
def test_a_modality_that_a_patient_lacks_has_no_part_in_the_risk(multimodal: _Study, lacked: Modality) -> None:
    patient, slide = multimodal.patient(3), multimodal.slide(3)
    if lacked is Modality.CLINICAL:
        patient = patient.model_copy(update={"clinical": {}})
    elif lacked is Modality.GENES:
        patient = patient.model_copy(update={"genes": {}})
    else:
        slide = ()
    told = explain(multimodal.loaded, patient, slide)
    _demand_complete(told)
    assert {one.modality for one in told.attributions} == set(Modality) - {lacked}
    assert bool(told.pathways) is (lacked is not Modality.GENES)
    assert told.baseline_risk + told.total == pytest.approx(_risk(multimodal, patient, slide), abs=1e-5)


def test_a_value_that_is_missing_has_no_part_in_the_risk(multimodal: _Study) -> None:
    whole = multimodal.patient(4)
    holes = whole.model_copy(
        update={
            "clinical": {**whole.clinical, "dose": None, "grade": ""},
            "genes": {name: value for name, value in whole.genes.items() if name != "G0"},
        }
    )
    told = explain(multimodal.loaded, holes, multimodal.slide(4))
    _demand_complete(told)
    values = _named(told)
    assert (values["dose"], values["grade"], values["G0"]) == (0.0, 0.0, 0.0)
    assert values["age"] != 0.0


def test_of_a_straight_line_each_part_is_its_coefficient_times_the_distance_from_the_mean() -> None:
    study = _Study(_LINEAR)
    ensemble, encoding = study.loaded.fitted.ensemble, study.loaded.encoding
    ensemble.get_buffer("stack")[1] = 0.0
    ensemble.get_buffer("coefficients")[encoding.names.index("noise")] = 0.0
    coefficients = ensemble.get_buffer("stack")[0] * ensemble.get_buffer("coefficients")
    slopes = (coefficients / ensemble.scaling.get_buffer("clinical_scale")).double().numpy()
    patient = study.patient(7)
    gap = encoding.apply([patient.clinical])[0] - encoding.apply(study.rows).mean(axis=0, dtype=np.float64)
    told = explain(study.loaded, patient, steps=1)
    values = _named(told)
    for place, name in enumerate([*_NUMBERS, "grade"]):
        mine = encoding.owners == place
        assert values[name] == pytest.approx(float((slopes * gap)[mine].sum()), abs=1e-5)
    assert values["noise"] == 0.0 and abs(values["age"]) > 0.05
    assert told.completeness_error < 1e-5


def test_the_average_patient_leaves_nothing_to_be_explained(table: _Study) -> None:
    means = {
        name: math.fsum(float(row[name] or 0.0) for row in table.rows) / _COUNT
        for name in ("age", "noise", "more noise")
    }
    told = explain(table.loaded, SurvivalInput(clinical={**means}))
    assert abs(told.total) < 1e-5
    assert all(abs(one.value) < 1e-5 for one in told.attributions)


def test_the_more_of_a_risk_factor_a_patient_has_the_more_is_put_down_to_it(table: _Study) -> None:
    row = table.rows[5]
    parts = [
        _named(explain(table.loaded, SurvivalInput(clinical={**row, "age": age})))["age"]
        for age in (-1.5, -0.5, 0.5, 1.5)
    ]
    assert parts == sorted(parts)
    assert parts[0] < -0.1 and parts[-1] > 0.1


def test_of_many_patches_the_largest_are_named_and_the_others_summed_up(multimodal: _Study) -> None:
    random = np.random.default_rng(5)
    coarse, fine = (np.concatenate([bags[level].features for bags in slides(20, random)]) for level in (0, 1))
    slide = (Bag(coarse, None, 4.0), Bag(fine, np.repeat(np.arange(40), 3), 1.0))
    told = explain(multimodal.loaded, multimodal.patient(6), slide)
    _demand_complete(told)
    patches = [one for one in told.attributions if one.modality is Modality.HISTOLOGY]
    assert len(patches) == 51
    assert sum(one.name == "other patches" for one in patches) == 1
