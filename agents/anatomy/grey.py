"""What the grey values of a picture alone say against it: blank, clipped, few levels, noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.screening import ScreenFinding

__all__ = ["GreyFault", "Statistics", "grey_faults", "statistics_of"]

_SAMPLES = 256  # pixels along the longer side that the statistics look at


@dataclass(frozen=True)
class Statistics:
    """Grey values of a film in [0, 1]: their spread, how many are stuck at an end, and how alike neighbours are.

    `spread` is the standard deviation; `black` and `white` the share of pixels within 0.002 of the film's ends of the
    range; `levels` the number of distinct values out of 256; `smoothness` the correlation of horizontal neighbours;
    `relief` the share of the variance that no smooth surface of second degree explains.
    """

    spread: float
    black: float
    white: float
    levels: int
    smoothness: float
    relief: float


@lru_cache(maxsize=16)
def _smooth(height: int, width: int) -> NDArray[np.float64]:
    """Orthonormal surfaces (height * width, up to 6) that span all those of second degree."""
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(rows), rows, columns, rows**2, columns**2, rows * columns], axis=-1).reshape(-1, 6)
    surfaces, sizes, _ = np.linalg.svd(terms, full_matrices=False)
    return np.asarray(surfaces[:, sizes > 1e-10 * sizes[0]], dtype=np.float64)


def _relief(film: NDArray[np.float32]) -> float:
    """What a least-squares surface of second degree leaves of a picture's variance."""
    surfaces = _smooth(*film.shape)
    values = film.astype(np.float64).ravel()
    left = values - surfaces @ (values @ surfaces)
    return float(left.var() / max(values.var(), 1e-12))


def statistics_of(film: NDArray[np.float32]) -> Statistics:
    """Statistics of a film (rows, columns) in [0, 1], thinned to at most 256 rows and columns of whole neighbours."""
    rows = np.unique(np.linspace(0, film.shape[0] - 1, min(_SAMPLES, film.shape[0])).astype(int))
    columns = np.unique(np.linspace(0, film.shape[1] - 2, min(_SAMPLES, film.shape[1] - 1)).astype(int))
    here, beside = film[np.ix_(rows, columns)], film[np.ix_(rows, columns + 1)]
    spread = float(here.std())
    alike = float(((here - here.mean()) * (beside - beside.mean())).mean()) / max(spread * float(beside.std()), 1e-9)
    return Statistics(
        spread=spread,
        black=float((here <= 0.002).mean()),
        white=float((here >= 0.998).mean()),
        levels=int(np.count_nonzero(np.bincount((here * 255.0).round().astype(np.uint8).ravel()))),
        smoothness=alike,
        relief=_relief(here[::4, ::4]),
    )


class GreyFault(NamedTuple):
    """A reason to refuse a picture, found in its grey values."""

    what: ScreenFinding
    reason: str


class _Check(NamedTuple):
    fault: GreyFault
    fails: Callable[[Statistics], bool]


_CHECKS = (
    _Check(GreyFault(ScreenFinding.BLANK, "the image is blank"), lambda s: s.spread < 0.005),
    _Check(GreyFault(ScreenFinding.BLANK, "the image is a plain gradient"), lambda s: s.relief < 0.02),
    _Check(GreyFault(ScreenFinding.FEW_LEVELS, "the image has too few grey levels"), lambda s: s.levels < 8),
    _Check(GreyFault(ScreenFinding.CLIPPED, "most of the image is clipped to white"), lambda s: s.white > 0.5),
    _Check(GreyFault(ScreenFinding.CLIPPED, "most of the image is clipped to black"), lambda s: s.black > 0.85),
    _Check(GreyFault(ScreenFinding.NOISE, "the image is noise"), lambda s: s.smoothness < 0.5),
)


def grey_faults(film: NDArray[np.float32]) -> tuple[GreyFault, ...]:
    """The faults of a film (rows, columns) in [0, 1]; empty where its grey values are those of a picture."""
    statistics = statistics_of(film)
    return tuple(check.fault for check in _CHECKS if check.fails(statistics))
