"""Two models on the same folds: a t-test that knows that folds share patients, and a bootstrap by patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from wardround.agents.measures.resampling import Floats, PatientBootstrap, Statistic

__all__ = ["PairedTest", "corrected_t", "holm", "resampled_means"]


@dataclass(frozen=True)
class PairedTest:
    """The mean difference over folds, its 95 % interval, and the two-sided p of there being none."""

    value: float
    low: float
    high: float
    p: float


def corrected_t(differences: Floats, test_share: float) -> PairedTest:
    """The corrected resampled t-test (Nadeau and Bengio, Mach. Learn. 2003); NaN bounds with fewer than two folds.

    Args:
        differences: (folds,) first minus second.
        test_share: patients tested on over patients trained on, 1/4 for five folds.
    """
    kept = differences[np.isfinite(differences)]
    mean = float(kept.mean()) if len(kept) else float("nan")
    if len(kept) < 2:
        return PairedTest(mean, float("nan"), float("nan"), float("nan"))
    spread = float(np.sqrt((1.0 / len(kept) + test_share) * kept.var(ddof=1)))
    if spread == 0.0:
        return PairedTest(mean, mean, mean, 1.0 if mean == 0.0 else 0.0)
    reach = float(student.ppf(0.975, len(kept) - 1)) * spread
    p = 2.0 * float(student.sf(abs(mean) / spread, len(kept) - 1))
    return PairedTest(mean, mean - reach, mean + reach, p)


def resampled_means(
    shaken: PatientBootstrap, folds: Sequence[tuple[Statistic, NDArray[np.intp]]]
) -> tuple[float, Floats]:
    """The mean over folds of a statistic on each fold's patients (`rows`, increasing), and on resamples of them all."""
    value = float(np.nanmean([shaken.value(statistic, rows) for statistic, rows in folds]))
    every = np.stack([shaken.values(statistic, rows) for statistic, rows in folds])
    known = np.isfinite(every)
    counted = known.sum(axis=0)
    sums = np.where(known, every, 0.0).sum(axis=0)
    return value, np.where(counted > 0, sums / np.maximum(counted, 1), np.nan)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p values that allow for as many comparisons as there are (Holm 1979); NaN stays NaN."""
    known = sorted((name for name in p if np.isfinite(p[name])), key=lambda name: p[name])
    found = {name: float("nan") for name in p}
    most = 0.0
    for place, name in enumerate(known):
        most = max(most, min(1.0, (len(known) - place) * p[name]))
        found[name] = most
    return found
