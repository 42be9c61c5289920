"""A result as a FHIR R4B Bundle: a preliminary DiagnosticReport with Observations, the models as Devices, the study.

Every resource is validated as `fhir.resources` has it; what that library does not check, `fhir_check` does. Ids come
from the result's digest, so that the same result of the same film is always the same text.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from wardround.agents.imaging.origin import Origin
from wardround.agents.outputs.fhir_codes import concept, finding_concept, quantity, text_concept
from wardround.agents.outputs.fhir_study import imaging_study, patient, study_date
from wardround.agents.outputs.fhir_text import narrative, plain
from wardround.agents.outputs.told import PROBABILITY, NoteKind, Number, Statement, Told
from wardround.contracts.base import NOTICE
from wardround.contracts.evidence import Polarity, Source
from wardround.contracts.study import Patient

__all__ = ["written_fhir"]

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_QUANTITIES = {PROBABILITY: "probability", "diameter": "diameter"}
# What the conclusion, a plain string, says beside the conclusions themselves; the narrative says all of it.
_CONCLUDED = (NoteKind.REFUSED, NoteKind.ABSTAINED, NoteKind.CONCLUSION, NoteKind.MISSING, NoteKind.STRUCK)


class _Entries:
    """The bundle's entries, with ids that depend on nothing but the result."""

    def __init__(self, seed: str) -> None:
        self._space = uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=5)
        self.made: list[dict[str, Any]] = []

    def id_of(self, name: str) -> str:
        return str(uuid.uuid5(self._space, name))

    def reference(self, name: str) -> dict[str, str]:
        return {"reference": f"urn:uuid:{self.id_of(name)}"}

    def add(self, name: str, resource: Mapping[str, Any]) -> None:
        own = self.id_of(name)
        self.made.append({"fullUrl": f"urn:uuid:{own}", "resource": {**resource, "id": own}})


def _device_name(source: Source) -> str:
    return f"device {source.model_dump_json(exclude={'calibrated'})}"


def _device(source: Source) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Device",
        "status": "active",
        "deviceName": [{"name": plain(source.model), "type": "model-name"}],
        "type": text_concept("Software: model or algorithm"),
        "version": [{"value": plain(source.version)}],
        "note": [{"text": NOTICE}],
    }
    if source.weights_digest:
        kind = text_concept("SHA-256 of the model's weights")
        made["identifier"] = [{"type": kind, "value": source.weights_digest}]
    return made


def _quantity(number: Number, value: float) -> dict[str, Any]:
    return quantity(value, number.unit, number.ucum)


def _component(number: Number) -> dict[str, Any]:
    key = _QUANTITIES.get(number.name)
    named = concept(key) if key is not None else text_concept(number.name)
    made: dict[str, Any] = {"code": named, "valueQuantity": _quantity(number, number.value)}
    normal = _range(number)
    return {**made, "referenceRange": normal} if normal else made


def _range(number: Number) -> list[dict[str, Any]]:
    low, high = number.range
    if low is None and high is None:
        return []
    made: dict[str, Any] = {}
    if low is not None:
        made["low"] = _quantity(number, low)
    if high is not None:
        made["high"] = _quantity(number, high)
    if number.reference:
        made["text"] = plain(number.reference)
    return [made]


def _place(statement: Statement) -> dict[str, Any] | None:
    if statement.side is None and statement.region is None:
        return concept("lung") if statement.code is not None and statement.code.snomed_site else None
    words = " ".join(str(part.value) for part in (statement.side, statement.region) if part is not None)
    return concept(statement.region.value if statement.region is not None else "chest", words)


def _components(statement: Statement) -> list[dict[str, Any]]:
    made = [] if statement.measured else [_component(number) for number in statement.numbers]
    if statement.side is not None:
        made.append({"code": concept("laterality"), "valueCodeableConcept": concept(statement.side.value)})
    if statement.degree is not None:
        made.append({"code": concept("severity"), "valueCodeableConcept": concept(statement.degree.value)})
    if statement.change is not None:
        change = text_concept(statement.change.value)
        made.append({"code": text_concept("change since an earlier film"), "valueCodeableConcept": change})
    return made


def _made_by(number: Number) -> str:
    read = ", ".join(f"{one.model} {one.version}" for one in number.read)
    by = f"{number.name}: by {number.source.model} {number.source.version}"
    return f"{by}, which read {read}" if read else by


def _observation(statement: Statement, shared: Mapping[str, Any], entries: _Entries) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        **shared,
        "status": "preliminary",
        "category": [{"coding": [{"system": _CATEGORY, "code": "imaging"}]}],
        "code": finding_concept(statement.code, statement.subject),
        "text": narrative(statement.subject, [("Statement", [statement.text]), ("Intended use", [NOTICE])]),
        "note": [{"text": plain(one)} for one in (statement.text, *map(_made_by, statement.numbers), NOTICE)],
    }
    if statement.measured:
        for number in statement.numbers[:1]:
            made["valueQuantity"] = _quantity(number, number.value)
            if normal := _range(number):
                made["referenceRange"] = normal
        if not statement.numbers:
            reason = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
            made["dataAbsentReason"] = {"coding": [reason]}
    else:
        made["valueCodeableConcept"] = concept(statement.polarity.value)
    if (place := _place(statement)) is not None:
        made["bodySite"] = place
    if components := _components(statement):
        made["component"] = components
    if statement.source is not None:
        made["device"] = entries.reference(_device_name(statement.source))
    return made


def _report(told: Told, shared: Mapping[str, Any], results: list[dict[str, str]]) -> dict[str, Any]:
    heads = {kind: [note.text for note in told.notes if note.kind is kind] for kind in NoteKind}
    sections = [(kind.value, lines) for kind, lines in heads.items()]
    sections.append(("Statements", [one.text for one in told.statements]))
    said = [f"{note.kind.value}: {note.text}" for note in told.notes if note.kind in _CONCLUDED]
    made: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"type": text_concept("Wardround run"), "value": plain(told.run_id)}],
        "status": "preliminary",
        "category": [concept("radiology")],
        "code": concept("report"),
        "issued": told.created_at,
        "conclusion": plain("\n".join([NOTICE, *said])),
        "text": narrative("Findings of models on a chest film, not reviewed by a person", sections),
        **{key: value for key, value in shared.items() if key in ("subject", "effectiveDateTime")},
    }
    present = [one for one in told.statements if one.code is not None and one.polarity is Polarity.PRESENT]
    if present:
        made["conclusionCode"] = [finding_concept(one.code, one.subject) for one in present]
    if results:
        made["result"] = results
    return made


def written_fhir(told: Told, known: Patient, origin: Origin | None) -> bytes:
    """The Bundle as UTF-8 JSON; without `origin` it names neither patient nor study.

    Args:
        known: age and sex, of which sex goes out.
        origin: the original identifiers, where they are known.
    """
    entries = _Entries(f"{told.digest} {origin.model_dump_json() if origin is not None else ''}")
    shared: dict[str, Any] = {"subject": entries.reference("patient"), "issued": told.created_at}
    day = study_date(origin) if origin is not None else None
    if day is not None:
        shared["effectiveDateTime"] = day
    study = [entries.reference("study")] if origin is not None else []
    report = _report(told, shared, [entries.reference(f"statement {one.key}") for one in told.statements])
    entries.add("report", {**report, "imagingStudy": study} if study else report)
    entries.add("patient", patient(known, origin))
    if origin is not None:
        entries.add("study", imaging_study(origin, entries.reference("patient")))
        shared["derivedFrom"] = study
    for statement in told.statements:
        entries.add(f"statement {statement.key}", _observation(statement, shared, entries))
    for source in {_device_name(one): one for one in told.models}.values():
        entries.add(_device_name(source), _device(source))
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": told.created_at, "entry": entries.made}
    checked: Bundle = Bundle.model_validate(bundle)
    return str(checked.model_dump_json(indent=2)).encode() + b"\n"
