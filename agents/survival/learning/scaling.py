"""How a table's columns are made comparable, learned from the training patients and kept with the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wardround.agents.survival.learning.cohort import Patients

__all__ = ["Scaling", "Shape", "learned_scaling"]

_DISTINCT = 10  # values that a column has at least before its effect may bend
_BENT = 5  # patients that lie beyond a bend at least


@dataclass(frozen=True)
class Shape:
    """How wide each part is: clinical columns, bends, genes; `patch` features at each of `levels` resolutions."""

    clinical: int
    bends: int
    genes: int
    patch: int
    levels: int


def _moments(table: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and scale of each column where it is not missing; a column that does not vary has scale infinity."""
    there = ~np.isnan(table)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, table, 0.0).sum(axis=0, dtype=np.float64) / count
    scale = np.sqrt(np.where(there, (table - mean) ** 2, 0.0).sum(axis=0, dtype=np.float64) / count)
    return mean, np.where(scale > 1e-6 * np.maximum(1.0, np.abs(mean)), scale, np.inf)


class Scaling(nn.Module):
    """Means, scales and bends as buffers. What is missing, and what never varied, comes out as 0."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        for name, width in (("clinical", shape.clinical), ("gene", shape.genes), ("bend", shape.bends)):
            self.register_buffer(f"{name}_mean", torch.zeros(width))
            self.register_buffer(f"{name}_scale", torch.ones(width))
        self.register_buffer("clinical_low", torch.zeros(shape.clinical))
        self.register_buffer("clinical_high", torch.zeros(shape.clinical))
        self.register_buffer("bend_column", torch.zeros(shape.bends, dtype=torch.int64))
        self.register_buffer("bend_at", torch.zeros(shape.bends))
        self.register_buffer("patch_mean", torch.zeros(shape.levels, shape.patch))
        self.register_buffer("patch_scale", torch.ones(shape.levels, shape.patch))

    def _of(self, name: str, values: Tensor) -> Tensor:
        mean, scale = self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_scale")
        return torch.nan_to_num((values - mean) / scale)

    def clinical(self, table: Tensor) -> Tensor:
        """Standardised (n, p), within twice the span that was seen: a straight line is not believed for ever."""
        low, high = self.get_buffer("clinical_low"), self.get_buffer("clinical_high")
        slack = 0.5 * (high - low)
        return torch.maximum(torch.minimum(self._of("clinical", table), high + slack), low - slack)

    def genes(self, table: Tensor) -> Tensor:
        """Standardised (n, g)."""
        return self._of("gene", table)

    def bends(self, clinical: Tensor) -> Tensor:
        """max(0, x - bend) of the standardised columns, up to the highest seen, standardised itself (n, b)."""
        column = self.get_buffer("bend_column")
        x = torch.minimum(clinical, self.get_buffer("clinical_high"))[:, column]
        return self._of("bend", (x - self.get_buffer("bend_at")).clamp_min(0.0))

    def patches(self, features: Tensor, level: int) -> Tensor:
        """Standardised (m, d)."""
        return (features - self.get_buffer("patch_mean")[level]) / self.get_buffer("patch_scale")[level]


def _bends_of(clinical: NDArray[np.float64], there: NDArray[np.bool_], count: int) -> list[tuple[int, float]]:
    found = []
    for column in range(clinical.shape[1]):
        values = clinical[there[:, column], column]
        if count == 0 or len(np.unique(values)) < _DISTINCT:
            continue
        at = np.unique(np.quantile(values, np.linspace(0.0, 1.0, count + 2)[1:-1]))
        found += [(column, float(value)) for value in at if (values > value).sum() >= _BENT]
    return found


def learned_scaling(patients: Patients, bends: int) -> tuple[Scaling, Shape]:
    """The scaling of these patients, with at most `bends` bends per column, at its quantiles."""
    genes = np.zeros((len(patients), 0), dtype=np.float32) if patients.genes is None else patients.genes
    mean, scale = _moments(patients.clinical)
    there = ~np.isnan(patients.clinical)
    standard = np.where(there, (patients.clinical - mean) / scale, 0.0)
    places = _bends_of(standard, there, bends)
    slides = [slide for slide in patients.bags or () if slide]
    width = slides[0][0].features.shape[1] if slides else 0
    shape = Shape(patients.clinical.shape[1], len(places), genes.shape[1], width, len(slides[0]) if slides else 0)
    scaling = Scaling(shape)
    state = {"clinical_mean": mean, "clinical_scale": scale}
    state["gene_mean"], state["gene_scale"] = _moments(genes)
    state["clinical_low"], state["clinical_high"] = standard.min(axis=0), standard.max(axis=0)
    state["bend_column"] = np.array([column for column, _ in places], dtype=np.int64)
    state["bend_at"] = np.array([at for _, at in places])
    for level in range(shape.levels):
        patches = np.concatenate([slide[level].features for slide in slides])
        scaling.get_buffer("patch_mean")[level] = torch.as_tensor(patches.mean(axis=0, dtype=np.float64))
        spread = np.maximum(patches.std(axis=0, dtype=np.float64), 1e-6)
        scaling.get_buffer("patch_scale")[level] = torch.as_tensor(spread)
    for name, value in state.items():
        scaling.get_buffer(name).copy_(torch.as_tensor(value))
    raw = scaling.bends(torch.as_tensor(standard, dtype=torch.float32)).numpy()
    bend_mean, bend_scale = _moments(raw)
    scaling.get_buffer("bend_mean").copy_(torch.as_tensor(bend_mean))
    scaling.get_buffer("bend_scale").copy_(torch.as_tensor(bend_scale))
    return scaling, shape
