"""The sub-departments of each department: a table of our own.

MedChain (arXiv 2412.01605) tells of 156 departments of the second level and does not publish their list, so these names
are ours; scores of the second level compare with no published figure.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.clinic import Department

__all__ = ["SubDepartment", "sub_department_named", "sub_department_rows", "sub_departments"]


class SubDepartment(Word):
    """One row: a sub-department, the department that it belongs to, and its other names."""

    department: Department
    name: Annotated[str, Field(min_length=1)]
    synonyms: tuple[str, ...]


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


@lru_cache(maxsize=1)
def sub_department_rows() -> tuple[SubDepartment, ...]:
    """The table in its own order.

    Raises:
        ValueError: an unknown department, a department without a row, or a name that two rows claim.
    """
    with files(__package__).joinpath("sub_departments.csv").open(encoding="utf-8") as lines:
        rows = tuple(
            SubDepartment(
                department=Department(raw["department"]),
                name=raw["sub_department"],
                synonyms=tuple(one for one in raw["synonyms"].split("|") if one),
            )
            for raw in csv.DictReader(lines)
        )
    names = [_fold(name) for row in rows for name in (row.name, *row.synonyms)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"the table of sub-departments gives a name to two rows: {', '.join(sorted(twice))}")
    bare = set(Department) - {row.department for row in rows}
    if bare:
        raise ValueError(f"the table of sub-departments has no row for {', '.join(sorted(bare))}")
    return rows


@lru_cache(maxsize=len(Department))
def sub_departments(department: Department) -> tuple[str, ...]:
    """The sub-departments of a department, in the table's order; never empty."""
    return tuple(row.name for row in sub_department_rows() if row.department is department)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, tuple[Department, str]]:
    return {
        _fold(name): (row.department, row.name) for row in sub_department_rows() for name in (row.name, *row.synonyms)
    }


def sub_department_named(words: str) -> tuple[Department, str] | None:
    """The department and the table's own name for a name or synonym in any case; None where the table has it not."""
    return _by_name().get(_fold(words))
