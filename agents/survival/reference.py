"""What an estimate is held against: the cohort's own curve, its predicted risks, its horizon, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.survival.curves import Steps, kaplan_meier
from wardround.agents.survival.distance import CohortSpace
from wardround.agents.survival.learning.cohort import Bag, Patients
from wardround.contracts.survival import Modality

__all__ = ["Reference", "slide_vector"]

_HORIZON = 0.9  # quantile of all times up to which a curve is told
_SPACE = "space."

Floats = NDArray[np.float64]


def slide_vector(bags: Sequence[Bag]) -> Floats:
    """A slide as one vector: the mean patch of each resolution, one after the other."""
    return np.concatenate([bag.features.mean(axis=0, dtype=np.float64) for bag in bags])


@dataclass(frozen=True)
class Reference:
    """
    Attributes:
        steps: the cohort's Kaplan-Meier curve.
        risks: the predicted log relative hazards of the cohort, ascending, (n,).
        horizon: the 90th percentile of all times, in the cohort's unit.
        gene_mean: (g,), and `gene_scale` (g,): by which genes are made comparable before a distance is taken.
        clinical_mean: (p,) of the encoded columns; with `gene_mean` and `patch_means` the baseline of explanations.
        patch_means: the mean patch (d,) at each resolution, coarse to fine.
        resolutions: microns per pixel of each resolution, coarse to fine; none where no slide was learned from.
    """

    steps: Steps
    risks: Floats
    horizon: float
    clinical_mean: Floats
    gene_mean: Floats
    gene_scale: Floats
    patch_means: tuple[Floats, ...]
    resolutions: tuple[float, ...]
    space: CohortSpace

    @classmethod
    def of(cls, patients: Patients, lacking: NDArray[np.bool_], risks: Floats) -> Reference:
        """
        Args:
            patients: the training patients.
            lacking: where a covariate's value is missing, (n, covariates).
            risks: their predicted log relative hazards, (n,).
        """
        encoded: dict[Modality, Floats] = {}
        missing: dict[Modality, Floats] = {}
        values: dict[Modality, int] = {}
        clinical = np.asarray(patients.clinical, dtype=np.float64)
        if clinical.shape[1]:
            encoded[Modality.CLINICAL] = clinical
            missing[Modality.CLINICAL] = lacking.sum(axis=1).astype(np.float64)
            values[Modality.CLINICAL] = lacking.shape[1]
        genes = np.zeros((len(patients), 0)) if patients.genes is None else np.asarray(patients.genes, dtype=np.float64)
        mean, scale = _centre(genes)
        if genes.shape[1]:
            encoded[Modality.GENES] = comparable(genes, mean, scale)
            missing[Modality.GENES] = np.isnan(genes).sum(axis=1).astype(np.float64)
            values[Modality.GENES] = genes.shape[1]
        slides = [bags for bags in patients.bags or () if bags]
        if slides:
            width = len(slide_vector(slides[0]))
            vectors = [slide_vector(bags) if bags else np.full(width, np.nan) for bags in patients.bags or ()]
            encoded[Modality.HISTOLOGY] = np.stack(vectors)
            missing[Modality.HISTOLOGY], values[Modality.HISTOLOGY] = np.zeros(len(patients)), 1
        resolutions = tuple(bag.microns_per_pixel for bag in slides[0]) if slides else ()
        made = cls(
            steps=kaplan_meier(patients.times, patients.events),
            risks=np.sort(np.asarray(risks, dtype=np.float64)),
            horizon=float(np.quantile(patients.times, _HORIZON)) or float(patients.times.max()),
            clinical_mean=np.nanmean(clinical, axis=0) if clinical.shape[1] else np.zeros(0),
            gene_mean=mean,
            gene_scale=scale,
            patch_means=tuple(
                np.mean([bags[level].features.mean(axis=0, dtype=np.float64) for bags in slides], axis=0)
                for level in range(len(resolutions))
            ),
            resolutions=resolutions,
            space=CohortSpace.fit(encoded, missing, values),
        )
        # In the precision in which it is kept, so that a model says the same before and after it was saved.
        return cls.restored(made.arrays())

    def percentile(self, risk: float) -> float:
        """The share of the cohort whose risk is not above this one."""
        return float(np.searchsorted(self.risks, risk, side="right") / len(self.risks))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All of it by name, as `restored` takes it."""
        told = {
            "times": self.steps.times,
            "survival": self.steps.survival,
            "risks": self.risks,
            "horizon": np.array([self.horizon]),
            "clinical_mean": self.clinical_mean,
            "gene_mean": self.gene_mean,
            "gene_scale": self.gene_scale,
            "resolutions": np.array(self.resolutions),
            **{f"patch_mean.{level}": mean for level, mean in enumerate(self.patch_means)},
        }
        space = {f"{_SPACE}{name}": array for name, array in self.space.arrays().items()}
        return {**{name: np.asarray(array, dtype=np.float32) for name, array in told.items()}, **space}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[np.float32]]) -> Reference:
        """The reverse of `arrays`.

        Raises:
            KeyError: an array is not there.
        """
        wide = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
        resolutions = tuple(wide["resolutions"].tolist())
        return cls(
            steps=Steps(wide["times"], wide["survival"]),
            risks=wide["risks"],
            horizon=float(wide["horizon"][0]),
            clinical_mean=wide["clinical_mean"],
            gene_mean=wide["gene_mean"],
            gene_scale=wide["gene_scale"],
            patch_means=tuple(wide[f"patch_mean.{level}"] for level in range(len(resolutions))),
            resolutions=resolutions,
            space=CohortSpace.restored(
                {name.removeprefix(_SPACE): one for name, one in arrays.items() if name.startswith(_SPACE)}
            ),
        )

    def genes_apart(self, genes: Floats) -> Floats:
        """Genes (n, g) as a distance takes them: standardised, missing ones at the mean, a row without any left NaN."""
        return comparable(genes, self.gene_mean, self.gene_scale)


def _centre(genes: Floats) -> tuple[Floats, Floats]:
    there = ~np.isnan(genes)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, genes, 0.0).sum(axis=0) / count
    scale = np.sqrt(np.where(there, (genes - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(scale > 0.0, scale, 1.0)


def comparable(genes: Floats, mean: Floats, scale: Floats) -> Floats:
    """See `Reference.genes_apart`."""
    absent = np.isnan(genes)
    apart = np.where(absent, 0.0, (genes - mean) / scale)
    apart[absent.all(axis=1)] = np.nan
    return apart
