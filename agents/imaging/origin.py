"""What ties a film to its original study: the few identifiers that an export re-attaches, and nothing else of the file.

They are read in the decoder's process, kept in the encrypted map alone, and stand in no result, log or error.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import Field
from pydicom.dataset import Dataset

from wardround.contracts.base import Word

__all__ = ["Origin", "origin_of"]

_UID = re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII)  # PS3.5 9.1
_Uid = Annotated[str, Field(pattern=rf"^{_UID.pattern}$", max_length=64)]
_UIDS = {
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "instance_uid": "SOPInstanceUID",
    "class_uid": "SOPClassUID",
}
# Field, keyword, longest value of its VR (PS3.5 6.2); a person's name may have three groups of 64.
_TEXTS = (
    ("patient_id", "PatientID", 64),
    ("issuer", "IssuerOfPatientID", 64),
    ("accession", "AccessionNumber", 16),
    ("study_id", "StudyID", 16),
)
_NAMES = (("patient_name", "PatientName"), ("referrer", "ReferringPhysicianName"))
_DATE = re.compile(r"\d{8}")
# What does not have the form of its VR is left out: a wrong date is worse than none.
_FORMS = (
    ("birth_date", "PatientBirthDate", _DATE),
    ("sex", "PatientSex", re.compile(r"[FMO]")),
    ("study_date", "StudyDate", _DATE),
    ("study_time", "StudyTime", re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")),
    ("modality", "Modality", re.compile(r"[A-Z]{2,3}")),
)


class Origin(Word):
    """Identifiers of one film as its DICOM file states them; '' where it does not, or not in a valid form.

    Dates and times are DICOM's DA and TM, names PN, texts within their VR's length and free of control characters.
    """

    study_uid: _Uid
    series_uid: _Uid
    instance_uid: _Uid
    class_uid: _Uid
    patient_id: str = ""
    issuer: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    accession: str = ""
    study_id: str = ""
    study_date: str = ""
    study_time: str = ""
    referrer: str = ""
    modality: str = ""
    rows: Annotated[int, Field(gt=0)]
    columns: Annotated[int, Field(gt=0)]


def _plain(value: object, longest: int) -> str:
    """Without what ends, splits or hides a DICOM value: control characters, format characters, backslashes."""
    text = "" if value is None else str(value)
    kept = "".join(one for one in text if unicodedata.category(one)[0] != "C" and one != "\\")
    return kept.strip()[:longest].strip()


def _name(value: object) -> str:
    groups = _plain(value, 200).split("=")[:3]
    return "=".join("^".join(group.split("^")[:5])[:64] for group in groups).rstrip("=^")


def _formed(value: object, form: re.Pattern[str]) -> str:
    text = _plain(value, 16)
    if not form.fullmatch(text):
        return ""
    if form is _DATE:
        try:
            date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return ""
    return text


def origin_of(ds: Dataset) -> Origin | None:
    """The identifiers of a film's DICOM header; None where it lacks what any reference to it needs."""
    found: dict[str, object] = {field: _plain(ds.get(keyword), 64) for field, keyword in _UIDS.items()}
    if not all(_UID.fullmatch(str(uid)) for uid in found.values()):
        return None
    found |= {field: _plain(ds.get(keyword), longest) for field, keyword, longest in _TEXTS}
    found |= {field: _name(ds.get(keyword)) for field, keyword in _NAMES}
    found |= {field: _formed(ds.get(keyword), form) for field, keyword, form in _FORMS}
    return Origin.model_validate({**found, "rows": int(ds.Rows), "columns": int(ds.Columns)})
