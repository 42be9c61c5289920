"""A folder in JSRT's layout with phantom films for films and planted lesions for nodules, and a small model of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import center_of_mass, label

from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.data.synthetic import small_lesions

__all__ = ["SMALL", "write_films"]

SMALL = """
[model]
name = "small"
target = "pulmonary nodule"
[network]
widths = [8, 16]
encoder = [1, 1]
decoder = [1, 1]
head = 8
states = 4
[training]
steps = 4
batch = 2
crop = 32
averaging = 0.5
"""
_COLUMNS = ("dataset", "id", "file", "patient", "width", "height", "scale_from_original", "annotations")


def _note(sample: Sample, number: int) -> dict[str, object]:
    """The largest lesion of a film as JSRT's tables tell a nodule."""
    lesions, count = label(sample.mask)
    if not count:
        return {}
    areas = np.bincount(lesions.ravel())[1:]
    largest = int(areas.argmax()) + 1
    row, column = center_of_mass(lesions == largest)
    wide = 2.0 * float(np.sqrt(areas[largest - 1] / np.pi))
    grade = str(1 + number % 5)
    return {"nodule": {"x": column, "y": row, "diameter_px": wide, "subtlety_5_obvious": grade}}


def write_films(root: Path, first: str = "P", count: int = 16, size: int = 128) -> None:
    """`labels.csv` and `images/`: each film is a patient's own, whose name begins with `first`."""
    (root / "images").mkdir(parents=True)
    rows = []
    for number, sample in enumerate(small_lesions(count, size=size, seed=7)):
        name = f"{first}{number}"
        Image.fromarray(np.round(255 * sample.image).astype(np.uint8)).save(root / "images" / f"{name}.jpg", quality=95)
        row = ("JSRT", name, f"images/{name}.jpg", name, str(size), str(size), "0.25")
        rows.append((*row, json.dumps(_note(sample, number))))
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([_COLUMNS, *rows])
