"""Crops for training: a share of them holds a lesion, any lesion as likely as another, and all are varied by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, find_objects, label

from wardround.agents.lesions.data.samples import Sample
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["AS_THEY_ARE", "Batch", "PatchSampler", "Variation"]

Floats = NDArray[np.float32]

_EIGHT = np.ones((3, 3), dtype=np.int8)
_REACH = 0.35  # of the crop's side: how far from its middle a lesion may come to lie


@dataclass(frozen=True)
class Variation:
    """How far crops are varied: each is the most of an even draw.

    `turn_degrees` and `zoom` (a factor of 1 / (1 + zoom) to 1 + zoom) move image and mask alike; `gain` multiplies the
    grey by 1 ± gain about its middle, `gamma` raises it to a power of exp(± gamma), `noise` is the standard deviation
    of the grain that is added.
    """

    flip: bool = True
    turn_degrees: float = 180.0
    zoom: float = 0.15
    gain: float = 0.2
    gamma: float = 0.25
    noise: float = 0.02


AS_THEY_ARE = Variation(flip=False, turn_degrees=0.0, zoom=0.0, gain=0.0, gamma=0.0, noise=0.0)
"""Crops as they lie in the film, to the pixel."""


@dataclass(frozen=True)
class Batch:
    """`images` float32 in [0, 1] and `masks` uint8, both (n, 1, size, size); per crop its sample's place in the set."""

    images: Floats
    masks: NDArray[np.uint8]
    samples: NDArray[np.int64]

    @property
    def areas(self) -> NDArray[np.int64]:
        """Lesion pixels of each crop (n,), 0 for a negative."""
        return np.asarray(self.masks.sum(axis=(1, 2, 3), dtype=np.int64))


def _matrix(draw: Generator, variation: Variation) -> NDArray[np.float64]:
    """From an offset in the crop to one in the film."""
    angle = math.radians(draw.uniform(-variation.turn_degrees, variation.turn_degrees))
    scale = math.exp(draw.uniform(-1.0, 1.0) * math.log1p(variation.zoom))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) / scale
    if variation.flip and draw.random() < 0.5:
        turn[:, 1] *= -1.0
    return turn


def _toned(crop: Floats, draw: Generator, variation: Variation) -> Floats:
    toned = np.clip(crop, 0.0, 1.0) ** math.exp(draw.uniform(-variation.gamma, variation.gamma))
    middle = toned.mean()
    toned = middle + (toned - middle) * (1.0 + draw.uniform(-variation.gain, variation.gain))
    if variation.noise:
        toned = toned + draw.uniform(0.0, variation.noise) * draw.standard_normal(crop.shape)
    return np.asarray(np.clip(toned, 0.0, 1.0), dtype=np.float32)


class PatchSampler:
    """Draws batches of crops from samples, which it reads once to learn where their lesions lie.

    A lesion crop takes any lesion of the set with the same chance, so that small ones come as often as large, and puts
    a pixel of it away from the crop's edge. Any other crop is a uniform draw of a sample and of a place in it, and may
    hold a lesion by chance. Where a sample is smaller than the crop, its edge is repeated, without lesions.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        size: int,
        lesion_share: float = 0.5,
        seed: int = 0,
        variation: Variation | None = None,
    ) -> None:
        """
        Args:
            samples: at least one; each crop reads its sample again, so keep them in a tuple where memory allows.
            size: side of the crops in pixels, at least 8.
            lesion_share: of crops that hold a lesion, 0 to 1; 0 is taken where no sample has one.
            variation: how far crops are varied; None for the usual.

        Raises:
            CallerError: BAD_ARGUMENT, one of these is out of range.
        """
        if not len(samples) or size < 8 or not 0.0 <= lesion_share <= 1.0 or seed < 0:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "Crops need at least one sample, a side of 8 pixels or more, a lesion share from 0 to 1 and a seed of "
                "0 or more.",
                "For example 64 pixels, a share of 0.5 and seed 1.",
            )
        self._samples, self._size, self._seed = samples, size, seed
        self._variation = variation or Variation()
        self._lesions: list[tuple[int, NDArray[np.int64]]] = []
        for place in range(len(samples)):
            labels, _ = label(samples[place].mask, structure=_EIGHT)
            for number, (rows, columns) in enumerate(find_objects(labels), start=1):
                pixels = np.add(np.argwhere(labels[rows, columns] == number), (rows.start, columns.start))
                self._lesions.append((place, pixels[:: max(1, len(pixels) // 64)]))
        self.lesion_share = lesion_share if self._lesions else 0.0
        """Of crops that hold a lesion for sure."""

    @property
    def lesions(self) -> int:
        """How many lesions, islands of eight neighbours, the samples hold."""
        return len(self._lesions)

    def _crop(self, place: int, pixel: NDArray[np.int64] | None, draw: Generator) -> tuple[Floats, NDArray[np.uint8]]:
        """A varied crop: `pixel` of the film comes to lie anywhere but at the edge; None for a crop anywhere."""
        sample, size = self._samples[place], self._size
        matrix = _matrix(draw, self._variation)
        if pixel is None:
            room = np.maximum(np.array(sample.image.shape) - size, 0)
            seat, there = np.full(2, size // 2), draw.integers(0, room + 1) + size // 2
        else:
            reach = int(_REACH * size)
            seat, there = size // 2 + draw.integers(-reach, reach + 1, size=2), pixel
        offset = there - matrix @ seat
        shape = (size, size)
        image = affine_transform(sample.image, matrix, offset, shape, order=1, mode="nearest")
        mask = affine_transform(sample.mask.astype(np.float32), matrix, offset, shape, order=1, mode="constant")
        return _toned(image, draw, self._variation), (mask >= 0.5).astype(np.uint8)

    def batch(self, step: int, count: int) -> Batch:
        """The crops of a step of training; the same seed, step and count give the same crops, in any order of calls."""
        draw = np.random.default_rng((self._seed, step))
        images = np.empty((count, 1, self._size, self._size), dtype=np.float32)
        masks = np.empty(images.shape, dtype=np.uint8)
        places = np.empty(count, dtype=np.int64)
        # A share of every batch rather than a chance of each crop: no batch of a small size is without lesions.
        sure = int(self.lesion_share * count + draw.random())
        for row in range(count):
            pixel = None
            if row < sure:
                places[row], pixels = self._lesions[int(draw.integers(len(self._lesions)))]
                pixel = pixels[int(draw.integers(len(pixels)))]
            else:
                places[row] = draw.integers(len(self._samples))
            images[row, 0], masks[row, 0] = self._crop(int(places[row]), pixel, draw)
        return Batch(images, masks, places)
