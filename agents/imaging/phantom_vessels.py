"""The phantom's lung vessels: seeded branching trees from the hila, as path lengths of blood in cm."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from wardround.agents.imaging.phantom_anatomy import Anatomy, Floats, Grid

__all__ = ["vessels"]

_GENERATIONS = 8


def _tree(
    rng: np.random.Generator, start: tuple[float, float], heading: float, calibre: float, segments: list[list[float]]
) -> None:
    """Grow one tree breadth-first: each vessel forks into two narrower ones (cube law, Murray 1926)."""
    tips = [(start[0], start[1], heading, calibre)]
    for _ in range(_GENERATIONS):
        grown: list[tuple[float, float, float, float]] = []
        for x, y, angle, width in tips:
            length = (7.0 + 2.2 * width) * float(rng.uniform(0.7, 1.5))
            bend = angle + float(rng.normal(0.0, 0.12))
            x2, y2 = x + length * np.cos(bend), y + length * np.sin(bend)
            segments.append([x, y, x2, y2, width])
            share = float(rng.uniform(0.35, 0.65))
            spread = float(rng.uniform(0.25, 0.6))
            grown.append((x2, y2, bend + spread * (1 - share), width * share ** (1 / 2.7)))
            grown.append((x2, y2, bend - spread * share, width * (1 - share) ** (1 / 2.7)))
        tips = [tip for tip in grown if tip[3] > 0.45]


def vessels(anatomy: Anatomy, grid: Grid, rng: np.random.Generator) -> Floats:
    """Blood in cm along the beam, (size, size), not yet cut to the lungs."""
    segments: list[list[float]] = []
    for sign, hilum in ((-1.0, 152.0), (1.0, 144.0)):
        root = 34.0 if sign < 0 else 44.0
        for heading in (-1.35, -0.95, -0.5, -0.1, 0.35, 0.7, 1.0, 1.25, 1.45):
            angle = heading + float(rng.normal(0.0, 0.08))
            x = anatomy.midline + sign * (root + float(rng.normal(0.0, 3.0)))
            y = hilum + 14.0 * heading
            calibre = float(rng.uniform(5.0, 8.0)) * (1.15 if heading > 0.3 else 0.85)
            _tree(rng, (x, y), angle if sign > 0 else np.pi - angle, calibre, segments)
    canvas = Image.new("F", (grid.size, grid.size), 0.0)
    draw = ImageDraw.Draw(canvas)
    for x, y, x2, y2, width in sorted(segments, key=lambda segment: segment[4]):
        pixels = max(1, round(width / grid.pixel_mm))
        thin = min(1.0, width / grid.pixel_mm)  # a vessel narrower than a pixel fills only part of it
        draw.line([(v / grid.pixel_mm) for v in (x, y, x2, y2)], fill=0.14 * width * thin, width=pixels)
    tree = gaussian_filter(np.asarray(canvas, dtype=np.float32), 0.55 / grid.pixel_mm)
    hila = np.zeros_like(tree)
    for sign, y0 in ((-1.0, 152.0), (1.0, 144.0)):
        s = (grid.x - anatomy.midline) * sign
        hila += 1.8 * np.exp(-(((s - 38.0) / 13.0) ** 2) - ((grid.y - y0 - 4.0) / 24.0) ** 2)
    fine = np.zeros_like(tree)
    for scale, weight in ((0.7, 0.22), (1.8, 0.22), (5.0, 0.2)):
        field = gaussian_filter(rng.standard_normal(tree.shape, dtype=np.float32), scale / grid.pixel_mm)
        fine += weight * field / field.std()
    return np.asarray(tree + hila + 1.0 * np.clip(fine + 0.10, 0.0, None), dtype=np.float32)
