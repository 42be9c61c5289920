"""The phantom's thorax: one seeded variation of anatomy, as curves in millimetres and path-length maps in centimetres.

Film coordinates: x to the right and y down, both in mm over a square film of `FILM_MM`. `s` is the distance from the
patient's midline on either side. The patient's right lies on the film's left, as on every film that is hung properly.
Proportions follow adult PA films (14 inch square); bone and vessel layers live in `phantom_bones` and
`phantom_vessels`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import distance_transform_edt, gaussian_filter

__all__ = ["FILM_MM", "Anatomy", "Floats", "Grid", "Layers", "Mask", "cardiothoracic_ratio", "dome", "draw_anatomy"]

FILM_MM = 360.0

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Lateral wall and medial border of a lung: height from apex (0) to costophrenic angle (1), share of half the chest.
_WALL = ((0.0, 0.36), (0.012, 0.46), (0.04, 0.58), (0.1, 0.72), (0.2, 0.83), (0.3, 0.885), (0.45, 0.93), (0.7, 0.975))
_WALL_END = ((0.9, 1.0), (1.1, 0.99), (1.6, 0.97))
_MEDIAL = ((0.0, 0.35), (0.02, 0.24), (0.06, 0.17), (0.12, 0.14), (0.3, 0.13), (1.6, 0.12))

# The heart's outline about the midline: (x, y) in shares of its own width and height, clockwise from its upper left.
_HEART = (
    (-0.10, 0.02), (-0.20, 0.15), (-0.275, 0.33), (-0.30, 0.55), (-0.285, 0.74), (-0.21, 0.88), (-0.05, 0.97),
    (0.18, 1.01), (0.42, 1.0), (0.60, 0.95), (0.69, 0.85), (0.695, 0.72), (0.62, 0.52), (0.50, 0.33), (0.38, 0.17),
    (0.30, 0.02), (0.10, -0.05),
)  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Pixel centres in mm: `x` is (1, size), `y` is (size, 1)."""

    size: int

    @property
    def pixel_mm(self) -> float:
        return FILM_MM / self.size

    @property
    def x(self) -> Floats:
        return ((np.arange(self.size, dtype=np.float32) + 0.5) * self.pixel_mm)[None, :]

    @property
    def y(self) -> Floats:
        return ((np.arange(self.size, dtype=np.float32) + 0.5) * self.pixel_mm)[:, None]


@dataclass(frozen=True)
class Anatomy:
    """One person: lengths in mm on the film, thicknesses in cm along the beam."""

    midline: float  # x of the spine
    tilt: float  # shift of the midline per mm of height: a small rotation
    apex: float  # y of the lungs' top
    base: float  # y of the costophrenic angles
    half_width: float  # inner half width of the chest
    dome_right: float  # y of the diaphragm's top, patient's right
    dome_left: float
    heart_top: float
    heart_height: float
    ctr: float  # heart's width over the chest's inner width
    thickness: float  # cm, antero-posterior
    wall: float  # mm of soft tissue outside the ribs
    breasts: float  # cm of added soft tissue, 0 for most men
    bubble: float  # half width in mm of the stomach's air
    age: int
    sex: str

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Anatomy:
        """A random adult. The number of draws is fixed, so that plants never move the anatomy."""
        u = rng.uniform(-1.0, 1.0, size=14)
        sex = "F" if u[12] < 0 else "M"
        half_width = 141.0 + 6.0 * u[0] - (4.0 if sex == "F" else 0.0)
        dome_right = 240.0 + 8.0 * u[1]
        return cls(
            midline=180.0 + 3.0 * u[2],
            tilt=0.012 * u[3],
            apex=30.0 + 5.0 * u[4],
            base=dome_right + 57.0 + 4.0 * u[13],
            half_width=half_width,
            dome_right=dome_right,
            dome_left=dome_right + 9.0 + 5.0 * u[5],
            heart_top=158.0 + 6.0 * u[6],
            heart_height=110.0 + 5.0 * u[1],
            ctr=0.45 + 0.035 * u[7],
            thickness=21.5 + 2.0 * u[8],
            wall=21.0 + 6.0 * u[9],
            breasts=max(0.0, 2.2 + 1.2 * u[10]) if sex == "F" else 0.0,
            bubble=19.0 + 7.0 * u[11],
            age=round(52 + 26 * u[8]),
            sex=sex,
        )

    def with_ctr(self, ctr: float) -> Anatomy:
        """The same person with another heart; a large heart also reaches a little higher."""
        return replace(self, ctr=ctr, heart_top=self.heart_top - 60.0 * max(0.0, ctr - self.ctr))

    def height(self, y: Floats) -> Floats:
        """Share of the lungs' height, 0 at the apex and 1 at the costophrenic angle."""
        return (y - self.apex) / (self.base - self.apex)

    def centre(self, y: Floats) -> Floats:
        """x of the midline at a height."""
        return self.midline + self.tilt * (y - 180.0)

    def wall_s(self, y: Floats) -> Floats:
        """Distance of the chest's inner wall from the midline, mm."""
        knots = np.array(_WALL + _WALL_END)
        curve = PchipInterpolator(knots[:, 0], knots[:, 1])
        return (self.half_width * curve(np.clip(self.height(y), 0.0, 1.6))).astype(np.float32)

    def medial_s(self, y: Floats) -> Floats:
        """Distance of a lung's medial border from the midline, behind the heart included, mm."""
        knots = np.array(_MEDIAL)
        curve = PchipInterpolator(knots[:, 0], knots[:, 1])
        return (self.half_width * curve(np.clip(self.height(y), 0.0, 1.6))).astype(np.float32)


@dataclass(frozen=True)
class Layers:
    """What the beam meets: masks (size, size) and path lengths in cm. Dictionaries are keyed 'right' and 'left'."""

    s: Floats  # signed distance from the midline in mm, positive on the patient's left
    body: Mask
    thickness: Floats  # of the whole body
    field: dict[str, Mask]  # lung fields, the heart taken out
    depth: dict[str, Floats]  # of lung, the parts behind heart and diaphragm included
    heart: Mask
    heart_depth: Floats
    airway: Floats
    bubble: Floats


def dome(anatomy: Anatomy, side: str, s: Floats) -> Floats:
    """y of a hemidiaphragm at a distance from the midline (mm): an ellipse that falls steeply to the chest wall."""
    top = anatomy.dome_right if side == "right" else anatomy.dome_left
    peak = 62.0 if side == "right" else 72.0
    lateral = np.clip((s - peak) / (anatomy.half_width - peak), 0.0, 1.0)
    medial = np.clip((peak - s) / peak, 0.0, 1.0)
    drop = anatomy.base - top
    return np.asarray(top + drop * (1.0 - np.sqrt(1.0 - lateral**2)) ** 1.1 + 12.0 * medial**2, dtype=np.float32)


def _rounded(inside: Mask, radius_mm: float, pixel_mm: float) -> Floats:
    """0 at a mask's border, rising like the chord of a circle to 1 at `radius_mm` within."""
    depth = np.clip(distance_transform_edt(inside) * pixel_mm / radius_mm, 0.0, 1.0)
    return np.sqrt(1.0 - (1.0 - depth) ** 2).astype(np.float32)


def _heart(anatomy: Anatomy, grid: Grid) -> Mask:
    """The heart's mask, from a closed spline; its width is exactly `ctr` of the chest's inner width."""
    points = np.array((*_HEART, _HEART[0]))
    curve = CubicSpline(np.linspace(0.0, 1.0, len(points)), points, bc_type="periodic")(np.linspace(0.0, 1.0, 720))
    across = curve[:, 0] * (2.0 * anatomy.half_width * anatomy.ctr) / (curve[:, 0].max() - curve[:, 0].min())
    down = curve[:, 1] * anatomy.heart_height + anatomy.heart_top
    x0, y0 = float(across.min() + across.max()) / 2.0, float(down.mean())
    angle = np.arctan2(down - y0, across - x0)  # the outline is star-shaped about (x0, y0)
    radius = np.hypot(down - y0, across - x0)
    order = np.argsort(angle)
    dx = grid.x - anatomy.centre(grid.y) - np.float32(x0)
    dy = grid.y - np.float32(y0)
    edge = np.interp(np.arctan2(dy, dx), angle[order], radius[order], period=2 * np.pi)
    return np.asarray(np.hypot(dx, dy) < edge, dtype=np.bool_)


def _body(anatomy: Anatomy, grid: Grid) -> tuple[Mask, Floats]:
    """The body's outline (neck, shoulders, arms held away, chest, flanks) and its thickness in cm."""
    y = grid.y
    s = np.abs(grid.x - anatomy.centre(y))
    neck = 50.0 + 6.0 * np.exp(-y / 8.0)
    shoulder = y > 44.0 * np.clip((s - neck) / 128.0, 0.0, None) ** 1.25
    flank = anatomy.wall_s(y) + anatomy.wall + 75.0 * np.exp(-np.clip(y - 62.0, 0.0, None) / 46.0)
    body = ((s < neck) | shoulder) & (s < flank)
    level = np.interp(y, [0.0, 25.0, 60.0, 120.0, 200.0, 360.0], [0.62, 0.74, 0.88, 0.97, 1.0, 0.98])
    thickness = anatomy.thickness * level * _rounded(body, 48.0, grid.pixel_mm)
    if anatomy.breasts:
        fold = anatomy.dome_right + 6.0
        breast = np.hypot((s - 88.0) / 56.0, (y - fold + 46.0) / 50.0)
        thickness = thickness + anatomy.breasts * np.sqrt(np.clip(1.0 - breast**2, 0.0, None)) ** 0.8
    return body, gaussian_filter(thickness, 2.0 / grid.pixel_mm).astype(np.float32) * body


def draw_anatomy(anatomy: Anatomy, grid: Grid) -> Layers:
    """Masks and path lengths of the soft organs for one person."""
    y = grid.y
    s = grid.x - anatomy.centre(y)
    body, thickness = _body(anatomy, grid)
    heart = _heart(anatomy, grid)
    reach = np.interp(y, [anatomy.apex, anatomy.apex + 45.0, 150.0, 360.0], [0.45, 0.62, 0.68, 0.70])
    fields: dict[str, Mask] = {}
    depths: dict[str, Floats] = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        across = s * np.float32(sign)
        floor = dome(anatomy, side, across)
        # The vena cava pushes the right border outwards, the aortic knob and the pulmonary trunk the left.
        bulge = 5.0 * np.exp(-(((y - 120.0) / 60.0) ** 2))
        if side == "left":
            bulge = 12.0 * np.exp(-(((y - 108.0) / 17.0) ** 2)) + 15.0 * np.exp(-(((y - 150.0) / 26.0) ** 2))
        chest = (across > anatomy.medial_s(y) + bulge) & (across < anatomy.wall_s(y)) & (y > anatomy.apex)
        fields[side] = chest & (y < floor) & ~heart
        recess = 0.42 * np.exp(-np.clip(y - floor, 0.0, None) / 22.0)
        profile = _rounded(chest & (y < floor + 60.0), 27.0, grid.pixel_mm)
        depth = thickness * reach * profile * np.where(y < floor, 1.0, recess)
        depths[side] = gaussian_filter(depth, 0.5 / grid.pixel_mm).astype(np.float32)
    heart_depth = 11.0 * _rounded(heart, 30.0, grid.pixel_mm)
    trachea = np.clip(1.0 - ((s - 1.0) / 9.0) ** 2, 0.0, None) * (y < 128.0)
    left_main = np.clip(1.0 - ((s - 0.75 * (y - 124.0)) / 9.0) ** 2, 0.0, None) * ((y >= 124.0) & (y < 158.0))
    right_main = np.clip(1.0 - ((s + 0.55 * (y - 124.0)) / 9.0) ** 2, 0.0, None) * ((y >= 124.0) & (y < 158.0))
    airway = 1.7 * np.sqrt(np.maximum(trachea, 0.55 * np.maximum(left_main, right_main)))
    gas = np.hypot((s - 74.0) / anatomy.bubble, (y - anatomy.dome_left - 17.0) / 8.0) + 0.25 * (
        y < anatomy.dome_left + 9.0
    )
    bubble = 5.0 * np.sqrt(np.clip(1.0 - gas**2, 0.0, None))
    return Layers(
        s=s.astype(np.float32),
        body=body,
        thickness=thickness,
        field=fields,
        depth=depths,
        heart=heart,
        heart_depth=heart_depth,
        airway=gaussian_filter(airway, 1.0 / grid.pixel_mm).astype(np.float32),
        bubble=gaussian_filter(bubble, 1.0 / grid.pixel_mm).astype(np.float32),
    )


def cardiothoracic_ratio(heart: npt.NDArray[np.generic], lungs: npt.NDArray[np.generic]) -> float:
    """Greatest width of the heart over the greatest inner width of the chest (Danzer 1919), from two masks."""
    heart_columns = np.flatnonzero(heart.any(axis=0))
    lung_columns = np.flatnonzero(lungs.any(axis=0))
    return float(np.ptp(heart_columns) + 1) / float(np.ptp(lung_columns) + 1)
