"""The form of a file of cases is found out from what is in it; a record that goes out comes in again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wardround.agents.cases.loaders.own import own_cases
from wardround.agents.cases.loaders.reader import read_cases
from wardround.contracts.case import CaseTrust
from wardround.contracts.errors import CallerError, ProblemCode

_SCENARIO = {"OSCE_Examination": {"Patient_Actor": {"Symptoms": {"Primary_Symptom": "pain"}}, "Correct_Diagnosis": "x"}}
_FORMS = {
    "agentclinic": json.dumps(_SCENARIO) + "\n" + json.dumps(_SCENARIO),
    "medchain": json.dumps({"1_t": {"case": {"chief_complaint": "pain"}}}, indent=1),
    "records": json.dumps({"case_id": "r1", "provenance": "p", "licence": "l"}),
    "table": "case_id,chief_complaint\nt1,pain\n",
}


def _written(folder: Path, text: str) -> Path:
    path = folder / "file"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "ids", "trust"),
    [
        ("agentclinic", ["agentclinic:0", "agentclinic:1"], CaseTrust.VALIDATED),
        ("medchain", ["1"], CaseTrust.USER),
        ("records", ["r1"], CaseTrust.USER),
        ("table", ["t1"], CaseTrust.USER),
    ],
)
def test_each_form_is_known_by_its_content(tmp_path: Path, form: str, ids: list[str], trust: CaseTrust) -> None:
    path = _written(tmp_path, _FORMS[form])
    told = read_cases(path)
    assert [case.case_id for case in told] == ids and {case.trust for case in told} == {trust}
    assert {case.trust for case in read_cases(path, trust=CaseTrust.FINISHED_HERE)} == {CaseTrust.FINISHED_HERE}


def test_records_that_go_out_come_in_unchanged(tmp_path: Path) -> None:
    cases = own_cases()
    lines = "\n".join(case.model_dump_json() for case in cases)
    assert read_cases(_written(tmp_path, lines)) == cases
    whole = json.dumps(json.loads(cases[0].model_dump_json()), indent=2)
    assert read_cases(_written(tmp_path, whole)) == cases[:1]


@pytest.mark.parametrize("text", ["", "hello", "\x00\x01", "<xml/>", "a,b\n1,2\n"])
def test_a_file_of_no_known_form_is_refused_with_the_forms_that_are(tmp_path: Path, text: str) -> None:
    with pytest.raises(CallerError) as refused:
        read_cases(_written(tmp_path, text))
    assert refused.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT and "CSV" in refused.value.problem.hint


@pytest.mark.parametrize("text", ['{"case_id": "x", "provenance": "p"}', '{"case_id": "x"}\n[]\n', '{"case_id": 1}\n{'])
def test_a_record_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CallerError):
        read_cases(_written(tmp_path, text))


def test_labels_are_for_cases_of_agentclinic_alone(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="labels"):
        read_cases(_written(tmp_path, _FORMS["table"]), labels=tmp_path / "labels.csv")
