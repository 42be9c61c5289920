"""The table of sub-departments: every department has some, and every name leads to one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.contracts.clinic import Department
from wardround.contracts.codes.sub_departments import (
    SubDepartment,
    sub_department_named,
    sub_department_rows,
    sub_departments,
)


@pytest.mark.parametrize("department", list(Department))
def test_every_department_has_several_sub_departments_and_none_twice(department: Department) -> None:
    names = sub_departments(department)
    assert len(names) >= 4
    assert len(set(names)) == len(names)


def test_a_sub_department_belongs_to_one_department_only() -> None:
    told = [name for department in Department for name in sub_departments(department)]
    assert len(told) == len(set(told)) == len(sub_department_rows())


@given(st.sampled_from(sub_department_rows()), st.sampled_from([str.upper, str.title, str.lower]))
def test_a_name_and_its_synonyms_lead_to_it_whatever_the_case(row: SubDepartment, spelt: Callable[[str], str]) -> None:
    for name in (row.name, *row.synonyms):
        assert sub_department_named(f"  {spelt(name)} ") == (row.department, row.name)


@pytest.mark.parametrize(
    ("words", "department", "name"),
    [
        ("Cardiology", Department.INTERNAL_MEDICINE, "cardiology"),
        ("pulmonology", Department.INTERNAL_MEDICINE, "respiratory medicine"),
        ("Pediatric  Surgery", Department.PAEDIATRICS, "paediatric surgery"),
        ("orthopedics", Department.SURGERY, "orthopaedics"),
        ("high risk pregnancy", Department.OBSTETRICS_GYNAECOLOGY, "maternal-fetal medicine"),
        ("venereology", Department.DERMATOLOGY, "venereology"),
    ],
)
def test_usual_names_are_known(words: str, department: Department, name: str) -> None:
    assert sub_department_named(words) == (department, name)


@pytest.mark.parametrize("words", ["", "   ", "astrology", "internal medicine and astrology", "心内科"])
def test_an_unknown_name_leads_nowhere(words: str) -> None:
    assert sub_department_named(words) is None
