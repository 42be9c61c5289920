"""The cuts on the evidence's log-odds that turn a belief into present, uncertain or absent."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from wardround.contracts.evidence import Polarity
from wardround.contracts.weighing import OperatingPoint

__all__ = ["DEFAULT", "TABLE_NAME", "operating_point", "polarity_at"]

TABLE_NAME = "operating_points.csv"

# Evidence that multiplies the odds by e (2.7) or more raises a suspicion; evidence that brings them below 0.6 of what
# they were makes the finding unlikely. Chosen, not fitted, and said so in every belief that uses it.
DEFAULT = OperatingPoint(suspect_at=1.0, unlikely_at=-0.5, source="default cuts, not measured")


@cache
def _table() -> dict[str, OperatingPoint]:
    table = files(__package__).joinpath(TABLE_NAME)
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8") as lines:
        return {
            row.pop("label"): OperatingPoint.model_validate({key: value or None for key, value in row.items()})
            for row in csv.DictReader(lines)
        }


def operating_point(label: str) -> OperatingPoint:
    """The measured operating point of a label, or the default one where none was measured.

    `operating_points.csv` has the columns label, suspect_at, unlikely_at, sensitivity, specificity, source.
    """
    return _table().get(label, DEFAULT)


def polarity_at(evidence_log_odds: float, point: OperatingPoint) -> Polarity:
    """Present from `suspect_at` on, absent below `unlikely_at`, uncertain between."""
    if evidence_log_odds >= point.suspect_at:
        return Polarity.PRESENT
    return Polarity.ABSENT if evidence_log_odds < point.unlikely_at else Polarity.UNCERTAIN
