"""The code tables' rows as FHIR codings: system URIs by scheme, verified codes only, text always."""

from __future__ import annotations

from typing import Any

from wardround.agents.outputs.fhir_text import plain
from wardround.contracts.codes import FindingCode
from wardround.contracts.codes.reporting import report_code

__all__ = ["SYSTEMS", "concept", "finding_concept", "quantity", "text_concept"]

# System URIs as FHIR R4B names them (terminologies-systems, and DICOM's own for DCM).
SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UMLS": "http://www.nlm.nih.gov/research/umls",
    "RADLEX": "http://www.radlex.org",
    "HPO": "http://human-phenotype-ontology.org",
    "UCUM": "http://unitsofmeasure.org",
}


def _coding(scheme: str, code: str, display: str = "") -> dict[str, str]:
    coding = {"system": SYSTEMS[scheme], "code": code}
    return {**coding, "display": display} if display else coding


def text_concept(text: str) -> dict[str, Any]:
    """A concept that no code was verified for."""
    return {"text": plain(text)}


def concept(key: str, text: str = "") -> dict[str, Any]:
    """A row of the table of report codes; `text` in place of its meaning."""
    row = report_code(key)
    return {"coding": [_coding(row.scheme, row.code, row.meaning)], "text": plain(text or row.meaning)}


def finding_concept(code: FindingCode | None, subject: str) -> dict[str, Any]:
    """A finding with all its verified codes (SNOMED CT, RadLex, HPO), without displays that we did not look up."""
    if code is None:
        return text_concept(subject)
    found = [("SCT", code.snomed), ("RADLEX", code.radlex), ("HPO", code.hpo)]
    codings = [_coding(scheme, value) for scheme, value in found if value]
    return {"coding": codings, "text": plain(code.name)} if codings else text_concept(code.name)


def quantity(value: float, unit: str, code: str) -> dict[str, Any]:
    """A number with its unit in words and as a UCUM code; a plain ratio has the code '1'."""
    return {"value": value, "unit": plain(unit), "system": SYSTEMS["UCUM"], "code": code}
