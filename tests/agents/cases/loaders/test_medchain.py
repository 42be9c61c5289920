"""MedChain's files are read in both languages; what a key's title tells never gets in, and odd cases are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wardround.agents.cases.loaders.medchain import read_medchain
from wardround.contracts.case import CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, Treatment, Urgency
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Sex

_PUBLISHED = {
    "10231_肺结核一例": {
        "【病案介绍】": {
            "主诉": ["咳嗽两周"],
            "现病史": ["患者两周前开始咳嗽。", "低热。"],
            "既往史": "无特殊",
            "查体": {
                "体格检查": {"一般检查": "体温37.8℃", "胸部检查": "右上肺湿啰音"},
                "辅助检查": {"X线片": "右上肺斑片影", "CT": ["右上肺空洞", "余未见异常"]},
            },
            "影像报告": ["右上肺斑片影"],
            "图像": [{"文件名": "MedImg/10231_1.jpg", "分类": ["X线片"]}],
        },
        "【病例摘要】": ["【基本信息】男，45岁，农民 【临床诊断】肺结核"],
        "tags": {"科室": ["内科", "呼吸内科"], "病种": ["继发性结核"]},
        "【治疗项目】": ["药物治疗", "抗生素治疗"],
    }
}


def _english(**changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "case": {
            "chief_complaint": ["A cough"],
            "present_illness": ["For two weeks.", ["It is dry."]],
            "past_history": [],
            "examination": {"physical": {"chest": "Crackles."}, "auxiliary": {"X-ray": "A shadow.", "CT": ""}},
            "image_report": "A shadow.",
            "images": [{"file": "a.dcm", "class": ["X-ray"]}],
        },
        "summary": ["[basic information] female, 58 years"],
        "tags": {"departments": ["internal medicine", "chest clinic"], "diseases": ["a rare illness"]},
        "treatments": ["medication"],
        "urgency": "urgent",
        "findings": ["Nodule"],
        "synthetic": True,
        "references": ["A book, p. 3"],
        "provenance": "written",
        "licence": "Apache-2.0",
    }
    return {**entry, **changes}


def _written(folder: Path, entries: object) -> Path:
    path = folder / "cases.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    return path


def test_a_published_case_is_read_with_its_chinese_keys_and_vocabulary(tmp_path: Path) -> None:
    (case,) = read_medchain(_written(tmp_path, _PUBLISHED))
    assert case.case_id == "10231" and case.trust is CaseTrust.USER
    assert (case.patient.age_years, case.patient.sex) == (45, Sex.MALE)
    assert case.chief_complaint == "咳嗽两周" and case.symptoms == "患者两周前开始咳嗽。\n低热。"
    assert case.department == "internal medicine" and case.sub_departments == ("呼吸内科",)
    assert set(case.physical_examination) == {"general examination", "chest examination"}
    assert case.auxiliary_examination == {"X-ray": "右上肺斑片影", "CT": "右上肺空洞\n余未见异常"}
    assert case.diagnoses == ("继发性结核",)
    assert case.treatments == (Treatment.MEDICATION, Treatment.ANTIBIOTICS)
    assert [(image.file, image.exam) for image in case.images] == [("10231_1.jpg", AuxiliaryExam.XRAY)]


def test_neither_the_title_nor_the_rest_of_the_summary_gets_into_the_record(tmp_path: Path) -> None:
    (case,) = read_medchain(_written(tmp_path, _PUBLISHED))
    assert "肺结核" not in case.model_dump_json()


def test_an_english_case_is_read_with_what_we_add(tmp_path: Path) -> None:
    (case,) = read_medchain(_written(tmp_path, {"wr-7_Tells all": _english()}))
    assert case.case_id == "wr-7" and case.synthetic and case.urgency is Urgency.URGENT
    assert (case.patient.age_years, case.patient.sex) == (58, Sex.FEMALE)
    assert case.symptoms == "For two weeks.\nIt is dry."
    assert case.physical_examination == {"chest examination": "Crackles."}
    assert case.auxiliary_examination == {"X-ray": "A shadow."}
    assert case.findings == ("Nodule",) and case.references == ("A book, p. 3",)
    assert (case.provenance, case.licence) == ("written", "Apache-2.0")
    assert "Tells all" not in case.model_dump_json()


def test_an_unknown_department_keeps_its_name(tmp_path: Path) -> None:
    entry = _english(tags={"departments": ["space medicine"], "diseases": []})
    (case,) = read_medchain(_written(tmp_path, {"1_x": entry}))
    assert case.department == "space medicine" and case.sub_departments == () and case.diagnoses == ()


def test_what_is_ours_may_be_absent(tmp_path: Path) -> None:
    (case,) = read_medchain(_written(tmp_path, {"1_x": {"case": {"chief_complaint": "pain"}}}))
    assert case.urgency is None and not case.synthetic and case.licence == "not stated"
    assert case.patient.age_years is None


_SECRET = "Zebra fever"


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("2_x", {"tags": {}}),
        ("2_x", _SECRET),
        ("2_x", {"case": {"chief_complaint": []}}),
        ("2_x", {"case": {"chief_complaint": _SECRET, "present_illness": 3}}),
        ("2_x", {"case": {"chief_complaint": _SECRET, "examination": [_SECRET]}}),
        ("2_x", {"case": {"chief_complaint": _SECRET, "images": [{"file": "a", "class": [_SECRET]}]}}),
        ("2_x", {"case": {"chief_complaint": f"{_SECRET} " * 100_000}}),
        ("2_x", _english(treatments=[_SECRET])),
        ("2_x", _english(urgency=_SECRET)),
        ("2_x", _english(provenance=[_SECRET])),
        (f"{_SECRET}_x", _english()),
        (_SECRET, _english()),
        ("1_y", _english()),
    ],
)
def test_an_odd_case_is_named_by_its_place_and_not_by_its_words(tmp_path: Path, key: str, entry: object) -> None:
    with pytest.raises(CallerError) as refused:
        read_medchain(_written(tmp_path, {"1_x": _english(), key: entry}))
    told = str(refused.value.problem)
    assert "2" in told and _SECRET not in told and "cases.json" in told
    assert refused.value.problem.code in (ProblemCode.DAMAGED_FILE, ProblemCode.BAD_ARGUMENT)
    assert str(tmp_path) not in told


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"1_x": ', '{"1_x": {}, "1_x": {}}', "[" * 100_000, '{"a": ' + "9" * 10_000 + "}", "\u2603"],
)
def test_a_file_that_is_no_object_of_cases_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CallerError):
        read_medchain(_written(tmp_path, text))


def test_a_file_in_another_encoding_or_none_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gb.json"
    path.write_bytes(json.dumps(_PUBLISHED, ensure_ascii=False).encode("gb18030"))
    with pytest.raises(CallerError, match="UTF-8"):
        read_medchain(path)
    with pytest.raises(CallerError) as refused:
        read_medchain(tmp_path / "none.json")
    assert refused.value.problem.code is ProblemCode.NOT_FOUND
