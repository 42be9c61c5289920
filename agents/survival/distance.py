"""How far a patient lies from a cohort: regularised Mahalanobis distance in each modality, and what is missing.

In a modality with p columns the squared distance is (x - m)' A^-1 (x - m), where A is the cohort's covariance S shrunk
towards a sphere: A = (1 - s) S + s tr(S)/p I with s = p / (n + p). Of S the first 128 principal directions are kept,
and the mean of the others (Tipping and Bishop 1999). Over the modalities that a patient has,

    distance = sqrt(sum of squared distances / sum of columns) + share of values missing there

so that about 1 is usual, and a modality that is wholly missing neither adds nor takes away. A patient is out of the
cohort above the 99th percentile of the cohort's own distances, each left out of mean and covariance (by the
Sherman-Morrison formula, the shrinkage held fixed), and is refused beyond five times that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.survival.encoding import Row, number_of
from wardround.contracts.survival import Covariate, Modality

__all__ = ["OUTSIDE", "REFUSED", "CohortSpace", "Place", "doubtful_values"]

OUTSIDE = 0.99  # percentile of the cohort's own distances above which a patient is out of the cohort
REFUSED = 5.0  # times the distance at that percentile: beyond, an estimate would be invented
_COMPONENTS = 128
_SPAN = 0.5  # of the cohort's range: a value further outside than that is likely in another unit
_TINY = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a patient lies: its distance, the share of the cohort that lies nearer, and the two bounds' answers."""

    distance: float
    percentile: float
    in_cohort: bool
    refused: bool


@dataclass(frozen=True)
class _Ellipsoid:
    """One modality's shape: mean (p,), directions (k, p) with their variances (k,), and the others' variance."""

    mean: Floats
    directions: Floats
    variances: Floats
    rest: float

    @classmethod
    def fit(cls, x: Floats) -> tuple[_Ellipsoid, Floats]:
        """The shape of x (n, p), and each row's squared distance with itself left out."""
        n, p = x.shape
        mean = x.mean(axis=0)
        centred = x - mean
        _, singular, directions = np.linalg.svd(centred, full_matrices=False)
        spread = singular**2 / max(n - 1, 1)
        total = max(float(spread.sum()), _TINY)
        shrink = p / (n + p)
        kept = min(_COMPONENTS, len(spread))
        left = float(spread[kept:].sum()) / max(p - kept, 1)
        floor = shrink * total / p
        shape = cls(mean, directions[:kept], (1.0 - shrink) * spread[:kept] + floor, (1.0 - shrink) * left + floor)
        q = shape.squared(x)
        # Of a row that alone spans its direction the shape without it is flat there: the sphere bounds it.
        remains = np.maximum(1.0 - (1.0 - shrink) * n / max(n - 1, 1) ** 2 * q, _TINY)
        return shape, (n / max(n - 1, 1)) ** 2 * q / remains

    def squared(self, x: Floats) -> Floats:
        """Squared distances (n,) of x (n, p)."""
        centred = x - self.mean
        along = centred @ self.directions.T
        beside = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        return np.asarray((along**2 / self.variances).sum(axis=1) + beside / self.rest)


@dataclass(frozen=True)
class CohortSpace:
    """The cohort's shape in each modality, and its own squared distances and shares of missing values there.

    `own` and `lacking` are (n,) for each modality: a patient's squared distance, left out itself (NaN where it lacks
    the modality), and how many of its values are missing there.
    """

    shapes: Mapping[Modality, _Ellipsoid]
    own: Mapping[Modality, Floats]
    lacking: Mapping[Modality, Floats]
    values: Mapping[Modality, int]

    @classmethod
    def fit(
        cls, encoded: Mapping[Modality, Floats], lacking: Mapping[Modality, Floats], values: Mapping[Modality, int]
    ) -> CohortSpace:
        """
        Args:
            encoded: (n, p) for each modality, a row of NaN where a patient lacks it.
            lacking: how many of the modality's values each patient lacks, (n,).
            values: how many values the modality has (covariates, genes), 1 at the least.
        """
        shapes, own = {}, {}
        for modality, x in encoded.items():
            there = ~np.isnan(x).any(axis=1)
            shapes[modality], squared = _Ellipsoid.fit(np.asarray(x[there], dtype=np.float64))
            own[modality] = np.full(len(x), np.nan)
            own[modality][there] = squared
        return cls(shapes, own, lacking, values)

    def place(self, encoded: Mapping[Modality, Floats], lacking: Mapping[Modality, int]) -> Place:
        """Where a patient with these modalities, each encoded as (p,), lies; at least one is there."""
        squared = {one: self.shapes[one].squared(x[None]) for one, x in encoded.items()}
        distance = float(self._distance(squared, {one: np.array([float(lacking.get(one, 0))]) for one in squared})[0])
        own = self._distance({one: self.own[one] for one in squared}, {one: self.lacking[one] for one in squared})
        own = own[np.isfinite(own)]
        bound = float(np.quantile(own, OUTSIDE)) if own.size else 1.0
        return Place(
            distance=distance,
            percentile=float((own <= distance).mean()) if own.size else 1.0,
            in_cohort=bool(own.size) and distance <= bound,
            refused=distance > REFUSED * bound,
        )

    def _distance(self, squared: Mapping[Modality, Floats], lacking: Mapping[Modality, Floats]) -> Floats:
        columns = sum(len(self.shapes[one].mean) for one in squared)
        values = sum(self.values[one] for one in squared)
        far = np.sum([squared[one] for one in squared], axis=0)
        return np.asarray(np.sqrt(far / columns) + np.sum([lacking[one] for one in squared], axis=0) / values)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """What it learned as arrays by name, as `restored` takes them."""
        told: dict[str, NDArray[np.float32]] = {}
        for one, shape in self.shapes.items():
            told |= {
                f"{one}.mean": shape.mean.astype(np.float32),
                f"{one}.directions": shape.directions.astype(np.float32),
                f"{one}.variances": shape.variances.astype(np.float32),
                f"{one}.rest": np.array([shape.rest, self.values[one]], dtype=np.float32),
                f"{one}.own": self.own[one].astype(np.float32),
                f"{one}.lacking": self.lacking[one].astype(np.float32),
            }
        return told

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[np.float32]]) -> CohortSpace:
        """The reverse of `arrays`.

        Raises:
            KeyError: an array is not there.
        """
        there = [one for one in Modality if f"{one}.mean" in arrays]
        wide = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
        return cls(
            {
                one: _Ellipsoid(
                    mean=wide[f"{one}.mean"],
                    directions=wide[f"{one}.directions"],
                    variances=wide[f"{one}.variances"],
                    rest=float(wide[f"{one}.rest"][0]),
                )
                for one in there
            },
            {one: wide[f"{one}.own"] for one in there},
            {one: wide[f"{one}.lacking"] for one in there},
            {one: int(wide[f"{one}.rest"][1]) for one in there},
        )


def doubtful_values(row: Row, covariates: Sequence[Covariate]) -> tuple[str, ...]:
    """A sentence for each number outside the range seen; by more than half of it, one that asks for the unit."""
    told = []
    for covariate in covariates:
        if covariate.categorical or covariate.low is None or covariate.high is None:
            continue
        value = number_of(row.get(covariate.name), covariate)
        if not value < covariate.low and not value > covariate.high:
            continue
        unit = f" {covariate.unit}" if covariate.unit else ""
        seen = f"'{covariate.name}' is {value:g}, outside of the {covariate.low:g} to {covariate.high:g}{unit} seen"
        beyond = max(covariate.low - value, value - covariate.high)
        told.append(f"{seen}: is the unit right?" if beyond > _SPAN * (covariate.high - covariate.low) else f"{seen}.")
    return tuple(told)
