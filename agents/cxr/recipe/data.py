"""The NIH films and their labels, decoded once and kept in memory as bytes, and the augmentation of a batch."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.cxr.detector import Film
from wardround.agents.cxr.regions import region_stack
from wardround.agents.cxr.seen import fold_of_patient
from wardround.contracts.codes import canonical_label, nih_labels

__all__ = ["Films", "augment", "film_array", "film_regions", "read_films"]

_DATASET = "NIH ChestX-ray14"


@dataclass(frozen=True)
class Films:
    """`pixels` (n, 1, size, size) uint8, `targets` (n, labels) float32 of 0 and 1; per film its patient and view."""

    labels: tuple[str, ...]
    pixels: Tensor
    targets: Tensor
    patients: tuple[str, ...]
    views: tuple[str, ...]
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def positive(self) -> NDArray[np.bool_]:
        """The targets as truth values (n, labels)."""
        return np.asarray(self.targets.numpy() > 0.5, dtype=np.bool_)

    @property
    def folds(self) -> NDArray[np.int_]:
        """The fold, 0 to 4, of each film's patient."""
        return np.array([fold_of_patient(patient) for patient in self.patients])


def film_array(path: Path) -> Film:
    """One film as a detector takes it: (rows, columns) float32 in [0, 1]."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)


def _read_film(path: Path, size: int) -> NDArray[np.uint8]:
    grey = torch.from_numpy(film_array(path)) * 255.0
    small = F.interpolate(grey[None, None], (size, size), mode="bilinear", antialias=True, align_corners=False)
    return small[0, 0].round().clamp(0, 255).to(torch.uint8).numpy()


def read_films(folder: Path, size: int) -> Films:
    """All NIH films of `folder` (with `labels.csv` beside `images/`), stretched to `size` squared.

    NIH's own 1024-pixel squares were made by stretching the originals, so stretching is what the labels go with.
    Labels without a column in the code table's NIH list are dropped.

    Raises:
        FileNotFoundError: the folder lacks `labels.csv` or a film that it lists.
    """
    labels = nih_labels()
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["dataset"] == _DATASET]
    targets = np.zeros((len(rows), len(labels)), dtype=np.float32)
    for index, row in enumerate(rows):
        for name in row["labels"].split("|"):
            label = canonical_label(name)
            if label in labels:
                targets[index, labels.index(label)] = 1.0
    pixels = np.stack([_read_film(folder / row["file"], size) for row in rows])
    return Films(
        labels,
        torch.from_numpy(pixels)[:, None],
        torch.from_numpy(targets),
        tuple(row["patient"] for row in rows),
        tuple(row["view"] for row in rows),
        tuple(row["file"] for row in rows),
    )


def film_regions(folder: Path, names: Sequence[str]) -> Tensor:
    """Regions (n, 10, 128, 128) uint8 of films, from the bundled segmenter's outlines."""
    segmenter = bundled_segmenter()
    stacks = [region_stack(segmenter.predict([film_array(folder / name)])[0].masks) for name in names]
    return (torch.stack(stacks) * 255.0).round().to(torch.uint8)


def augment(films: Tensor, regions: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Small rotations, scalings and shifts of films (n, 1, h, w) and their regions, and gamma and noise of the films.

    All in [0, 1]. Never mirrored: the side of the heart and of a finding is information.
    """
    n = films.shape[0]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=random) * (high - low) + low

    angle = uniform(-0.17, 0.17)
    wide, high = uniform(0.85, 1.1), uniform(0.85, 1.1)
    row_x = torch.stack([angle.cos() * wide, -angle.sin() * wide, uniform(-0.07, 0.07)], dim=1)
    row_y = torch.stack([angle.sin() * high, angle.cos() * high, uniform(-0.07, 0.07)], dim=1)
    turn = torch.stack([row_x, row_y], dim=1)

    def moved(images: Tensor) -> Tensor:
        grid = F.affine_grid(turn, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    gamma = uniform(-0.35, 0.35).exp().view(-1, 1, 1, 1)
    noise = torch.randn(films.shape, generator=random) * uniform(0.0, 0.02).view(-1, 1, 1, 1)
    return (moved(films).clamp_min(0.0) ** gamma + noise).clamp(0.0, 1.0), moved(regions)
