"""The benchmark on JSRT's nodules: one split by patient, the same films and budget for all networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.data.samples import Sample, SampleSet
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.peers import PEERS
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.lesions.bench import Bench, Ground
from wardround.evals.lesions.floors import lungs, radii
from wardround.evals.lesions.measured import Films, Plan
from wardround.evals.lesions.variants import OURS

__all__ = ["LONGEST", "NETWORK", "TRAINING", "VARIANTS", "chest_ground", "nodule_bench"]

LONGEST = 1024
NETWORK = NetworkOptions(widths=(16, 32, 64, 128))
TRAINING = TrainingOptions(steps=2000, batch=8, crop=256, rate=1e-3)
VARIANTS = (OURS, *PEERS)
_DIAMETERS_MM = (5.0, 40.0)


def chest_ground(spacing_mm: float) -> Ground:
    """Blobs of the diameters of nodules, in the outlined lungs and heart."""
    least, most = _DIAMETERS_MM
    return Ground(partial(lungs, bundled_segmenter()), radii(least / 2.0 / spacing_mm, most / 2.0 / spacing_mm))


def _films(samples: SampleSet, fold: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Films to learn from and to measure on, as a network reads them."""
    learned, tested = samples.split(fold)
    return tuple(learned), tuple(tested)


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
    learned, tested = _films(samples, fold)
    if not all(any(sample.mask.any() for sample in part) for part in (learned, tested)):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The {len(samples)} films do not part into some with nodules to learn from and some to measure on.",
            "Give films of more patients, or another fold.",
        )
    return Bench(
        data="JSRT nodules",
        plan=Plan(network, training, 2 * training.crop),
        films=Films(learned, tested),
        variants=tuple(variants),
        seeds=tuple(seeds),
        ground=chest_ground(tested[0].spacing_mm or 1.0),
        in_mm=True,
        compared=("all", "3 to 5"),
    )
