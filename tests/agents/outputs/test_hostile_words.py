"""Hostile words in findings, models, notes and names stay words: no markup, no split values, nothing overlong."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any
from xml.etree import ElementTree

import highdicom
import pydicom
import pytest
from export_samples import ORIGIN, finished, planted_film
from fhir.resources.R4B.bundle import Bundle
from injections import INJECTIONS

from wardround.agents.imaging.decoder import decode
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.origin import Origin, origin_of
from wardround.agents.outputs.fhir import written_fhir
from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.sr import written_sr
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.agents.outputs.told import told
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import Source
from wardround.contracts.study import Patient

HOSTILE = (
    "</div><script>alert(1)</script>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    '" onmouseover="alert(1)',
    "two\\values\\in one",
    "line\r\none\x00\x1b[31m\x07\x7f",
    "\u202eright to left\u200b\ufeff",
    "x" * 30_000,
    "^=\\^=" * 40,
    "   ",
    *(one.text for one in INJECTIONS[:8]),
)


def _hostile(words: str) -> Diagnosis:
    """The sample with the words wherever a stranger's may come: subjects, texts, models, units, problems, reasons."""
    short = words[:110].strip() or "?"
    result = finished()
    (conclusion,) = result.conclusions
    source = Source(specialist="x", model=short, version=short[:50])
    evidence = tuple(
        item.model_copy(
            update={
                "source": source,
                "measurement": item.measurement.model_copy(
                    update={"quantity": short, "unit": short, "reference": words}
                )
                if item.measurement is not None
                else None,
            }
        )
        for item in result.evidence
    )
    claims = tuple(
        one.model_copy(
            update={
                "text": words,
                "subject": short if one.id == "C5" else one.subject,
                "unit": short if one.unit is not None else None,
            }
        )
        for one in conclusion.claims
    )
    missing = tuple(one.model_copy(update={"specialist": short}) for one in result.missing)
    struck = tuple(one.model_copy(update={"problems": (words,)}) for one in result.struck)
    return result.model_copy(
        update={
            "run_id": short[:60],
            "evidence": evidence,
            "conclusions": (conclusion.model_copy(update={"text": words, "claims": claims}),),
            "missing": missing,
            "struck": struck,
            "abstention_reason": words,
            "warnings": (words,),
            "not_assessed": (words,),
            "reasoner": words,
        }
    )


def _named(words: str) -> Origin:
    """What is read of a film whose header says the words in every text that an export takes over."""
    ds, _ = planted_film()
    for keyword in ("PatientName", "PatientID", "IssuerOfPatientID", "AccessionNumber", "StudyID"):
        ds.add_new(keyword, pydicom.datadict.dictionary_VR(keyword), "placeholder")
        ds[keyword]._value = words
    origin = origin_of(ds)
    assert origin is not None
    return origin


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_words_never_become_structure(words: str) -> None:
    said, origin = told(_hostile(words)), _named(words)
    report = written_sr(said, origin)
    assert sr_problems(report) == ()
    assert _shape(pydicom.dcmread(io.BytesIO(report))) == _calm()
    highdicom.sr.srread(io.BytesIO(report))

    data = written_fhir(said, Patient(), origin)
    Bundle.model_validate_json(data)
    assert fhir_problems(data) == ()
    for entry in json.loads(data)["entry"]:
        if "text" in entry["resource"]:
            tags = {
                node.tag.rpartition("}")[2] for node in ElementTree.fromstring(entry["resource"]["text"]["div"]).iter()
            }
            assert tags <= {"div", "h1", "h2", "ul", "li"}


def _shape(ds: Any) -> Any:
    """The tree of value types, which no words may change."""
    return [(item.ValueType, _shape(item)) for item in ds.get("ContentSequence", [])]


@cache
def _calm() -> Any:
    return _shape(pydicom.dcmread(io.BytesIO(written_sr(told(_hostile("calm")), ORIGIN))))


def test_a_name_in_another_script_comes_back_as_it_was() -> None:
    ds, _ = planted_film()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    file = io.BytesIO()
    ds.save_as(file)
    origin = decode(file.getvalue(), Limits()).origin
    assert origin is not None
    again = pydicom.dcmread(io.BytesIO(written_sr(told(finished()), origin)))
    assert str(again.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert "山田" not in json.dumps(json.loads(written_fhir(told(finished()), Patient(), None)))
