"""One film's regions as a map of owners, so that any number of heat maps can be shared out among them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.zones import ZONES, Place, midline, regions, thorax_width
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["OUTSIDE", "Chart"]

OUTSIDE: Place = (Region.OUTSIDE, Side.MIDLINE)
_SIZE = 256  # pixels of the longer side: a heat map has 8 to 64 cells a side, and finer masks would place it no better


class Chart:
    """The regions of masks (5, h, w), thinned to at most 256 pixels a side. `shape` is what is left of (h, w)."""

    def __init__(self, masks: NDArray[np.uint8]) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, the masks are not a stack of five.
        """
        if masks.ndim != 3 or masks.shape[0] != len(CHANNELS) or 0 in masks.shape:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"Masks must be a stack of {len(CHANNELS)} over the film; these have shape {masks.shape}.",
                f"Channels in order: {', '.join(structure.value for structure in CHANNELS)}.",
            )
        step = max(1, -(-max(masks.shape[1:]) // _SIZE))
        self.masks = masks[:, ::step, ::step]
        self.shape: tuple[int, int] = self.masks.shape[1], self.masks.shape[2]
        self.midline = midline(self.masks)
        self._places = regions(self.masks)
        self._owners: dict[float, NDArray[np.int64]] = {}

    @cached_property
    def _named(self) -> NDArray[np.int64]:
        """1 + the index of the place that each pixel belongs to; 0 outside them all."""
        named = np.zeros(self.shape, dtype=np.int64)
        for index, mask in enumerate(self._places.values(), start=1):
            named[mask] = index
        return named

    @cached_property
    def _nearest_zone(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """How far each pixel lies from the nearest zone of a lung, and which that is."""
        zones = [index for index, place in enumerate(self._places, start=1) if place[0] in ZONES]
        zone = np.where(np.isin(self._named, zones), self._named, 0)
        if not zone.any():
            return np.full(self.shape, np.inf), zone
        distance, nearest = ndimage.distance_transform_edt(zone == 0, return_indices=True)
        return distance, zone[nearest[0], nearest[1]]

    def owner(self, margin: float) -> NDArray[np.int64]:
        """Which place each pixel (h, w) counts for, as in `shares`: 1 + its index, 0 outside them all. Kept."""
        if margin not in self._owners:
            distance, zone = self._nearest_zone
            spilled = (self._named == 0) & (distance <= margin * (thorax_width(self.masks) or 0))
            self._owners[margin] = np.where(spilled, zone, self._named)
        return self._owners[margin]

    def shares(self, mass: NDArray[np.float64], margin: float) -> dict[Place, float]:
        """Share of a mass (h, w) of unit sum per named region, and outside them all; the shares add up to 1.

        Mass outside every region but within `margin` chest widths of a lung counts for that lung's nearest zone.
        """
        held = np.bincount(self.owner(margin).ravel(), weights=mass.ravel(), minlength=len(self._places) + 1)
        # Rounded, so that a mass on a border between two places is not decided by the last bits of a float.
        shares = {place: round(float(held[index]), 9) for index, place in enumerate(self._places, start=1)}
        shares[OUTSIDE] = round(float(held[0]), 9)
        return shares
