"""Lesion models for tests: one that is fitted in a moment, and one that sees bright spots and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import torch
from planted_pairs import SETTINGS
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.lesions.data.samples import SampleSet
from wardround.agents.lesions.data.synthetic import small_lesions
from wardround.agents.lesions.folder import Loaded, save
from wardround.agents.lesions.making import make_model
from wardround.agents.lesions.settings import LesionSettings
from wardround.contracts.lesions import LesionModelCard

__all__ = ["fitted_lesions", "spot_finder", "spotted"]


def fitted_lesions(folder: Path, target: str = "Nodule") -> LesionModelCard:
    """Writes a model of a few steps into a new folder: it marks much, and knows nothing."""
    settings = LesionSettings.model_validate(tomllib.loads(SETTINGS))
    words = settings.model.model_copy(update={"target": target, "name": folder.name})
    samples = small_lesions(12, size=128, seed=5)
    every = SampleSet(tuple(lambda one=one: one for one in samples), tuple(one.patient for one in samples))
    made = make_model(every, settings.model_copy(update={"model": words}))
    return save(made.network, folder, made.card, settings.training)


class _Spots(nn.Module):
    """Bright where a picture is brighter than its surroundings of 41 pixels: a score of a half at a step of 0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, pictures: Tensor) -> Tensor:
        padded = F.pad(pictures, (20, 20, 20, 20), mode="replicate")
        return 60.0 * (pictures - F.avg_pool2d(padded, 41, stride=1) - 0.1)


def spot_finder(spacing_mm: float | None = None, target: str = "Nodule") -> Loaded:
    """A model without weights that finds what `spotted` draws."""
    card = LesionModelCard(
        name="spots",
        version="1",
        weights_digest="sha256:" + "0" * 64,
        target=target,
        spacing_mm=spacing_mm,
        window=128,
        operating_points={"specific": 0.9, "balanced": 0.5, "sensitive": 0.1},
        images=1,
        patients=1,
        lesions=1,
        held_out_images=1,
        held_out_lesions=1,
        intended_use="tests",
    )
    return Loaded(card, _Spots().eval())


def spotted(
    *spots: tuple[float, float, float], size: tuple[int, int] = (240, 200), seed: int = 0
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """A grainy film (rows, columns) with bright discs (x, y, diameter in px), and a mask of each."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    film = 0.3 + 0.02 * np.random.default_rng(seed).standard_normal(size)
    masks = np.array([np.hypot(columns - x, rows - y) <= wide / 2.0 for x, y, wide in spots]).reshape(-1, *size)
    film[masks.any(axis=0)] += 0.3
    return np.clip(film, 0.0, 1.0).astype(np.float32), masks
