"""The one table of codes that reports need beside the findings' own: presence, places, titles, each with its source."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.codes import verhoeff_ok

__all__ = ["ReportCode", "report_code", "report_codes"]

_SCHEMES = frozenset({"DCM", "LN", "SCT", "UMLS"})


class ReportCode(Word):
    """One row. `scheme` is a DICOM coding scheme designator (PS3.16 section 8); lengths are those of SH and LO."""

    key: Annotated[str, Field(min_length=1)]
    code: Annotated[str, Field(min_length=1, max_length=16)]
    scheme: Annotated[str, Field(min_length=1, max_length=16)]
    meaning: Annotated[str, Field(min_length=1, max_length=64)]
    source: Annotated[str, Field(min_length=1)]


@lru_cache(maxsize=1)
def report_codes() -> dict[str, ReportCode]:
    """The table by key. Sides, regions, degrees and polarities are found by the values of their own enumerations.

    Raises:
        ValueError: a code has a wrong check digit, or an unknown scheme.
    """
    with files(__package__).joinpath("reporting.csv").open(encoding="utf-8") as lines:
        rows = [ReportCode.model_validate(raw) for raw in csv.DictReader(lines)]
    for row in rows:
        if row.scheme not in _SCHEMES or (row.scheme == "SCT" and not verhoeff_ok(row.code)):
            raise ValueError(f"the table of report codes has a malformed row '{row.key}'")
    return {row.key: row for row in rows}


def report_code(key: str) -> ReportCode:
    """The row of a key; KeyError where the table has it not."""
    return report_codes()[key]
