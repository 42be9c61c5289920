"""The ablation on planted films: what each part adds, and how the peers do, where sample size does not limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.lesions.data.synthetic import DIAMETERS_PX, small_lesions
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.evals.lesions.bench import Bench, Ground
from wardround.evals.lesions.floors import lungs, radii
from wardround.evals.lesions.measured import Films, Plan
from wardround.evals.lesions.variants import VARIANTS

__all__ = ["NETWORK", "SEEDS", "TRAINING", "Planted", "synthetic_bench"]

NETWORK = NetworkOptions(
    widths=(16, 32, 64),
    encoder=(2, 2, 2),
    decoder=(2, 2, 1),
    patch=2,
    directions="split",
    states=8,
    head=16,
    chunk=32,
)
"""Small enough that one training takes minutes on two cores; a patch of 2, since the least lesion has 3 pixels."""
TRAINING = TrainingOptions(steps=700, batch=8, crop=64, rate=3e-3, averaging=0.98)
SEEDS = (0, 1, 2)
_LEARNED, _TESTED = 1, 2  # seeds of the films


@dataclass(frozen=True)
class Planted:
    """How many films of how many pixels a side are planted."""

    learned: int = 160
    tested: int = 60
    size: int = 256


def synthetic_bench(
    network: NetworkOptions = NETWORK,
    training: TrainingOptions = TRAINING,
    variants: Sequence[str] = tuple(VARIANTS),
    seeds: Sequence[int] = SEEDS,
    planted: Planted = Planted(),
) -> Bench:
    """The benchmark. The films are the same for all seeds: what varies is the network's start and the crops drawn."""
    films = Films(
        small_lesions(planted.learned, planted.size, _LEARNED), small_lesions(planted.tested, planted.size, _TESTED)
    )
    least, most = DIAMETERS_PX
    return Bench(
        data=f"planted films, {planted.size} px",
        plan=Plan(network, training, 2 * training.crop),
        films=films,
        variants=tuple(variants),
        seeds=tuple(seeds),
        ground=Ground(partial(lungs, bundled_segmenter()), radii(least / 2.0, most / 2.0)),
        in_mm=False,
        compared=("all", "below 8 px"),
    )
