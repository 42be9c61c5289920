"""AgentClinic's cases (JSON lines, Schmidgall et al. 2024, arXiv 2405.07960) and the labels that we give them.

They count as validated: each was made from a question of a licensing examination whose answer is known. The line
`Objective_for_Doctor` may name what is sought, so it is never looked at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardround.agents.cases.loaders.checked import damaged, json_of, one_case, text_of
from wardround.agents.cases.loaders.exam_names import IMAGING, is_group, physical_named, result_named
from wardround.agents.cases.loaders.person import described_patient
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.clinic import Exam, HistoryTopic, PhysicalExam, Treatment, Urgency, exam_named, term_named
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["CaseLabels", "read_agentclinic", "read_labels"]

_PROVENANCE = "AgentClinic, MedQA cases (Schmidgall et al. 2024), line {}"
_LICENCE = "MIT"
_COLUMNS = ("index", "department", "sub_departments", "urgency", "exams", "treatments")

# What the patient can tell beside the present illness, under the name of the topic that asks for it.
_PAST = (
    ("Past_Medical_History", HistoryTopic.PAST_ILLNESS),
    ("Current_Medications", HistoryTopic.MEDICATION),
    ("Medications", HistoryTopic.MEDICATION),
    ("Drug_History", HistoryTopic.MEDICATION),
    ("Allergies", HistoryTopic.ALLERGY),
    ("Family_History", HistoryTopic.FAMILY),
    ("Social_History", HistoryTopic.SOCIAL),
    ("Review_of_Systems", HistoryTopic.REVIEW_OF_SYSTEMS),
)
# Headings that add nothing to what stands below them, and entries that say only that nothing was done or told.
_BARE = frozenset({"finding", "findings", "result", "results", "level", "analysis", "histopathology findings"})
_NO_RESULT = frozenset({"optional", "suggestion"})
_NOTHING = re.compile(
    r"(information )?not (provided|specified|available|applicable|indicated)|information not|no (detailed )?information"
    r"|pending$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class CaseLabels:
    """What was added to a case by hand; `exams` are those that the case needs, whether or not it has their results."""

    department: str
    sub_departments: tuple[str, ...]
    urgency: Urgency | None
    exams: tuple[Exam, ...]
    treatments: tuple[Treatment, ...]


def _readable(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts).replace(".;", ";")


def _told(value: Any) -> str:
    """A nested value as readable text: 'WBC: normal; ESR: raised'. Empty where it says nothing."""
    if isinstance(value, Mapping):
        parts = ((_readable(str(name)), _told(one)) for name, one in value.items())
        kept = [(name, text) for name, text in parts if text and name.casefold() not in _NO_RESULT]
        return _joined(text if name.casefold() in _BARE else f"{name}: {text}" for name, text in kept)
    if isinstance(value, list | tuple):
        return _joined(text for text in map(_told, value) if text)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else " ".join(str(value).split())
    return "" if _NOTHING.match(text) else text


def _results(name: str, value: Any, physical: bool, above: Exam | None = None) -> Iterator[tuple[Exam | str, str, str]]:
    """An examination (or the name of one that has no place in the vocabularies), the test's name, and its text."""
    if is_group(name) and isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _results(str(inner), one, physical, _found(name, physical) or above)
    elif name.casefold() not in _NO_RESULT and (text := _told(value)):
        yield _found(name, physical) or above or _readable(name), _readable(name), text


def _found(name: str, physical: bool) -> Exam | None:
    return physical_named(name) if physical else result_named(name)


def _examinations(scenario: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str], str]:
    """Physical and auxiliary results by examination, and the report of all pictures."""
    physical: dict[str, list[str]] = {}
    auxiliary: dict[str, list[str]] = {}
    pictures = []
    for part, is_physical in (("Physical_Examination_Findings", True), ("Test_Results", False)):
        for name, value in _mapping(scenario.get(part, {}), part).items():
            for exam, test, text in _results(name, value, is_physical):
                bodily = isinstance(exam, PhysicalExam) or (is_physical and isinstance(exam, str))
                line = f"{test}: {text}"
                (physical if bodily else auxiliary).setdefault(str(exam), []).append(line)
                if exam in IMAGING or "imaging" in test.casefold():
                    pictures.append(line)
    joined = [{exam: "\n".join(lines) for exam, lines in found.items()} for found in (physical, auxiliary)]
    return joined[0], joined[1], "\n".join(pictures)


class _Odd(ValueError):
    """A part of a case does not have the form that it should have; the message names the part."""


def _mapping(value: Any, part: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Odd(part)
    return value


def _fields(line: Mapping[str, Any], index: int, labels: CaseLabels | None) -> dict[str, Any]:
    scenario = _mapping(line.get("OSCE_Examination"), "OSCE_Examination")
    person = _mapping(scenario.get("Patient_Actor"), "Patient_Actor")
    symptoms = _mapping(person.get("Symptoms", {}), "Symptoms")
    complaint = _told(symptoms.get("Primary_Symptom"))
    if not complaint:
        raise _Odd("Primary_Symptom")
    further = _told(symptoms.get("Secondary_Symptoms"))
    physical, auxiliary, pictures = _examinations(scenario)
    past = [(topic, _told(person.get(key))) for key, topic in _PAST]
    diagnosis = _told(scenario.get("Correct_Diagnosis"))
    return {
        "case_id": f"agentclinic:{index}",
        "trust": CaseTrust.VALIDATED,
        "provenance": _PROVENANCE.format(index),
        "licence": _LICENCE,
        "patient": described_patient(_told(person.get("Demographics"))),
        "chief_complaint": complaint,
        "symptoms": "\n".join(text for text in (_told(person.get("History")), further) if text),
        "past_history": "\n".join(f"{topic.value.capitalize()}: {text}" for topic, text in past if text),
        "physical_examination": physical,
        "auxiliary_examination": auxiliary,
        "image_report": pictures,
        "diagnoses": (diagnosis,) if diagnosis else (),
        "department": labels.department if labels else "",
        "sub_departments": labels.sub_departments if labels else (),
        "urgency": labels.urgency if labels else None,
        "treatments": labels.treatments if labels else (),
    }


def read_agentclinic(path: Path, labels: Path | None = None) -> tuple[Case, ...]:
    """All cases of a file, with what `labels` (see `read_labels`) adds; blank lines keep their number.

    Imaging results stand among the auxiliary examinations and form the `image_report`. A test that the vocabularies do
    not have keeps its own name. What only says that nothing was done or told is left out.

    Raises:
        CallerError: the file cannot be read (see `checked`), or a line is not a case; messages name the line.
    """
    added = read_labels(labels) if labels is not None else {}
    cases = []
    for index, text in enumerate(text_of(path).split("\n")):
        if not text.strip():
            continue
        where = f"Line {index + 1} of '{path.name}'"
        line = json_of(text, where)
        try:
            fields = _fields(_mapping(line, "the line"), index, added.get(index))
        except _Odd as error:
            raise damaged(f"{where} is no case of AgentClinic: {error} is missing or has another form.", "") from error
        cases.append(one_case(where, fields))
    return tuple(cases)


def _listed(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())


def read_labels(path: Path) -> dict[int, CaseLabels]:
    """Labels by the number of the case's line, from 0. Columns: index, department, sub_departments, urgency, exams,
    treatments; lists are separated by '|'.

    Raises:
        CallerError: DAMAGED_FILE, a column is missing; BAD_ARGUMENT, a row has a word outside the vocabularies.
    """
    rows = csv.DictReader(io.StringIO(text_of(path)))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise damaged(f"'{path.name}' has no column {', '.join(missing)}.", f"Its columns are {', '.join(_COLUMNS)}.")
    told: dict[int, CaseLabels] = {}
    for place, row in enumerate(rows, 2):
        try:
            index = int(row["index"])
            if index in told:
                raise ValueError("twice")
            told[index] = _labels_of(row)
        except (ValueError, TypeError) as error:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"Row {place} of '{path.name}' has no index, one that came before, or an unknown word.",
                "Use the words of the closed vocabularies (contracts/clinic.py).",
            ) from error
    return told


def _labels_of(row: Mapping[str, str]) -> CaseLabels:
    exams = [exam_named(name) for name in _listed(row["exams"])]
    treatments = [term_named(Treatment, name) for name in _listed(row["treatments"])]
    if None in exams or None in treatments:
        raise ValueError("outside the vocabulary")
    return CaseLabels(
        department=(row["department"] or "").strip(),
        sub_departments=_listed(row["sub_departments"]),
        urgency=Urgency(row["urgency"].strip()) if (row["urgency"] or "").strip() else None,
        exams=tuple(exam for exam in exams if exam is not None),
        treatments=tuple(one for one in treatments if one is not None),
    )
