"""Phantom films with small lesions planted in their lungs, whose masks are known to the pixel.

A lesion is added where the film is still an optical depth, before the characteristic curve, as soft tissue adds to what
the beam crosses. Beside lesions lie things that are none: vessels, crossings of ribs, walls of bronchi. What sees
these films has seen no patient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.lesions.data.samples import Sample
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["DIAMETERS_PX", "FILMS_PER_PATIENT", "small_lesions"]

Floats = NDArray[np.float32]

DIAMETERS_PX = (3.0, 30.0)
"""Least and greatest diameter of a planted lesion; drawn evenly in the logarithm, so the small are many."""
FILMS_PER_PATIENT = 4
"""Films that share one phantom; a split by patient parts phantoms."""

_WHITE = 0.93  # the phantom's film is _WHITE times a logistic curve of optical depth
_LESIONS = (0.12, 0.28, 0.24, 0.20, 0.16)  # chances of none, one, … four
_CONTRASTS = (0.35, 1.4)  # of the centre, in units of the curve's argument
_DISTRACTORS = (2, 7)
_GAP_PX = 4.0  # between lesions, so that each stays an island


@lru_cache(maxsize=32)
def _background(seed: int, size: int) -> tuple[Floats, Floats, float]:
    """A phantom's optical depth, how far inside a lung each pixel lies (px), and the spacing in mm."""
    phantom = make_phantom(seed, size=size)
    shade = np.clip(phantom.film / _WHITE, 0.002, 0.998)
    depth = np.log(shade / (1.0 - shade)).astype(np.float32)
    lungs = phantom.masks[Structure.LEFT_LUNG.value] | phantom.masks[Structure.RIGHT_LUNG.value]
    inside = np.asarray(distance_transform_edt(lungs), dtype=np.float32)
    for kept in (depth, inside):
        kept.flags.writeable = False
    return depth, inside, phantom.pixel_spacing_mm


def _window(x: float, y: float, reach: float, size: int) -> tuple[slice, slice, Floats, Floats]:
    """The part of the film within `reach` of a point, and each pixel's offset from the point in x and y."""
    top, left = max(0, math.floor(y - reach)), max(0, math.floor(x - reach))
    bottom, right = min(size, math.ceil(y + reach) + 1), min(size, math.ceil(x + reach) + 1)
    dy, dx = np.mgrid[top:bottom, left:right].astype(np.float32)
    return slice(top, bottom), slice(left, right), dx - np.float32(x), dy - np.float32(y)


def _lesion(depth: Floats, mask: NDArray[np.uint8], x: float, y: float, diameter: float, draw: Generator) -> None:
    """Adds the chord of a lumpy ball, its edge softened and its inside mottled, and marks what it covers."""
    radius = diameter / 2.0
    rows, columns, dx, dy = _window(x, y, 1.5 * radius + 6.0, depth.shape[0])
    angle = np.arctan2(dy, dx)
    lumps = sum(
        draw.uniform(0.0, 0.07) * np.sin((wave + 2) * angle + draw.uniform(0.0, 2.0 * np.pi)) for wave in range(3)
    )
    reach = np.hypot(dx, dy) / (radius * (1.0 + lumps))
    chord = np.sqrt(np.clip(1.0 - reach**2, 0.0, None))
    grain = gaussian_filter(draw.standard_normal(chord.shape), max(0.6, 0.12 * diameter))
    mottle = 1.0 + draw.uniform(0.0, 0.3) * grain / (grain.std() + 1e-6)
    edge = draw.uniform(0.3, 0.5 + 0.05 * diameter)
    soft = gaussian_filter(chord * mottle, edge)
    # Softening flattens the small ones most; the contrast drawn is that of the film.
    contrast = math.exp(draw.uniform(*np.log(_CONTRASTS))) / max(float(gaussian_filter(chord, edge).max()), 1e-6)
    depth[rows, columns] += np.asarray(contrast * soft, dtype=np.float32)
    # The middle's own pixel belongs to the smallest lesion even where its edge falls between pixels.
    mask[rows, columns] |= ((reach < 1.0) | (np.maximum(abs(dx), abs(dy)) <= 0.5)).astype(np.uint8)


def _along(dx: Floats, dy: Floats, angle: float) -> tuple[Floats, Floats]:
    along = dx * np.float32(math.cos(angle)) + dy * np.float32(math.sin(angle))
    across = dy * np.float32(math.cos(angle)) - dx * np.float32(math.sin(angle))
    return along, across


def _vessel(dx: Floats, dy: Floats, draw: Generator) -> Floats:
    """A curved tube that tapers, at least five times as long as it is wide."""
    along, across = _along(dx, dy, draw.uniform(0.0, 2.0 * np.pi))
    width = draw.uniform(0.8, 2.2)
    length = draw.uniform(10.0, 30.0)
    bend = across - np.float32(draw.uniform(-0.012, 0.012)) * along**2
    taper = np.clip(1.0 - (along + length / 2.0) / (1.6 * length), 0.1, 1.0)
    ends = np.clip((length / 2.0 - abs(along)) / 3.0 + 0.5, 0.0, 1.0)
    return np.asarray(ends * np.exp(-0.5 * (bend / (width * taper)) ** 2), dtype=np.float32)


def _crossing(dx: Floats, dy: Floats, draw: Generator) -> Floats:
    """Two bands that meet at an angle, doubly dense where they cross."""
    first = draw.uniform(0.0, np.pi)
    total = np.zeros_like(dx)
    for angle in (first, first + draw.uniform(0.5, 1.4)):
        along, across = _along(dx, dy, angle)
        half = draw.uniform(1.0, 3.5)
        fade = np.exp(-0.5 * (along / 14.0) ** 2)
        total += (0.5 * fade * np.clip(half - abs(across) + 0.5, 0.0, 1.0)).astype(np.float32)
    return total


def _wall(dx: Floats, dy: Floats, draw: Generator) -> Floats:
    """A ring: the wall of a bronchus seen end-on."""
    radius = draw.uniform(3.0, 7.0)
    return np.asarray(np.exp(-0.5 * ((np.hypot(dx, dy) - radius) / draw.uniform(0.7, 1.1)) ** 2), dtype=np.float32)


_KINDS: tuple[Callable[[Floats, Floats, Generator], Floats], ...] = (_vessel, _vessel, _crossing, _wall)


def _place(allowed: Floats, draw: Generator) -> tuple[float, float] | None:
    """A point (x, y) where `allowed` is above zero, evenly among those; None where there is none."""
    places = np.flatnonzero(allowed > 0.0)
    if not places.size:
        return None
    row, column = divmod(int(places[int(draw.integers(places.size))]), allowed.shape[1])
    return column + draw.uniform(-0.5, 0.5), row + draw.uniform(-0.5, 0.5)


def _planted(index: int, size: int, seed: int) -> Sample:
    patient = index // FILMS_PER_PATIENT
    phantom_seed = int(np.random.SeedSequence((seed, patient)).generate_state(1)[0])
    clean, inside, spacing = _background(phantom_seed, size)
    draw = np.random.default_rng((seed, patient, index, size))
    depth, mask = clean.copy(), np.zeros(clean.shape, dtype=np.uint8)
    for _ in range(int(draw.integers(*_DISTRACTORS))):
        spot = _place(inside, draw)
        if spot is not None:
            rows, columns, dx, dy = _window(*spot, 40.0, size)
            contrast = draw.uniform(0.2, 0.7)
            depth[rows, columns] += np.float32(contrast) * _KINDS[int(draw.integers(len(_KINDS)))](dx, dy, draw)
    taken = np.full(clean.shape, np.inf, dtype=np.float32)
    for _ in range(int(draw.choice(len(_LESIONS), p=_LESIONS))):
        diameter = math.exp(draw.uniform(*np.log(DIAMETERS_PX)))
        clear = 0.6 * diameter
        spot = _place(np.minimum(inside - clear, taken - clear - _GAP_PX), draw)
        if spot is not None:
            _lesion(depth, mask, *spot, diameter, draw)
            taken = np.asarray(distance_transform_edt(mask == 0), dtype=np.float32)
    grain = draw.uniform(0.02, 0.06) * draw.standard_normal(depth.shape)
    developed = draw.uniform(0.85, 1.2) * depth + draw.uniform(-0.25, 0.25) + grain
    image = (_WHITE / (1.0 + np.exp(-developed))).astype(np.float32)
    return Sample(
        image=image,
        mask=mask,
        patient=f"phantom-{phantom_seed}",
        name=f"planted-{seed}-{index}",
        spacing_mm=spacing,
        synthetic=True,
    )


def small_lesions(count: int, size: int = 256, seed: int = 0) -> tuple[Sample, ...]:
    """So many phantom films (size, size), each with none to four lesions of 3 to 30 pixels in its lungs.

    The same arguments give the same films, and a larger count begins with the films of a smaller. Four films share a
    phantom, which is their patient. Lesions are islands of the mask, at least four pixels apart.

    Raises:
        CallerError: BAD_ARGUMENT, count below 1, seed below 0, or size outside 128 to 4096.
    """
    if count < 1 or seed < 0 or not 128 <= size <= 4096:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "Planted films need a count of 1 or more, a seed of 0 or more and a size from 128 to 4096 pixels.",
            "Give whole numbers, for example 200 films of 256 pixels with seed 1.",
        )
    return tuple(_planted(index, size, seed) for index in range(count))
