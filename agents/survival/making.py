"""Makes a survival model of a table: encoded, measured on folds that are held out, and then fitted to all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.shell import Step
from wardround.agents.survival.card import INTENDED_USE, LIMITS
from wardround.agents.survival.encoding import TableEncoding
from wardround.agents.survival.floor import ridge_forecast
from wardround.agents.survival.genesets import known_sets, pathway_matrix
from wardround.agents.survival.held_out import CALIBRATED_FROM, Forecast, figures
from wardround.agents.survival.learning.cohort import LEAST_EVENTS, LEAST_PATIENTS, Bag, Patients, check_training
from wardround.agents.survival.learning.fitting import Fitted, fit
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.ridge import stratified_folds
from wardround.agents.survival.reference import Reference
from wardround.agents.survival.table import Genes, Table
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import Cohort, Covariate, Modality, SurvivalModelCard

__all__ = ["Made", "Plan", "make_model"]

_NOT_YET = "sha256:" + "0" * 64  # `folder.save` writes the digest of what it saves
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """What is not in the table: the cohort's words, the covariates' units, how to fit, and how often to hold out.

    Attributes:
        units: of covariates, by their names.
        folds: held out each once for the card's figures; 0: none are measured.
    """

    name: str
    source: str = ""
    licence: str = ""
    endpoint: str = ""
    time_unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    options: SurvivalOptions = field(default_factory=SurvivalOptions)
    folds: int = 5


@dataclass(frozen=True)
class Made:
    """All that `folder.save` takes."""

    fitted: Fitted
    card: SurvivalModelCard
    encoding: TableEncoding
    reference: Reference
    sets: dict[str, tuple[str, ...]]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Study:
    """The table with its slides, and how parts of it become patients."""

    table: Table
    covariates: tuple[Covariate, ...]
    bags: tuple[tuple[Bag, ...], ...] | None

    def encoding(self, rows: Rows) -> TableEncoding:
        return TableEncoding.fit([self.table.rows[place] for place in np.flatnonzero(rows)], self.covariates)

    def patients(self, encoding: TableEncoding, rows: Rows) -> Patients:
        """The patients of a mask; a row of NaN where a patient has no clinical value at all."""
        told = [self.table.rows[place] for place in np.flatnonzero(rows)]
        clinical = encoding.apply(told)
        if self.covariates:
            clinical[encoding.missing(told).all(axis=1)] = np.nan
        genes = self.table.genes
        return Patients(
            times=self.table.times[rows],
            events=self.table.events[rows],
            clinical=clinical,
            genes=None if genes is None else genes.values[rows],
            bags=None if self.bags is None else tuple(self.bags[place] for place in np.flatnonzero(rows)),
            covariates=encoding.names,
            gene_names=() if genes is None else genes.names,
        )


def make_model(
    table: Table,
    plan: Plan,
    genes: Genes | None = None,
    sets: Mapping[str, tuple[str, ...]] | None = None,
    bags: tuple[tuple[Bag, ...], ...] | None = None,
    step: Step | None = None,
    resume: Path | None = None,
) -> Made:
    """A model of the table's patients.

    Args:
        genes: of a table of their own; without it those that `table` holds.
        sets: pathways by name.
        step: told what is being fitted, the epoch, and how many there are at most.
        resume: a folder for the last fit's state, from which it goes on.

    Raises:
        CallerError: BAD_ARGUMENT, the table cannot be learned from, or no gene set names a gene.
    """
    told = step or (lambda what, epoch, epochs: None)
    genes = genes or table.genes
    covariates = tuple(one.model_copy(update={"unit": plan.units.get(one.name, "")}) for one in table.covariates)
    study = _Study(replace(table, genes=genes), covariates, bags)
    everyone = np.ones(len(table.times), dtype=np.bool_)
    encoding = study.encoding(everyone)
    patients = study.patients(encoding, everyone)
    check_training(patients)
    _refuse_unknown(patients)
    warnings = list(table.warnings)
    known: dict[str, tuple[str, ...]] = {}
    if genes is not None and sets:
        known, unknown = known_sets(genes.names, sets)
        if unknown:
            warnings.append(f"{len(unknown)} gene sets name no gene of the table and are left out")
    matrix = pathway_matrix(genes.names, known) if genes is not None and known else None
    measured, floors = dict[str, float](), dict[str, float]()
    if _enough(table, plan.folds):
        measured, floors = _measured(study, plan, matrix, told)
    elif plan.folds:
        warnings.append(f"too few patients or events to hold out one of {plan.folds} folds: no figures on the card")
    fitted = fit(
        patients,
        plan.options,
        matrix,
        lambda at: told("fitting", at.epoch, at.epochs),
        resume,
    )
    lacking = encoding.missing(table.rows)
    reference = Reference.of(patients, lacking, fitted.predict(patients).risk)
    p = measured.get("d_calibration_p")
    card = SurvivalModelCard(
        name=plan.name,
        version="0",
        weights_digest=_NOT_YET,
        modalities=_modalities(patients),
        covariates=covariates,
        genes=patients.gene_names,
        pathways=tuple(known),
        cohort=_cohort(table, plan),
        figures=measured,
        floors=floors,
        calibrated=p is not None and p >= CALIBRATED_FROM,
        intended_use=INTENDED_USE,
        limits=LIMITS,
    )
    return Made(fitted, card, encoding, reference, known, tuple(warnings))


def _refuse_unknown(patients: Patients) -> None:
    known = ~np.isnan(patients.clinical).all(axis=1)
    if patients.genes is not None:
        known |= ~np.isnan(patients.genes).all(axis=1)
    if patients.bags is not None:
        known |= np.array([len(slide) > 0 for slide in patients.bags])
    if not known.all():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"Of {int((~known).sum())} patients nothing is known, the first in row {int(np.argmin(known)) + 1}.",
            "Leave out rows that hold no value beside time and event.",
        )


def _enough(table: Table, folds: int) -> bool:
    """Whether each training part has as many patients and events as a fit needs."""
    if not folds:
        return False
    left = (folds - 1) / folds
    return len(table.times) * left - 1 >= LEAST_PATIENTS and int(table.events.sum()) * left - 1 >= LEAST_EVENTS


def _measured(
    study: _Study, plan: Plan, matrix: NDArray[np.float32] | None, told: Step
) -> tuple[dict[str, float], dict[str, float]]:
    """Our figures and ridge Cox's on the same folds; everything is learned in each fold anew."""
    table, done = study.table, 0
    folds = stratified_folds(table.events, plan.folds, plan.options.seed)
    options = plan.options.model_copy(update={"constant": "ignore"})

    def ours(rest: Rows, test: Rows) -> Forecast:
        nonlocal done
        done += 1
        encoding = study.encoding(rest)
        what = f"measuring, fold {done} of {plan.folds}"
        train = study.patients(encoding, rest)
        fitted = fit(train, options, matrix, lambda at: told(what, at.epoch, at.epochs))
        made = fitted.predict(study.patients(encoding, test))
        return Forecast(made.risk, made.times, made.survival)

    def ridge(rest: Rows, test: Rows) -> Forecast:
        encoding = study.encoding(rest)
        return ridge_forecast(study.patients(encoding, rest), study.patients(encoding, test), options.seed)

    measured = figures(table.times, table.events, folds, ours)
    linear = bool(study.covariates) or table.genes is not None
    return measured, figures(table.times, table.events, folds, ridge) if linear else {}


def _modalities(patients: Patients) -> tuple[Modality, ...]:
    there = {
        Modality.CLINICAL: patients.clinical.shape[1] > 0,
        Modality.GENES: patients.genes is not None,
        Modality.HISTOLOGY: patients.bags is not None,
    }
    return tuple(one for one, used in there.items() if used)


def _cohort(table: Table, plan: Plan) -> Cohort:
    alive = table.times[~table.events]
    return Cohort(
        name=plan.name,
        source=plan.source,
        licence=plan.licence,
        patients=len(table.times),
        events=int(table.events.sum()),
        endpoint=plan.endpoint,
        time_unit=plan.time_unit,
        follow_up=float(np.median(alive)) if len(alive) else float(np.median(table.times)),
        digest=table.digest,
    )
