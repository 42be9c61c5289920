"""The closed vocabularies of an encounter: departments, examinations, treatments (MedChain, arXiv 2412.01605), urgency.

A term is its English name; it also knows the name under which MedChain publishes it, and its other names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Self, TypeVar

__all__ = [
    "AuxiliaryExam",
    "Department",
    "Exam",
    "HistoryTopic",
    "PhysicalExam",
    "Term",
    "Treatment",
    "Urgency",
    "exam_named",
    "term_named",
]


class Term(StrEnum):
    """A word of a closed vocabulary. `published` is MedChain's own name of it; empty: an addition of ours."""

    published: str
    synonyms: tuple[str, ...]

    def __new__(cls, value: str, published: str = "", *synonyms: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.published = published
        member.synonyms = synonyms
        return member


class Department(Term):
    """The 19 departments of the first level."""

    NURSING = "nursing", "护理科"
    PHARMACY = "pharmacy", "药剂科"
    DENTISTRY = "dentistry", "口腔科", "stomatology", "oral medicine"
    PAEDIATRICS = "paediatrics", "儿科", "pediatrics"
    MEDICAL_IMAGING = "medical imaging", "医学影像科", "radiology"
    OPHTHALMOLOGY = "ophthalmology", "眼科"
    LABORATORY = "laboratory", "检验科", "laboratory medicine", "clinical laboratory"
    SURGERY = "surgery", "外科"
    DERMATOLOGY = "dermatology and venereology", "皮肤性病科", "dermatology", "venereology", "dermatology & venereology"
    PSYCHIATRY = "psychiatry", "精神科"
    GENERAL_PRACTICE = "general practice", "全科", "family medicine"
    ENT = "ENT", "耳鼻咽喉科", "otolaryngology", "otorhinolaryngology"
    INTERNAL_MEDICINE = "internal medicine", "内科", "medicine"
    EMERGENCY = "emergency", "急诊科", "emergency medicine", "emergency department"
    ONCOLOGY = "oncology", "肿瘤科"
    CHINESE_MEDICINE = "traditional Chinese medicine", "中医科", "TCM"
    REHABILITATION = "rehabilitation", "康复科"
    OBSTETRICS_GYNAECOLOGY = (
        *("obstetrics and gynaecology", "妇产科"),
        *("OB/GYN", "obstetrics", "gynaecology", "gynecology", "obstetrics and gynecology"),
    )
    PSYCHOLOGY = "psychology", "心理科"


class PhysicalExam(Term):
    """The 9 physical examinations. The general one is height, weight, temperature, blood pressure and pulse."""

    GENERAL = "general examination", "一般检查", "general", "vital signs"
    HEAD = "head, eyes and ENT examination", "头颅眼耳鼻喉检查", "HEENT", "head/eyes/ENT"
    NECK = "neck examination", "颈部检查", "neck"
    CHEST = "chest examination", "胸部检查", "chest"
    ABDOMEN = "abdominal examination", "腹部检查", "abdomen"
    SPINE_LIMBS = "spine and limb examination", "脊柱和四肢检查", "spine and limbs", "musculoskeletal examination"
    SKIN = "skin examination", "皮肤检查", "skin"
    NEUROLOGICAL = "neurological examination", "神经系统检查", "neurological"
    UROGENITAL = "urogenital examination", "泌尿生殖系统检查", "urogenital", "genitourinary examination"


class AuxiliaryExam(Term):
    """The 10 auxiliary examinations of MedChain, and one of ours: without it an electrocardiogram has no name."""

    XRAY = "X-ray", "X-ray", "X线片", "X-ray film", "radiograph", "X线"
    MRI = "MRI", "MRI", "magnetic resonance imaging"
    CT = "CT", "CT", "computed tomography"
    ULTRASOUND = "ultrasound", "超声", "ultrasonography", "sonography", "echocardiography"
    NUCLEAR = "nuclear medicine", "核医学成像", "scintigraphy", "PET"
    BLOOD = "blood test", "血液学检查", "blood", "blood tests"
    URINE = "urine test", "尿液检查", "urine", "urinalysis"
    STOOL = "stool test", "粪便检查", "stool"
    ENDOSCOPY = "endoscopy", "内镜检查"
    PATHOLOGY = "pathology", "病理检查", "biopsy", "histology", "cytology"
    FUNCTION = "functional test", "", "ECG", "electrocardiogram", "EEG", "electromyography", "spirometry"


class Treatment(Term):
    """The 11 categories of treatment: never a drug, never a dose."""

    SURGERY = "surgery", "手术"
    INTERVENTIONAL = "interventional therapy", "介入治疗", "interventional"
    MEDICATION = "medication", "药物治疗", "drug therapy"
    CHEMOTHERAPY = "chemotherapy", "化学治疗"
    ANTIBIOTICS = "antibiotics", "抗生素治疗", "antibiotic therapy"
    RADIOTHERAPY = "radiotherapy", "放射治疗", "radiation therapy"
    PHYSICAL = "physical therapy", "物理疗法", "physiotherapy"
    IMMUNOTHERAPY = "immunotherapy", "免疫疗法"
    PSYCHOTHERAPY = "psychotherapy", "心理治疗"
    CHINESE_MEDICINE = "traditional Chinese medicine", "中医治疗", "TCM"
    GENE_THERAPY = "gene therapy", "基因治疗"


class Urgency(StrEnum):
    """How soon a person must be seen; MedChain names it and gives no labels, so the levels are ours."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"


class HistoryTopic(StrEnum):
    """What a question to the patient is about (the parts of a medical history, ours)."""

    COMPLAINT = "chief complaint"
    PRESENT_ILLNESS = "present illness"
    PAST_ILLNESS = "past illness"
    MEDICATION = "medication"
    ALLERGY = "allergy"
    FAMILY = "family history"
    SOCIAL = "social history"
    REVIEW_OF_SYSTEMS = "review of systems"


Exam = PhysicalExam | AuxiliaryExam
_Term = TypeVar("_Term", bound=Term)


def _plain(words: str) -> str:
    return re.sub(r"[\s_]+", " ", words).strip().casefold()


@cache
def _names(vocabulary: type[Term]) -> dict[str, Term]:
    members: Iterable[Term] = vocabulary
    return {_plain(name): one for one in members for name in (one.value, one.published, *one.synonyms) if name}


def term_named(vocabulary: type[_Term], words: str) -> _Term | None:
    """The term of a vocabulary by any of its names, whatever the case; None for an unknown name."""
    found = _names(vocabulary).get(_plain(words))
    return found if isinstance(found, vocabulary) else None


def exam_named(words: str) -> Exam | None:
    """A physical or auxiliary examination by any of its names."""
    return term_named(PhysicalExam, words) or term_named(AuxiliaryExam, words)
