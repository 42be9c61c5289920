"""Reads a FHIR export back and holds it against tables of ours: what `fhir.resources` does not check.

That is: bound codes, references that lead somewhere, narratives that are plain XHTML with the notice in them, and what
this house promises (preliminary, no probability without a code of its own, no code that was not verified).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from wardround.contracts.base import NOTICE
from wardround.contracts.codes import finding_codes, verhoeff_ok
from wardround.contracts.codes.reporting import report_codes

__all__ = ["fhir_problems"]

# Resource and element to its required binding (FHIR R4B), narrowed to what this house may say.
_BOUND: dict[tuple[str, str], frozenset[str]] = {
    ("Bundle", "type"): frozenset({"collection"}),
    ("DiagnosticReport", "status"): frozenset({"preliminary"}),
    ("Observation", "status"): frozenset({"preliminary"}),
    ("ImagingStudy", "status"): frozenset({"registered", "available", "cancelled", "entered-in-error", "unknown"}),
    ("Device", "status"): frozenset({"active", "inactive", "entered-in-error", "unknown"}),
    ("Patient", "gender"): frozenset({"male", "female", "other", "unknown"}),
}
_DEVICE_NAMES = frozenset(
    {"udi-label-name", "user-friendly-name", "patient-reported-name", "manufacturer-name", "model-name", "other"}
)
_NARRATIVES = frozenset({"generated", "extensions", "additional", "empty"})
_NEEDED: dict[str, tuple[str, ...]] = {
    "DiagnosticReport": ("status", "code", "category", "subject", "issued", "conclusion", "text", "identifier"),
    "Observation": ("status", "code", "category", "subject", "text", "note"),
    "ImagingStudy": ("status", "subject", "identifier", "series"),
    "Device": ("status", "deviceName", "version", "note"),
    "Patient": ("gender",),
}
# Where a reference may lead.
_LEADS: dict[tuple[str, str], str] = {
    ("DiagnosticReport", "subject"): "Patient",
    ("DiagnosticReport", "result"): "Observation",
    ("DiagnosticReport", "imagingStudy"): "ImagingStudy",
    ("Observation", "subject"): "Patient",
    ("Observation", "device"): "Device",
    ("Observation", "derivedFrom"): "ImagingStudy",
    ("ImagingStudy", "subject"): "Patient",
}
_TAGS = frozenset(f"{{http://www.w3.org/1999/xhtml}}{tag}" for tag in ("div", "h1", "h2", "ul", "li", "p"))
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+")
_SNOMED, _RADLEX, _HPO = "http://snomed.info/sct", "http://www.radlex.org", "http://human-phenotype-ontology.org"
_FREE = frozenset({"http://unitsofmeasure.org", "urn:ietf:rfc3986"})
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_HL7_CODES = frozenset(
    {
        ("observation-category", "imaging"),
        ("v2-0203", "MR"),
        ("v2-0203", "ACSN"),
        ("data-absent-reason", "unknown"),
    }
)
_MODALITY = re.compile(r"[A-Z]{2,3}")


def fhir_problems(data: bytes) -> tuple[str, ...]:
    """Everything about a file that is not as a FHIR export of ours must be; nothing where all is well."""
    try:
        bundle = json.loads(data.decode("utf-8"))
        entries = bundle["entry"]
        by_url = {entry["fullUrl"]: entry["resource"] for entry in entries}
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        return (f"it is no bundle of entries: {type(error).__name__}",)
    found = list(_bound("Bundle", bundle))
    if len(by_url) != len(entries):
        found.append("two entries have one fullUrl")
    kinds = [resource.get("resourceType") for resource in by_url.values()]
    for kind, most in (("DiagnosticReport", 1), ("Patient", 1), ("ImagingStudy", 1)):
        if kinds.count(kind) > most:
            found.append(f"there are several of {kind}")
    if "DiagnosticReport" not in kinds:
        found.append("there is no DiagnosticReport")
    for url, resource in by_url.items():
        found += _resource(url, resource, by_url)
    return tuple(found)


def _bound(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    for (of, element), values in _BOUND.items():
        if of == kind and resource.get(element) not in values:
            yield f"{kind}.{element} is '{resource.get(element)}'"


def _resource(url: str, resource: Mapping[str, Any], by_url: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    kind = str(resource.get("resourceType"))
    if url != f"urn:uuid:{resource.get('id')}":
        yield f"{kind}: its fullUrl is not its id"
    yield from _bound(kind, resource)
    for element in _NEEDED.get(kind, ()):
        if not resource.get(element):
            yield f"{kind}.{element} is not there"
    if kind not in _NEEDED:
        yield f"{kind} is no resource of such an export"
    yield from _references(kind, resource, by_url)
    yield from _narrative(kind, resource)
    for coding in _found(resource, "code"):
        yield from _coding(kind, coding)
    if kind == "Observation":
        yield from _observation(resource)
    if kind == "ImagingStudy":
        yield from _study(resource)
    if kind == "Device" and any(name.get("type") not in _DEVICE_NAMES for name in resource.get("deviceName", [])):
        yield "Device.deviceName.type is none of FHIR's"
    if kind in ("DiagnosticReport", "Observation", "Device") and NOTICE not in json.dumps(resource):
        yield f"{kind} lacks the notice"


def _references(kind: str, resource: Mapping[str, Any], by_url: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for holder in _found(resource, "reference"):
        if holder["reference"] not in by_url:
            yield f"{kind} refers to what is not in the bundle"
    for (of, element), target in _LEADS.items():
        held = resource.get(element) if of == kind else None
        for one in held if isinstance(held, list) else [held] if held else []:
            if by_url.get(one.get("reference"), {}).get("resourceType") != target:
                yield f"{kind}.{element} does not lead to a {target}"


def _found(value: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """Every object at any depth whose `key` holds a string."""
    if isinstance(value, Mapping):
        if isinstance(value.get(key), str):
            yield value
        for one in value.values():
            yield from _found(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _found(one, key)


def _narrative(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    text = resource.get("text")
    if text is None:
        return
    if text.get("status") not in _NARRATIVES:
        yield f"{kind}.text.status is none of FHIR's"
    try:
        root = ElementTree.fromstring(text.get("div", ""))
    except ElementTree.ParseError:
        yield f"{kind}.text.div is not well-formed"
        return
    for node in root.iter():
        if node.tag not in _TAGS or node.attrib:
            yield f"{kind}.text.div holds markup that is not ours"
    if NOTICE not in "".join(root.itertext()):
        yield f"{kind}.text.div lacks the notice"


def _coding(kind: str, coding: Mapping[str, Any]) -> Iterator[str]:
    system, code = str(coding.get("system", "")), str(coding["code"])
    findings, reports = finding_codes().values(), report_codes().values()
    known = {
        _SNOMED: {row.snomed for row in findings} | {row.code for row in reports if row.scheme == "SCT"},
        _RADLEX: {row.radlex for row in findings},
        _HPO: {row.hpo for row in findings},
        "http://loinc.org": {row.code for row in reports if row.scheme == "LN"},
        "http://dicom.nema.org/resources/ontology/DCM": {row.code for row in reports if row.scheme == "DCM"},
    }
    if system == _SNOMED and not verhoeff_ok(code):
        yield f"{kind}: SNOMED CT code {code} fails its check digit"
    if system.startswith(_HL7):
        if (system.removeprefix(_HL7), code) not in _HL7_CODES:
            yield f"{kind}: {code} is not looked up in {system}"
    elif system in known:
        modality = system.endswith("/DCM") and kind == "ImagingStudy" and _MODALITY.fullmatch(code)
        if not code or (code not in known[system] and not modality):
            yield f"{kind}: {code} of {system} is not in our tables"
    elif system not in _FREE:
        yield f"{kind}: the system '{system}' is unknown"


def _observation(resource: Mapping[str, Any]) -> Iterator[str]:
    values = [key for key in resource if key.startswith("value")]
    if len(values) + ("dataAbsentReason" in resource) != 1:
        yield "Observation has not one value"
    for component in resource.get("component", []):
        codes = {coding.get("code") for coding in component.get("code", {}).get("coding", [])}
        number = component.get("valueQuantity", {})
        if "122157" in codes and not (number.get("code") == "1" and 0.0 <= float(number.get("value", -1)) <= 1.0):
            yield "Observation.component: its probability is none"


def _study(resource: Mapping[str, Any]) -> Iterator[str]:
    dicom = [one for one in resource.get("identifier", []) if one.get("system") == "urn:dicom:uid"]
    if len(dicom) != 1 or not _OID.fullmatch(str(dicom[0].get("value"))):
        yield "ImagingStudy has not one Study Instance UID as urn:oid"
    for series in resource.get("series", []):
        for uid in (series.get("uid"), *(image.get("uid") for image in series.get("instance", []))):
            if not _OID.fullmatch(f"urn:oid:{uid}"):
                yield "ImagingStudy.series has a UID that is none"
