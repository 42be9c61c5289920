"""The costophrenic angles' normal limit and error: python -m wardround.agents.anatomy.recipe.angles DATA.

The limit is the 97.5th percentile by JSRT's reference outlines (van Ginneken et al. 2006), all films; the error is that
of the segmenter's outlines against the reference on fold 0, which was never trained on. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from wardround.agents.anatomy.angles import costophrenic_angle
from wardround.agents.anatomy.recipe.data import read_jsrt
from wardround.agents.anatomy.recipe.measure import interval
from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.contracts.anatomy import Side

__all__ = ["main"]

_SIZE = 512


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Normal limit and error of the costophrenic angles.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    segmenter = bundled_segmenter()
    truths: dict[Side, list[float]] = {Side.RIGHT: [], Side.LEFT: []}
    errors: dict[Side, list[float]] = {Side.RIGHT: [], Side.LEFT: []}
    for held_out in (True, False):
        for sample in read_jsrt(chosen.data, held_out=held_out, size=_SIZE):
            reference = (sample.masks >= 0.5).astype(np.uint8)
            masks = segmenter.predict([sample.film])[0].masks if held_out else None
            for side in truths:
                truth = costophrenic_angle(reference, side)
                ours = costophrenic_angle(masks, side) if masks is not None else None
                truths[side] += [truth] if truth is not None else []
                errors[side] += [ours - truth] if ours is not None and truth is not None else []
    figures = {
        side.value: {
            "percentiles 2.5, 50, 97.5": [round(float(one), 1) for one in np.percentile(truths[side], (2.5, 50, 97.5))],
            "n": len(truths[side]),
            "absolute error": {key: value for key, value in interval(map(abs, errors[side])).items() if key != "worst"},
            "largest error": round(max(map(abs, errors[side])), 1),
            "mean error": round(float(np.mean(errors[side])), 2),
        }
        for side in truths
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
