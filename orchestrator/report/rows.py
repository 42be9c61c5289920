"""The suspected and undecided findings of a result, one row each, as the report and the terminal show them."""

from __future__ import annotations

from dataclasses import dataclass

from wardround.contracts.anatomy import Location
from wardround.contracts.codes import NO_FINDING, FindingCode, finding_codes
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Polarity
from wardround.orchestrator.lesions import PIXELS
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.words import SCORE_DECIMALS, finding_name, place_words, quantity
from wardround.orchestrator.summary import number_kind

__all__ = ["FindingRow", "LesionRow", "finding_rows", "lesion_rows", "located", "numbered", "sized"]

_BEARERS = (EvidenceKind.FINDING, EvidenceKind.OBSERVATION)
_ORDER = {Polarity.PRESENT: 0, Polarity.UNCERTAIN: 1}


@dataclass(frozen=True)
class FindingRow:
    """One finding that is suspected or undecided.

    Attributes:
        value: belief in [0, 1], a probability only where `calibrated`; None where nobody gave a number.
        items: the weighing first where there is one, then what detectors and observers reported.
        locations: location items of its heat maps, the largest overlap first.
    """

    label: str
    name: str
    code: FindingCode | None
    polarity: Polarity
    value: float | None
    calibrated: bool
    items: tuple[Evidence, ...]
    locations: tuple[Evidence, ...]
    contributions: tuple[Contribution, ...]

    @property
    def pooled(self) -> bool:
        """Whether the weigher took it in; where not, it stands as it was reported."""
        return self.items[0].kind is EvidenceKind.WEIGHING


@dataclass(frozen=True)
class LesionRow:
    """One lesion that was outlined, and what places it, the largest overlap first."""

    item: Evidence
    places: tuple[Evidence, ...]

    @property
    def place(self) -> Location | None:
        """Where it lies; None where that is not known."""
        return self.places[0].location if self.places else None


def lesion_rows(result: Diagnosis) -> tuple[LesionRow, ...]:
    """The outlined lesions as they stand in the evidence, each server's surest first."""
    record = Record(result.evidence)
    lesions = [item for item in result.evidence if item.kind is EvidenceKind.LESION]
    placed = [
        [item for item in result.evidence if item.location is not None and record.lesion(item) is lesion]
        for lesion in lesions
    ]
    return tuple(
        LesionRow(lesion, tuple(sorted(places, key=lambda one: -one.location.overlap if one.location else 0.0)))
        for lesion, places in zip(lesions, placed, strict=True)
    )


def sized(lesion: Evidence) -> str:
    """For example 'diameter 14.2 mm'; pixels say that the film's spacing is not known."""
    measured = lesion.measurement
    if measured is None:
        return "size not told"
    unknown = " (pixels: the film's spacing is not known)" if measured.unit == PIXELS else ""
    return f"{measured.quantity} {quantity(measured.value, measured.unit)}{unknown}"


def numbered(value: float, calibrated: bool) -> str:
    """For example 'score 0.62': only a calibrated number is called a probability."""
    return f"{number_kind(calibrated)} {value:.{SCORE_DECIMALS}f}"


def located(place: Location) -> str:
    """For example 'left lower zone'. Sides are the patient's."""
    return place_words(place.side, place.region).removeprefix("in the ").removeprefix("in ")


def finding_rows(result: Diagnosis) -> tuple[FindingRow, ...]:
    """Suspected findings, then undecided ones, each with the highest number first. 'No Finding' is none of them."""
    record = Record(result.evidence)
    labels = dict.fromkeys(item.subject for item in result.evidence if item.kind in (EvidenceKind.WEIGHING, *_BEARERS))
    rows = (_row(record, label) for label in labels if label != NO_FINDING)
    return tuple(
        sorted(
            (row for row in rows if row.polarity in _ORDER), key=lambda row: (_ORDER[row.polarity], -(row.value or 0))
        )
    )


def _row(record: Record, label: str) -> FindingRow:
    weighing = record.weighings.get(label)
    items = (*([weighing] if weighing else ()), *record.of(label, *_BEARERS))
    head = items[0]
    locations = [item for item in record.places(label) if item.location is not None]
    locations.sort(key=lambda item: -item.location.overlap if item.location else 0.0)
    return FindingRow(
        label=label,
        name=finding_name(label),
        code=finding_codes().get(label),
        polarity=head.polarity or Polarity.UNCERTAIN,
        value=head.value,
        calibrated=head.source.calibrated,
        items=items,
        locations=tuple(locations),
        contributions=head.contributions,
    )
