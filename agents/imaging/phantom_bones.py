"""The phantom's skeleton: path lengths of cortical bone in cm (spongy bone counted by its share of cortical bone)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from wardround.agents.imaging.phantom_anatomy import Anatomy, Floats, Grid, Mask

__all__ = ["clavicles", "skeleton"]


def _tube(
    grid: Grid, x: Floats, y: Floats, radius_mm: float, cm: float, fade: tuple[float, float] = (1.0, 1.0)
) -> tuple[Floats, Mask]:
    """A bent tube along dense points (mm): chord through its core and its denser rim; and its shadow's mask.

    `fade`: how dense its first and its last end are beside its middle; the density runs over 12 mm.
    """
    bone = np.zeros((grid.size, grid.size), dtype=np.float32)
    mask = np.zeros((grid.size, grid.size), dtype=np.bool_)
    columns = np.rint(x / grid.pixel_mm - 0.5).astype(int)
    rows = np.rint(y / grid.pixel_mm - 0.5).astype(int)
    margin = int(np.ceil(radius_mm / grid.pixel_mm)) + 2
    left, right = max(columns.min() - margin, 0), min(columns.max() + margin + 1, grid.size)
    top, bottom = max(rows.min() - margin, 0), min(rows.max() + margin + 1, grid.size)
    if left >= right or top >= bottom:
        return bone, mask
    off_line = np.ones((bottom - top, right - left), dtype=np.bool_)
    inside = (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom)
    if not inside.any():
        return bone, mask
    off_line[rows[inside] - top, columns[inside] - left] = False
    away = distance_transform_edt(off_line).astype(np.float32) * grid.pixel_mm / radius_mm
    chord = np.sqrt(np.clip(1.0 - away**2, 0.0, None)) ** 0.7
    shell = np.exp(-(((away - 0.86) / 0.12) ** 2)) * (away < 1.0)
    span = np.abs(x[-1] - x[0]) + 1e-3
    along = np.clip(((np.arange(left, right) + 0.5) * grid.pixel_mm - x[0]) / (x[-1] - x[0] + 1e-3), 0.0, 1.0)
    ramp = min(1.0, 12.0 / float(span))
    density = np.interp(along, [0.0, ramp, 1.0 - ramp, 1.0], [fade[0], 1.0, 1.0, fade[1]])[None, :]
    bone[top:bottom, left:right] = cm * density * (chord + 0.55 * shell)
    mask[top:bottom, left:right] = away < 1.0
    return bone, mask


def _ribs(anatomy: Anatomy, grid: Grid, rng: np.random.Generator) -> Floats:
    """Ten pairs: each a slanted ring from the spine (phi 0) round the side (pi/2) to its cartilage in front."""
    bone = np.zeros((grid.size, grid.size), dtype=np.float32)
    gap = (anatomy.dome_right + 6.0 - anatomy.apex) / 9.0
    for number in range(1, 12):
        start = anatomy.apex + 3.0 + gap * (number - 1) + rng.normal(0.0, 0.7)
        fall = float(np.interp(number, [1, 2, 4, 8, 11], [34.0, 52.0, 74.0, 92.0, 90.0]))
        turn = np.float32(start + fall / 2.0)
        half = float(anatomy.wall_s(np.maximum(turn, anatomy.apex + 20.0))) + 2.0
        end = float(np.interp(number, [1, 7, 10, 11], [0.84, 0.80, 0.70, 0.55])) * np.pi
        for sign in (-1.0, 1.0):
            halves = ((0.03 * np.pi, np.pi / 2, 5.8, 0.46, (0.6, 1.0)), (np.pi / 2, end, 6.8, 0.36, (1.0, 0.0)))
            for low, high, radius, cm, fade in halves:
                phi = np.linspace(low, high, 700)
                y = (start + fall * (1.0 - np.cos(phi)) / 2.0 - 4.0 * np.sin(2.0 * phi)).astype(np.float32)
                x = (anatomy.centre(y) + sign * half * np.sin(phi) ** 0.9).astype(np.float32)
                bone += _tube(grid, x, y, radius, cm * float(rng.uniform(0.9, 1.1)), fade)[0]
    return bone


def _spine(anatomy: Anatomy, grid: Grid) -> Floats:
    """Vertebral bodies, discs, pedicles and spinous processes."""
    y = grid.y
    s = grid.x - anatomy.centre(y)
    gap = (anatomy.dome_right + 6.0 - anatomy.apex) / 9.0
    phase = np.mod((y - anatomy.apex - 3.0) / gap + 0.5, 1.0) - 0.5  # 0 in the middle of a vertebra
    half = np.interp(y, [0.0, 40.0, 200.0, 360.0], [12.0, 14.0, 17.0, 21.0])
    waist = half * (0.92 + 0.25 * phase**2)
    across = np.clip(1.0 - np.abs(s / waist) ** 6, 0.0, None)
    body = across * (0.95 + 0.35 * np.exp(-(((np.abs(phase) - 0.40) / 0.035) ** 2)))
    disc = 1.0 - 0.45 * np.exp(-(((np.abs(phase) - 0.5) / 0.06) ** 2))
    pedicle = np.exp(-(((np.abs(s) - 0.62 * half) / 3.2) ** 2) - ((phase + 0.12) / 0.16) ** 2)
    spinous = np.exp(-((s / 2.6) ** 2) - ((phase - 0.25) / 0.17) ** 2)
    return np.asarray(0.75 * body * disc + 0.5 * pedicle + 0.6 * spinous, dtype=np.float32)


def clavicles(anatomy: Anatomy, grid: Grid) -> tuple[Floats, dict[str, Mask]]:
    """Both collar bones, and their masks by side as far as they cross the lungs."""
    bone = np.zeros((grid.size, grid.size), dtype=np.float32)
    masks: dict[str, Mask] = {}
    along = np.linspace(0.0, 1.0, 900)
    for side, sign in (("right", -1.0), ("left", 1.0)):
        s = 16.0 + 132.0 * along
        y = (anatomy.apex + 42.0 - 34.0 * along**0.85 - 5.0 * np.sin(2.2 * np.pi * along)).astype(np.float32)
        x = (anatomy.centre(y) + sign * s).astype(np.float32)
        shaft, mask = _tube(grid, x, y, 5.8, 0.55)
        head, head_mask = _tube(grid, x[:110], y[:110], 8.4, 0.25)
        bone += shaft + head
        masks[side] = (mask | head_mask) & (np.abs(grid.x - anatomy.centre(grid.y)) < 0.70 * anatomy.half_width)
    return bone, masks


def _shoulders(anatomy: Anatomy, grid: Grid) -> Floats:
    """Scapular blades turned out of the lungs, their lateral borders, and the heads of the arm bones."""
    y = grid.y
    s = np.abs(grid.x - anatomy.centre(y))
    down = np.clip((y - 62.0) / 118.0, 0.0, 1.0)
    inner = 118.0 + 18.0 * down + 10.0 * np.sin(np.pi * down)
    outer = 168.0 - 26.0 * down
    blade = 0.16 * ((s > inner) & (s < outer) & (y > 62.0) & (y < 180.0))
    border = 0.40 * np.exp(-(((s - outer) / 3.5) ** 2)) * ((y > 70.0) & (y < 180.0))
    head = 1.5 * np.sqrt(np.clip(1.0 - np.hypot((s - 178.0) / 24.0, (y - 66.0) / 25.0) ** 2, 0.0, None))
    spine_y = 58.0 - 0.22 * (s - 120.0)
    ridge = 0.45 * np.exp(-(((y - spine_y) / 3.5) ** 2)) * ((s > 112.0) & (s < 176.0))
    return gaussian_filter(blade + border + head + ridge, 1.0 / grid.pixel_mm).astype(np.float32)


def skeleton(anatomy: Anatomy, grid: Grid, rng: np.random.Generator) -> tuple[Floats, dict[str, Mask]]:
    """Cortical bone in cm along the beam, (size, size), and the clavicles' masks by side."""
    collar, masks = clavicles(anatomy, grid)
    bone = _ribs(anatomy, grid, rng) + _spine(anatomy, grid) + _shoulders(anatomy, grid) + collar
    return gaussian_filter(bone, 0.45 / grid.pixel_mm).astype(np.float32), masks
