"""The benchmark on JSRT's nodules: one split by patient, the same films and budget for all networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.data.samples import SampleSet
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.peers import PEERS
from wardround.agents.lesions.recipe import nodules
from wardround.agents.lesions.recipe.films import learned_films, levelled_sample
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.lesions.bench import Bench, Ground
from wardround.evals.lesions.floors import lungs, radii
from wardround.evals.lesions.measured import Films, Plan
from wardround.evals.lesions.variants import OURS

__all__ = ["LONGEST", "NETWORK", "TRAINING", "VARIANTS", "chest_ground", "nodule_bench"]

LONGEST = 1024
NETWORK, TRAINING = nodules.NETWORK, nodules.TRAINING
VARIANTS = (OURS, *PEERS)
_DIAMETERS_MM = (5.0, 40.0)


def chest_ground(spacing_mm: float) -> Ground:
    """Blobs of the diameters of nodules, in the outlined lungs and heart."""
    least, most = _DIAMETERS_MM
    return Ground(partial(lungs, bundled_segmenter()), radii(least / 2.0 / spacing_mm, most / 2.0 / spacing_mm))


def _films(folder: Path, samples: SampleSet, fold: int) -> Films:
    """Films to learn from and to measure on, as a network reads them: those of the recipe of the bundled model."""
    learned, tested = samples.split(fold)
    return Films(learned_films(folder, tuple(learned)).samples, tuple(levelled_sample(sample) for sample in tested))


def nodule_bench(
    folder: Path,
    network: NetworkOptions = NETWORK,
    training: TrainingOptions = TRAINING,
    variants: Sequence[str] = VARIANTS,
    seeds: Sequence[int] = (0,),
    fold: int = 0,
    longest: int = LONGEST,
) -> Bench:
    """The benchmark on a folder's JSRT films; all of them are read into memory.

    Raises:
        CallerError: as `read_nodules`; BAD_ARGUMENT, there are too few patients to part, or no nodule on one side.
    """
    samples = read_nodules(folder, longest)
    if not all(any(sample.mask.any() for sample in part) for part in samples.split(fold)):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The {len(samples)} films do not part into some with nodules to learn from and some to measure on.",
            "Give films of more patients, or another fold.",
        )
    films = _films(folder, samples, fold)
    return Bench(
        data="JSRT nodules",
        plan=Plan(network, training, 2 * training.crop),
        films=films,
        variants=tuple(variants),
        seeds=tuple(seeds),
        ground=chest_ground(films.tested[0].spacing_mm or 1.0),
        in_mm=True,
        compared=("all", "3 to 5"),
    )
