"""Fits a survival model to patients, and says what it expects of others.

Our formulation of HySurvPred. A model is a ridge regression of hazards and an ensemble of networks (`network.py`),
joined by stacking: each member leaves out another inner fold, stops by it, and predicts it; on those held-out
predictions the two weights, the baseline and the unexplained spread are fitted. A small table gets a ridge model with
little beside it, a large one what the networks can add, and nothing is chosen on patients that something was fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.survival.learning.censoring import earliness, gone
from wardround.agents.survival.learning.checkpoint import Checkpoints, run_digest
from wardround.agents.survival.learning.cohort import Patients, check_training, constant_columns, refuse_constant
from wardround.agents.survival.learning.collate import Batch, batch_of, select
from wardround.agents.survival.learning.encoders import Pathways
from wardround.agents.survival.learning.ensemble import Ensemble, Layout
from wardround.agents.survival.learning.fitted import Fitted, Floats, Predicted
from wardround.agents.survival.learning.head import WeibullMixture, fit_baseline
from wardround.agents.survival.learning.losses import Outcome
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.ridge import Bools, RiskSets, cox_ridge, cross_validated, stratified_folds
from wardround.agents.survival.learning.scaling import learned_scaling
from wardround.agents.survival.learning.stacking import baseline_variance, stacked
from wardround.agents.survival.learning.training import Lesson, Split, Tick, train_members
from wardround.agents.weights.device import placement
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Fitted", "Predicted", "fit"]

_FOLDS = 5
_GENES = 256  # beyond, the ridge reads the genes' leading directions
_DIRECTIONS = 100
_GRID = 100


def _pathways(patients: Patients, matrix: NDArray[Any] | None) -> Pathways:
    """The pathways of the genes, with one more for genes that are in none; all genes are one without a matrix.

    Raises:
        CallerError: BAD_ARGUMENT, the matrix is not 0 and 1 with a column per gene, or no gene is in a pathway.
    """
    genes = 0 if patients.genes is None else patients.genes.shape[1]
    given = np.ones((1, genes)) if matrix is None or not genes else np.asarray(matrix)
    if given.ndim != 2 or given.shape[1] != genes or not np.isin(given, (0, 1)).all():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The pathways have shape {given.shape}; they must be 0 or 1 for each of {genes} genes.",
            "One row per pathway, one column per gene.",
        )
    if genes and not given.any():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "None of the genes is in one of the gene sets.",
            "Name genes in table and gene sets alike (symbols, or probes), or leave the gene sets out.",
        )
    kept = given[given.any(axis=1)]
    alone = ~kept.any(axis=0)
    kept = np.vstack([kept, alone]) if alone.any() else kept
    pathway, gene = np.nonzero(kept)
    return Pathways(len(kept), torch.as_tensor(np.column_stack([gene, pathway]), dtype=torch.int64))


def _directions(genes: Tensor) -> Tensor:
    """The leading directions of standardised genes (n, g), (g, k); ridge on them is ridge but for the faintest."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.svd_lowrank(genes, q=min(_DIRECTIONS, len(genes) - 1), niter=4)[2]


def _times(times: Floats, events: Bools) -> Floats:
    """Where curves are told: 0, then evenly in time and at quantiles of the events, up to the last time seen."""
    evenly = np.linspace(0.0, times.max(), _GRID + 1)
    return np.unique(np.concatenate([evenly, np.quantile(times[events], np.linspace(0.0, 1.0, _GRID))]))


def fit(
    patients: Patients,
    options: SurvivalOptions,
    pathways: NDArray[Any] | None = None,
    tick: Tick | None = None,
    resume: Path | None = None,
) -> Fitted:
    """A model of these patients.

    Args:
        pathways: (pathways, genes), 1 where the gene belongs to the pathway, else 0; without it all genes are one.
        tick: told of each epoch.
        resume: a folder for the training's state; where it holds one of the same patients and options, that goes on.

    Raises:
        CallerError: BAD_ARGUMENT, see `cohort.check_training` and `refuse_constant`, pathways that do not fit, or no
            such device.
    """
    check_training(patients)
    if options.constant == "refuse":
        refuse_constant(patients)
    ignored = constant_columns(patients.clinical)
    sets = _pathways(patients, pathways)
    device = placement(options.device).device
    # An event at time 0 is one soon after; the logarithm of a time needs it later than that.
    soon = 0.5 * float(patients.times[patients.times > 0].min())
    times, events = np.maximum(patients.times, soon), patients.events.astype(np.bool_)
    scaling, shape = learned_scaling(patients, options.bends)
    directions = _DIRECTIONS if shape.genes > _GENES else 0
    directions = min(directions, len(patients) - 1)
    grid = _times(times, events)
    layout = Layout(shape, sets.count, len(sets.members), directions, len(grid))
    ensemble = Ensemble(layout, options)
    ensemble.scaling.load_state_dict(scaling.state_dict())
    ensemble.to(device)
    batch = batch_of(patients, device)
    if directions:
        assert batch.genes is not None
        ensemble.get_buffer("directions").copy_(_directions(ensemble.scaling.genes(batch.genes)))

    cohort = _Cohort(batch, times, events, stratified_folds(events, max(_FOLDS, options.members), options.seed))
    held_out = _fit_ridge(ensemble, cohort) if options.linear else np.zeros(len(times))
    checkpoints = Checkpoints(resume, run_digest(patients, options, sets.members) if resume is not None else "")
    _join(ensemble, cohort, held_out, _train(ensemble, cohort, sets, checkpoints, tick), grid)
    names = tuple(patients.covariates[place] if place < len(patients.covariates) else str(place) for place in ignored)
    return Fitted(ensemble.eval(), names)


@dataclass(frozen=True)
class _Cohort:
    """The training patients, their `folds` (n,), and whom the ridge and the members learn from (n,)."""

    batch: Batch
    times: Floats
    events: Bools
    folds: NDArray[np.int64]

    def learned(self, options: SurvivalOptions) -> Bools:
        return self.events if options.censored == "drop" else np.ones(len(self.events), dtype=bool)


def _fit_ridge(ensemble: Ensemble, cohort: _Cohort) -> Floats:
    """Fills in the ridge part; gives its held-out log hazards (n,)."""
    with torch.no_grad():
        x = ensemble.columns(cohort.batch).double().cpu().numpy()
    if x.shape[1] == 0:
        return np.zeros(len(x))
    shape = ensemble.layout.shape
    straight, bent = shape.clinical, shape.clinical + shape.bends
    blocks = [slice(0, straight), slice(straight, bent), slice(bent, x.shape[1])]
    used = cohort.learned(ensemble.options)
    sets = RiskSets(cohort.times[used], cohort.events[used])
    penalty, held_out = cross_validated(
        x[used],
        cohort.times[used],
        cohort.events[used],
        [block for block in blocks if x[0, block].size],
        cohort.folds[used],
    )
    ridge = cox_ridge(x[used], sets, penalty)
    ensemble.get_buffer("coefficients").copy_(torch.as_tensor(ridge.coefficients))
    ensemble.get_buffer("covariance").copy_(torch.as_tensor(ridge.covariance))
    everyone = x @ ridge.coefficients
    everyone[used] = held_out
    return everyone


def _train(
    ensemble: Ensemble, cohort: _Cohort, pathways: Pathways, checkpoints: Checkpoints, tick: Tick | None
) -> Floats:
    """Trains the members into the ensemble; gives their held-out log hazards (n,), NaN where nobody was held out."""
    options = ensemble.options
    device = ensemble.get_buffer("times").device
    learned = cohort.learned(options)
    head = WeibullMixture(options.components)
    head.start(cohort.times, cohort.events)
    outcome = Outcome(
        torch.as_tensor(cohort.times, dtype=torch.float32, device=device),
        torch.as_tensor(cohort.events, device=device),
        torch.as_tensor(gone(cohort.times, cohort.events), dtype=torch.float32, device=device),
        torch.as_tensor(earliness(cohort.times, cohort.events), dtype=torch.float32, device=device),
    )
    lesson = Lesson(
        cohort.batch, outcome, ensemble.scaling, ensemble.layout.shape, options, pathways, head.to(device), options.seed
    )
    splits = [
        Split(
            torch.as_tensor(np.flatnonzero((cohort.folds != number) & learned), device=device),
            torch.as_tensor(np.flatnonzero(cohort.folds == number), device=device),
        )
        for number in range(options.members)
    ]
    held_out = np.full(len(cohort.times), np.nan)
    for number, network in enumerate(train_members(lesson, splits, checkpoints, tick)):
        ensemble.members[number].load_state_dict(network.state_dict())
        held, rest = cohort.folds == number, (cohort.folds != number) & learned
        risk = _in_parts(ensemble, number, cohort.batch)[0]
        level = float(risk[rest].mean())
        ensemble.get_buffer("levels")[number] = level
        held_out[held] = risk[held] - level
    return held_out


def _in_parts(ensemble: Ensemble, number: int, batch: Batch) -> tuple[Floats, Floats]:
    """A member's log hazards and spreads (n,) of a whole cohort, a part at a time."""
    member = ensemble.members[number].eval()
    found = []
    with torch.no_grad():
        for index in torch.split(torch.arange(len(batch), device=batch.clinical.device), 256):
            out = member(select(batch, index), ensemble.scaling)
            found.append(torch.stack([out.risk, out.spread]))
    risk, spread = torch.cat(found, dim=1).double().cpu().numpy()
    return risk, spread


def _join(ensemble: Ensemble, cohort: _Cohort, of_ridge: Floats, of_members: Floats, grid: Floats) -> None:
    """Fills in the two weights, the baseline with its error, and what stays unexplained, from held-out log hazards."""
    options = ensemble.options
    known = ~np.isnan(of_members)
    parts = np.column_stack([of_ridge, np.where(known, of_members, 0.0)])
    sets = [
        (cohort.folds == fold, RiskSets(cohort.times[cohort.folds == fold], cohort.events[cohort.folds == fold]))
        for fold in np.unique(cohort.folds[known])
    ]
    weights = stacked(parts, sets, linear=options.linear)
    risk = parts[known] @ weights
    head, frailty = fit_baseline(
        options.components, risk, cohort.times[known], cohort.events[known], frailty=options.cuc
    )
    ensemble.head.load_state_dict(head.float().state_dict())
    variance = baseline_variance(risk, cohort.times[known], cohort.events[known], grid)
    spreads = [_in_parts(ensemble, number, cohort.batch)[1].mean() for number in range(options.members)]
    state = {
        "stack": weights,
        "frailty": frailty,
        "typical_spread": np.mean(spreads),
        "times": grid,
        "baseline_variance": variance,
    }
    for name, value in state.items():
        ensemble.get_buffer(name).copy_(torch.as_tensor(value))
