"""Small pictures for people: a film with layers laid over it, or one transparent layer for a page that stacks them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.render import LayerStyle

__all__ = ["COLOURS", "Layer", "render", "render_layer"]

# Okabe and Ito 2008: told apart with every kind of colour vision.
COLOURS: dict[str, tuple[int, int, int]] = {
    "orange": (230, 159, 0),
    "sky": (86, 180, 233),
    "green": (0, 158, 115),
    "yellow": (240, 228, 66),
    "blue": (0, 114, 178),
    "vermilion": (213, 94, 0),
    "purple": (204, 121, 167),
    "white": (255, 255, 255),
}
# A heat map's ramp from faint to strong, dark violet over red to yellow.
_HEAT = ((0.0, (40, 10, 80)), (0.35, (150, 30, 110)), (0.65, (230, 90, 50)), (1.0, (252, 230, 90)))
_SMALLEST_SIDE = 64

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Layer:
    """One overlay: `array` is (h, w) over the whole film, a heat map in [0, 1] or a mask of 0 and 1, any resolution.

    `colour` is a name of `COLOURS` (a heat map has its own ramp); `opacity` is that of its strongest place.
    """

    array: npt.NDArray[np.generic]
    style: LayerStyle
    colour: str = "orange"
    opacity: float = 0.45


def _fitted(shape: tuple[int, int], max_side: int) -> tuple[int, int]:
    """(height, width) with the film's proportions, none above `max_side`."""
    scale = min(1.0, max_side / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _resized(array: npt.NDArray[np.generic], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    values = np.nan_to_num(array.astype(np.float32), nan=0.0)
    shrinks = size[0] < array.shape[0]
    resampling = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
    picture = Image.fromarray(values).resize((size[1], size[0]), resampling)
    return np.clip(np.asarray(picture, dtype=np.float32), 0.0, 1.0)


def _edge(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The mask's border, two pixels wide: what a 3 x 3 cross eroded twice would take away."""
    inner = mask
    for _ in range(2):
        padded = np.pad(inner, 1)
        inner = padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(mask & ~inner)


def _rgba(layer: Layer, size: tuple[int, int]) -> Bytes:
    """(height, width, 4), colour and opacity of one layer."""
    if layer.array.ndim != 2 or layer.array.size == 0 or layer.colour not in COLOURS:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "A layer is a two-dimensional array in a colour that is known here.",
            f"Colours: {', '.join(COLOURS)}.",
        )
    values = _resized(layer.array, size)
    picture = np.empty((*size, 4), dtype=np.uint8)
    opacity = min(max(layer.opacity, 0.0), 1.0) * 255.0
    if layer.style is LayerStyle.HEAT:
        at = [stop for stop, _ in _HEAT]
        for channel in range(3):
            picture[..., channel] = np.interp(values, at, [colour[channel] for _, colour in _HEAT])
        picture[..., 3] = opacity * np.sqrt(values)
        return picture
    mask = values >= 0.5
    picture[..., :3] = COLOURS[layer.colour]
    picture[..., 3] = opacity * (_edge(mask) if layer.style is LayerStyle.OUTLINE else mask)
    return picture


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def render(
    film: npt.NDArray[np.float32], layers: tuple[Layer, ...] = (), max_side: int = 512, max_bytes: int = 700_000
) -> bytes:
    """A film, (rows, columns) in [0, 1], with its layers, as PNG or, where that is larger than allowed, as JPEG.

    Raises:
        CallerError: BAD_ARGUMENT, a layer that cannot be shown, or a cap that no picture fits under.
    """
    side = max_side
    while side >= _SMALLEST_SIDE:
        size = _fitted((film.shape[0], film.shape[1]), side)
        picture = Image.fromarray(np.rint(_resized(film, size) * 255.0).astype(np.uint8))
        if layers:
            picture = picture.convert("RGBA")
            for layer in layers:
                picture = Image.alpha_composite(picture, Image.fromarray(_rgba(layer, size)))
            picture = picture.convert("RGB")
        data = _encoded(picture, "PNG", optimize=True)
        if len(data) > max_bytes:
            data = _encoded(picture, "JPEG", quality=85)
        if len(data) <= max_bytes:
            return data
        side = side * 3 // 4
    raise CallerError(
        ProblemCode.BAD_ARGUMENT, f"No picture of this film fits into {max_bytes} bytes.", "Allow some 20,000 or more."
    )


def render_layer(layer: Layer, shape: tuple[int, int], max_side: int = 512) -> bytes:
    """One layer alone as a transparent PNG, as large as `render` would show a film of `shape`.

    Raises:
        CallerError: BAD_ARGUMENT, a layer that cannot be shown.
    """
    return _encoded(Image.fromarray(_rgba(layer, _fitted(shape, max_side))), "PNG", optimize=True)
