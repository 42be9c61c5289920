"""One lesion outlined around a click or in a box: what the model scores there and what the grey values say, together.

A random walker with priors (Grady 2005) of our own formulation. Each pixel of a window is joined to its neighbours,
strongly where their grey is alike. It is drawn to the lesion by the model's score as a share of the peak near the
prompt, and by its grey beside half of the contrast between the prompt and its surroundings; the model counts the more,
the higher its peak is above the operating point. The click is lesion and the window's border is not; the lesion is
where a walker is more likely to reach the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from wardround.agents.lesions.asking import MINIMUM_PX, UNKNOWN_SPACING, Found, context_px, cut_of, score_map, told
from wardround.agents.lesions.boxes import window_of
from wardround.agents.lesions.folder import Loaded
from wardround.agents.lesions.instances import find_instances, measured
from wardround.agents.lesions.reading import Reading
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import LesionReport, PixelBox

__all__ = ["Prompt", "refine_boxes", "refine_lesion"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
_FAINT = 0.02  # a peak below says nothing of an extent
_USUAL_MM, _USUAL_SHARE = 10.0, 0.01  # diameter that is looked for where the model sees none; of the shorter side
_LEAST_REACH, _MOST_REACH = 10, 200  # pixels from a click to the window's border
_CELLS = 96  # a side of the grid that is solved; larger windows are thinned
_GROWN = 0.15  # of a box's side, by which an outline may leave it
_SHAPE = 0.5  # of what the grey says, that a box's ellipse says in its place
_FAR = 2.5  # halves of the expected width from the seed, beyond which grey alone makes no lesion
_PULL = 0.2  # of the priors, beside the pull of a neighbour of the same grey
_STIFF = 30.0  # how fast a step of grey parts two neighbours
_EIGHT = np.ones((3, 3), dtype=np.int8)


@dataclass(frozen=True)
class Prompt:
    """A click at (x, y), or a box, in pixels of the image; exactly one of them."""

    click: tuple[float, float] | None = None
    box: PixelBox | None = None

    def at(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Row and column of the click, or of the box's middle.

        Raises:
            CallerError: BAD_ARGUMENT, not exactly one is given, or it lies outside the image (rows, columns).
        """
        if (self.click is None) == (self.box is None):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "A lesion is outlined from a click or in a box: exactly one of the two.",
                "Give click as [x, y], or box with left, top, width and height, in pixels of the image.",
            )
        if self.box is not None:
            window_of(self.box, shape, 0)
            return self.box.top + self.box.height // 2, self.box.left + self.box.width // 2
        assert self.click is not None
        x, y = self.click
        rows, columns = shape
        if not (-0.5 <= x < columns - 0.5 and -0.5 <= y < rows - 0.5):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The click lies outside the image, which has {columns} columns and {rows} rows.",
                f"Give x from 0 to {columns - 1} and y from 0 to {rows - 1}, from the image's left and top.",
            )
        return max(0, math.floor(y + 0.5)), max(0, math.floor(x + 0.5))


def refine_lesion(
    loaded: Loaded,
    film: Floats,
    spacing_mm: float | None,
    prompt: Prompt,
    *,
    views: int = 1,
    point: str | float = "balanced",
    synthetic: bool = False,
) -> Found:
    """One lesion with its mask: it holds the click, or stays in the box grown by a seventh.

    Where the model sees none there, the best outline is given all the same, and a warning says so.

    Args:
        film: (rows, columns) in [0, 1].
        spacing_mm: the side of a square pixel; None where it is unknown.
        views: sides from which the model reads the part; their spread is the doubt.
        point: an operating point of the model, or a score.

    Raises:
        CallerError: BAD_ARGUMENT, no such prompt, operating point or number of views.
    """
    cut, place = cut_of(loaded, point), prompt.at(film.shape)
    part, reading = _around(loaded, film, spacing_mm, prompt, place, views)
    usual = _USUAL_MM / spacing_mm if spacing_mm else _USUAL_SHARE * min(film.shape)
    here = (place[0] - part[0].start, place[1] - part[1].start)
    outline = _outlined(film[part], reading.probability, here, prompt, usual, cut, part)
    mask = np.zeros((1, *film.shape), dtype=np.uint8)
    mask[0][part] = outline
    pixels = np.argwhere(mask[0])
    scores = reading.probability[outline]
    one = measured(1, pixels, scores, spacing_mm)
    warnings = [] if spacing_mm else [UNKNOWN_SPACING]
    if one.peak < cut:
        warnings.append(
            f"The model sees no {loaded.card.target} there: its highest score is {one.peak:.2f}, below the operating "
            f"point of {cut:.2f}. The outline follows the grey values."
        )
    report = LesionReport(
        model=loaded.card.name,
        version=loaded.card.version,
        target=loaded.card.target,
        operating_point=cut,
        minimum_px=MINIMUM_PX,
        spacing_mm=spacing_mm,
        lesions=(told(1, one, float(reading.spread[outline].mean())),),
        warnings=tuple(warnings),
        synthetic=synthetic,
    )
    return Found(report, mask)


def refine_boxes(
    loaded: Loaded,
    film: Floats,
    spacing_mm: float | None,
    boxes: Sequence[PixelBox],
    *,
    views: int = 1,
    point: str | float = "balanced",
    synthetic: bool = False,
) -> Found:
    """As `refine_lesion`, a lesion in each of one box or several, in their order."""
    each = [
        refine_lesion(loaded, film, spacing_mm, Prompt(box=box), views=views, point=point, synthetic=synthetic)
        for box in boxes
    ]
    lesions = tuple(
        one.report.lesions[0].model_copy(update={"number": number}) for number, one in enumerate(each, start=1)
    )
    warnings = dict.fromkeys(warning for one in each for warning in one.report.warnings)
    report = each[0].report.model_copy(update={"lesions": lesions, "warnings": tuple(warnings)})
    return Found(report, np.concatenate([one.masks for one in each]))


def _around(
    loaded: Loaded, film: Floats, spacing_mm: float | None, prompt: Prompt, place: tuple[int, int], views: int
) -> tuple[tuple[slice, slice], Reading]:
    """The part of the film around the prompt at full resolution, and the model's scores of it."""
    around = max(_MOST_REACH, context_px(loaded, spacing_mm))
    box = prompt.box or PixelBox(left=place[1], top=place[0], width=1, height=1)
    part = window_of(box, film.shape, around)
    return part, score_map(loaded, np.ascontiguousarray(film[part]), spacing_mm, views)


def _outlined(
    film: Floats,
    scores: Floats,
    here: tuple[int, int],
    prompt: Prompt,
    usual: float,
    cut: float,
    part: tuple[slice, slice],
) -> Mask:
    """The outline on a part (rows, columns) of the film, `here` being the prompt's row and column in it."""
    if prompt.box is None:
        wide = _seen(scores, here) or usual
        half = (0.5 * wide, 0.5 * wide)
        down = right = int(min(_MOST_REACH, max(_LEAST_REACH, round(1.5 * wide))))
    else:
        half = (0.5 * prompt.box.height, 0.5 * prompt.box.width)
        down, right = (math.ceil((1.0 + 2.0 * _GROWN) * side) + 1 for side in half)
    top, left = max(0, here[0] - down), max(0, here[1] - right)
    window = np.s_[top : here[0] + down + 1, left : here[1] + right + 1]
    seed = (here[0] - top, here[1] - left)
    shaped = _SHAPE if prompt.box is not None else 0.0
    walked = _walked(film[window], scores[window], seed, half, cut, shaped)
    within = _joined(walked >= 0.5, seed)
    outline = np.zeros(film.shape, dtype=np.bool_)
    outline[window] = within
    return outline


def _seen(scores: Floats, here: tuple[int, int]) -> float | None:
    """The diameter (px) of what the model sees at a place, None where it sees nothing."""
    found = find_instances(np.clip(scores, 0.0, 1.0), _FAINT)
    number = int(found.labels[here])
    return next((one.diameter_px for one in found.found if one.number == number), None)


def _walked(
    film: Floats, scores: Floats, seed: tuple[int, int], half: tuple[float, float], cut: float, shaped: float
) -> Floats:
    """How likely (rows, columns) a walker from each pixel reaches the lesion before the border.

    Args:
        half: rows and columns from the seed to where the lesion is expected to end.
        shaped: how much that counts beside the grey, from 0 to 1.
    """
    thin = max(1, math.ceil(max(film.shape) / _CELLS))
    size = (math.ceil(film.shape[0] / thin), math.ceil(film.shape[1] / thin))
    grey, chance = (_sized(one, size) for one in (film, scores))
    at = (seed[0] * size[0] // film.shape[0], seed[1] * size[1] // film.shape[1])
    prior = _prior(grey, chance, at, (half[0] / thin, half[1] / thin), cut, shaped)
    return _sized(_solve(grey, prior, at), film.shape)


def _sized(values: Floats, size: tuple[int, ...]) -> Floats:
    if values.shape == size:
        return values
    way = Image.Resampling.BOX if size[0] < values.shape[0] else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(values).resize((size[1], size[0]), way), dtype=np.float32)


def _prior(
    grey: Floats, chance: Floats, seed: tuple[int, int], half: tuple[float, float], cut: float, shaped: float
) -> Floats:
    """How much each pixel looks like lesion by itself, in [0, 1]."""
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    off: Floats = np.hypot((rows - seed[0]) / max(half[0], 1.0), (columns - seed[1]) / max(half[1], 1.0))
    peak = float(chance[off <= 1.0].max())
    seen = np.clip(chance / max(peak, 1e-6), 0.0, 1.0)
    trust = peak / (peak + cut)
    flat = ndimage.gaussian_filter(grey, 0.7) - _plane(grey)
    core = max(0.0, float(np.median(flat[off <= 0.4])))
    noise = float(np.std(_border(flat)))
    bright = _logistic(4.0 * (2.0 * flat / max(core, 1e-6) - 1.0))
    contrast = (1.0 - shaped) * core / (core + 2.0 * noise + 1e-6)
    round_ = _logistic(8.0 * (1.0 - off))
    by_grey = np.where(off <= _FAR, contrast * bright, 0.0) + (1.0 - contrast) * round_
    return np.asarray(trust * seen + (1.0 - trust) * by_grey, dtype=np.float32)


def _logistic(values: NDArray[np.floating]) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0))), dtype=np.float32)


def _border(values: Floats) -> Floats:
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _plane(grey: Floats) -> Floats:
    """The plane through the window's border: what the grey would be without a lesion."""
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    ones = np.ones_like(rows)
    terms = np.stack([_border(one) for one in (rows, columns, ones)], axis=1)
    fitted, *_ = np.linalg.lstsq(terms, _border(grey), rcond=None)
    return np.asarray(fitted[0] * rows + fitted[1] * columns + fitted[2], dtype=np.float32)


def _solve(grey: Floats, prior: Floats, seed: tuple[int, int]) -> Floats:
    """The walker's chances: a sparse, symmetric system over the window's pixels."""
    rows, columns = grey.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    smooth = ndimage.gaussian_filter(grey, 0.7)
    pairs = [(index[:, :-1], index[:, 1:]), (index[:-1], index[1:])]
    first, second = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    step = smooth.ravel()[first] - smooth.ravel()[second]
    scale = float(np.ptp(smooth)) or 1.0
    weight = np.exp(-_STIFF * (step / scale) ** 2) + 1e-4
    count = rows * columns
    joined = sparse.coo_matrix((weight, (first, second)), shape=(count, count)).tocsr()
    joined = joined + joined.T
    held = np.full((rows, columns), _PULL, dtype=np.float64)
    towards = prior.astype(np.float64)
    edge = np.zeros((rows, columns), dtype=np.bool_)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    held[edge], towards[edge] = 1e3, 0.0
    held[seed], towards[seed] = 1e3, 1.0
    system = sparse.diags(np.asarray(joined.sum(axis=1)).ravel() + held.ravel()) - joined
    solved = spsolve(system.tocsc(), (held * towards).ravel())
    return np.asarray(np.clip(solved, 0.0, 1.0).reshape(rows, columns), dtype=np.float32)


def _joined(mask: Mask, seed: tuple[int, int]) -> Mask:
    """The part that holds the seed, its holes filled; at least the pixels beside the seed."""
    mask = mask.copy()
    top, left = max(0, seed[0] - 1), max(0, seed[1] - 1)
    cross = np.s_[top : seed[0] + 2, left : seed[1] + 2]
    if np.count_nonzero(mask[cross]) < MINIMUM_PX:
        mask[cross] = True
    mask[seed] = True
    parts, _ = ndimage.label(mask, structure=_EIGHT)
    return np.asarray(ndimage.binary_fill_holes(parts == parts[seed]), dtype=np.bool_)
