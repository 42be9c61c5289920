"""The 3,955 chest film reports of Indiana University, read where the installed torchxrayvision package keeps them.

Demner-Fushman et al., J Am Med Inform Assoc 2016;23(2):304-310. Their licence (CC BY-NC-ND 4.0) allows no derivatives:
nothing of them is copied out of the package, and what is indexed stays in the user's own data folder. They count as
validated: each was written by a radiologist for a patient's care, and its MeSH terms were assigned by hand.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from wardround.agents.cases.loaders.checked import damaged, one_case
from wardround.agents.cases.loaders.person import mentioned_patient
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["INDIANA_REPORTS", "NORMAL", "UNINDEXED", "findings_of", "indiana_cases", "report_case"]

INDIANA_REPORTS = 3955
NORMAL = "normal"
UNINDEXED = "No Indexing"  # 95 reports were given no term
_ARCHIVE = "data/NLMCXR_reports.tgz"
_LICENCE = "CC BY-NC-ND 4.0"
_COLLECTION = "Indiana University Chest X-ray Collection (Demner-Fushman et al. 2016)"
_MOST_REPORTS, _MOST_BYTES = 10_000, 1024 * 1024
_ID = re.compile(r"CXR\d{1,6}")

# A MeSH head, a qualifier that must stand behind it (empty: none), and the finding that both mean on a film. Opacities,
# nodules and masks count in the lung alone; air under the skin or in the mediastinum is no emphysema of the lung.
_FINDINGS = (
    ("normal", "", NO_FINDING),
    ("pulmonary atelectasis", "", "Atelectasis"),
    ("cardiomegaly", "", "Cardiomegaly"),
    ("cardiac shadow", "enlarged", "Cardiomegaly"),
    ("consolidation", "", "Consolidation"),
    ("pulmonary edema", "", "Edema"),
    ("pleural effusion", "", "Effusion"),
    ("hydropneumothorax", "", "Effusion"),
    ("hemothorax", "", "Effusion"),
    ("hemopneumothorax", "", "Effusion"),
    ("emphysema", "", "Emphysema"),
    ("pulmonary emphysema", "", "Emphysema"),
    ("bullous emphysema", "", "Emphysema"),
    ("pulmonary fibrosis", "", "Fibrosis"),
    ("hernia, hiatal", "", "Hernia"),
    ("infiltrate", "lung", "Infiltration"),
    ("mass", "lung", "Mass"),
    ("nodule", "lung", "Nodule"),
    ("thickening", "pleura", "Pleural_Thickening"),
    ("pneumonia", "", "Pneumonia"),
    ("pneumothorax", "", "Pneumothorax"),
    ("hydropneumothorax", "", "Pneumothorax"),
    ("hemopneumothorax", "", "Pneumothorax"),
    ("mediastinum", "prominent", "Enlarged Cardiomediastinum"),
    ("mediastinum", "enlarged", "Enlarged Cardiomediastinum"),
    ("fractures, bone", "", "Fracture"),
    ("opacity", "lung", "Lung Opacity"),
    ("airspace disease", "", "Lung Opacity"),
)


def findings_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The film findings of MeSH terms such as 'Opacity/lung/base/left', in the order of the terms, each once."""
    told: list[str] = []
    for term in terms:
        head, *qualifiers = (part.strip().casefold() for part in term.split("/"))
        told.extend(label for name, needed, label in _FINDINGS if name == head and needed in ("", *qualifiers))
    return tuple(dict.fromkeys(told))


def report_case(xml: str) -> Case:
    """One report as a case. Its terms are the `diagnoses`, as indexed; the words of the report are left as they are.

    The parser resolves no external entity (Python's expat never does), and a document type, in which entities that
    grow without end would be declared, is refused before it is parsed. The text is parsed as it was looked at, so
    that no declared encoding can hide one.

    Raises:
        CallerError: DAMAGED_FILE, it is no report of the collection.
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise damaged("A report declares a document type or an entity, as none of the collection does.", _REINSTALL)
    try:
        report = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise damaged("A report is not well-formed XML.", _REINSTALL) from error
    name = report.find("uId")
    number = "" if name is None else name.get("id", "")
    if not _ID.fullmatch(number):
        raise damaged("A report has no number of the collection.", _REINSTALL)
    parts = {part.get("Label", ""): (part.text or "").strip() for part in report.iter("AbstractText")}
    terms = tuple(" ".join((term.text or "").split()) for term in report.iter("major"))
    told = "\n".join(part for part in (parts.get("FINDINGS"), parts.get("IMPRESSION")) if part)
    indication = parts.get("INDICATION", "")
    fields = {
        "case_id": f"iu:{number}",
        "trust": CaseTrust.VALIDATED,
        "provenance": f"{_COLLECTION}, report {number}, read from the installed torchxrayvision package",
        "licence": _LICENCE,
        "patient": mentioned_patient(indication),
        "chief_complaint": indication,
        "image_report": told,
        "auxiliary_examination": {AuxiliaryExam.XRAY.value: told} if told else {},
        "diagnoses": tuple(term for term in terms if term and term != UNINDEXED),
        "findings": findings_of(terms),
    }
    return one_case(f"Report {number}", fields)


_REINSTALL = "Install torchxrayvision anew: its archive of reports is damaged."


def _archive() -> Path:
    """Found without importing the package, which would load torch."""
    spec = find_spec("torchxrayvision")
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    path = next((Path(folder) / _ARCHIVE for folder in folders if (Path(folder) / _ARCHIVE).is_file()), None)
    if path is None:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            "The Indiana University reports are not here: the torchxrayvision package is missing or has none.",
            "Install torchxrayvision 1.3 or newer.",
        )
    return path


def indiana_cases() -> Iterator[Case]:
    """All reports, read out of the archive one at a time; nothing is unpacked to a file.

    Raises:
        CallerError: NOT_FOUND, torchxrayvision is not installed; DAMAGED_FILE, its archive is not what it should be.
    """
    try:
        with tarfile.open(_archive(), "r:gz") as archive:
            for place, member in enumerate(archive):
                if place > _MOST_REPORTS or member.size > _MOST_BYTES:
                    raise damaged("The archive of reports is larger than the collection.", _REINSTALL)
                opened = archive.extractfile(member) if member.isfile() else None
                if opened is not None and member.name.endswith(".xml"):
                    yield report_case(opened.read().decode())
    except (tarfile.TarError, EOFError, OSError, UnicodeDecodeError) as error:
        raise damaged("The archive of reports cannot be read.", _REINSTALL) from error
