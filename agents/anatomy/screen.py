"""Whether a film is an upright frontal chest radiograph that the models may read, and if not, why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.plausible import implausible
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.agents.anatomy.zones import midline
from wardround.contracts.anatomy import Structure
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity, ScreenReport

__all__ = ["SUBJECT", "Statistics", "screen", "statistics_of"]

SUBJECT = "frontal chest radiograph"
_NEEDED = (Structure.RIGHT_LUNG, Structure.LEFT_LUNG, Structure.HEART)
_LEAST_SCORE = 0.6  # on fold 1, 98 films in 100 score 0.81 or more on each; photographs and turned films mostly 0
_SAMPLES = 256  # pixels along the longer side that the statistics look at


@dataclass(frozen=True)
class Statistics:
    """Grey values of a film in [0, 1]: their spread, how many are stuck at an end, and how alike neighbours are.

    `spread` is the standard deviation; `black` and `white` the share of pixels within 0.002 of the film's ends of the
    range; `levels` the number of distinct values out of 256; `smoothness` the correlation of horizontal neighbours.
    """

    spread: float
    black: float
    white: float
    levels: int
    smoothness: float


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
        levels=int(np.unique((here * 255.0).round()).size),
        smoothness=alike,
    )


class _Check(NamedTuple):
    reason: str
    fails: Callable[[Statistics], bool]


_CHECKS = (
    _Check("the image is blank", lambda s: s.spread < 0.005),
    _Check("the image has too few grey levels", lambda s: s.levels < 8),
    _Check("most of the image is clipped to white", lambda s: s.white > 0.5),
    _Check("most of the image is clipped to black", lambda s: s.black > 0.85),
    _Check("the image is noise", lambda s: s.smoothness < 0.5),
)


def _reasons(film: NDArray[np.float32], segmentation: Segmentation) -> tuple[str, ...]:
    statistics = statistics_of(film)
    wrong = tuple(check.reason for check in _CHECKS if check.fails(statistics))
    if wrong:
        return wrong
    unsure = tuple(
        f"the {structure.value} is not outlined with enough certainty (score {segmentation.confidence[structure]:.2f})"
        for structure in _NEEDED
        if segmentation.confidence[structure] < _LEAST_SCORE
    )
    return (*implausible(segmentation.masks), *unsure)


def _warnings(segmentation: Segmentation) -> tuple[str, ...]:
    """The heart's side: most of it lies left of the midline, unless it is reversed or the film is."""
    middle = midline(segmentation.masks)
    heart = segmentation.of(Structure.HEART)
    if middle is None or not heart.any():
        return ()
    on_right = float(heart[:, : round(middle)].sum() / heart.sum())
    if on_right <= 0.65:
        return ()
    return ("Most of the heart lies on the image's left: a reversed heart, a shift, or a film shown mirrored.",)


def screen(film: NDArray[np.float32], segmentation: Segmentation, *, synthetic: bool = False) -> ScreenReport:
    """Accept or refuse a film (rows, columns) in [0, 1], air dark, with the outlines drawn on it.

    Refused: blank, clipped or noisy images, and those on which no plausible chest could be outlined, which takes in
    photographs, turned and inverted films. The report carries a quality item whose value is the lowest score among
    lungs and heart.
    """
    reasons = _reasons(film, segmentation)
    accepted = not reasons
    reason = "" if accepted else f"Not readable as an upright frontal chest film: {'; '.join(reasons)}."[:500]
    item = Evidence(
        id="screen:frontal chest radiograph",
        kind=EvidenceKind.QUALITY,
        subject=SUBJECT,
        polarity=Polarity.PRESENT if accepted else Polarity.ABSENT,
        value=min(segmentation.confidence[structure] for structure in _NEEDED),
        source=segmentation.source,
        synthetic=synthetic,
        detail=reason,
    )
    return ScreenReport(
        items=(item,), warnings=_warnings(segmentation) if accepted else (), accepted=accepted, reason=reason
    )
