"""A table of cases is read by its header, and what is wrong in it is told by its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardround.agents.cases.loaders.table import read_csv_cases
from wardround.contracts.case import CaseTrust
from wardround.contracts.clinic import Treatment, Urgency
from wardround.contracts.errors import CallerError


def _written(folder: Path, text: str) -> Path:
    path = folder / "cases.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_columns_are_the_fields_of_a_case(tmp_path: Path) -> None:
    header = "case_id,age_years,sex,chief_complaint,diagnoses,treatments,department,sub_departments,urgency,findings"
    row = 'a.1,44,F,"Cough, dry",cold|tiredness,medication|药物治疗,外科,hand,routine,Nodule|Mass,yes'
    path = _written(
        tmp_path, f"{header},synthetic,physical:chest,auxiliary:X线片,auxiliary:sniff test\n{row},Clear,Nothing,\n\n"
    )
    (case,) = read_csv_cases(path)
    assert case.case_id == "a.1" and case.trust is CaseTrust.USER and case.synthetic
    assert (case.patient.age_years, case.patient.sex) == (44, "F")
    assert case.chief_complaint == "Cough, dry" and case.diagnoses == ("cold", "tiredness")
    assert case.treatments == (Treatment.MEDICATION,) and case.urgency is Urgency.ROUTINE
    assert case.department == "surgery" and case.findings == ("Nodule", "Mass")
    assert case.physical_examination == {"chest examination": "Clear"}
    assert case.auxiliary_examination == {"X-ray": "Nothing"}


@pytest.mark.parametrize(
    "text",
    [
        "chief_complaint\npain\n",
        "case_id,case_id\n1,2\n",
        "case_id,zebra\n1,2\n",
        "case_id,physical:\n1,2\n",
        "case_id,sex\n1\n",
        "case_id,sex\n1,zebra\n",
        "case_id,age_years\n1,zebra\n",
        "case_id,treatments\n1,zebra\n",
        "case_id\nze bra\n",
        "case_id\n1\n1\n",
        'case_id\n"1\n',
        f"case_id,symptoms\n1,{'zebra' * 50_000}\n",
        "",
    ],
)
def test_a_table_that_cannot_be_taken_is_refused_without_its_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(CallerError, match=r"cases\.csv") as refused:
        read_csv_cases(_written(tmp_path, text))
    assert "zebra" not in str(refused.value.problem)
