"""Our own readers of exports find what was broken: each of many faults, in a report and in a bundle."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pydicom
import pytest
from export_samples import ORIGIN, finished
from pydicom.dataset import Dataset

from wardround.agents.outputs.fhir import written_fhir
from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.sr import written_sr
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.agents.outputs.told import told
from wardround.contracts.study import Patient

Break = Callable[[Any], None]


def _child(item: Dataset, code: str) -> Dataset:
    found: Dataset = next(one for one in item.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == code)
    return found


def _without(item: Dataset, code: str) -> None:
    item.ContentSequence.remove(_child(item, code))


def _group(ds: Dataset) -> Dataset:
    found: Dataset = _child(ds, "126010").ContentSequence[0]
    return found


def _number(ds: Dataset) -> Dataset:
    return _child(_group(ds), "122157")


def _value(ds: Dataset) -> Dataset:
    found: Dataset = _number(ds).MeasuredValueSequence[0]
    return found


SR_FAULTS: dict[str, tuple[Break, str]] = {
    "verified": (lambda ds: setattr(ds, "VerificationFlag", "VERIFIED"), "VerificationFlag"),
    "final": (lambda ds: setattr(ds, "PreliminaryFlag", "FINAL"), "PreliminaryFlag"),
    "partial": (lambda ds: setattr(ds, "CompletionFlag", "PARTIAL"), "CompletionFlag"),
    "no patient": (lambda ds: delattr(ds, "PatientID"), "PatientID"),
    "no evidence": (lambda ds: delattr(ds, "CurrentRequestedProcedureEvidenceSequence"), "evidence"),
    "another template": (
        lambda ds: setattr(ds.ContentTemplateSequence[0], "TemplateIdentifier", "2000"),
        "TID 1500",
    ),
    "no language": (lambda ds: _without(ds, "121049"), "121049"),
    "no library": (lambda ds: _without(ds, "111028"), "111028"),
    "no procedure": (lambda ds: _without(ds, "121058"), "121058"),
    "no tracking": (lambda ds: _without(_group(ds), "112040"), "112040"),
    "no algorithm": (lambda ds: _without(_number(ds), "111001"), "111001"),
    "no unit": (lambda ds: delattr(_value(ds), "MeasurementUnitsCodeSequence"), "UCUM"),
    "a probability of 83": (lambda ds: setattr(_value(ds), "NumericValue", "83"), "probability"),
    "wrong relation": (lambda ds: setattr(_number(ds), "RelationshipType", "HAS PROPERTIES"), "no row of 1501"),
    "wrong check digit": (
        lambda ds: setattr(_child(_group(ds), "121071").ConceptCodeSequence[0], "CodeValue", "60046009"),
        "check digit",
    ),
    "unknown scheme": (
        lambda ds: setattr(_child(_group(ds), "121071").ConceptCodeSequence[0], "CodingSchemeDesignator", "99X"),
        "neither known",
    ),
    "an empty text": (lambda ds: setattr(_child(_group(ds), "121106"), "TextValue", ""), "text is empty"),
    "two texts": (
        lambda ds: _group(ds).ContentSequence.append(copy.deepcopy(_child(_group(ds), "121106"))),
        "2 of TEXT 121106",
    ),
    "a strange item": (
        lambda ds: setattr(_child(_group(ds), "121106"), "ValueType", "DATE"),
        "no row of 1501 has CONTAINS DATE",
    ),
}  # fmt: skip


@cache
def _report() -> bytes:
    return written_sr(told(finished()), ORIGIN)


@cache
def _bundle() -> bytes:
    return written_fhir(told(finished()), Patient(), ORIGIN)


@pytest.mark.parametrize("fault", list(SR_FAULTS))
def test_a_broken_report_is_found_out(fault: str) -> None:
    broken, told_as = SR_FAULTS[fault]
    ds = pydicom.dcmread(io.BytesIO(_report()))
    broken(ds)
    file = io.BytesIO()
    ds.save_as(file)
    problems = sr_problems(file.getvalue())
    assert any(told_as in problem for problem in problems), problems


def test_what_is_no_dicom_is_said_to_be_none() -> None:
    assert sr_problems(b"nonsense" * 40) == ("it cannot be read as DICOM: InvalidDicomError",)


def _of(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind)
    return found


def _put(kind: str, **values: Any) -> Break:
    return lambda bundle: _of(bundle, kind).update(values)


FHIR_FAULTS: dict[str, tuple[Break, str]] = {
    "final": (_put("DiagnosticReport", status="final"), "DiagnosticReport.status"),
    "nonsense": (_put("Observation", status="nonsense"), "Observation.status"),
    "no code": (_put("Observation", code=None), "Observation.code"),
    "leads nowhere": (_put("Observation", device={"reference": "urn:uuid:1"}), "not in the bundle"),
    "script": (
        _put("DiagnosticReport", text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script/></div>"}),
        "markup that is not ours",
    ),
    "broken markup": (_put("DiagnosticReport", text={"status": "generated", "div": "<div><p></div>"}), "well-formed"),
    "no notice": (
        _put("DiagnosticReport", text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'/>"}),
        "lacks the notice",
    ),
    "wrong code": (
        _put("Observation", bodySite={"coding": [{"system": "http://snomed.info/sct", "code": "78381009"}]}),
        "check digit",
    ),
    "unverified code": (
        _put("Observation", bodySite={"coding": [{"system": "http://snomed.info/sct", "code": "267038008"}]}),
        "not in our tables",
    ),
    "unknown system": (
        _put("Observation", bodySite={"coding": [{"system": "http://example.org", "code": "1"}]}), "is unknown"
    ),
    "two values": (_put("Observation", valueString="x"), "not one value"),
    "wrong subject": (
        lambda bundle: _put("DiagnosticReport", subject=_of(bundle, "DiagnosticReport")["result"][0])(bundle),
        "lead to a Patient",
    ),
    "uid": (_put("ImagingStudy", identifier=[{"system": "urn:dicom:uid", "value": "1.2.3"}]), "urn:oid"),
    "twice": (lambda bundle: bundle["entry"].append(bundle["entry"][0]), "one fullUrl"),
    "no report": (lambda bundle: bundle["entry"].pop(0), "no DiagnosticReport"),
    "device name": (_put("Device", deviceName=[{"name": "x", "type": "nickname"}]), "deviceName"),
}  # fmt: skip


@pytest.mark.parametrize("fault", list(FHIR_FAULTS))
def test_a_broken_bundle_is_found_out(fault: str) -> None:
    broken, told_as = FHIR_FAULTS[fault]
    bundle = json.loads(_bundle())
    broken(bundle)
    problems = fhir_problems(json.dumps(bundle).encode())
    assert any(told_as in problem for problem in problems), problems


def test_what_is_no_bundle_is_said_to_be_none() -> None:
    assert fhir_problems(b"{}") == ("it is no bundle of entries: KeyError",)
