"""Our model on a fold, and its variants for the ablation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import Observed
from wardround.agents.survival.learning import options as options_module
from wardround.agents.survival.learning.cohort import Patients
from wardround.agents.survival.learning.fitting import fit
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.evals.survival.datasets import Fold
from wardround.evals.survival.forecast import Forecast, Model

__all__ = ["VARIANTS", "interpolated", "of_fold", "ours", "source", "variant"]

# A fold may lack what is rare: a column that does not vary there counts for nothing, as it does for the peers.
_BASE = SurvivalOptions(constant="ignore")
_FLAT: dict[str, Any] = {"hyperbolic": False, "hierarchy": False, "arcl": False, "cuc": False}

# Each is what the ablation adds to the plain hyperbolic map; `dropped` is the full one without its censored patients.
VARIANTS: dict[str, SurvivalOptions] = {
    name: _BASE.model_copy(update=changes)
    for name, changes in {
        "euclidean": _FLAT,
        "hyperbolic": {**_FLAT, "hyperbolic": True},
        "hierarchy": {**_FLAT, "hyperbolic": True, "hierarchy": True},
        "arcl": {**_FLAT, "hyperbolic": True, "arcl": True},
        "cuc": {**_FLAT, "hyperbolic": True, "cuc": True},
        "full": {},
        "euclidean_full": {"hyperbolic": False},
        "full_less_cuc": {"cuc": False},
        "dropped": {"cuc": False, "censored": "drop"},
    }.items()
}


def ours(fold: Fold, seed: int) -> Forecast:
    """The whole model under the options that ship, the same for all data sets.

    What it chooses it chooses within `fit`, on inner folds of the training rows: the ridge part's penalties, the epoch
    at which its networks stop, the weights of the two, the baseline and its spread.
    """
    return _forecast(fold, VARIANTS["full"].model_copy(update={"seed": seed}))


def variant(name: str) -> Model:
    """One of `VARIANTS` as it is, without a choice.

    Raises:
        KeyError: there is none of that name.
    """
    options = VARIANTS[name]
    return lambda fold, seed: _forecast(fold, options.model_copy(update={"seed": seed}))


@cache
def source() -> str:
    """A digest of the model's source: what was measured of another one is not taken for this one's."""
    told = sha256()
    for path in sorted(Path(str(options_module.__file__)).parent.glob("*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()


def of_fold(values: Floats, fold: Fold, observed: Observed) -> Patients:
    """A fold's rows as patients: expression values apart from the clinical ones."""
    genes = fold.genes
    return Patients(
        times=observed.times,
        events=observed.events,
        clinical=values[:, ~genes].astype(np.float32),
        genes=values[:, genes].astype(np.float32) if genes.any() else None,
        covariates=tuple(name for name, gene in zip(fold.columns, genes, strict=True) if not gene),
        gene_names=tuple(name for name, gene in zip(fold.columns, genes, strict=True) if gene),
    )


def _forecast(fold: Fold, options: SurvivalOptions) -> Forecast:
    fitted = fit(of_fold(fold.train, fold, fold.observed), options)
    told = fitted.predict(of_fold(fold.test, fold, fold.test_observed))
    curve, low, high = (interpolated(told.times, part) for part in (told.survival, told.low, told.high))
    ridge, networks = fitted.ensemble.get_buffer("stack").tolist()
    return Forecast(told.risk, curve, low, high, f"ridge {ridge:.1f}, networks {networks:.1f}")


def interpolated(times: Floats, curves: Floats) -> Callable[[Floats], Floats]:
    """Curves (n, t) at increasing times (t,), read between them in straight lines and constant beyond the last."""

    def at(wanted: Floats) -> Floats:
        return np.stack([np.interp(wanted, times, curve) for curve in curves])

    return at
