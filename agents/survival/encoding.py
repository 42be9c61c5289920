"""From rows of a clinical table to numbers: levels one-hot, numbers standardised, what is missing at the mean.

Everything but the levels is learned from the rows that it is fitted on, so it is fitted in each training fold anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import Covariate

__all__ = ["Row", "TableEncoding", "level_of", "number_of"]

Row = Mapping[str, float | str | None]

_SHOWN = 12
_LARGEST = 1e30  # of a number: its square still fits where distances are taken
_FLAT = 1e-9  # a deviation below this share of the largest value is rounding


class TableEncoding(Word):
    """What was learned of each covariate, in their order: `means` of its encoded columns, and `scale` of a number.

    A covariate of which nothing is known stands at the cohort's mean, in each of its levels, too. That a value is
    missing is no column of its own: why it is missing in a study says nothing of why somebody leaves it out later.
    """

    covariates: tuple[Covariate, ...]
    means: tuple[tuple[float, ...], ...]
    scales: tuple[float, ...]

    @classmethod
    def fit(cls, rows: Sequence[Row], covariates: Sequence[Covariate]) -> TableEncoding:
        """Learns means and standard deviations of what is there; of a covariate without any value 0 and 1.

        Raises:
            CallerError: BAD_ARGUMENT, as `apply`.
        """
        learned = [_learned(_values([row.get(one.name) for row in rows], one)) for one in covariates]
        return cls(
            covariates=tuple(covariates),
            means=tuple(tuple(means.tolist()) for means, _ in learned),
            scales=tuple(
                1.0 if one.categorical else scale for one, (_, scale) in zip(covariates, learned, strict=True)
            ),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The encoded columns: `age`, `grade=II`."""
        return tuple(name for covariate in self.covariates for name in _names(covariate))

    @property
    def owners(self) -> NDArray[np.intp]:
        """For each encoded column, the place of its covariate."""
        widths = [len(_names(covariate)) for covariate in self.covariates]
        return np.repeat(np.arange(len(widths)), widths)

    def apply(self, rows: Sequence[Row]) -> NDArray[np.float32]:
        """The rows as (n, columns): numbers in deviations from the mean, levels as 1 or 0; what is missing at the mean.

        Raises:
            CallerError: BAD_ARGUMENT, a word where a number belongs, a number that is not finite, or an unknown level.
        """
        parts = [np.zeros((len(rows), 0))]
        for covariate, means, scale in zip(self.covariates, self.means, self.scales, strict=True):
            values = _values([row.get(covariate.name) for row in rows], covariate)
            filled = np.where(np.isnan(values), means, values)
            parts.append(filled if covariate.categorical else (filled - means) / scale)
        return np.concatenate(parts, axis=1).astype(np.float32)

    def missing(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        """Where a value is missing, (n, covariates)."""
        absent = [[_is_missing(row.get(covariate.name)) for covariate in self.covariates] for row in rows]
        return np.array(absent, dtype=np.bool_).reshape(len(rows), len(self.covariates))


def _names(covariate: Covariate) -> list[str]:
    return [f"{covariate.name}={level}" for level in covariate.levels] or [covariate.name]


def _values(cells: Sequence[float | str | None], covariate: Covariate) -> NDArray[np.float64]:
    """The covariate's columns (n, levels or 1), a row of NaN where it is missing."""
    if not covariate.categorical:
        return np.array([[number_of(cell, covariate)] for cell in cells], dtype=np.float64).reshape(len(cells), 1)
    values = np.full((len(cells), len(covariate.levels)), np.nan)
    for row, cell in enumerate(cells):
        level = level_of(cell, covariate)
        if level is not None:
            values[row] = [float(level == known) for known in covariate.levels]
    return values


def _learned(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Means of the columns (k,) where they are there, and the first one's standard deviation."""
    there = values[~np.isnan(values).any(axis=1)]
    if not len(there):
        return np.zeros(values.shape[1]), 1.0
    scale = float(there[:, 0].std())
    return there.mean(axis=0), scale if scale > _FLAT * np.abs(there).max() else 1.0


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or value != value  # NaN alone differs from itself


def number_of(value: float | str | None, covariate: Covariate) -> float:
    """A value of a numeric covariate, NaN where it is missing.

    Raises:
        CallerError: BAD_ARGUMENT, a word, or a number that is not finite or beyond 1e30.
    """
    if _is_missing(value):
        return float("nan")
    try:
        number = float(value)  # type: ignore[arg-type]  # missing values were answered above
    except ValueError:
        number = float("inf")
    if not abs(number) <= _LARGEST:
        unit = f" in {covariate.unit}" if covariate.unit else ""
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{covariate.name}' is a number{unit}, and what was given is none.",
            "Give a number of a size that occurs, or leave it out where it is not known.",
        )
    return number


def level_of(value: float | str | None, covariate: Covariate) -> str | None:
    """A value of a categorical covariate as one of its levels, None where it is missing; 3 and 3.0 are '3'.

    Raises:
        CallerError: BAD_ARGUMENT, no level that the covariate has.
    """
    if _is_missing(value):
        return None
    word = value.strip() if isinstance(value, str) else f"{value:g}"
    if word not in covariate.levels:
        more = ", …" if len(covariate.levels) > _SHOWN else ""
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{covariate.name}' has a level that is not among those learned.",
            f"Known are {', '.join(covariate.levels[:_SHOWN])}{more}; leave it out where it is not known.",
        )
    return word
