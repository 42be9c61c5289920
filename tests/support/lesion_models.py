"""Lesion models for tests: one that is fitted in a moment, and one that sees bright spots and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.imaging.phantom import Phantom, make_phantom
from wardround.agents.lesions.data.samples import Sample, SampleSet
from wardround.agents.lesions.folder import Loaded, save
from wardround.agents.lesions.making import Made, make_model
from wardround.agents.lesions.settings import LesionSettings
from wardround.contracts.lesions import LesionModelCard

__all__ = ["fitted_lesions", "planted", "spot_finder", "spotted"]


_SETTINGS = LesionSettings.model_validate(
    {
        "network": {
            "widths": (8, 16),
            "encoder": (1, 1),
            "decoder": (1, 1),
            "head": 8,
            "states": 4,
            "patch": 2,
            "drop_path": 0.0,
        },
        "training": {"steps": 80, "batch": 4, "crop": 32, "rate": 1e-2, "averaging": 0.9},
    }
)


def planted(seed: int, *spots: tuple[float, float, float], size: int = 320) -> Phantom:
    """A phantom with bright discs (x, y, diameter in px) on it, as `fitted_lesions` learns to find them."""
    phantom = make_phantom(seed, size=size)
    film = phantom.film.copy()
    rows, columns = np.mgrid[:size, :size]
    for x, y, wide in spots:
        film[np.hypot(columns - x, rows - y) <= wide / 2.0] += 0.4
    return replace(phantom, film=np.clip(film, 0.0, 1.0))


def _sample(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    spots = [(*random.uniform(15.0, 113.0, 2), random.uniform(5.0, 10.0)) for _ in range(4)]
    clean, film = make_phantom(seed, size=128).film, planted(seed, *spots, size=128).film
    mask = (film > clean + 1e-3).astype(np.uint8)
    return Sample(film.astype(np.float32), mask, patient=f"p{seed}", name=f"p{seed}", synthetic=True)


@cache
def _made() -> Made:
    samples = [_sample(50 + number) for number in range(10)]
    readers = tuple(partial(samples.__getitem__, number) for number in range(len(samples)))
    return make_model(SampleSet(readers, tuple(one.patient for one in samples)), _SETTINGS)


def fitted_lesions(folder: Path, target: str = "Nodule") -> LesionModelCard:
    """Writes a model into a new folder: fitted once a process, in seconds, it finds `planted` discs and false ones."""
    made = _made()
    card = made.card.model_copy(update={"target": target, "name": folder.name})
    return save(made.network, folder, card, _SETTINGS.training)


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
