"""What a patient's risk is made of: integrated gradients of the log relative hazard from the average patient on.

Sundararajan et al., ICML 2017. The path is straight in what the model reads: encoded clinical columns, genes, and the
features of each patch. It starts at the cohort's means; what a patient lacks is missing all along it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wardround.agents.survival.estimate import prepared
from wardround.agents.survival.folder import Loaded
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.learning.collate import Batch, Level
from wardround.agents.survival.learning.fitted import Fitted
from wardround.contracts.survival import Attribution, Explanation, Modality, SurvivalInput

__all__ = ["explain"]

_STEPS, _SLIDE_STEPS, _MOST_STEPS = 64, 16, 512
_CLOSE = 0.01  # of the total: with less unaccounted for, no more steps are taken
_LEAST = 0.05  # log relative hazard: of a smaller total, 1 % is finer than anybody reads
_GENES, _PATHWAYS, _PATCHES = 200, 200, 50  # named each; the others are told as one
_TOGETHER = 500_000  # numbers that are read at once: a small patient's steps all together, a large slide's one by one

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Path:
    """From the average patient to `batch`, which is one patient.

    `starts` and `gaps` are of the clinical columns (1, p), of genes (1, g), and of the patches of each level (m, d),
    whose start is one patch (1, d). What is missing starts at NaN and has a gap of 0.
    """

    batch: Batch
    starts: tuple[Tensor, ...]
    gaps: tuple[Tensor, ...]

    def at(self, shares: Sequence[Tensor]) -> Batch:
        """The patient k times over, of whom each input has gone its share of the way, from 0 to 1; see `shares`."""
        told = iter(start + share * gap for start, share, gap in zip(self.starts, shares, self.gaps, strict=True))
        clinical, genes = next(told), None if self.batch.genes is None else next(told)
        copies, above = torch.arange(len(clinical), device=clinical.device), 1
        levels = []
        for level, features in zip(self.batch.levels, told, strict=True):
            parents = (level.parent + above * copies[:, None]).flatten()
            above = len(level.parent)
            levels.append(Level(features.flatten(0, 1), copies.repeat_interleave(above), parents))
        return Batch(clinical, genes, tuple(levels))

    def shares(self, at: Sequence[float]) -> list[Tensor]:
        """For k places on the way one per column (k, p), gene (k, g) and patch (k, m, 1), to be differentiated by."""
        tables = len(self.gaps) - len(self.batch.levels)
        wide = [gap[None, :, :1] if place >= tables else gap for place, gap in enumerate(self.gaps)]
        return [torch.cat([torch.full_like(one, share) for share in at]).requires_grad_() for one in wide]

    def attributions(self, fitted: Fitted, steps: int) -> list[Floats]:
        """Of each column (p,), gene (g,) and patch (m,), by Gauss and Legendre's rule."""
        at, weights = np.polynomial.legendre.leggauss(steps)
        together = max(1, _TOGETHER // sum(gap.numel() for gap in self.gaps))
        sums = [torch.zeros(one.shape[1:], dtype=torch.float64, device=one.device) for one in self.shares([0.0])]
        for some in np.split(np.arange(steps), range(together, steps, together)):
            shares = self.shares((0.5 * (at[some] + 1.0)).tolist())
            # By its share instead of by its features, a patch's gradient is already summed over them.
            slopes = torch.autograd.grad(
                fitted.risk(self.at(shares)).sum(), shares, allow_unused=True, materialize_grads=True
            )
            for total, slope in zip(sums, slopes, strict=True):
                weight = torch.as_tensor(0.5 * weights[some], device=slope.device)
                total += torch.tensordot(weight, slope.double(), dims=1)
        return [one.flatten().cpu().numpy() for one in sums]


def _path(loaded: Loaded, batch: Batch, given: NDArray[np.bool_]) -> _Path:
    """The path to one patient; `given` (p,) are the encoded columns of covariates that are not missing."""
    reference, device = loaded.reference, batch.clinical.device

    def mean(values: Floats) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=device)[None]

    known = torch.as_tensor(given, device=device) & ~batch.clinical.isnan()
    starts = [torch.where(known, mean(reference.clinical_mean), batch.clinical)]
    ends = [batch.clinical]
    if batch.genes is not None:
        starts.append(torch.where(batch.genes.isnan(), batch.genes, mean(reference.gene_mean)))
        ends.append(batch.genes)
    starts += [mean(one) for one, _ in zip(reference.patch_means, batch.levels, strict=False)]
    ends += [level.features for level in batch.levels]
    gaps = [(end - start).nan_to_num_() for start, end in zip(starts, ends, strict=True)]
    return _Path(batch, tuple(starts), tuple(gaps))


def _frozen(fitted: Fitted) -> Fitted:
    """The model on the same tensors, none of which asks for a gradient: else each member keeps a bag for its own."""
    tensors = {id(one): one for one in fitted.ensemble.buffers()}
    weights = {id(one): nn.Parameter(one.detach(), requires_grad=False) for one in fitted.ensemble.parameters()}
    return replace(fitted, ensemble=copy.deepcopy(fitted.ensemble, {**tensors, **weights}))


def _named(names: Sequence[str], values: Floats, modality: Modality, most: int, others: str) -> list[Attribution]:
    """An attribution for each of the `most` largest, and one that sums up the others, if any."""
    order = np.argsort(-np.abs(values), kind="stable")
    told = [Attribution(name=names[place], modality=modality, value=float(values[place])) for place in order[:most]]
    if len(order) > most:
        told.append(Attribution(name=others, modality=modality, value=float(values[order[most:]].sum())))
    return told


def _sorted(attributions: Sequence[Attribution]) -> tuple[Attribution, ...]:
    return tuple(sorted(attributions, key=lambda one: -abs(one.value)))


def _patch_names(bags: Sequence[Bag]) -> list[str]:
    kinds = ["region"] * (len(bags) - 1) + ["patch"]
    return [
        f"{kind} {row} at {bag.microns_per_pixel:g} µm/px"
        for kind, bag in zip(kinds, bags, strict=True)
        for row in range(len(bag.features))
    ]


def _pathways(genes: Sequence[str], values: Floats, sets: Mapping[str, tuple[str, ...]]) -> list[Attribution]:
    """Sums over the genes of each set, of a gene in several an equal part to each, and over those in none."""
    place = {gene: number for number, gene in enumerate(genes)}
    members = [np.array([place[gene] for gene in dict.fromkeys(one)], dtype=np.intp) for one in sets.values()]
    of = np.zeros(len(genes))
    for one in members:
        of[one] += 1.0
    each = values / np.maximum(of, 1.0)
    sums = [float(each[one].sum()) for one in members]
    names = list(sets)
    if (of == 0.0).any():
        names.append("no pathway")
        sums.append(float(values[of == 0.0].sum()))
    return _named(names, np.array(sums), Modality.GENES, _PATHWAYS, "other pathways")


def explain(loaded: Loaded, patient: SurvivalInput, bags: tuple[Bag, ...] = (), steps: int = 0) -> Explanation:
    """How much each input moves the log relative hazard away from the average patient's.

    A covariate has the sum over its encoded columns; one that is missing has 0, and a modality that is missing has no
    attributions. Regions and patches are named by their row, from 0. The 200 largest genes, 200 pathways and 50 patches
    are named, the others summed up, so that what is told always adds up to the total less the `completeness_error`.

    Args:
        bags: what the patient's `bags` refer to, coarse to fine.
        steps: points on the path, by default 64, or 16 where slides are read; doubled up to 512 while 1 % of the total
            (or of 0.05) is unaccounted for.

    Raises:
        CallerError: BAD_ARGUMENT, as `prepared`.
    """
    ready, fitted = prepared(loaded, patient, bags), _frozen(loaded.fitted)
    owners, steps = loaded.encoding.owners, steps or (_SLIDE_STEPS if bags else _STEPS)
    path = _path(loaded, fitted.batch(ready.patients), ~loaded.encoding.missing([patient.clinical])[0][owners])
    with torch.no_grad():
        start = float(fitted.risk(path.at(path.shares([0.0]))))
        total = float(fitted.risk(path.batch)) - start
    while True:
        values = path.attributions(fitted, steps)
        unaccounted = abs(sum(float(one.sum()) for one in values) - total)
        if unaccounted < _CLOSE * max(abs(total), _LEAST) or 2 * steps > _MOST_STEPS:
            break
        steps *= 2

    told: list[Attribution] = []
    pathways: list[Attribution] = []
    if Modality.CLINICAL in ready.used:
        names = [one.name for one in loaded.card.covariates]
        sums = np.bincount(owners, weights=values[0], minlength=len(names)).astype(np.float64)
        told += _named(names, sums, Modality.CLINICAL, len(names), "")
    if Modality.GENES in ready.used:
        told += _named(loaded.card.genes, values[1], Modality.GENES, _GENES, "other genes")
        pathways = _pathways(loaded.card.genes, values[1], loaded.sets) if loaded.sets else []
    if Modality.HISTOLOGY in ready.used:
        of_patches = np.concatenate(values[-len(bags) :])
        told += _named(_patch_names(bags), of_patches, Modality.HISTOLOGY, _PATCHES, "other patches")
    return Explanation(
        model=loaded.card.name,
        version=loaded.card.version,
        baseline_risk=start,
        total=total,
        attributions=_sorted(told),
        pathways=_sorted(pathways),
        completeness_error=unaccounted,
        steps=steps,
        used=ready.used,
        missing=ready.missing,
        in_cohort=ready.place.in_cohort,
        warnings=ready.warnings,
    )
