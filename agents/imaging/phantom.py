"""Seeded phantom chest films: X-rays sent through a simple thorax, with findings planted on demand.

The beam is three energies; each is attenuated by Beer and Lambert's law along path lengths of soft tissue, lung, bone
and air (mass attenuation coefficients: NIST XCOM, Hubbell and Seltzer, NISTIR 5632, tables of ICRU-44 tissues).
Scatter, focal and detector blur and counting noise follow, then a film-like characteristic curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from wardround.agents.imaging.phantom_anatomy import FILM_MM, Anatomy, Floats, Grid, Layers, draw_anatomy
from wardround.agents.imaging.phantom_bones import skeleton
from wardround.agents.imaging.phantom_plants import Plant, Planted, plant_air, plant_fluid, plant_named, plant_nodule
from wardround.agents.imaging.phantom_vessels import vessels
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Phantom", "Plant", "make_phantom", "plant_named"]

# Photon energies of a filtered 120 kVp beam, their shares, and linear attenuation (1/cm) of soft tissue (1.06 g/cm3)
# and cortical bone (1.92 g/cm3).
_BEAM = ((50.0, 0.3, 0.240, 0.814), (60.0, 0.4, 0.217, 0.604), (80.0, 0.3, 0.193, 0.428))
_LUNG_DENSITY = 0.25  # of soft tissue, inflated
_PHOTONS_PER_MM2 = 2.2e5  # at the detector where nothing is in the way
_SCATTER = 0.30  # scattered over primary behind a grid
_MIN_SIZE, _MAX_SIZE = 128, 4096


@dataclass(frozen=True)
class Phantom:
    """A synthetic PA film and what is truly in it.

    `film`: float32 (size, size) in [0, 1], air dark. `masks`: uint8 0 or 1, (size, size), by `Structure` value and by
    the label of each planted finding. Lung masks are the lung fields without the heart; the pleural space counts as
    lung, so a planted effusion or pneumothorax lies inside its lung's mask. The patient's right is on the left.
    """

    seed: int
    film: npt.NDArray[np.float32]
    masks: dict[str, npt.NDArray[np.uint8]]
    pixel_spacing_mm: float
    findings: tuple[str, ...]
    plants: tuple[Plant, ...]
    age_years: int
    sex: str


def _expose(tissue: Floats, bone: Floats, grid: Grid, rng: np.random.Generator) -> Floats:
    """Optical depth seen by the detector: -log(signal / open beam), with scatter, blur and counting noise."""
    primary = np.zeros_like(tissue)
    for _, share, soft, hard in _BEAM:
        primary += share * np.exp(-soft * (tissue - bone) - hard * bone)
    scatter = _SCATTER * gaussian_filter(np.minimum(primary, 0.3), 22.0 / grid.pixel_mm, mode="nearest")
    signal = gaussian_filter(primary + scatter, 0.22 / grid.pixel_mm)
    photons = signal * np.float32(_PHOTONS_PER_MM2 * grid.pixel_mm**2)
    # Poisson by its normal limit, so that the same seed gives the same grain with and without a plant.
    counted = photons + np.sqrt(photons) * rng.standard_normal(photons.shape, dtype=np.float32)
    counted = gaussian_filter(np.maximum(counted, 1.0), 0.16 / grid.pixel_mm)
    return np.asarray(-np.log(counted / (_PHOTONS_PER_MM2 * grid.pixel_mm**2)), dtype=np.float32)


def _develop(depth: Floats, layers: Layers, grid: Grid, contrast: float) -> Floats:
    """What a digital detector's processing does: compress the range, lift fine detail, then a characteristic curve.

    Multi-frequency processing as in Vuylsteke and Schoeters 1994; lung fields and mediastinum are brought to their
    usual greys, as automatic exposure would.
    """
    coarse = gaussian_filter(depth, 30.0 / grid.pixel_mm, mode="nearest")
    medium = gaussian_filter(depth, 5.0 / grid.pixel_mm, mode="nearest")
    depth = depth - 0.30 * coarse + 0.55 * (depth - medium)
    lungs = layers.field["right"] | layers.field["left"]
    dark = float(np.percentile(depth[lungs], 35.0))
    bright = float(np.percentile(depth[layers.heart], 60.0))
    middle = dark + 0.45 * (bright - dark)
    slope = contrast / (bright - dark)
    return np.asarray(0.93 / (1.0 + np.exp(-slope * (depth - middle))), dtype=np.float32)


def _marker(film: Floats, grid: Grid) -> Floats:
    """The lead letter L on the patient's left."""
    picture = Image.new("L", (grid.size, grid.size), 0)
    font = ImageFont.load_default(size=max(8.0, 15.0 / grid.pixel_mm))
    ImageDraw.Draw(picture).text((322.0 / grid.pixel_mm, 40.0 / grid.pixel_mm), "L", fill=255, font=font)
    letter = np.asarray(picture, dtype=np.float32) * np.float32(0.95 / 255.0)
    return np.asarray(np.maximum(film, letter), dtype=np.float32)


def _plant(plant: Plant, anatomy: Anatomy, grid: Grid, layers: Layers, rng: np.random.Generator) -> Planted:
    if plant.finding == "Effusion":
        return plant_fluid(plant, anatomy, grid, layers)
    if plant.finding == "Nodule":
        return plant_nodule(plant, anatomy, grid, layers, rng)
    if plant.finding == "Pneumothorax":
        return plant_air(plant, anatomy, grid, layers)
    nothing = np.zeros_like(layers.s)
    return Planted(mask=layers.heart, fluid=nothing, air=nothing)


def make_phantom(seed: int, plants: tuple[Plant, ...] = (), size: int = 1024) -> Phantom:
    """A phantom film; the same arguments give the same film, and plants leave the rest of the person as it was.

    Raises:
        CallerError: BAD_ARGUMENT, seed below 0 or size outside 128 to 4096.
    """
    if seed < 0 or not _MIN_SIZE <= size <= _MAX_SIZE:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "A phantom needs a seed of 0 or more and a size from 128 to 4096 pixels.",
            "Give whole numbers, for example seed 1 and size 1024.",
        )
    draws = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(5)]
    anatomy = Anatomy.drawn(draws[0])
    for plant in plants:
        if plant.finding == "Cardiomegaly":
            anatomy = anatomy.with_ctr(plant.ctr)
    grid = Grid(size)
    layers = draw_anatomy(anatomy, grid)
    bone, collar = skeleton(anatomy, grid, draws[1])
    blood = vessels(anatomy, grid, draws[2])

    lung = layers.depth["right"] + layers.depth["left"]
    lung = np.clip(lung - layers.heart_depth, np.minimum(lung, 1.8), None) * layers.body
    fluid = np.zeros_like(lung)
    air = np.zeros_like(lung)
    masks = {
        Structure.LEFT_LUNG.value: layers.field["left"],
        Structure.RIGHT_LUNG.value: layers.field["right"],
        Structure.HEART.value: layers.heart,
        Structure.LEFT_CLAVICLE.value: collar["left"],
        Structure.RIGHT_CLAVICLE.value: collar["right"],
    }
    for plant in plants:
        planted = _plant(plant, anatomy, grid, layers, draws[3])
        fluid = np.maximum(fluid, planted.fluid)
        air = np.maximum(air, planted.air)
        masks[plant.finding] = masks[plant.finding] | planted.mask if plant.finding in masks else planted.mask

    air = np.minimum(air, lung)
    fluid = np.minimum(fluid, lung - air)
    aerated = lung - air - fluid
    blood = np.minimum(blood, aerated)
    gas = layers.airway + layers.bubble
    tissue = layers.thickness - gas - air - (1.0 - _LUNG_DENSITY) * (aerated - blood)
    tissue = np.maximum(tissue, bone).astype(np.float32)
    film = _develop(_expose(tissue, bone, grid, draws[4]), layers, grid, contrast=2.3)
    return Phantom(
        seed=seed,
        film=np.clip(_marker(film, grid), 0.0, 1.0),
        masks={name: mask.astype(np.uint8) for name, mask in masks.items()},
        pixel_spacing_mm=FILM_MM / size,
        findings=tuple(dict.fromkeys(plant.finding for plant in plants)),
        plants=plants,
        age_years=anatomy.age,
        sex=anatomy.sex,
    )
