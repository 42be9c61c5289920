"""The bootstrap by patient (Efron 1979, clusters resampled): one set of draws that all statistics share.

A statistic here is a function of weights (resamples, films) that gives one value per resample; a film's weight is how
often its patient was drawn, so no film is ever copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Difference",
    "Floats",
    "Interval",
    "PatientBootstrap",
    "Statistic",
    "interval_of",
    "mean_statistic",
    "ratio_statistic",
]

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
_BLOCK_CELLS = 2_000_000  # weights held at once: 16 MB, so that a hundred thousand films still fit


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; all NaN where it is not defined (one class only)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """First minus second on the same resamples. `p` is one-sided: the share of resamples without an advantage.

    `p` counts the sample itself, (1 + losses) / (1 + resamples), and so is never zero (Davison and Hinkley 1997, 4.2).
    """

    value: float
    low: float
    high: float
    p: float


def interval_of(value: float, values: Floats) -> Interval:
    """The percentile interval of a statistic's values (resamples,) around its value on all films; NaN is left out."""
    kept = values[np.isfinite(values)]
    if not np.isfinite(value) or kept.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(kept, (2.5, 97.5))
    return Interval(float(value), float(low), float(high))


def mean_statistic(values: NDArray[np.generic]) -> Statistic:
    """The mean of per-film values (n,)."""
    return ratio_statistic(values, np.ones(len(values)))


def ratio_statistic(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Statistic:
    """The sum of one per-film quantity (n,) over the sum of another; NaN where the latter is zero."""
    above, below = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)

    def statistic(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ above) / (weights @ below), dtype=np.float64)

    return statistic


class PatientBootstrap:
    """Resamples of patients with replacement, drawn once. All films of a drawn patient come with it."""

    def __init__(self, patients: Sequence[str], count: int = 1000, seed: int = 0) -> None:
        """
        Args:
            patients: the patient of each film, at least one.
            count: how many resamples.
        """
        _, self._patient_of_film = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
        self.patients = int(self._patient_of_film.max()) + 1
        self.films = len(patients)
        random = np.random.default_rng(seed)
        self._drawn = np.stack(
            [
                np.bincount(random.integers(self.patients, size=self.patients), minlength=self.patients)
                for _ in range(count)
            ]
        ).astype(np.uint16)
        # Statistics are many and films mostly few: then all weights are kept.
        self._whole = self._weights(0, count) if count * self.films <= _BLOCK_CELLS else None

    def _blocks(self, rows: NDArray[np.intp] | None) -> Iterator[Floats]:
        step = max(1, _BLOCK_CELLS // self.films)
        for first in range(0, len(self._drawn), step):
            block = self._whole if self._whole is not None else self._weights(first, step)
            yield block if rows is None or len(rows) == self.films else block[:, rows]

    def _weights(self, first: int, step: int) -> Floats:
        return self._drawn[first : first + step][:, self._patient_of_film].astype(np.float64)

    def values(self, statistic: Statistic, rows: NDArray[np.intp] | None = None) -> Floats:
        """The statistic (resamples,) on each resample, of all films or of some `rows`, which rise."""
        return np.concatenate([statistic(block) for block in self._blocks(rows)])

    def value(self, statistic: Statistic, rows: NDArray[np.intp] | None = None) -> float:
        """The statistic on the films themselves."""
        return float(statistic(np.ones((1, self.films if rows is None else len(rows))))[0])

    def interval(self, statistic: Statistic, rows: NDArray[np.intp] | None = None) -> Interval:
        """The statistic with its 95 % percentile interval."""
        return interval_of(self.value(statistic, rows), self.values(statistic, rows))

    def ratio_interval(self, numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> tuple[float, float]:
        """The 95 % percentile interval of a ratio of sums over films (n,)."""
        found = self.interval(ratio_statistic(numerator, denominator))
        return found.low, found.high

    def difference(self, first: Statistic, second: Statistic, rows: NDArray[np.intp] | None = None) -> Difference:
        """First minus second, paired: both see the same patients in every resample."""
        value = self.value(first, rows) - self.value(second, rows)
        return self.difference_of(value, self.values(first, rows) - self.values(second, rows))

    def difference_of(self, value: float, values: Floats) -> Difference:
        """A difference whose values on the resamples are known already, such as one of two macro averages."""
        found = interval_of(value, values)
        kept = values[np.isfinite(values)]
        return Difference(found.value, found.low, found.high, float((1 + (kept <= 0).sum()) / (1 + kept.size)))
