"""AUC per label with its bootstrap interval by patient, beside the floor that the view alone reaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.stats import rankdata
from torch import Tensor

from wardround.agents.cxr.cam import fill
from wardround.agents.cxr.network import SIZE, prepare
from wardround.agents.cxr.recipe.data import Films
from wardround.agents.networks.lite0 import Lite0
from wardround.agents.weights.device import placement
from wardround.contracts.card import Figure
from wardround.contracts.codes import NO_FINDING

__all__ = ["auc", "figures", "macro_auc", "predict", "stored_network", "view_scores"]

_RESAMPLES = 1000
_Measure = Callable[[NDArray[np.float64], NDArray[np.bool_]], float]


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by the Mann-Whitney statistic, ties counted half; NaN where one class is empty."""
    n = int(positive.sum())
    m = len(positive) - n
    if not n or not m:
        return float("nan")
    return float((rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * m))


def stored_network(weights: Path, labels: int) -> Lite0:
    """The network of a safetensors file that `train` wrote, ready to predict.

    Raises:
        Fault: WEIGHTS_MISMATCH, the file is of another network.
    """
    network = Lite0(labels)
    fill(network, load_file(weights), weights.stem, placement("cpu"))
    return network


def predict(network: Lite0, films: Films, size: int = SIZE) -> NDArray[np.float64]:
    """Scores (n, labels) in [0, 1] of all films, from a network in evaluation mode."""
    out: list[Tensor] = []
    with torch.inference_mode():
        for first in range(0, len(films), 32):
            chunk = films.pixels[first : first + 32]
            x = prepare(chunk.float() / 255.0, size).contiguous(memory_format=torch.channels_last)
            out.append(network(x).sigmoid())
    scores: NDArray[np.float64] = torch.cat(out).double().numpy()
    return scores


def macro_auc(scores: NDArray[np.float64], positive: NDArray[np.bool_], labels: tuple[str, ...]) -> float:
    """Mean AUC over the findings; 'No Finding' is not one. Findings with one class only are left out."""
    values = [auc(scores[:, i], positive[:, i]) for i, label in enumerate(labels) if label != NO_FINDING]
    return float(np.nanmean(values))


def view_scores(learned: Films, judged: Films) -> NDArray[np.float64]:
    """What the view alone says: each label's share among the learned films of the judged film's view."""
    targets, views = learned.targets.numpy(), np.array(learned.views)
    shares = {view: targets[views == view].mean(axis=0) for view in set(learned.views)}
    overall = targets.mean(axis=0)
    return np.stack([shares.get(view, overall) for view in judged.views]).astype(np.float64)


def _interval(
    measure: _Measure, scores: NDArray[np.float64], positive: NDArray[np.bool_], films: Films
) -> tuple[float, float]:
    """The middle 95 % of the measure over resampled patients (percentile bootstrap)."""
    random = np.random.default_rng(0)
    patients = np.array(films.patients)
    rows = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    values = []
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([rows[i] for i in random.integers(len(rows), size=len(rows))])
        values.append(measure(scores[drawn], positive[drawn]))
    low, high = np.nanquantile(values, (0.025, 0.975))
    return float(low), float(high)


def figures(scores: NDArray[np.float64], films: Films, floor: NDArray[np.float64], data: str) -> tuple[Figure, ...]:
    """Macro AUC first, then each label's AUC, with intervals, view-only floors and how many films were positive."""
    positive = films.targets.numpy().astype(bool)
    findings = [i for i, label in enumerate(films.labels) if label != NO_FINDING]
    chosen = tuple(films.labels[i] for i in findings)

    def macro(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
        return macro_auc(values, truth, chosen)

    def figure(name: str, measure: _Measure, columns: int | list[int], note: str) -> Figure:
        truth = positive[:, columns]
        low, high = _interval(measure, scores[:, columns], truth, films)
        return Figure(
            name=name,
            value=round(measure(scores[:, columns], truth), 4),
            low=round(low, 4),
            high=round(high, 4),
            floor=round(measure(floor[:, columns], truth), 4),
            floor_name="view alone (PA or AP)",
            n=len(films),
            data=f"{data}{note}",
        )

    whole = figure(f"macro AUC over {len(findings)} findings", macro, findings, "")
    counts = positive.sum(axis=0)
    each = [figure(f"AUC {label}", auc, i, f"; {counts[i]} positive") for i, label in enumerate(films.labels)]
    return (whole, *each)
