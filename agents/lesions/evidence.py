"""The lesions of one film as evidence: an item for each, which says what was measured and claims nothing."""

from __future__ import annotations

from wardround.contracts.base import Digest
from wardround.contracts.evidence import Evidence, EvidenceKind, LesionSearch, Measurement, Polarity, Source
from wardround.contracts.lesions import Lesion, LesionReport

__all__ = ["DIAMETER", "lesion_evidence", "mask_channels"]

DIAMETER = "diameter"
"""The quantity that is measured of a lesion: the diameter of a circle of the same area."""


def mask_channels(report: LesionReport) -> tuple[str, ...]:
    """The name of each mask of a stack, in the order of the lesions."""
    return tuple(f"lesion {one.number}" for one in report.lesions)


def lesion_evidence(report: LesionReport, weights_digest: Digest | None = None) -> LesionSearch:
    """The report with an item for each of its lesions, in their order.

    An item is uncertain of its subject: a peak score is no probability, and only a weighing may turn it into one.

    Args:
        report: with `masks` stored where it has lesions; its channels are `mask_channels`.
        weights_digest: of the model that found them.
    """
    source = Source(
        model=report.model, version=report.version, weights_digest=weights_digest, calibrated=report.calibrated
    )
    items = tuple(_item(report, one, source) for one in report.lesions)
    return LesionSearch(items=items, warnings=report.warnings, found=report)


def _item(report: LesionReport, lesion: Lesion, source: Source) -> Evidence:
    channel = f"lesion {lesion.number}"
    stack = report.masks
    return Evidence(
        kind=EvidenceKind.LESION,
        subject=report.target,
        polarity=Polarity.UNCERTAIN,
        value=lesion.peak,
        measurement=_diameter(lesion),
        location=lesion.location,
        artefacts=() if stack is None else (stack.model_copy(update={"channel": channel}),),
        source=source,
        synthetic=report.synthetic,
        detail=_worded(report, lesion),
    )


def _diameter(lesion: Lesion) -> Measurement:
    if lesion.diameter_mm is None:
        return Measurement(quantity=DIAMETER, value=round(lesion.diameter_px, 1), unit="{pixel}")
    return Measurement(quantity=DIAMETER, value=round(lesion.diameter_mm, 1), unit="mm")


def _worded(report: LesionReport, lesion: Lesion) -> str:
    """One line for people, in which no score is called a probability."""
    size = f"{lesion.diameter_px:.0f} px" if lesion.diameter_mm is None else f"{lesion.diameter_mm:.0f} mm"
    place = lesion.location
    where = "" if place is None else f", {place.region.value}, {place.side.value}"
    kind = "probability" if report.calibrated else "score"
    doubt = f", doubt {lesion.doubt:.2f}" if lesion.doubt else ""
    return (
        f"{report.target} {lesion.number}: {size}{where}, {kind} {lesion.peak:.2f} at an operating point of "
        f"{report.operating_point:.2f}{doubt}"
    )
