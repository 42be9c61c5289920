"""MedChain's case files (arXiv 2412.01605), as published in Chinese or with our English keys.

    { "<id>_<title>": {
        "case": {"chief_complaint": [str], "present_illness": [str], "past_history": [str],
                 "examination": {"physical": {exam: finding}, "auxiliary": {exam: finding}},
                 "image_report": [str], "images": [{"file": str, "class": [modality]}]},
        "summary": ["[basic information] sex, age"], "tags": {"departments": [str], "diseases": [str]},
        "treatments": [category],
        "urgency": str, "findings": [str], "synthetic": bool, "references": [str], "provenance": str, "licence": str } }

The last six keys are ours and may be absent. The title often is the diagnosis: of a key only the id is ever used, and
of the summary only what it says of sex and age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from wardround.agents.cases.loaders.checked import damaged, json_of, one_case, text_of, told_once
from wardround.agents.cases.loaders.person import described_patient
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, term_named

__all__ = ["medchain_cases", "read_medchain", "with_english_keys"]

# Each key under its published name, without the brackets that stand around some of them.
_KEYS = {
    "病案介绍": "case",
    "主诉": "chief_complaint",
    "现病史": "present_illness",
    "既往史": "past_history",
    "查体": "examination",
    "体格检查": "physical",
    "辅助检查": "auxiliary",
    "影像报告": "image_report",
    "图像": "images",
    "文件名": "file",
    "分类": "class",
    "病例摘要": "summary",
    "科室": "departments",
    "病种": "diseases",
    "治疗项目": "treatments",
}
_BRACKETS = "【】[] \t"
_ID = re.compile(r"(?=[A-Za-z.:-]*\d)[A-Za-z0-9.:-]{1,80}")
_BASIC = re.compile(r"[【\[]\s*(?:基本信息|basic information)\s*[】\]]([^【\[]*)", re.IGNORECASE)
_NOT_STATED = "not stated"


def with_english_keys(value: Any) -> Any:
    """A JSON value with the published keys in English; the names of examinations are not keys and stay."""
    if isinstance(value, Mapping):
        return {_KEYS.get(key.strip(_BRACKETS), key): with_english_keys(one) for key, one in value.items()}
    return [with_english_keys(one) for one in value] if isinstance(value, list) else value


class _Odd(ValueError):
    """A part of a case does not have the form that it should have; the message names the part."""


def _mapping(value: Any, part: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Odd(part)
    return value


def _lines(value: Any, part: str) -> Iterator[str]:
    """The texts of a string or of lists within lists, blank ones left out; a mapping's with their names before them."""
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one, part)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from (f"{name}: {text}" for text in _lines(one, part))
    elif value is not None:
        raise _Odd(part)


def _text(value: Any, part: str) -> str:
    return "\n".join(_lines(value, part))


def _words(value: Any, part: str) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        raise _Odd(part)
    return tuple(dict.fromkeys(_lines(value, part)))


def _results(value: Any, part: str) -> dict[str, str]:
    told = {str(name): _text(one, part) for name, one in _mapping(value or {}, part).items()}
    return {name: text for name, text in told.items() if text}


def _images(value: Any) -> tuple[dict[str, str], ...]:
    """Files by their name alone, since they lie beside the case's own file."""
    told = []
    for one in value or ():
        image = _mapping(one, "images")
        names = _words(image.get("class"), "images")
        exam = term_named(AuxiliaryExam, names[0]) if names else AuxiliaryExam.XRAY
        file = _text(image.get("file"), "images")
        if exam is None or not file:
            raise _Odd("images")
        told.append({"file": PurePath(file.replace("\\", "/")).name, "exam": exam.value})
    return tuple(told)


def _case_id(key: str) -> str:
    identity = key.split("_", 1)[0].strip()
    if not _ID.fullmatch(identity):
        raise _Odd("the id before the first '_' of its key")
    return identity


def _fields(entry: Any, trust: CaseTrust) -> dict[str, Any]:
    record = _mapping(entry, "the case")
    case = _mapping(record.get("case"), "case")
    complaint = _text(case.get("chief_complaint"), "chief_complaint")
    if not complaint:
        raise _Odd("chief_complaint")
    examination = _mapping(case.get("examination") or {}, "examination")
    tags = _mapping(record.get("tags") or {}, "tags")
    departments = _words(tags.get("departments"), "departments")
    basic = _BASIC.search(_text(record.get("summary"), "summary"))
    return {
        "trust": trust,
        "provenance": record.get("provenance") or "a case file in MedChain's form",
        "licence": record.get("licence") or _NOT_STATED,
        "synthetic": record.get("synthetic", False),
        "references": _words(record.get("references"), "references"),
        "images": _images(case.get("images")),
        "patient": described_patient(basic.group(1) if basic else ""),
        "chief_complaint": complaint,
        "symptoms": _text(case.get("present_illness"), "present_illness"),
        "past_history": _text(case.get("past_history"), "past_history"),
        "physical_examination": _results(examination.get("physical"), "physical"),
        "auxiliary_examination": _results(examination.get("auxiliary"), "auxiliary"),
        "image_report": _text(case.get("image_report"), "image_report"),
        "diagnoses": _words(tags.get("diseases"), "diseases"),
        "treatments": _words(record.get("treatments"), "treatments"),
        "department": departments[0] if departments else "",
        "sub_departments": departments[1:],
        "urgency": record.get("urgency") or None,
        "findings": _words(record.get("findings"), "findings"),
    }


def medchain_cases(entries: Any, name: str, trust: CaseTrust) -> tuple[Case, ...]:
    """The cases of a JSON value in either language. `name` is what messages call the file.

    Raises:
        CallerError: DAMAGED_FILE or BAD_ARGUMENT, a case has not the form above; the message tells its place.
    """
    if not isinstance(entries, Mapping):
        raise damaged(f"'{name}' is no object of cases by '<id>_<title>'.", "See the README on case files.")
    told = []
    for place, (key, entry) in enumerate(entries.items(), 1):
        where = f"Case {place} of '{name}'"
        try:
            fields = {"case_id": _case_id(key), **_fields(with_english_keys(entry), trust)}
        except _Odd as error:
            raise damaged(
                f"{where} cannot be taken: {error} is missing or has another form.", "See the README on case files."
            ) from error
        told.append(one_case(where, fields))
    return told_once(told, name)


def read_medchain(path: Path, trust: CaseTrust = CaseTrust.USER) -> tuple[Case, ...]:
    """All cases of a file. An unknown department keeps its name; an unknown treatment or urgency is refused.

    Raises:
        CallerError: the file cannot be read (see `checked`), or a case has not the form that it should have.
    """
    return medchain_cases(json_of(text_of(path), f"'{path.name}'"), path.name, trust)
