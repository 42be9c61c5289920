"""The words for polarities, scores, places and citations: one table each, for the wording and for reading it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.change import Change
from wardround.contracts.codes import finding_codes
from wardround.contracts.evidence import Polarity
from wardround.orchestrator.lesions import PIXELS

__all__ = [
    "CHANGE_WORDS",
    "HEDGES",
    "SCORE_DECIMALS",
    "cites",
    "finding_name",
    "joined",
    "place_words",
    "quantity",
    "score_words",
    "unit_name",
]

HEDGES = {
    Polarity.PRESENT: "suspected",
    Polarity.ABSENT: "not suspected",
    Polarity.UNCERTAIN: "undecided",
}
CHANGE_WORDS = {
    Change.NEW: "newly suspected",
    Change.GONE: "no longer suspected",
    Change.LARGER: "larger",
    Change.SMALLER: "smaller",
    Change.UNCHANGED: "unchanged",
}
SCORE_DECIMALS = 2

# Region: without a side, with one, on both sides.
_PLACES = {
    Region.UPPER_ZONE: ("in an upper zone", "in the {} upper zone", "in both upper zones"),
    Region.MIDDLE_ZONE: ("in a middle zone", "in the {} middle zone", "in both middle zones"),
    Region.LOWER_ZONE: ("in a lower zone", "in the {} lower zone", "in both lower zones"),
    Region.LUNG: ("in a lung", "in the {} lung", "in both lungs"),
    Region.HEART: ("over the heart", "over the heart, {} side", "over the heart, both sides"),
    Region.MEDIASTINUM: ("over the mediastinum", "over the mediastinum, {} side", "over the mediastinum, both sides"),
    Region.OUTSIDE: (
        "with its heat map mainly outside the lungs and mediastinum",
        "with its heat map mainly outside the lungs and mediastinum, {} side",
        "with its heat map mainly outside the lungs and mediastinum, both sides",
    ),
    None: ("", "on the {} side", "on both sides"),
}


_UNITS = {PIXELS: "px"}


def finding_name(label: str) -> str:
    """The name that people use for a label; a name that the code table does not know is given back as it is."""
    row = finding_codes().get(label)
    return row.name if row else label


def score_words(value: float, calibrated: bool) -> str:
    """For example 'score 0.62 (uncalibrated)': only a calibrated number is called a probability."""
    number = f"{value:.{SCORE_DECIMALS}f}"
    return f"probability {number}" if calibrated else f"score {number} (uncalibrated)"


def place_words(side: Side | None, region: Region | None) -> str:
    """For example 'in the left lower zone'; '' where neither is known. Sides are the patient's."""
    unsided, sided, both = _PLACES[region]
    if side is Side.BILATERAL:
        return both
    if side is Side.MIDLINE:
        return unsided or "at the midline"
    return sided.format(side.value) if side else unsided


def quantity(value: float, unit: str | None) -> str:
    """A measured value with its UCUM unit: plain ratios (unit '1') with two decimals, all else with one."""
    return f"{value:.2f}" if unit in (None, "1") else f"{value:.1f} {unit_name(unit or '')}"


def unit_name(unit: str) -> str:
    """What people write for a UCUM unit: 'px' for '{pixel}', and others as they are."""
    return _UNITS.get(unit, unit)


def cites(ids: Sequence[str]) -> str:
    """For example '[E3, E17]'."""
    return f"[{', '.join(ids)}]"


def joined(parts: Iterable[str]) -> str:
    """For example 'a, b and c'."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
