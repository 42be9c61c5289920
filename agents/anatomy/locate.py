"""Where a heat map lies on the anatomy: region, side, and the share of the map's mass that lies there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wardround.agents.anatomy.chart import OUTSIDE, Chart
from wardround.agents.anatomy.zones import ZONES, Place
from wardround.contracts.anatomy import Box, Location, Region, Side
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Source
from wardround.contracts.weighing import LocateTarget

__all__ = ["LOCATOR", "chart_of", "locate", "locate_report", "located"]

LOCATOR = Source(model="heat map on anatomy", version="1.0.0")
_FAINT = 1e-3  # a map that never rises above this says nothing
_BOTH_SIDES = 0.30  # each lung's least share of the mass for a finding to be called bilateral
_ONE_ZONE = 0.50  # a zone's least share of its lung's mass to be named instead of the lung
_INSIDE = 0.50  # the chest's least share of the mass for anything inside to be named


@dataclass(frozen=True)
class _Rule:
    """How a finding is placed.

    `margin`: mass this far outside a lung counts for its nearest zone, as a share of the chest's width.
    `home`: the organ that the finding belongs to by definition, named when `home` and `beside` together hold at least
    `least` of the mass.
    """

    margin: float = 0.03
    home: Region | None = None
    beside: tuple[Region, ...] = ()
    least: float = 0.30


_USUAL = _Rule()
_PLEURAL = _Rule(margin=0.10)  # the pleura is a lung's border, and coarse maps spill over it
_RULES = {
    "Effusion": _PLEURAL,
    "Pneumothorax": _PLEURAL,
    "Pleural_Thickening": _PLEURAL,
    "Pleural Other": _PLEURAL,
    "Cardiomegaly": _Rule(home=Region.HEART),
    "Enlarged Cardiomediastinum": _Rule(home=Region.MEDIASTINUM, beside=(Region.HEART,)),
    "Hernia": _Rule(home=Region.MEDIASTINUM, beside=(Region.HEART,)),  # a hiatal hernia projects over the heart
}


@lru_cache(maxsize=64)
def _between(cells: int, pixels: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """For each of so many pixels along a line of cells: the cells before and after its centre, and how far between."""
    centres = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0.0, cells - 1.0)
    before = centres.astype(np.intp)
    return before, np.minimum(before + 1, cells - 1), centres - before


def _thinned(heat: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """A map (h, w) averaged over blocks until it has less than twice the cells of `shape` each way.

    The outline of a small lesion on the whole film would else fall between the points at which it is looked up.
    """
    down, across = (max(1, cells // pixels) for cells, pixels in zip(heat.shape, shape, strict=True))
    if (down, across) == (1, 1):
        return heat
    padded = np.pad(heat, ((0, -heat.shape[0] % down), (0, -heat.shape[1] % across)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float64)


def _enlarged(heat: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """A map (h, w) at another size, linear between the centres of its cells and level beyond the outermost."""
    before, after, part = _between(heat.shape[0], shape[0])
    rows = heat[before] + part[:, None] * (heat[after] - heat[before])
    before, after, part = _between(heat.shape[1], shape[1])
    start = rows.take(before, axis=1)
    return np.asarray(start + part * (rows.take(after, axis=1) - start), dtype=np.float64)


def _mass(heatmap: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float64] | None:
    """What rises above half of the map's maximum, at the masks' size, with unit sum; None for a faint map."""
    heat = np.asarray(heatmap, dtype=np.float64)
    if heat.ndim != 2 or heat.size == 0 or not np.isfinite(heat).all():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"A heat map must be one 2-D array of finite numbers; this one has shape {heat.shape}.",
            "Name one channel of a heat map stack in LocateTarget.heatmap.channel.",
        )
    heat = _enlarged(_thinned(heat, shape), shape)
    peak = float(heat.max())
    if peak < _FAINT:
        return None
    above = np.maximum(heat - 0.5 * peak, 0.0)
    return np.asarray(above / above.sum(), dtype=np.float64)


def _place(region: Region, side: Side, overlap: float) -> Location:
    return Location(region=region, side=side, overlap=round(min(1.0, max(0.0, overlap)), 3))


def _in_lungs(shares: dict[Place, float]) -> Location:
    """The side or sides that hold the mass, and the zone where one dominates."""
    by_side = {side: sum(shares[zone, side] for zone in ZONES) for side in (Side.RIGHT, Side.LEFT)}
    both = min(by_side.values()) >= _BOTH_SIDES
    side = Side.BILATERAL if both else max(by_side, key=by_side.__getitem__)
    sides = tuple(by_side) if both else (side,)
    by_zone = {zone: sum(shares[zone, one] for one in sides) for zone in ZONES}
    total = sum(by_zone.values())
    zone = max(by_zone, key=by_zone.__getitem__)
    if by_zone[zone] >= _ONE_ZONE * total:
        return _place(zone, side, by_zone[zone])
    return _place(Region.LUNG, side, total)


def _outside(mass: NDArray[np.float64], middle: float, share: float) -> Location:
    """The side of the chest's midline that holds most of a mass outside it; the midline where neither does."""
    on_right = float(mass[:, np.arange(mass.shape[1]) < middle].sum())
    side = Side.RIGHT if on_right > 0.7 else Side.LEFT if on_right < 0.3 else Side.MIDLINE
    return _place(Region.OUTSIDE, side, share)


def chart_of(masks: NDArray[np.uint8]) -> Chart:
    """The chart of masks (5, h, w), with all that placing any finding on it will look up worked out ahead.

    Raises:
        CallerError: BAD_ARGUMENT, the masks are not a stack of five.
    """
    chart = Chart(masks)
    for margin in sorted({rule.margin for rule in (_USUAL, *_RULES.values())}):
        chart.owner(margin)
    return chart


def locate(heatmap: NDArray[np.floating], masks: NDArray[np.uint8], finding: str = "") -> Location | None:
    """Place a heat map (h, w) in [0, 1] on masks (5, H, W) of the same film; both cover the whole film.

    Only what rises above half of the map's maximum counts, and it counts by how far it rises. The side comes from the
    masks. `overlap` is the share of that mass that lies in the region named. None where the map is faint or the masks
    lack a lung.

    Raises:
        CallerError: BAD_ARGUMENT, the heat map is not one 2-D array of finite numbers, or the masks are not a stack
            of five.
    """
    return located(heatmap, Chart(masks), finding)


def _box(mass: NDArray[np.float64]) -> Box:
    """What bounds the connected mass around the peak."""
    parts, _ = ndimage.label(mass > 1e-6 * mass.max())
    part = parts == parts.ravel()[int(mass.argmax())]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    down, across = mass.shape
    return Box(
        left=round(columns[0] / across, 4),
        top=round(rows[0] / down, 4),
        width=round((columns[-1] - columns[0] + 1) / across, 4),
        height=round((rows[-1] - rows[0] + 1) / down, 4),
    )


def located(heatmap: NDArray[np.floating], chart: Chart, finding: str = "") -> Location | None:
    """As `locate`, on a chart that was made before.

    Raises:
        CallerError: BAD_ARGUMENT, the heat map is not one 2-D array of finite numbers.
    """
    mass = _mass(heatmap, chart.shape)
    if mass is None or chart.midline is None:
        return None
    place = _named(mass, chart, chart.midline, finding)
    return place.model_copy(update={"box": _box(mass)})


def _named(mass: NDArray[np.float64], chart: Chart, middle: float, finding: str) -> Location:
    rule = _RULES.get(finding, _USUAL)
    shares = chart.shares(mass, rule.margin)
    lungs = sum(shares[zone, side] for zone in ZONES for side in (Side.RIGHT, Side.LEFT))
    central = {region: shares[region, Side.MIDLINE] for region in (Region.HEART, Region.MEDIASTINUM)}
    if rule.home is not None:
        at_home = central[rule.home] + sum(central[region] for region in rule.beside)
        if at_home >= rule.least:
            return _place(rule.home, Side.MIDLINE, at_home)
    if lungs + sum(central.values()) < _INSIDE:
        return _outside(mass, middle, shares[OUTSIDE])
    organ = max(central, key=central.__getitem__)
    if central[organ] > lungs:
        return _place(organ, Side.MIDLINE, central[organ])
    return _in_lungs(shares)


def _worded(place: Location) -> str:
    where = place.region.value if place.side is Side.MIDLINE else f"{place.side.value} {place.region.value}"
    return f"{where}, overlap {place.overlap:.2f}"


def locate_report(
    targets: Sequence[tuple[LocateTarget, NDArray[np.floating]]],
    chart: Chart,
    *,
    source: Source = LOCATOR,
    synthetic: bool = False,
) -> EvidenceReport:
    """One location item per target and its heat map (h, w), derived from the target's evidence item.

    A map that cannot be placed gives a warning in its item's stead.

    Raises:
        CallerError: BAD_ARGUMENT, a heat map is not one 2-D array of finite numbers.
    """
    items, warnings = [], []
    for target, heatmap in targets:
        place = located(heatmap, chart, target.subject)
        if place is None:
            warnings.append(f"{target.subject} was not placed: its heat map is faint, or a lung was not found.")
            continue
        items.append(
            Evidence(
                id=f"locate:{target.evidence_id}",
                kind=EvidenceKind.LOCATION,
                subject=target.subject,
                location=place,
                artefacts=(target.heatmap,),
                derived_from=(target.evidence_id,),
                source=source,
                synthetic=synthetic,
                detail=_worded(place),
            )
        )
    return EvidenceReport(items=tuple(items), warnings=tuple(warnings))
