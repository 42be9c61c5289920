"""Ridge Cox on a table: what a survival model of ours must not do worse than, on the same folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.survival import Observed, breslow
from wardround.agents.survival.held_out import Forecast
from wardround.agents.survival.learning.cohort import Patients
from wardround.agents.survival.learning.ridge import RiskSets, cox_ridge, cross_validated, stratified_folds

__all__ = ["ridge_forecast"]

_FOLDS = 5
_MOST = 50.0  # of a log hazard: where a table is nearly separable, an exponential would overflow
Floats = NDArray[np.float64]


def ridge_forecast(train: Patients, test: Patients, seed: int = 0) -> Forecast:
    """Cox's model on clinical columns and genes, its penalty by inner folds, with Breslow's baseline; slides unread.

    A missing value is the training mean.
    """
    x, y = _columns(train), _columns(test)
    mean, scale = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    scale = np.where(scale > 0.0, scale, np.inf)
    x, y = (np.nan_to_num((part - mean) / scale) for part in (x, y))
    times, events = train.times, train.events
    penalty, _ = cross_validated(x, times, events, [slice(0, x.shape[1])], stratified_folds(events, _FOLDS, seed))
    sets = RiskSets(times, events)
    beta = cox_ridge(x, sets, penalty).coefficients
    baseline = breslow(Observed(times, events), x @ beta)
    risk = np.clip(y @ beta, -_MOST, _MOST)
    return Forecast(risk, baseline.times, baseline.values ** np.exp(risk)[:, None])


def _columns(patients: Patients) -> Floats:
    parts = [patients.clinical, *([] if patients.genes is None else [patients.genes])]
    return np.asarray(np.concatenate(parts, axis=1), dtype=np.float64)
