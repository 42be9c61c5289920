"""Patients as tensors: one flat list of patches per resolution, with who owns what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wardround.agents.survival.learning.cohort import Bag, Patients

__all__ = ["Batch", "Level", "batch_of", "select"]


@dataclass(frozen=True)
class Level:
    """All patches of a batch at one resolution: `features` (m, d), `patient` (m,) and `parent` (m,), a row one coarser.

    At the coarsest resolution the parent is the patient.
    """

    features: Tensor
    patient: Tensor
    parent: Tensor


@dataclass(frozen=True)
class Batch:
    """`clinical` (n, p) and `genes` (n, g) with NaN for what is missing; `levels` from coarse to fine, none if none."""

    clinical: Tensor
    genes: Tensor | None
    levels: tuple[Level, ...]

    def __len__(self) -> int:
        return len(self.clinical)


def batch_of(patients: Patients, device: torch.device) -> Batch:
    """All of `patients` on a device, in single precision."""
    genes = patients.genes
    return Batch(
        clinical=torch.as_tensor(patients.clinical, dtype=torch.float32, device=device),
        genes=None if genes is None else torch.as_tensor(genes, dtype=torch.float32, device=device),
        levels=() if patients.bags is None else _levels(patients.bags, device),
    )


def _levels(bags: Sequence[tuple[Bag, ...]], device: torch.device) -> tuple[Level, ...]:
    depth = max((len(slide) for slide in bags), default=0)
    levels = []
    for level in range(depth):
        own = [(owner, slide[level]) for owner, slide in enumerate(bags) if slide]
        counts = [len(bag.features) for _, bag in own]
        owners = np.repeat([owner for owner, _ in own], counts)
        parents = owners
        if level:
            offsets = np.cumsum([0, *(len(slide[level - 1].features) for slide in bags if slide)])
            named = [np.asarray(bag.parents) + offset for (_, bag), offset in zip(own, offsets, strict=False)]
            parents = np.concatenate(named)
        levels.append(
            Level(
                torch.as_tensor(np.concatenate([bag.features for _, bag in own]), dtype=torch.float32, device=device),
                torch.as_tensor(owners, dtype=torch.int64, device=device),
                torch.as_tensor(parents, dtype=torch.int64, device=device),
            )
        )
    return tuple(levels)


def select(batch: Batch, index: Tensor) -> Batch:
    """Some patients of a batch, by their places (k,), each at most once, in that order."""
    own = torch.full((len(batch),), -1, dtype=torch.int64, device=index.device)
    own[index] = torch.arange(len(index), device=index.device)
    levels: list[Level] = []
    rows = own
    for level in batch.levels:
        owner = own[level.patient]
        kept = owner >= 0
        parent = rows[level.parent[kept]]
        rows = torch.full((len(kept),), -1, dtype=torch.int64, device=index.device)
        rows[kept] = torch.arange(int(kept.sum()), device=index.device)
        levels.append(Level(level.features[kept], owner[kept], parent))
    there = bool(levels) and len(levels[0].parent) > 0
    genes = None if batch.genes is None else batch.genes[index]
    return Batch(batch.clinical[index], genes, tuple(levels) if there else ())
