"""Nodules planted in the lungs of real films, so that a network sees more of them than anyone has collected.

A nodule is the softened chord of a lumpy ball that adds to the film's grey, as soft tissue adds to what the beam
crosses. Contrasts are those of JSRT's nodules (measured on the training patients: 0.01 to 0.08 of the grey scale
between a nodule's middle and its surroundings). Only training sees such films.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from wardround.agents.lesions.data.samples import Sample

__all__ = ["Planting", "with_nodules"]

Floats = NDArray[np.float32]

_GAP = 1.5  # diameters between the middles of two nodules, at least
_TRIES = 20


@dataclass(frozen=True)
class Planting:
    """How many nodules a film is given at most, and the ranges, even in the logarithm, of what they are.

    `diameter` is in pixels, `contrast` in shares of the grey scale.
    """

    most: int = 4
    diameter: tuple[float, float] = (12.0, 90.0)
    contrast: tuple[float, float] = (0.015, 0.10)


def _log_even(low_high: tuple[float, float], draw: Generator) -> float:
    return math.exp(draw.uniform(*np.log(low_high)))


def _nodule(diameter: float, draw: Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """A square of what a nodule adds, 1 at its height, and of what it covers."""
    radius = diameter / 2.0
    half = math.ceil(1.6 * radius) + 4
    dy, dx = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    squeeze, turn = math.exp(draw.uniform(-0.25, 0.25)), draw.uniform(0.0, math.pi)
    along = (dx * math.cos(turn) + dy * math.sin(turn)) * squeeze
    across = (dy * math.cos(turn) - dx * math.sin(turn)) / squeeze
    angle = np.arctan2(across, along)
    lumps = sum(
        draw.uniform(0.0, 0.10) / (1 + wave) * np.sin((wave + 2) * angle + draw.uniform(0.0, 2.0 * np.pi))
        for wave in range(4)
    )
    reach = np.hypot(along, across) / (radius * (1.0 + lumps))
    chord = np.clip(1.0 - reach**2, 0.0, None) ** draw.uniform(0.4, 1.0)
    grain = gaussian_filter(draw.standard_normal(chord.shape), max(1.0, 0.1 * diameter))
    mottled = chord * (1.0 + draw.uniform(0.0, 0.25) * grain / (grain.std() + 1e-6))
    soft = gaussian_filter(mottled, draw.uniform(0.03, 0.12) * diameter + 0.5)
    return (soft / max(float(soft.max()), 1e-6)).astype(np.float32), reach < 1.0


def with_nodules(sample: Sample, lungs: NDArray[np.bool_], seed: int, planting: Planting = Planting()) -> Sample:
    """The film with one nodule or more inside its lungs beside its own; the same seed gives the same film.

    Args:
        lungs: (rows, columns), where a nodule's middle may lie.
    """
    draw = np.random.default_rng(seed)
    image, mask = sample.image.copy(), sample.mask.copy()
    places = np.argwhere(lungs)
    for _ in range(int(draw.integers(1, planting.most + 1)) if places.size else 0):
        diameter = _log_even(planting.diameter, draw)
        clear = np.asarray(distance_transform_edt(mask[::4, ::4] == 0)) * 4.0
        for _ in range(_TRIES):
            row, column = places[int(draw.integers(len(places)))]
            if clear[row // 4, column // 4] > _GAP * diameter:
                added, covered = _nodule(diameter, draw)
                _put(image, mask, int(row), int(column), added * _log_even(planting.contrast, draw), covered)
                break
    return Sample(
        image=np.clip(image, 0.0, 1.0),
        mask=mask,
        patient=sample.patient,
        name=f"{sample.name}-planted-{seed}",
        spacing_mm=sample.spacing_mm,
        synthetic=sample.synthetic,
    )


def _put(
    image: Floats, mask: NDArray[np.uint8], row: int, column: int, added: Floats, covered: NDArray[np.bool_]
) -> None:
    """Adds a square whose middle is a pixel of the film; what of it lies beyond the film is lost."""
    half = added.shape[0] // 2
    top, left = max(0, row - half), max(0, column - half)
    bottom, right = min(image.shape[0], row + half + 1), min(image.shape[1], column + half + 1)
    part = (slice(top - row + half, bottom - row + half), slice(left - column + half, right - column + half))
    image[top:bottom, left:right] += added[part]
    mask[top:bottom, left:right] |= covered[part].astype(np.uint8)
