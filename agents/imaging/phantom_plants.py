"""What can be planted in a phantom: fluid, a nodule, air and a large heart, each with its true mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.ndimage import distance_transform_edt, gaussian_filter

from wardround.agents.imaging.phantom_anatomy import Anatomy, Floats, Grid, Layers, Mask
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.base import Word
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["PLANTABLE", "Plant", "Planted", "plant_air", "plant_fluid", "plant_named", "plant_nodule"]

Zone = Literal[Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE]

PLANTABLE = ("Effusion", "Nodule", "Pneumothorax", "Cardiomegaly")
_HIDDEN_ML = 150.0  # an upright effusion fills the posterior recess first, unseen on a PA film


class Plant(Word):
    """One finding to plant. A setting that does not belong to the finding is ignored; cardiomegaly has no side."""

    finding: Literal["Effusion", "Nodule", "Pneumothorax", "Cardiomegaly"]
    side: Literal[Side.LEFT, Side.RIGHT] = Side.LEFT
    volume_ml: Annotated[float, Field(ge=160.0, le=2500.0)] = 1000.0
    zone: Zone = Region.UPPER_ZONE
    diameter_mm: Annotated[float, Field(ge=4.0, le=60.0)] = 22.0
    gap_mm: Annotated[float, Field(ge=4.0, le=70.0, description="Pneumothorax: air at the side of the lung.")] = 22.0
    ctr: Annotated[float, Field(ge=0.35, le=0.72, description="Cardiomegaly: cardiothoracic ratio wanted.")] = 0.62


@dataclass(frozen=True)
class Planted:
    """What a plant changes: paths in cm, (size, size). `air` and `fluid` take the place of lung."""

    mask: Mask
    fluid: Floats
    air: Floats


def plant_named(name: str, side: Side = Side.LEFT) -> Plant:
    """A plant with its usual settings, from any name or synonym of its finding.

    Raises:
        CallerError: BAD_ARGUMENT, no such finding can be planted.
    """
    label = canonical_label(name)
    if label not in PLANTABLE or side not in (Side.LEFT, Side.RIGHT):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "This finding or side cannot be planted in a phantom.",
            f"Findings: {', '.join(PLANTABLE).lower()}; sides: left, right.",
        )
    return Plant.model_validate({"finding": label, "side": side})


def _across(layers: Layers, side: str) -> Floats:
    return layers.s if side == "left" else -layers.s


def _fluid_above(level: float, anatomy: Anatomy, grid: Grid, layers: Layers, side: str) -> Floats:
    """Share of the lung's depth that fluid takes when its meniscus stands `level` mm above the angle."""
    out = np.clip(_across(layers, side) / anatomy.wall_s(grid.y), 0.0, 1.0)
    # The meniscus: fluid rises along the chest wall all round and stands highest at the side (Collins 1972).
    surface = anatomy.base - level * (0.66 + 0.34 * out**3) - 10.0 * np.clip((out - 0.82) / 0.18, 0.0, 1.0) ** 2
    return np.asarray(np.clip((grid.y - surface + 9.0) / 18.0, 0.0, 1.0), dtype=np.float32)


def plant_fluid(plant: Plant, anatomy: Anatomy, grid: Grid, layers: Layers) -> Planted:
    """Pleural fluid of a volume; its level is found by integrating the fluid's path over the film."""
    side = plant.side.value
    depth = layers.depth[side]
    wanted = plant.volume_ml - _HIDDEN_ML
    pixel_cm2 = (grid.pixel_mm / 10.0) ** 2
    low, high = 0.0, anatomy.base - anatomy.apex
    for _ in range(18):
        level = (low + high) / 2.0
        volume = float((depth * _fluid_above(level, anatomy, grid, layers, side)).sum()) * pixel_cm2
        low, high = (level, high) if volume < wanted else (low, level)
    share = _fluid_above(low, anatomy, grid, layers, side)
    mask = (share > 0.5) & layers.field[side]
    return Planted(mask=mask, fluid=depth * share, air=np.zeros_like(depth))


def plant_nodule(plant: Plant, anatomy: Anatomy, grid: Grid, layers: Layers, rng: np.random.Generator) -> Planted:
    """A round lesion of soft tissue at a random place in one zone of one lung, clear of the lung's border."""
    side = plant.side.value
    radius = plant.diameter_mm / 2.0
    field = layers.field[side]
    rows = np.flatnonzero(field.any(axis=1))
    thirds = np.linspace(rows[0], rows[-1] + 1, 4)
    index = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE).index(plant.zone)
    zone = np.zeros_like(field)
    zone[int(thirds[index]) : int(thirds[index + 1])] = True
    inside = distance_transform_edt(field) * grid.pixel_mm
    ranked = np.where(field & zone, np.minimum(inside, radius + 6.0), 0.0)
    places = np.argwhere(ranked >= ranked.max() - 1e-6)
    row, column = places[int(rng.integers(len(places)))]
    dy = grid.y - np.float32((row + 0.5) * grid.pixel_mm)
    dx = grid.x - np.float32((column + 0.5) * grid.pixel_mm)
    angle = np.arctan2(dy, dx)
    phases = rng.uniform(0.0, 2.0 * np.pi, size=3)
    wave = sum(0.03 * np.sin((k + 2) * angle + phase) for k, phase in enumerate(phases))
    reach = np.hypot(dx, dy) / (radius * (1.0 + wave))
    chord = 0.2 * radius * np.sqrt(np.clip(1.0 - reach**2, 0.0, None))
    fluid = gaussian_filter(np.minimum(chord, layers.depth[side]), 0.4 / grid.pixel_mm)
    return Planted(mask=reach < 1.0, fluid=fluid.astype(np.float32), air=np.zeros_like(layers.s))


def plant_air(plant: Plant, anatomy: Anatomy, grid: Grid, layers: Layers) -> Planted:
    """Air between lung and chest wall, widest at the apex and ending at mid height: nothing but air along the beam."""
    side = plant.side.value
    field = layers.field[side]
    wall_side = (_across(layers, side) >= anatomy.wall_s(grid.y)) | (grid.y <= anatomy.apex)
    from_wall = distance_transform_edt(~wall_side) * grid.pixel_mm
    height = np.clip(anatomy.height(grid.y), 0.0, 1.0)
    gap = plant.gap_mm * (1.45 - 1.25 * height**0.8)
    beyond = gap - from_wall  # > 0 in the pleural space, 0 on the visceral pleura
    mask = (beyond > 0.0) & field
    depth = layers.depth[side]
    air = depth * np.clip(beyond / 0.6 + 0.5, 0.0, 1.0) * (from_wall > 0.0)
    # The visceral pleura is met edge-on: a hair of tissue seen over a centimetre of depth.
    line = 0.55 * np.exp(-((beyond / 0.55) ** 2)) * gaussian_filter(field.astype(np.float32), 1.0 / grid.pixel_mm)
    return Planted(mask=mask, fluid=line.astype(np.float32), air=air.astype(np.float32))
