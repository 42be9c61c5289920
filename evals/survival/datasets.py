"""The data sets on which survival models are compared: read from the libraries that carry them, encoded as one table.

Levels are one-hot with the first dropped, a missing level one of its own, over the whole set; medians and scales are
each training fold's. flchain comes without `chapter`: the cause of death, filled only for the dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import Observed
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.survival.extra import extra_module
from wardround.evals.survival.splits import Split

__all__ = ["DATASETS", "SIX", "Dataset", "Fold", "encoded", "fold_of", "load_dataset"]


@dataclass(frozen=True)
class _Source:
    """Where a data set lies: a module and what loads it there; `time` and `event` name columns of a plain table."""

    module: str
    loader: str
    time: str = ""
    event: str = ""
    genes: str = ""
    left_out: tuple[str, ...] = ()
    repeats: int = 3
    arguments: dict[str, str] = field(default_factory=dict)


_SKSURV = "sksurv.datasets"
_SOURCES = {
    "veteran": _Source(_SKSURV, "load_veterans_lung_cancer"),
    "breast_cancer": _Source(_SKSURV, "load_breast_cancer", genes="X"),
    "whas500": _Source(_SKSURV, "load_whas500"),
    "gbsg2": _Source(_SKSURV, "load_gbsg2"),
    "aids": _Source(_SKSURV, "load_aids", arguments={"endpoint": "aids"}),
    "flchain": _Source(_SKSURV, "load_flchain", left_out=("chapter",), repeats=1),
    "rossi": _Source("lifelines.datasets", "load_rossi", "week", "arrest"),
    "lung": _Source("lifelines.datasets", "load_lung", "time", "status", left_out=("inst",)),
}
DATASETS = tuple(_SOURCES)
SIX = tuple(name for name, source in _SOURCES.items() if source.module == _SKSURV)


@dataclass(frozen=True)
class Dataset:
    """One table (n, p), NaN where a number is missing. `genes` (p,) marks expression values; the rest is clinical."""

    name: str
    values: Floats
    columns: tuple[str, ...]
    genes: NDArray[np.bool_]
    observed: Observed
    repeats: int


@dataclass(frozen=True)
class Fold:
    """A split's tables, filled and standardised by what is learned from; nothing in them is missing."""

    train: Floats
    test: Floats
    observed: Observed
    test_observed: Observed
    genes: NDArray[np.bool_]
    columns: tuple[str, ...]

    def within(self, split: Split) -> Fold:
        """A split of this one's training rows, for choosing; the scales stay those of the outer training rows."""
        return replace(
            self,
            train=self.train[split.train],
            test=self.train[split.test],
            observed=self.observed.subset(split.train),
            test_observed=self.observed.subset(split.test),
        )


def load_dataset(name: str) -> Dataset:
    """A data set by its name in `DATASETS`.

    Raises:
        CallerError: BAD_ARGUMENT, there is none of that name; NOT_FOUND, the library that carries it is missing.
    """
    source = _SOURCES.get(name)
    if source is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{name[:60]}' is no data set of the benchmark.",
            f"Choose from: {', '.join(DATASETS)}.",
        )
    loaded = getattr(extra_module(source.module), source.loader)(**source.arguments)
    if source.time:
        frame = loaded.drop(columns=[source.time, source.event])
        observed = Observed(np.asarray(loaded[source.time], dtype=np.float64), np.asarray(loaded[source.event] == 1))
    else:
        frame, outcome = loaded
        event, time = outcome.dtype.names
        observed = Observed(outcome[time].astype(np.float64), outcome[event].astype(bool))
    values, columns = encoded(frame.drop(columns=list(source.left_out)))
    genes = np.asarray([bool(source.genes) and column.startswith(source.genes) for column in columns])
    return Dataset(name, values, columns, genes, observed, source.repeats)


def encoded(frame: Any) -> tuple[Floats, tuple[str, ...]]:
    """A data frame as numbers (n, p), NaN for a missing one, and the columns' names (`column=level` for a level)."""
    parts: list[Floats] = []
    names: list[str] = []
    for column in frame.columns:
        series = frame[column]
        if series.dtype.kind in "iufb":
            parts.append(series.to_numpy(dtype=np.float64))
            names.append(column)
            continue
        series = series.astype("category")
        codes = series.cat.codes.to_numpy()
        levels = dict(enumerate(map(str, series.cat.categories)))
        levels = {code: level for code, level in levels.items() if code > 0}
        if (codes < 0).any():
            levels[-1] = "missing"
        for code, level in levels.items():
            parts.append((codes == code).astype(np.float64))
            names.append(f"{column}={level}")
    return np.column_stack(parts), tuple(names)


def fold_of(dataset: Dataset, split: Split) -> Fold:
    """What a model is given of a split: missing numbers are the training rows' medians, columns have their scale."""
    train, test = dataset.values[split.train], dataset.values[split.test]
    middle = np.nan_to_num(np.nanmedian(train, axis=0))
    train, test = (np.where(np.isnan(part), middle, part) for part in (train, test))
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return Fold(
        (train - mean) / spread,
        (test - mean) / spread,
        dataset.observed.subset(split.train),
        dataset.observed.subset(split.test),
        dataset.genes,
        dataset.columns,
    )
