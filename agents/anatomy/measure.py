"""Measurements from masks: cardiothoracic ratio, lung areas, costophrenic angles, with normal ranges where known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.angles import costophrenic_angle
from wardround.agents.anatomy.plausible import implausible
from wardround.agents.anatomy.zones import pick, thorax_width
from wardround.contracts.anatomy import Side, Structure
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Measurement, Source
from wardround.contracts.study import Image, ViewPosition

__all__ = ["CTR", "cardiothoracic_ratio", "lung_areas", "measurements", "segment_id"]

CTR = "cardiothoracic ratio"
_CTR_LIMIT = 0.50
_CTR_REFERENCE = "at most 0.50 on PA films of adults (Danzer, Am J Med Sci 1919; the customary limit)"
_CTR_CAUTION = {
    ViewPosition.PA: "",
    ViewPosition.AP: "AP film: the heart is magnified and the PA limit does not hold, so no range is given.",
    ViewPosition.UNKNOWN: "View not stated: the limit holds if this is a PA film; AP magnifies the heart.",
}
_RATIO = "lung area ratio, left to right"
_RATIO_RANGE = (0.63, 0.97)
_RATIO_REFERENCE = "central 95 % of 159 JSRT PA films by their SCR outlines, the heart left out (recipe.measure)"
_MAGNIFIED = "As projected on the detector, which is larger than the lung."
_ANGLES = {
    Side.RIGHT: ("right costophrenic angle", Structure.RIGHT_LUNG, 69.0),
    Side.LEFT: ("left costophrenic angle", Structure.LEFT_LUNG, 72.0),
}
_ANGLE_REFERENCE = "97.5th percentile of 196 JSRT PA films by their SCR outlines, in this formulation (recipe.angles)"
_ANGLE_CAUTION = (
    "Our formulation; no measure of fluid. By the network's outlines it reads about 7 degrees sharper than by the "
    "reference, and errs by 7 (right) to 10 (left)."
)
_AREAS = {Structure.RIGHT_LUNG: "right lung area", Structure.LEFT_LUNG: "left lung area"}


@dataclass(frozen=True)
class _Item:
    """One measurement with the structures that it rests on."""

    key: str
    measurement: Measurement
    structures: tuple[Structure, ...]
    detail: str = ""


def segment_id(structure: Structure) -> str:
    """The local id of a structure's segmentation item; the ledger replaces it."""
    return f"seg:{structure.value}"


def cardiothoracic_ratio(masks: NDArray[np.uint8]) -> float | None:
    """Greatest transverse diameter of the heart over the greatest inner diameter of the chest (Danzer 1919).

    The heart's diameter runs from its rightmost to its leftmost point, whatever their heights. The chest's runs from
    the right lung's outer edge to the left lung's in one row, the widest. None where one of the three is empty.
    """
    columns = np.flatnonzero(pick(masks, Structure.HEART).any(axis=0))
    width = thorax_width(masks)
    if columns.size == 0 or width is None:
        return None
    return float(columns[-1] - columns[0] + 1) / width


def lung_areas(masks: NDArray[np.uint8], image: Image) -> tuple[str, dict[Structure, float]]:
    """UCUM unit and area per lung: 'cm2' where the image has a pixel spacing, else '1', the share of the film's area.

    The spacing is of the whole film's pixels and is scaled to the masks here. ImagerPixelSpacing is that of the
    detector's plane, so an area by it is as magnified as the chest is (PS3.3 10.7.1.3).
    """
    shares = {structure: float(pick(masks, structure).mean()) for structure in _AREAS}
    down, across = image.pixel_spacing_mm or (0.0, 0.0)
    if not (down > 0 and across > 0):  # a spacing of zero stands in real files
        return "1", shares
    film = image.rows * down * image.columns * across / 100.0
    return "cm2", {structure: share * film for structure, share in shares.items()}


def _ctr(masks: NDArray[np.uint8], image: Image) -> _Item | None:
    value = cardiothoracic_ratio(masks)
    if value is None:
        return None
    ranged = image.view is not ViewPosition.AP
    return _Item(
        key="measure:ctr",
        measurement=Measurement(
            quantity=CTR,
            value=round(value, 3),
            high=_CTR_LIMIT if ranged else None,
            reference=_CTR_REFERENCE if ranged else "",
        ),
        structures=(Structure.HEART, Structure.RIGHT_LUNG, Structure.LEFT_LUNG),
        detail=_CTR_CAUTION[image.view],
    )


def _areas(masks: NDArray[np.uint8], image: Image) -> list[_Item]:
    unit, areas = lung_areas(masks, image)
    items = [
        _Item(
            key=f"measure:{name}",
            measurement=Measurement(
                quantity=name if unit == "cm2" else f"{name} as share of the film",
                value=float(f"{areas[structure]:.4g}"),
                unit=unit,
            ),
            structures=(structure,),
            detail=_MAGNIFIED if unit == "cm2" and image.spacing_source != "PixelSpacing" else "",
        )
        for structure, name in _AREAS.items()
    ]
    ratio = Measurement(
        quantity=_RATIO,
        value=round(areas[Structure.LEFT_LUNG] / areas[Structure.RIGHT_LUNG], 3),
        low=_RATIO_RANGE[0],
        high=_RATIO_RANGE[1],
        reference=_RATIO_REFERENCE,
    )
    return [*items, _Item("measure:lung area ratio", ratio, (Structure.LEFT_LUNG, Structure.RIGHT_LUNG))]


def _angles(masks: NDArray[np.uint8], image: Image) -> list[_Item]:
    found = []
    for side, (name, lung, limit) in _ANGLES.items():
        value = costophrenic_angle(masks, side)
        if value is None:
            continue
        measured = Measurement(quantity=name, value=round(value, 1), unit="deg", high=limit, reference=_ANGLE_REFERENCE)
        found.append(_Item(f"measure:{name}", measured, (lung,), detail=_ANGLE_CAUTION))
    return found


def measurements(
    masks: NDArray[np.uint8], image: Image, source: Source, *, withheld: Mapping[Structure, str] | None = None
) -> EvidenceReport:
    """Measurement items from masks (5, h, w) over the whole film, or none and a warning where the masks cannot be true.

    Every item is derived from the segmentation items of the structures that it rests on, by their local ids. What rests
    on a structure in `withheld` is not measured; a warning names it and the reason.
    """
    reasons = implausible(masks)
    if reasons:
        return EvidenceReport(warnings=(f"Nothing was measured: {'; '.join(reasons)}.",))
    kept_back = withheld or {}
    ctr = _ctr(masks, image)
    every = [*([ctr] if ctr else []), *_areas(masks, image), *_angles(masks, image)]
    items = [item for item in every if not kept_back.keys() & set(item.structures)]
    return EvidenceReport(
        warnings=tuple(
            f"The outline of the {structure.value} was not used for measurements: {reason}."
            for structure, reason in kept_back.items()
        ),
        items=tuple(
            Evidence(
                id=item.key,
                kind=EvidenceKind.MEASUREMENT,
                subject=item.measurement.quantity,
                measurement=item.measurement,
                derived_from=tuple(segment_id(structure) for structure in item.structures),
                source=source,
                synthetic=image.synthetic,
                detail=item.detail,
            )
            for item in items
        ),
    )
