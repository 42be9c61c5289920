"""Where on the anatomy each lesion lies, and the lesions of one side or region alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.anatomy.chart import Chart
from wardround.agents.anatomy.locate import located
from wardround.agents.anatomy.zones import ZONES
from wardround.agents.lesions.asking import Found
from wardround.contracts.anatomy import Box, Location, Region, Side
from wardround.contracts.codes import canonical_label
from wardround.contracts.lesions import Lesion

__all__ = ["chosen", "narrowed", "placed"]

_LUNG = frozenset({Region.LUNG, *ZONES})


def placed(found: Found, chart: Chart) -> Found:
    """The lesions with their places on the chart of the same film, by the pixels of their masks.

    A lesion's `overlap` is the share of its area in the region that is named, and its box its own. Without both lungs
    nothing is placed, and a warning says so.
    """
    report = found.report
    if not report.lesions:
        return found
    if chart.midline is None:
        said = "No lesion was placed: both lungs are needed, and one was not found."
        return replace(found, report=report.model_copy(update={"warnings": (*report.warnings, said)}))
    finding = canonical_label(report.target) or ""
    lesions = tuple(
        one.model_copy(update={"location": _place(one, mask, chart, finding)})
        for one, mask in zip(report.lesions, found.masks, strict=True)
    )
    return replace(found, report=report.model_copy(update={"lesions": lesions}))


def _place(lesion: Lesion, mask: NDArray[np.uint8], chart: Chart, finding: str) -> Location | None:
    # By area, since a lesion may be smaller than a cell of the chart.
    small = Image.fromarray(mask.astype(np.float32)).resize(chart.shape[::-1], Image.Resampling.BOX)
    heat = np.asarray(small, dtype=np.float32)
    place = located(heat / max(float(heat.max()), 1e-6), chart, finding)
    if place is None:
        return None
    rows, columns = mask.shape
    box = Box(
        left=round(lesion.box.left / columns, 4),
        top=round(lesion.box.top / rows, 4),
        width=round(lesion.box.width / columns, 4),
        height=round(lesion.box.height / rows, 4),
    )
    return place.model_copy(update={"box": box})


def narrowed(found: Found, side: Side | None, region: Region | None) -> Found:
    """The lesions on a side and in a region, numbered anew; a warning tells how many lie elsewhere.

    'bilateral' takes both sides, 'lung' any of its zones. A lesion that could not be placed stays, since nothing says
    that it lies elsewhere.
    """
    if side is None and region is None:
        return found
    kept = [
        number
        for number, one in enumerate(found.report.lesions)
        if one.location is None or (_on(one.location, side) and _in(one.location, region))
    ]
    return chosen(found, kept, "elsewhere")


def chosen(found: Found, kept: list[int], why: str) -> Found:
    """The lesions at these places of the report, numbered anew; a warning tells how many others there were, and why."""
    report = found.report
    left = len(report.lesions) - len(kept)
    if not left:
        return found
    warnings = (*report.warnings, f"{left} further {'lesion lies' if left == 1 else 'lesions lie'} {why}.")
    lesions = tuple(
        report.lesions[place].model_copy(update={"number": number}) for number, place in enumerate(kept, start=1)
    )
    return Found(report.model_copy(update={"lesions": lesions, "warnings": warnings}), found.masks[kept])


def _on(place: Location, side: Side | None) -> bool:
    if side is None or place.side is side:
        return True
    if side is Side.BILATERAL:
        return place.side in (Side.LEFT, Side.RIGHT)
    return place.side is Side.BILATERAL and side is not Side.MIDLINE


def _in(place: Location, region: Region | None) -> bool:
    return region is None or place.region is region or (region is Region.LUNG and place.region in _LUNG)
