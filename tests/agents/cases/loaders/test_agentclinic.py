"""AgentClinic's lines become cases in our vocabularies; what names the diagnosis to the doctor is never read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wardround.agents.cases.loaders.agentclinic import read_agentclinic, read_labels
from wardround.contracts.case import CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, PhysicalExam, Treatment, Urgency
from wardround.contracts.errors import CallerError

_HEADER = "index,department,sub_departments,urgency,exams,treatments\n"


def _scenario(**changes: Any) -> dict[str, Any]:
    scenario: dict[str, Any] = {
        "Objective_for_Doctor": "Assess the patient with zebra fever.",
        "Patient_Actor": {
            "Demographics": "35-year-old female",
            "History": "A made-up tale.",
            "Symptoms": {"Primary_Symptom": "Stripes", "Secondary_Symptoms": ["Itching", "Running"]},
            "Past_Medical_History": "None of note.",
            "Current_Medications": ["Grass", "Water"],
            "Social_History": "Information not provided.",
            "Review_of_Systems": {"General": "Denies fever.", "ENT": "Well"},
        },
        "Physical_Examination_Findings": {
            "Vital_Signs": {"Temperature": "37 C", "Within_Normal_Limits": True},
            "General_Examination": {"Appearance": "Striped", "Abdomen": "Soft"},
            "Skin_Examination": {"Findings": ["Black", "White"]},
        },
        "Test_Results": {
            "Complete_Blood_Count": {"WBC": "Normal", "ESR": 12},
            "Chest_X-Ray": {"Findings": "Clear."},
            "Imaging": {"MRI_Brain": {"Findings": "Striped."}, "Head_Imaging": "Not indicated in the scenario"},
            "Skin_Biopsy": {"Histopathology": {"Findings": "Hair."}},
            "Spirometry": {"FEV1": "3 l"},
            "Laboratory_Tests": {"Electrolytes": "Normal", "Urine_Toxicology": "Negative"},
            "Genetic_Testing": {"Findings": "Zebra."},
            "MRI_Knee": {"Optional": "Can be considered."},
            "Blood_Pressure_Differential": {"Arms": "None"},
            "Special_Tests": {},
        },
        "Correct_Diagnosis": "An illness of stripes",
    }
    return {**scenario, **changes}


def _written(folder: Path, *scenarios: dict[str, Any]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(json.dumps({"OSCE_Examination": one}) for one in scenarios), encoding="utf-8")
    return path


def test_a_line_becomes_a_case_in_the_closed_vocabularies(tmp_path: Path) -> None:
    (case,) = read_agentclinic(_written(tmp_path, _scenario()))
    assert case.case_id == "agentclinic:0" and case.trust is CaseTrust.VALIDATED and case.licence == "MIT"
    assert (case.patient.age_years, case.patient.sex) == (35, "F")
    assert case.chief_complaint == "Stripes" and case.symptoms == "A made-up tale.\nItching; Running"
    assert case.past_history.splitlines() == [
        "Past illness: None of note.",
        "Medication: Grass; Water",
        "Review of systems: General: Denies fever; ENT: Well",
    ]
    assert case.physical_examination == {
        "general examination": "Vital Signs: Temperature: 37 C; Within Normal Limits: yes\nAppearance: Striped\n"
        "Blood Pressure Differential: Arms: None",
        "abdominal examination": "Abdomen: Soft",
        "skin examination": "Skin Examination: Black; White",
    }
    assert case.auxiliary_examination == {
        "blood test": "Complete Blood Count: WBC: Normal; ESR: 12\nElectrolytes: Normal",
        "X-ray": "Chest X-Ray: Clear.",
        "MRI": "MRI Brain: Striped.",
        "pathology": "Skin Biopsy: Histopathology: Hair.",
        "functional test": "Spirometry: FEV1: 3 l",
        "urine test": "Urine Toxicology: Negative",
        "Genetic Testing": "Genetic Testing: Zebra.",
    }
    assert case.image_report == "Chest X-Ray: Clear.\nMRI Brain: Striped."
    assert case.diagnoses == ("An illness of stripes",)


def test_what_the_doctor_is_told_to_find_never_gets_in(tmp_path: Path) -> None:
    (case,) = read_agentclinic(_written(tmp_path, _scenario()))
    assert "zebra fever" not in case.model_dump_json().casefold()


def test_labels_add_the_stages_that_the_cases_lack_and_no_result(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(
        f"{_HEADER}1,internal medicine,chest clinic|allergy,urgent,X-ray|CT|chest examination,medication|surgery\n"
    )
    plain, labelled = read_agentclinic(_written(tmp_path, _scenario(), _scenario()), labels)
    assert plain.department == "" and plain.treatments == () and plain.urgency is None
    assert labelled.department == "internal medicine" and labelled.sub_departments == ("chest clinic", "allergy")
    assert labelled.urgency is Urgency.URGENT
    assert labelled.treatments == (Treatment.MEDICATION, Treatment.SURGERY)
    assert labelled.exams == plain.exams
    assert read_labels(labels)[1].exams == (AuxiliaryExam.XRAY, AuxiliaryExam.CT, PhysicalExam.CHEST)


@pytest.mark.parametrize(
    "rows",
    [
        "index,department\n0,surgery\n",
        f"{_HEADER}x,,,,,\n",
        f"{_HEADER}0,,,soon,,\n",
        f"{_HEADER}0,,,,tasting,\n",
        f"{_HEADER}0,,,,,magic\n",
        f"{_HEADER}0,,,,,\n0,,,,,\n",
    ],
)
def test_labels_outside_the_vocabularies_are_refused(tmp_path: Path, rows: str) -> None:
    (tmp_path / "labels.csv").write_text(rows)
    with pytest.raises(CallerError, match=r"labels\.csv"):
        read_labels(tmp_path / "labels.csv")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"OSCE_Examination": "zebra"}),
        json.dumps({"OSCE_Examination": {"Patient_Actor": {"Symptoms": {}}}}),
        json.dumps({"OSCE_Examination": _scenario(Test_Results=["zebra"])}),
        json.dumps({"OSCE_Examination": _scenario(Correct_Diagnosis="zebra" * 100)}),
    ],
)
def test_an_odd_line_is_named_by_its_number_and_not_by_its_words(tmp_path: Path, line: str) -> None:
    path = _written(tmp_path, _scenario())
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    with pytest.raises(CallerError, match="Line 3") as refused:
        read_agentclinic(path)
    assert "zebra" not in str(refused.value.problem).casefold()


def test_every_published_case_is_read_and_nearly_all_of_its_results_have_a_name_that_can_be_ordered(
    shared_data: Path,
) -> None:
    cases = read_agentclinic(shared_data / "cases" / "agentclinic_medqa.jsonl")
    assert len(cases) == 107
    assert all(case.chief_complaint and case.symptoms and case.diagnoses for case in cases)
    assert all(case.patient.age_years is not None for case in cases)
    known = {exam.value for vocabulary in (PhysicalExam, AuxiliaryExam) for exam in vocabulary}
    named = [exam for case in cases for exam in case.exams]
    assert sum(exam in known for exam in named) / len(named) > 0.94
    assert not any("Suggestion" in case.exams for case in cases)
