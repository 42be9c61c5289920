"""The pointing game (Zhang et al. 2018): does a heat map's peak lie in the box that a radiologist drew?"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wardround.agents.cxr.detector import Detector
from wardround.agents.cxr.recipe.data import film_array
from wardround.contracts.card import Figure
from wardround.contracts.codes import canonical_label

__all__ = ["Box", "pointing_figure", "read_boxes"]

_BATCH = 16


@dataclass(frozen=True)
class Box:
    """A label's box in fractions of the film's width and height."""

    file: str
    label: str
    left: float
    top: float
    width: float
    height: float

    def holds(self, column: float, row: float) -> bool:
        """Whether a point, in fractions of the film, lies in the box."""
        return self.left <= column <= self.left + self.width and self.top <= row <= self.top + self.height


def read_boxes(folder: Path, dataset: str = "NIH ChestX-ray14") -> tuple[Box, ...]:
    """All boxes of a data set whose label the code table knows."""
    out = []
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["dataset"] != dataset or not row["annotations"]:
                continue
            wide, high = float(row["width"]), float(row["height"])
            for name, left, top, width, height in json.loads(row["annotations"]).get("boxes", ()):
                label = canonical_label(name)
                if label is not None:
                    out.append(Box(row["file"], label, left / wide, top / high, width / wide, height / high))
    return tuple(out)


def pointing_figure(detector: Detector, folder: Path, boxes: Sequence[Box]) -> Figure:
    """The share of boxes that hold their heat map's peak; the floor is the boxes' mean share of the film."""
    known = [box for box in boxes if box.label in detector.labels]
    hits = 0
    for first in range(0, len(known), _BATCH):
        chunk = known[first : first + _BATCH]
        readings = detector.predict([film_array(folder / box.file) for box in chunk])
        for box, reading in zip(chunk, readings, strict=True):
            heat = reading.maps[detector.labels.index(box.label)]
            row, column = np.unravel_index(int(heat.argmax()), heat.shape)
            hits += box.holds((float(column) + 0.5) / heat.shape[1], (float(row) + 0.5) / heat.shape[0])
    return Figure(
        name="heat map's peak inside the radiologist's box",
        value=round(hits / len(known), 4),
        floor=round(float(np.mean([box.width * box.height for box in known])), 4),
        floor_name="a random point",
        n=len(known),
        data="NIH boxes of all folds: no box was learned from, but some of their films were",
    )
