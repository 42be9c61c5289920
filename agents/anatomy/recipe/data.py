"""The films and outlines that the segmenter learns from: JSRT with its SCR masks, and phantoms with their true masks.

JSRT: Shiraishi et al., AJR 2000; SCR outlines: van Ginneken et al., Medical Image Analysis 2006. Both are for research
and education, and are not redistributed here: the recipe reads them from a folder that the user names.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.imaging.phantom import Plant, make_phantom
from wardround.contracts.anatomy import Side

__all__ = ["FOLDS", "Sample", "draw_phantoms", "fold", "read_film", "read_jsrt", "read_rows"]

FOLDS = 5
_JSRT = "JSRT"
_PHANTOM_SEED = 100_000  # away from the small seeds that people, demos and tests use
_EVERY_PLANT: tuple[tuple[Plant, ...], ...] = (
    (),
    (Plant(finding="Effusion", side=Side.LEFT),),
    (Plant(finding="Effusion", side=Side.RIGHT, volume_ml=1400.0),),
    (Plant(finding="Cardiomegaly"),),
    (Plant(finding="Pneumothorax", side=Side.RIGHT),),
    (Plant(finding="Effusion", side=Side.RIGHT, volume_ml=500.0),),
    (Plant(finding="Effusion", side=Side.LEFT, volume_ml=2000.0),),
    (Plant(finding="Nodule", side=Side.LEFT), Plant(finding="Cardiomegaly", ctr=0.56)),
    (Plant(finding="Pneumothorax", side=Side.LEFT, gap_mm=45.0),),
    (Plant(finding="Effusion", side=Side.LEFT), Plant(finding="Effusion", side=Side.RIGHT)),
)


class Sample(NamedTuple):
    """`film` (size, size) float32 in [0, 1], air dark; `masks` (5, size, size) float32, the share of each pixel."""

    patient: str
    film: NDArray[np.float32]
    masks: NDArray[np.float32]


def fold(patient: str) -> int:
    """Which fifth a patient belongs to; fold 0 is held out for the figures and never trained on."""
    return int(hashlib.sha256(patient.encode()).hexdigest()[:8], 16) % FOLDS


def read_rows(data: Path, dataset: str) -> list[dict[str, str]]:
    """The rows of `labels.csv` whose `dataset` begins with the name given, in the file's order."""
    with (data / "labels.csv").open(newline="", encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["dataset"].startswith(dataset)]


def read_film(path: Path, size: int | None = None) -> NDArray[np.float32]:
    """A grey picture as float32 in [0, 1]; squeezed to (size, size) where a size is given (JSRT films are square)."""
    with Image.open(path) as picture:
        grey = picture.convert("L")
        if size is not None:
            grey = grey.resize((size, size), Image.Resampling.BOX)
        return np.asarray(grey, dtype=np.float32) / 255.0


def read_jsrt(data: Path, *, held_out: bool, size: int) -> Iterator[Sample]:
    """The JSRT films of fold 0 (`held_out`) or of the other four, at (size, size) pixels."""
    for row in read_rows(data, _JSRT):
        if (fold(row["patient"]) == 0) is not held_out:
            continue
        masks = [
            read_film(data / "masks" / f"{row['id']}.{structure.value.replace(' ', '_')}.png", size)
            for structure in CHANNELS
        ]
        yield Sample(row["patient"], read_film(data / row["file"], size), np.stack(masks))


def draw_phantoms(count: int, *, size: int) -> Iterator[Sample]:
    """Phantoms with their true masks, with nothing planted and with each finding in turn, drawn fine and averaged."""
    for number in range(count):
        phantom = make_phantom(_PHANTOM_SEED + number, _EVERY_PLANT[number % len(_EVERY_PLANT)], size=2 * size)
        stack = np.stack([phantom.film, *(phantom.masks[structure.value].astype(np.float32) for structure in CHANNELS)])
        halved = stack.reshape(len(stack), size, 2, size, 2).mean(axis=(2, 4))
        yield Sample(f"phantom-{phantom.seed}", halved[0], halved[1:])
