"""Patients whose survival is known: genes in a tree of pathways, patches in a tree of regions, and a Weibull law.

The log relative hazard is a function of what a model is shown, not linear in it, so that the true curve S(t | x) of
each patient is known and nothing but the censoring hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import Observed
from wardround.agents.survival.learning.cohort import Bag, Patients
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["MOST_CENSORED", "Simulated", "World"]

MOST_CENSORED = 0.95
_SHAPE = 1.5
_SCALE = 1000.0  # days
_KEPT = 0.8  # what a child has of its parent; the rest of its variance is its own
_OWN = float(np.sqrt(1.0 - _KEPT**2))
_BRANCHES = 2
_TISSUE = 3
_NOISE = 0.1
_MICRONS = (4.0, 1.0)
_COVARIATES = ("age", "stage", "of no use")


@dataclass(frozen=True)
class Simulated:
    """Patients, what hid their times, and the truth of them.

    `event_times` (n,) are without censoring, in days; `log_hazard` (n,) is relative to exp(-(t / 1000)^1.5).
    """

    patients: Patients
    pathways: dict[str, tuple[str, ...]]
    log_hazard: Floats
    event_times: Floats

    @property
    def observed(self) -> Observed:
        """Times and events as a study would have them."""
        return Observed(self.patients.times, self.patients.events)

    def survival(self, times: Floats) -> Floats:
        """The true S(t | x) (n, t)."""
        hazard = np.power(times / _SCALE, _SHAPE)
        return np.asarray(np.exp(-np.exp(self.log_hazard)[:, None] * hazard), dtype=np.float64)


@dataclass(frozen=True)
class World:
    """The law that all patients of a simulation share.

    Attributes:
        pathways: leaves of the tree, in two branches; 4 or more.
        genes: of each pathway.
        regions: of a slide.
        patches: of each region.
        features: of a patch.
        strength: of all covariates; at 1 the log relative hazard has a standard deviation of about 1.
    """

    seed: int = 0
    pathways: int = 8
    genes: int = 6
    regions: int = 4
    patches: int = 6
    features: int = 16
    strength: float = 1.0

    def draw(self, count: int, censoring: float, seed: int) -> Simulated:
        """Patients of this world.

        Args:
            censoring: the share whose event is not seen, at random and whatever the risk; in [0, 0.95].

        Raises:
            CallerError: BAD_ARGUMENT, the share is out of range.
        """
        if not 0.0 <= censoring <= MOST_CENSORED:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"A share of {censoring} censored patients cannot be simulated.",
                f"Choose one from 0 to {MOST_CENSORED}.",
            )
        random = np.random.default_rng((self.seed, seed))
        clinical = random.normal(size=(count, len(_COVARIATES)))
        genes = self._genes(random, count)
        regions, patches = self._slides(random, count)
        log_hazard = self._log_hazard(clinical, genes, patches)
        event_times = _SCALE * np.power(random.exponential(size=count) / np.exp(log_hazard), 1.0 / _SHAPE)
        times, events = _censored(event_times, random.exponential(size=count), censoring)
        names = tuple(tuple(f"G{path}.{gene}" for gene in range(self.genes)) for path in range(self.pathways))
        parents = np.repeat(np.arange(self.regions), self.patches).astype(np.int64)
        patients = Patients(
            times=times,
            events=events,
            clinical=clinical.astype(np.float32),
            genes=genes.astype(np.float32),
            bags=tuple(
                (Bag(coarse, None, _MICRONS[0]), Bag(fine, parents, _MICRONS[1]))
                for coarse, fine in zip(regions.astype(np.float32), patches.astype(np.float32), strict=True)
            ),
            covariates=_COVARIATES,
            gene_names=tuple(name for path in names for name in path),
        )
        pathways = {f"PATHWAY_{path}": members for path, members in enumerate(names)}
        return Simulated(patients, pathways, log_hazard, event_times)

    def _genes(self, random: np.random.Generator, count: int) -> Floats:
        """(n, pathways · genes): root, two branches, pathways, genes, each near its parent."""
        root = random.normal(size=(count, 1))
        branches = _child(random, np.repeat(root, _BRANCHES, axis=1))
        paths = _child(random, branches[:, np.arange(self.pathways) % _BRANCHES])
        return _child(random, np.repeat(paths, self.genes, axis=1))

    def _slides(self, random: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """Regions (n, regions, features) and patches (n, regions · patches, features) of each slide's tissue."""
        tissue = random.normal(size=(count, 1, _TISSUE))
        regions = _child(random, np.repeat(tissue, self.regions, axis=1))
        patches = _child(random, np.repeat(regions, self.patches, axis=1))
        shown = (part @ self._stain() for part in (regions, patches))
        first, second = (part + _NOISE * random.normal(size=part.shape) for part in shown)
        return first, second

    def _stain(self) -> Floats:
        """(tissue, features): how tissue shows in a patch, with rows of length 1 at right angles."""
        drawn = np.random.default_rng(self.seed).normal(size=(self.features, _TISSUE))
        return np.asarray(np.linalg.qr(drawn)[0].T, dtype=np.float64)

    def _log_hazard(self, clinical: Floats, genes: Floats, patches: Floats) -> Floats:
        paths = genes.reshape(len(genes), self.pathways, self.genes).mean(axis=2)
        tissue = patches.mean(axis=1) @ self._stain().T
        parts = (
            0.4 * clinical[:, 0] + 0.4 * np.maximum(clinical[:, 1], 0.0),
            0.9 * np.tanh(1.5 * paths[:, 0]) + 0.5 * paths[:, 1] * paths[:, 3],
            0.7 * tissue[:, 0] + 0.6 * np.abs(tissue[:, 1]),
        )
        return np.asarray(self.strength * np.sum(parts, axis=0), dtype=np.float64)


def _child(random: np.random.Generator, parent: Floats) -> Floats:
    return np.asarray(_KEPT * parent + _OWN * random.normal(size=parent.shape), dtype=np.float64)


def _censored(event_times: Floats, waits: Floats, share: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Times and events under exponential loss, whose rate is such that the share is met to one patient."""
    if share == 0.0:
        return event_times, np.ones(len(event_times), dtype=bool)
    # A patient is lost first where waits / rate < event time: the rate at which just `share` of them are.
    rate = float(np.quantile(waits / event_times, share))
    lost = waits / rate
    return np.minimum(event_times, lost), event_times <= lost
