"""A FHIR export says all that the result says, validates in R4B and in our own tables, and is always the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from export_samples import DETECTOR, ORIGIN, POOL, finished
from fhir.resources.R4B.bundle import Bundle

from wardround.agents.imaging.origin import Origin
from wardround.agents.outputs.fhir import written_fhir
from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.told import told
from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.study import Patient, Sex


def _written(result: Diagnosis | None = None, origin: Origin | None = ORIGIN) -> bytes:
    return written_fhir(told(result or finished()), Patient(age_years=61, sex=Sex.FEMALE), origin)


def _resources(data: bytes, kind: str) -> list[dict[str, Any]]:
    entries = json.loads(data)["entry"]
    return [one["resource"] for one in entries if one["resource"]["resourceType"] == kind]


def _by_words(data: bytes) -> dict[str, dict[str, Any]]:
    return {one["code"]["text"]: one for one in _resources(data, "Observation")}


@pytest.mark.parametrize("origin", [ORIGIN, None])
def test_it_validates_in_r4b_and_in_our_own_tables(origin: Origin | None) -> None:
    data = _written(origin=origin)
    bundle = Bundle.model_validate_json(data)
    assert len(bundle.entry or ()) == len(json.loads(data)["entry"])
    assert fhir_problems(data) == ()


def test_the_report_is_preliminary_and_tells_everything_with_the_notice() -> None:
    (report,) = _resources(_written(), "DiagnosticReport")
    assert report["status"] == "preliminary"
    assert report["code"]["coding"] == [
        {"system": "http://loinc.org", "code": "18748-4", "display": "Diagnostic imaging report"}
    ]
    for said in (
        NOTICE,
        "The film is deferred to a person.",
        "A pneumothorax is there. (no cited item bears it out)",
        "lesions (lesions): The specialist &#x27;lesions&#x27; cannot be reached.",
        "lateral view, bones, tubes and lines",
        "Moderate pleural effusion, left lower zone.",
    ):
        assert said in report["text"]["div"]
    for said in (NOTICE, "Abstained: The film", "Missing specialist: lesions", "Struck claim: A pneumothorax"):
        assert said in report["conclusion"]
    assert [one["text"] for one in report["conclusionCode"]] == ["pleural effusion"]


def test_a_finding_has_its_codes_presence_place_degree_and_probability() -> None:
    effusion = _by_words(_written())["pleural effusion"]
    assert [one["code"] for one in effusion["code"]["coding"]] == ["60046008", "RID34539", "HP:0002202"]
    assert effusion["valueCodeableConcept"]["coding"][0]["code"] == "121053"
    assert effusion["bodySite"]["text"] == "left lower zone"
    parts = {one["code"]["text"]: one for one in effusion["component"]}
    assert parts["Probability"]["valueQuantity"] == {
        "value": 0.83, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"
    }  # fmt: skip
    assert parts["Laterality"]["valueCodeableConcept"]["text"] == "Left"
    assert parts["Severity"]["valueCodeableConcept"]["text"] == "Moderate"
    assert "which read cxr-lite0 2" in json.dumps(effusion["note"])


def test_a_score_is_called_one_and_has_no_code() -> None:
    thickening = _by_words(_written())["pleural thickening"]
    (score,) = [one for one in thickening["component"] if "valueQuantity" in one]
    assert score["code"] == {"text": "Model score, not a probability"}
    assert [one["code"] for one in thickening["code"]["coding"]] == ["HP:0031944"], "no SNOMED CT code was verified"


def test_a_measurement_has_its_unit_and_reference_range() -> None:
    ratio = _by_words(_written())["cardiothoracic ratio"]
    assert ratio["valueQuantity"]["value"] == 0.61
    assert ratio["referenceRange"][0]["high"]["value"] == 0.5 and ratio["referenceRange"][0]["text"] == "Danzer 1919"
    nodule = {one["code"]["text"]: one for one in _by_words(_written())["lung nodule"]["component"]}
    assert nodule["Diameter"]["valueQuantity"]["code"] == "mm"


def test_each_model_is_a_device_with_version_and_weights() -> None:
    devices = {one["deviceName"][0]["name"]: one for one in _resources(_written(), "Device")}
    for source in (DETECTOR, POOL):
        assert devices[source.model]["version"] == [{"value": source.version}]
        assert devices[source.model]["identifier"][0]["value"] == source.weights_digest


def test_the_study_is_referred_to_by_its_original_uids_and_the_patient_named() -> None:
    (study,) = _resources(_written(), "ImagingStudy")
    assert study["identifier"][0] == {"system": "urn:dicom:uid", "value": f"urn:oid:{ORIGIN.study_uid}"}
    assert study["series"][0]["instance"][0]["uid"] == ORIGIN.instance_uid
    (person,) = _resources(_written(), "Patient")
    assert person["identifier"][0]["value"] == ORIGIN.patient_id and person["birthDate"] == "1943-02-17"
    assert person["name"][0]["family"] == "Zzyzxova" and person["gender"] == "female"


def test_without_a_dicom_source_it_names_nobody_and_no_study() -> None:
    data = _written(origin=None)
    assert not _resources(data, "ImagingStudy")
    (person,) = _resources(data, "Patient")
    assert set(person) == {"resourceType", "id", "gender"}


def test_the_same_result_is_the_same_text() -> None:
    assert _written() == _written()
    assert _written() != _written(finished().model_copy(update={"warnings": ()}))
