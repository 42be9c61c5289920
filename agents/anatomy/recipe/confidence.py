"""Whether a mask's score tells how good it is: python -m wardround.agents.anatomy.recipe.confidence DATA.

Spearman's rank correlation of the score with the true Dice on JSRT fold 0, which was never trained on, as the films are
and degraded (blur, noise, a narrow grey range, a border cut off), and what the floor for measurements withholds.
Prints JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats

from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.recipe.data import read_jsrt
from wardround.agents.anatomy.report import LEAST_CONFIDENCE
from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.measures.overlap import dice

__all__ = ["DEGRADED", "main"]

_SIZE = 512
_POOR = 0.7  # a Dice below this is a poor outline

Film = NDArray[np.float32]


def _noisy(film: Film) -> Film:
    noise = np.random.default_rng(int(film.sum()) % 1000).normal(0.0, 0.25, film.shape)
    return np.asarray(np.clip(film + noise, 0.0, 1.0), dtype=np.float32)


def _cut(film: Film) -> Film:
    """The lower third painted black, as by a collimator's shutter: what it hid is still asked for."""
    cut = film.copy()
    cut[2 * film.shape[0] // 3 :] = 0.0
    return cut


DEGRADED: Mapping[str, Callable[[Film], Film]] = {
    "as taken": lambda film: film,
    "blurred, sigma 8 pixels": lambda film: np.asarray(ndimage.gaussian_filter(film, 8.0), dtype=np.float32),
    "noise, sigma 0.25": _noisy,
    "clipped to its upper half": lambda film: np.asarray(np.clip(2.0 * film - 1.0, 0.0, 1.0), dtype=np.float32),
    "lower third hidden": _cut,
}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How far a mask's score goes with its true overlap.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    segmenter = bundled_segmenter()
    scores: dict[str, list[list[float]]] = {name: [] for name in DEGRADED}
    truths: dict[str, list[list[float]]] = {name: [] for name in DEGRADED}
    for sample in read_jsrt(chosen.data, held_out=True, size=_SIZE):
        for name, spoil in DEGRADED.items():
            found = segmenter.predict([spoil(sample.film)])[0]
            scores[name].append([found.confidence[structure] for structure in CHANNELS])
            truths[name].append(
                [dice(found.of(one), mask >= 0.5) for one, mask in zip(CHANNELS, sample.masks, strict=True)]
            )
    figures: dict[str, object] = {}
    for name in DEGRADED:
        score, truth = np.array(scores[name]), np.array(truths[name])
        figures[name] = {structure.value: _figures(score[:, n], truth[:, n]) for n, structure in enumerate(CHANNELS)}
    every = _figures(
        np.concatenate(list(map(np.ravel, scores.values()))), np.concatenate(list(map(np.ravel, truths.values())))
    )
    print(json.dumps({"all masks together": every, **figures}, indent=1))


def _figures(score: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float | int]:
    rank = float(stats.spearmanr(score, truth).statistic) if np.ptp(score) and np.ptp(truth) else 0.0
    poor, withheld = truth < _POOR, score < LEAST_CONFIDENCE
    return {
        "spearman": round(rank, 3),
        "mean score": round(float(score.mean()), 3),
        "mean dice": round(float(truth.mean()), 3),
        "poor": int(poor.sum()),
        "poor and withheld": int((poor & withheld).sum()),
        "good and withheld": int((~poor & withheld).sum()),
        "n": int(score.size),
    }


if __name__ == "__main__":
    main()
