"""Pictures that are no chest films: of packages, CT, MR and slides, drawn bones of other parts, noise and text."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.data import get_testdata_file
from scipy import ndimage

Picture = NDArray[np.float32]

SCIKIT_IMAGE = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "chessboard_GRAY.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "grass.png",
    "gravel.png",
    "horse.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "logo.png",
    "microaneurysms.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "phantom.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)
SCIKIT_LEARN = ("china.jpg", "flower.jpg")
PYDICOM = ("CT_small.dcm", "MR_small.dcm", "examples_palette.dcm")


def grey(array: NDArray[np.generic]) -> Picture:
    """Any picture (rows, columns) or (rows, columns, colours) as grey in [0, 1], its own range spread over it."""
    plain = np.asarray(array, dtype=np.float32)
    plain = plain[..., :3].mean(axis=2) if plain.ndim == 3 else plain
    low, high = float(plain.min()), float(plain.max())
    return np.asarray((plain - low) / max(high - low, 1e-6), dtype=np.float32)


def read_picture(path: Path) -> Picture:
    """A picture file as grey in [0, 1]."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)


def _bones(*bars: tuple[float, float, float, float, float], size: int = 400) -> tuple[Picture, Picture]:
    """Soft tissue and bone of a limb: bars from (row, column) to (row, column) with a half width, in shares of it."""
    rows, columns = (np.mgrid[:size, :size] / size).astype(np.float32)
    tissue, bone = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for r0, c0, r1, c1, half in bars:
        along = np.array([r1 - r0, c1 - c0])
        t = np.clip(((rows - r0) * along[0] + (columns - c0) * along[1]) / max(float(along @ along), 1e-6), 0.0, 1.0)
        distance = np.hypot(rows - r0 - t * along[0], columns - c0 - t * along[1])
        # Cylinders: what a ray passes through, with a denser rim for bone.
        tissue = np.maximum(tissue, np.sqrt(np.clip(1.0 - (distance / (2.5 * half)) ** 2, 0.0, None)))
        inside = np.clip(1.0 - (distance / half) ** 2, 0.0, None)
        bone = np.maximum(bone, np.sqrt(inside) - 0.4 * np.sqrt(np.clip(inside - 0.3, 0.0, None)))
    return tissue, bone


def _film(tissue: Picture, bone: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0.0, 0.01, tissue.shape)
    return grey(ndimage.gaussian_filter(0.45 * tissue + 0.5 * bone, 1.2) + noise)


def hand() -> Picture:
    """Five rays of bones that fan out from a wrist."""
    fingers = [(0.62, 0.35 + 0.07 * n, 0.12 + 0.05 * abs(n - 2), 0.12 + 0.19 * n, 0.022) for n in range(5)]
    return _film(*_bones(*fingers, (0.95, 0.43, 0.66, 0.45, 0.035), (0.95, 0.54, 0.66, 0.53, 0.03)), seed=1)


def knee() -> Picture:
    """Thigh bone above shin and calf bone."""
    return _film(
        *_bones((0.0, 0.48, 0.44, 0.5, 0.07), (0.44, 0.43, 0.44, 0.57, 0.09), (0.56, 0.5, 1.0, 0.5, 0.06)), seed=2
    )


def forearm() -> Picture:
    """Two long bones side by side."""
    return _film(*_bones((0.0, 0.42, 1.0, 0.44, 0.035), (0.0, 0.56, 1.0, 0.54, 0.04)), seed=3)


def foot() -> Picture:
    """Five rays and a heel."""
    rays = [(0.55, 0.38 + 0.06 * n, 0.1 + 0.03 * n, 0.3 + 0.1 * n, 0.025) for n in range(5)]
    return _film(*_bones(*rays, (0.6, 0.5, 0.9, 0.47, 0.08)), seed=4)


def _ellipse(rows: Picture, columns: Picture, row: float, column: float, high: float, wide: float) -> Picture:
    inside = 1.0 - ((rows - row) / high) ** 2 - ((columns - column) / wide) ** 2
    return np.asarray(np.sqrt(np.clip(inside, 0.0, None)), dtype=np.float32)


def skull() -> Picture:
    """A round vault with a dense rim, orbits and a nose."""
    rows, columns = (np.mgrid[:400, :400] / 400).astype(np.float32)
    outer, inner = (_ellipse(rows, columns, 0.45, 0.5, r, 0.8 * r) for r in (0.42, 0.39))
    film = 0.4 * outer + 1.2 * (outer - inner) + 0.4 * _ellipse(rows, columns, 0.8, 0.5, 0.15, 0.2)
    for column in (0.38, 0.62):
        film -= 0.25 * _ellipse(rows, columns, 0.55, column, 0.07, 0.08)
    return _film(film, np.zeros_like(film), seed=5)


def abdomen() -> Picture:
    """A trunk with a spine, a pelvis and gas in the bowel."""
    rows, columns = (np.mgrid[:400, :400] / 400).astype(np.float32)
    film = 0.8 * _ellipse(rows, columns, 0.5, 0.5, 0.9, 0.45)
    film += 0.35 * (np.abs(columns - 0.5) < 0.05) * (0.7 + 0.3 * np.cos(rows * 80))
    film += 0.5 * _ellipse(rows, columns, 0.95, 0.25, 0.25, 0.2) + 0.5 * _ellipse(rows, columns, 0.95, 0.75, 0.25, 0.2)
    for seed in range(9):
        row, column = np.random.default_rng(seed).uniform(0.25, 0.75, 2)
        film -= 0.18 * _ellipse(rows, columns, row, column, 0.05, 0.08)
    return _film(np.asarray(film, np.float32), np.zeros_like(film), seed=6)


def noise() -> Picture:
    """White noise."""
    return np.random.default_rng(1).random((300, 300)).astype(np.float32)


def clouds() -> Picture:
    """Noise smoothed to the grain of a film's large shapes."""
    return grey(ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(400, 400)), 25.0))


def ramp() -> Picture:
    """A smooth ramp of greys."""
    return np.tile(np.linspace(0, 1, 400, dtype=np.float32), (300, 1))


def vignette() -> Picture:
    """A bright middle that fades to the corners."""
    rows, columns = np.mgrid[-1:1:300j, -1:1:300j]
    return grey(1.0 - 0.3 * (rows**2 + columns**2))


def _text(size: int, count: int) -> Picture:
    page = Image.new("L", (400, 500), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for line in range(count):
        draw.text((20, 15 + line * size * 1.3), "Chest film, two views: no finding " * 2, fill=0, font=font)
    return np.asarray(page, dtype=np.float32) / np.float32(255)


def letter() -> Picture:
    """A page of small text."""
    return _text(12, 30)


def notice() -> Picture:
    """A few lines of large text, white on black."""
    return np.asarray(1.0 - _text(40, 8), dtype=np.float32)


DRAWN: tuple[Callable[[], Picture], ...] = (
    hand,
    knee,
    forearm,
    foot,
    skull,
    abdomen,
    noise,
    clouds,
    ramp,
    vignette,
    letter,
    notice,
)


def packaged() -> Iterator[tuple[str, Picture]]:
    """Photographs and medical samples that lie inside installed packages, by name; what is not there is left out."""
    for name in SCIKIT_IMAGE:
        yield name, read_picture(Path(str(files("skimage") / "data" / name)))
    for name in SCIKIT_LEARN:
        yield name, read_picture(Path(str(files("sklearn.datasets") / "images" / name)))
    for name in PYDICOM:
        path = get_testdata_file(name, download=False)
        if path:
            yield name, grey(pydicom.dcmread(path).pixel_array)


def _nifti(path: Path) -> NDArray[np.generic]:
    """A NIfTI-1 volume's array, first axis first."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, "<i2", 8, 40)[1:4]
    kind = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8"}[int(np.frombuffer(raw, "<i2", 1, 70)[0])]
    start = int(np.frombuffer(raw, "<f4", 1, 108)[0])
    return np.frombuffer(raw, kind, int(shape.prod()), start).reshape(shape, order="F")


def _nrrd(path: Path) -> NDArray[np.generic]:
    """An NRRD volume's array, first axis first."""
    head, _, body = path.read_bytes().partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    if fields["encoding"] in ("gzip", "gz"):
        body = zlib.decompress(body, wbits=31)
    kinds = {"short": "i2", "int16": "i2", "unsigned short": "u2", "ushort": "u2", "uint16": "u2", "float": "f4"}
    kinds |= {"double": "f8", "unsigned char": "u1", "int": "i4", "uchar": "u1"}
    order = ">" if fields.get("endian") == "big" else "<"
    shape = [int(number) for number in fields["sizes"].split()]
    return np.frombuffer(body, order + kinds[fields["type"]], int(np.prod(shape))).reshape(shape, order="F")


def slices(volumes: Path) -> Iterator[tuple[str, Picture]]:
    """Axial slices of the CT and MR volumes of the shared data, a CT at a lung's and a soft tissue window, by name."""
    for name in ("totalseg_example_ct_3mm.nii.gz", "totalseg_example_ct_sm.nii.gz"):
        volume = _nifti(volumes / name)
        for share in (0.3, 0.5, 0.7):
            axial = np.rot90(volume[:, :, int(share * volume.shape[2])]).astype(np.float32)
            yield f"{name}, {share}, lung window", grey(np.clip(axial, -1200.0, 300.0))
            yield f"{name}, {share}, soft window", grey(np.clip(axial, -160.0, 240.0))
    for name in ("brain1_image.nrrd", "brain2_image.nrrd", "breast1_image.nrrd"):
        volume = _nrrd(volumes / name)
        for share in (0.4, 0.6):
            yield f"{name}, {share}", grey(volume[:, :, int(share * volume.shape[2])].T)


def slide_regions(slides: Path) -> Iterator[tuple[str, Picture]]:
    """Regions of the slides of the shared data, by name; a slide whose tiles Pillow cannot read is left out."""
    for path in sorted(slides.glob("*.svs")):
        try:
            with Image.open(path) as slide:
                plain = np.asarray(slide.convert("RGB"))
        except (OSError, Image.DecompressionBombError):
            continue
        for row, column in ((0.2, 0.2), (0.45, 0.45), (0.6, 0.3)):
            top, left = int(row * plain.shape[0]), int(column * plain.shape[1])
            yield f"{path.name}, {row} {column}", grey(plain[top : top + 700, left : left + 700])
