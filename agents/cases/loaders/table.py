"""Cases from a table (CSV, UTF-8) whose columns are named like the fields of a case.

`case_id` is needed; all other columns may be left out: `age_years`, `sex` (F, M, O), `chief_complaint`, `symptoms`,
`past_history`, `image_report`, `department`, `urgency`, `provenance`, `licence`, `synthetic` (yes or no); lists whose
parts are separated by '|': `diagnoses`, `treatments`, `sub_departments`, `findings`, `references`; and a column for
each examination: `physical:NAME` or `auxiliary:NAME`, for example `auxiliary:blood test`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wardround.agents.cases.loaders.checked import damaged, one_case, text_of, told_once
from wardround.contracts.case import MAX_CASE_CHARS, Case, CaseTrust

__all__ = ["COLUMNS", "csv_cases", "read_csv_cases"]

_TEXTS = ("case_id", "chief_complaint", "symptoms", "past_history", "image_report", "department")
_LISTS = ("diagnoses", "treatments", "sub_departments", "findings", "references")
_OWN = ("age_years", "sex", "urgency", "provenance", "licence", "synthetic")
_EXAMINATIONS = {"physical": "physical_examination", "auxiliary": "auxiliary_examination"}
COLUMNS = (*_TEXTS, *_LISTS, *_OWN, "physical:NAME", "auxiliary:NAME")
_YES = ("yes", "true", "1")
_MEND = f"Its columns may be {', '.join(COLUMNS)}."


def _unknown(column: str) -> bool:
    kind, _, name = column.partition(":")
    return column not in COLUMNS and not (kind in _EXAMINATIONS and name.strip())


def _fields(row: Mapping[str, str], trust: CaseTrust) -> dict[str, Any]:
    told: dict[str, Any] = {
        "trust": trust,
        "provenance": row.get("provenance") or "a table of cases",
        "licence": row.get("licence") or "not stated",
        "synthetic": row.get("synthetic", "").casefold() in _YES,
        "patient": {"age_years": row.get("age_years") or None, "sex": row.get("sex") or "unknown"},
        "urgency": row.get("urgency") or None,
    }
    told.update({name: row.get(name, "") for name in _TEXTS})
    told.update({name: [part.strip() for part in row.get(name, "").split("|") if part.strip()] for name in _LISTS})
    for column, cell in row.items():
        kind, _, exam = column.partition(":")
        if exam and cell:
            told.setdefault(_EXAMINATIONS[kind], {})[exam.strip()] = cell
    return told


def csv_cases(text: str, name: str, trust: CaseTrust) -> tuple[Case, ...]:
    """The cases of a table's text. `name` is what messages call the file.

    Raises:
        CallerError: DAMAGED_FILE, the header or a row's length is wrong; BAD_ARGUMENT, a cell is. Rows are told.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    told = []
    try:
        header = [column.strip() for column in next(rows, [])]
        wrong = [str(place) for place, column in enumerate(header, 1) if _unknown(column)]
        if "case_id" not in header or wrong or len(set(header)) != len(header):
            why = f"unknown columns in places {', '.join(wrong)}" if wrong else "no case_id, or a column twice"
            raise damaged(f"'{name}' is no table of cases: it has {why}.", _MEND)
        for place, cells in enumerate(rows, 1):
            if not cells:
                continue
            where = f"Case {place} of '{name}'"
            if len(cells) != len(header):
                raise damaged(f"{where} has {len(cells)} cells, the header {len(header)}.", "Quote cells with commas.")
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            told.append(one_case(where, _fields(row, trust)))
    except csv.Error as error:
        raise damaged(
            f"'{name}' is no CSV that can be read: quotes do not match, or a cell is far too long.",
            f"A cell holds at most {MAX_CASE_CHARS} characters.",
        ) from error
    return told_once(told, name)


def read_csv_cases(path: Path, trust: CaseTrust = CaseTrust.USER) -> tuple[Case, ...]:
    """All cases of a table.

    Raises:
        CallerError: the file cannot be read (see `checked`), or is no such table (see `csv_cases`).
    """
    return csv_cases(text_of(path), path.name, trust)
