"""One model on one fold: its figures, and what the comparisons need of each patient; kept so that a run can go on."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from wardround.agents.imaging.store import write_whole
from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import (
    Observed,
    agreement,
    brier_terms,
    dynamic_auc,
    horizon,
    integrated,
    mean_auc,
    time_grid,
    weighted_agreement,
)
from wardround.evals.survival.datasets import Dataset, fold_of
from wardround.evals.survival.forecast import Forecast, Model
from wardround.evals.survival.splits import Split

__all__ = ["Keep", "Scored", "measured_fold", "scored"]


@dataclass(frozen=True)
class Scored:
    """What was measured on the patients tested, in the split's order.

    Attributes:
        risk: (n,) as forecast.
        brier: (n,) each one's part of the integrated Brier score.
        at_observed: (n,) the forecast survival at the time that was observed.
        auc: the mean over time.
        seconds: learning and forecasting.
        chosen: what the model chose on inner folds.
    """

    risk: Floats
    brier: Floats
    at_observed: Floats
    harrell: float
    uno: float
    auc: float
    seconds: float
    chosen: str


def scored(train: Observed, test: Observed, forecast: Forecast, seconds: float = 0.0) -> Scored:
    """The figures of a forecast."""
    grid = time_grid(train, test)
    times, place = np.unique(test.times, return_inverse=True)
    at_observed = forecast.survival(times)[np.arange(len(test)), place]
    return Scored(
        risk=forecast.risk,
        brier=integrated(brier_terms(train, test, forecast.survival(grid), grid), grid),
        at_observed=np.clip(at_observed, 0.0, 1.0),
        harrell=agreement(test, forecast.risk).value,
        uno=weighted_agreement(train, test, forecast.risk, horizon(train, test)).value,
        auc=mean_auc(test, dynamic_auc(train, test, forecast.risk, grid), grid),
        seconds=seconds,
        chosen=forecast.chosen,
    )


def measured_fold(dataset: Dataset, split: Split, model: Model) -> Scored:
    """Learns on a split's training rows and measures on its test rows; the seed is the split's number."""
    fold = fold_of(dataset, split)
    begin = time.perf_counter()
    forecast = model(fold, split.number)
    return scored(fold.observed, fold.test_observed, forecast, time.perf_counter() - begin)


class Keep:
    """A folder of measured folds. Other data or other settings of a model have other names, so nothing goes stale."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def _path(self, dataset: Dataset, model: str, settings: str, split: Split) -> Path | None:
        if self._folder is None:
            return None
        parts = (dataset.values, dataset.observed.times, dataset.observed.events, split.train, split.test)
        told = sha256(json.dumps([dataset.columns, model, settings]).encode())
        for part in parts:
            told.update(np.ascontiguousarray(part).tobytes())
        name = model.replace(":", "-")
        return self._folder / f"{dataset.name}.{name}.{split.number:02d}.{told.hexdigest()[:16]}.npz"

    def measured(self, dataset: Dataset, split: Split, name: str, model: Model, settings: str) -> Scored:
        """What was measured before, or is now.

        Args:
            settings: everything that makes the model another under the same name.
        """
        path = self._path(dataset, name, settings, split)
        if path is not None and (kept := _read(path)) is not None:
            return kept
        found = measured_fold(dataset, split, model)
        if path is not None:
            write_whole(path, _bytes(found))
        return found


def _bytes(found: Scored) -> bytes:
    held = io.BytesIO()
    np.savez(
        held, allow_pickle=False, **{field.name: np.asarray(getattr(found, field.name)) for field in fields(Scored)}
    )
    return held.getvalue()


def _read(path: Path) -> Scored | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            arrays = {field.name: held[field.name] for field in fields(Scored)}
    except (OSError, ValueError, KeyError, BadZipFile):
        return None  # not there, or half written by an older hand: it is measured again
    return Scored(**{name: array if array.ndim else array.item() for name, array in arrays.items()})
