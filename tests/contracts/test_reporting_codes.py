"""The table of report codes: every code sourced, well formed, and as DICOM's own dictionaries have it."""

from __future__ import annotations

import pytest
from pydicom.sr._concepts_dict import concepts

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes.reporting import ReportCode, report_code, report_codes
from wardround.contracts.evidence import Degree, Polarity

# Not in pydicom's dictionaries: the wording of the template itself, and a LOINC part.
_ELSEWHERE = {"C0034375", "LP29684-5"}


@pytest.mark.parametrize("row", report_codes().values(), ids=lambda row: row.key)
def test_every_code_has_a_source_and_is_in_the_dictionary(row: ReportCode) -> None:
    assert row.source
    if row.code in _ELSEWHERE:
        return
    scheme: dict[str, dict[str, tuple[str, list[int]]]] = dict(concepts[row.scheme])  # type: ignore[arg-type]
    found = [meanings[row.code][0] for meanings in scheme.values() if row.code in meanings]
    assert any(meaning.casefold().startswith(row.meaning.casefold()) for meaning in found), found


@pytest.mark.parametrize("value", [*Side, *Region, *Degree, *Polarity], ids=str)
def test_every_side_region_degree_and_polarity_has_a_code(value: str) -> None:
    assert report_code(value)
