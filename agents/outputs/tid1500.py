"""Reads a structured report back and holds it against a table of ours of TID 1500 and the templates that it includes.

It shares nothing with the writer: it knows PS3.16's rows (TID 1500, 1501, 300, 310, 312, 1600, 1601, 1602, 1002, 1004,
1204, 4019), PS3.3's relationships of a Comprehensive SR (A.35.3.3.1.2), and pydicom. A row that the table does not have
is a problem, though the templates may be extended: our own documents use none.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from wardround.contracts.codes import verhoeff_ok

__all__ = ["sr_problems"]

_COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
_MANY = 10_000
_UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Row:
    """One row of a template: `concept` is 'CODE SCHEME', '' for any; `inside` names the template of what it holds."""

    relation: str
    kind: str
    concept: str
    least: int = 0
    most: int = 1
    inside: str = ""


_DEVICE_OBSERVER = (
    Row("HAS OBS CONTEXT", "CODE", "121005 DCM", 1),
    Row("HAS OBS CONTEXT", "UIDREF", "121012 DCM", 1),
    Row("HAS OBS CONTEXT", "TEXT", "121013 DCM"),
    Row("HAS OBS CONTEXT", "TEXT", "121014 DCM"),
    Row("HAS OBS CONTEXT", "TEXT", "121015 DCM"),
    Row("HAS OBS CONTEXT", "TEXT", "121016 DCM"),
)
_ALGORITHM = (
    Row("HAS CONCEPT MOD", "TEXT", "111001 DCM"),
    Row("HAS CONCEPT MOD", "TEXT", "111003 DCM"),
    Row("HAS CONCEPT MOD", "TEXT", "111002 DCM", 0, _MANY),
    Row("HAS CONCEPT MOD", "CODE", "111000 DCM"),
)
TEMPLATES: dict[str, tuple[Row, ...]] = {
    "1500": (
        Row("HAS CONCEPT MOD", "CODE", "121049 DCM", 1),
        *_DEVICE_OBSERVER,
        Row("HAS CONCEPT MOD", "CODE", "121058 DCM", 1, _MANY),
        Row("CONTAINS", "CONTAINER", "111028 DCM", 1, 1, "1600"),
        Row("CONTAINS", "CONTAINER", "126010 DCM", 0, 1, "1500 measurements"),
        Row("CONTAINS", "CONTAINER", "C0034375 UMLS", 0, 1, "1500 evaluations"),
    ),
    "1500 measurements": (Row("CONTAINS", "CONTAINER", "125007 DCM", 1, _MANY, "1501"),),
    "1500 evaluations": (
        Row("CONTAINS", "CODE", "", 0, _MANY),
        Row("CONTAINS", "TEXT", "", 0, _MANY),
    ),
    "1600": (Row("CONTAINS", "CONTAINER", "126200 DCM", 1, _MANY, "1600 group"),),
    "1600 group": (Row("CONTAINS", "IMAGE", "260753009 SCT", 1, _MANY, "1602"),),
    "1602": (
        Row("HAS ACQ CONTEXT", "CODE", "121139 DCM", 1),
        Row("HAS ACQ CONTEXT", "NUM", "110910 DCM"),
        Row("HAS ACQ CONTEXT", "NUM", "110911 DCM"),
    ),
    "1501": (
        Row("HAS OBS CONTEXT", "TEXT", "112039 DCM", 1),
        Row("HAS OBS CONTEXT", "UIDREF", "112040 DCM", 1),
        Row("CONTAINS", "CODE", "121071 DCM"),
        Row("HAS CONCEPT MOD", "CODE", "363698007 SCT", 0, _MANY, "site"),
        *_ALGORITHM,
        Row("CONTAINS", "NUM", "", 0, _MANY, "300"),
        Row("CONTAINS", "CODE", "", 0, _MANY),
        Row("CONTAINS", "TEXT", "121106 DCM"),
    ),
    "site": (Row("HAS CONCEPT MOD", "CODE", "272741003 SCT"),),
    "300": (
        Row("HAS PROPERTIES", "NUM", "385524004 SCT"),
        Row("HAS PROPERTIES", "NUM", "371933006 SCT"),
        Row("HAS PROPERTIES", "TEXT", "121408 DCM"),
        *(Row(one.relation, one.kind, one.concept, 1, one.most) for one in _ALGORITHM),
    ),
}
# Type 1 attributes of the modules of a Comprehensive SR (PS3.3 A.35.3-1), and those that must at least be there.
_WITH_VALUE = (
    "SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality SeriesNumber Manufacturer "
    "InstanceNumber CompletionFlag VerificationFlag ContentDate ContentTime ValueType ContinuityOfContent "
    "ConceptNameCodeSequence ContentSequence CurrentRequestedProcedureEvidenceSequence ContentTemplateSequence"
)
_PRESENT = (
    "PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime AccessionNumber StudyID "
    "ReferringPhysicianName PerformedProcedureCodeSequence ReferencedPerformedProcedureStepSequence"
)
_FIXED = {
    "SOPClassUID": _COMPREHENSIVE,
    "Modality": "SR",
    "SpecificCharacterSet": "ISO_IR 192",
    "CompletionFlag": "COMPLETE",
    "VerificationFlag": "UNVERIFIED",
    "PreliminaryFlag": "PRELIMINARY",
    "ValueType": "CONTAINER",
}
_SCHEMES = frozenset({"DCM", "SCT", "LN", "UMLS", "UCUM", "RADLEX", "RFC5646"})
_LONGEST = {"CodeValue": 16, "CodingSchemeDesignator": 16, "CodeMeaning": 64}
_LENGTHS = {"SH": 16, "LO": 64, "CS": 16, "DS": 16, "UI": 64, "UT": _UNLIMITED, "PN": 194, "ST": 1024}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


def sr_problems(data: bytes) -> tuple[str, ...]:
    """Everything about a file that is not as a structured report of ours must be; nothing where all is well."""
    try:
        ds = pydicom.dcmread(io.BytesIO(data))
    except (InvalidDicomError, EOFError) as error:
        return (f"it cannot be read as DICOM: {type(error).__name__}",)
    return tuple(_document(ds)) + tuple(_values(ds)) + tuple(_codes(ds)) + tuple(_tree(ds, "1500", "root"))


def _document(ds: Dataset) -> Iterator[str]:
    for keyword in _WITH_VALUE.split():
        if not ds.get(keyword):
            yield f"{keyword} has no value"
    for keyword in _PRESENT.split():
        if keyword not in ds:
            yield f"{keyword} is not there"
    for keyword, value in _FIXED.items():
        if ds.get(keyword) != value:
            yield f"{keyword} is not {value}"
    if "VerifyingObserverSequence" in ds:
        yield "an unverified document names who verified it"
    template = ds.ContentTemplateSequence[0] if ds.get("ContentTemplateSequence") else Dataset()
    if (template.get("MappingResource"), template.get("TemplateIdentifier")) != ("DCMR", "1500"):
        yield "the root is not said to be TID 1500"
    if _concept(ds) != "126000 DCM":
        yield "the title is not Imaging Measurement Report"
    concepts = {_concept(item) for item in ds.get("ContentSequence", [])}
    if not concepts & {"126010 DCM", "C0034375 UMLS"}:
        yield "neither measurements nor evaluations are there (TID 1500 rows 6 and 12)"
    yield from _evidence(ds)


def _evidence(ds: Dataset) -> Iterator[str]:
    listed = {
        (study.StudyInstanceUID, image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID)
        for study in ds.get("CurrentRequestedProcedureEvidenceSequence", [])
        for series in study.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    }
    for item in _items(ds):
        for image in item.get("ReferencedSOPSequence", []):
            named = (ds.StudyInstanceUID, image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID)
            if named not in listed:
                yield "an image of the tree is not among the evidence of the study"


def _values(ds: Dataset) -> Iterator[str]:
    for element in ds.iterall():
        values = element.value if element.VM > 1 else [element.value]
        if element.VR == "UI" and not all(UID(one).is_valid for one in values if one):
            yield f"{element.keyword} is no valid UID"
        if element.VR in _LENGTHS and element.value not in (None, ""):
            texts = [str(one) for one in values]
            if any(len(text) > _LENGTHS[element.VR] for text in texts):
                yield f"{element.keyword} is longer than its {element.VR} may be"
            if any(_CONTROL.search(text) for text in texts):
                yield f"{element.keyword} holds control characters"
            if element.VR in ("SH", "LO", "PN") and element.VM > 1 and element.keyword != "SoftwareVersions":
                yield f"{element.keyword} has several values"


def _codes(ds: Dataset) -> Iterator[str]:
    own = {item.CodingSchemeDesignator for item in ds.get("CodingSchemeIdentificationSequence", [])}
    for item in _code_items(ds):
        value, scheme = str(item.get("CodeValue", "")), str(item.get("CodingSchemeDesignator", ""))
        for keyword, most in _LONGEST.items():
            if not 0 < len(str(item.get(keyword, ""))) <= most:
                yield f"{keyword} of a code has no characters or too many"
        if scheme not in _SCHEMES and not (scheme.startswith("99") and scheme in own):
            yield f"the coding scheme '{scheme}' is neither known nor identified"
        if scheme == "SCT" and not verhoeff_ok(value):
            yield f"SNOMED CT code {value} fails its check digit"


def _code_items(ds: Dataset) -> Iterator[Dataset]:
    for element in ds.iterall():
        if element.VR == "SQ":
            yield from (item for item in element.value if "CodeValue" in item)


def _items(ds: Dataset) -> Iterator[Dataset]:
    for item in ds.get("ContentSequence", []):
        yield item
        yield from _items(item)


def _concept(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return f"{names[0].get('CodeValue', '')} {names[0].get('CodingSchemeDesignator', '')}" if names else ""


def _tree(parent: Dataset, template: str, place: str) -> Iterator[str]:
    rows = TEMPLATES.get(template, ())
    counts = dict.fromkeys(rows, 0)
    for number, item in enumerate(parent.get("ContentSequence", []), start=1):
        here = f"{place}.{number}"
        yield from _value(item, here)
        row = _row(item, rows)
        if row is None:
            yield f"{here}: no row of {template} has {item.get('RelationshipType')} {item.get('ValueType')}"
            continue
        counts[row] += 1
        yield from _tree(item, row.inside, here)
    for row, count in counts.items():
        if not row.least <= count <= row.most:
            yield f"{place}: {count} of {row.kind} {row.concept} in {template}, which has {row.least} to {row.most}"


def _row(item: Dataset, rows: tuple[Row, ...]) -> Row | None:
    """The row that names the concept, else the one that takes any."""
    fitting = [
        row
        for row in rows
        if (row.relation, row.kind) == (item.get("RelationshipType"), item.get("ValueType"))
        and row.concept in ("", _concept(item))
    ]
    return max(fitting, key=lambda row: len(row.concept), default=None)


def _value(item: Dataset, here: str) -> Iterator[str]:
    """What PS3.3 C.17.3 asks of each value type, and what this house asks of numbers."""
    kind = item.get("ValueType")
    if kind != "IMAGE" and not _concept(item).strip():
        yield f"{here}: it has no concept name"
    if kind == "TEXT" and not str(item.get("TextValue", "")).strip():
        yield f"{here}: its text is empty"
    if kind == "CODE" and len(item.get("ConceptCodeSequence", [])) != 1:
        yield f"{here}: it has not one code"
    if kind == "UIDREF" and not item.get("UID"):
        yield f"{here}: it has no UID"
    if kind == "IMAGE" and len(item.get("ReferencedSOPSequence", [])) != 1:
        yield f"{here}: it refers to not one image"
    if kind == "NUM":
        measured = item.get("MeasuredValueSequence", [])
        units = measured[0].get("MeasurementUnitsCodeSequence", []) if len(measured) == 1 else []
        if len(units) != 1 or units[0].get("CodingSchemeDesignator") != "UCUM" or "NumericValue" not in measured[0]:
            yield f"{here}: its number has no value in a UCUM unit"
        elif _concept(item) == "122157 DCM" and not (
            units[0].CodeValue == "1" and 0.0 <= float(measured[0].NumericValue) <= 1.0
        ):
            yield f"{here}: its probability is none"
