"""The patient and the imaging study of a FHIR export, from the original identifiers; nameless where none are known."""

from __future__ import annotations

from typing import Any

from wardround.agents.imaging.origin import Origin
from wardround.agents.outputs.fhir_codes import concept
from wardround.agents.outputs.fhir_text import plain
from wardround.contracts.study import Patient, Sex

__all__ = ["imaging_study", "patient", "study_date"]

_GENDERS = {"F": "female", "M": "male", "O": "other"}
_DICOM = "urn:dicom:uid"
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def _date(stated: str) -> str | None:
    """DICOM's DA, which `Origin` holds in a valid form or not at all, as a FHIR date."""
    return f"{stated[:4]}-{stated[4:6]}-{stated[6:]}" if stated else None


def study_date(origin: Origin) -> str | None:
    """The day of the study; its time is left out, since DICOM need not say in which time zone it is."""
    return _date(origin.study_date)


def _name(stated: str) -> dict[str, Any]:
    family, given, middle, prefix, suffix = (stated.split("=")[0].split("^") + [""] * 5)[:5]
    name: dict[str, Any] = {"text": plain(" ".join(part for part in (prefix, given, middle, family, suffix) if part))}
    if family:
        name["family"] = plain(family)
    for key, parts in (("given", (given, middle)), ("prefix", (prefix,)), ("suffix", (suffix,))):
        if any(parts):
            name[key] = [plain(part) for part in parts if part]
    return name


def patient(known: Patient, origin: Origin | None) -> dict[str, Any]:
    """The Patient resource, without its id."""
    sex = origin.sex if origin is not None and origin.sex else known.sex.value if known.sex is not Sex.UNKNOWN else ""
    made: dict[str, Any] = {"resourceType": "Patient", "gender": _GENDERS.get(sex, "unknown")}
    if origin is None:
        return made
    if origin.patient_id:
        coding = {"system": _IDENTIFIER_TYPES, "code": "MR"}
        identifier: dict[str, Any] = {"type": {"coding": [coding]}, "value": plain(origin.patient_id)}
        if origin.issuer:
            identifier["assigner"] = {"display": plain(origin.issuer)}
        made["identifier"] = [identifier]
    if origin.patient_name:
        made["name"] = [_name(origin.patient_name)]
    born = _date(origin.birth_date)
    return {**made, "birthDate": born} if born else made


def imaging_study(origin: Origin, subject: dict[str, str]) -> dict[str, Any]:
    """The ImagingStudy resource, without its id: the study, its series and the film by their original UIDs."""
    identifiers: list[dict[str, Any]] = [{"system": _DICOM, "value": f"urn:oid:{origin.study_uid}"}]
    if origin.accession:
        coding = {"system": _IDENTIFIER_TYPES, "code": "ACSN"}
        identifiers.append({"type": {"coding": [coding]}, "value": plain(origin.accession)})
    modality = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": origin.modality or "OT"}
    series = {
        "uid": origin.series_uid,
        "modality": modality,
        "numberOfInstances": 1,
        "instance": [
            {
                "uid": origin.instance_uid,
                "sopClass": {"system": "urn:ietf:rfc3986", "code": f"urn:oid:{origin.class_uid}"},
            }
        ],
    }
    made: dict[str, Any] = {
        "resourceType": "ImagingStudy",
        "identifier": identifiers,
        "status": "available",
        "modality": [modality],
        "subject": subject,
        "procedureCode": [concept("procedure")],
        "series": [series],
    }
    day = study_date(origin)
    return {**made, "started": day} if day else made
