"""Short written cases for tests of case memory: a few stories that share words with no other."""

from __future__ import annotations

from typing import Any

from wardround.contracts.case import Case, CaseQuery, CaseTrust
from wardround.contracts.decision import Stage

__all__ = ["FULL", "a_case", "a_query", "ward"]

# One case in which every field is recorded.
FULL: dict[str, Any] = {
    "patient": {"age_years": 61, "sex": "F"},
    "chief_complaint": "Breathless for three days",
    "symptoms": "Worse when lying flat, with swollen ankles and a cough at night.",
    "past_history": "High blood pressure, an infarction four years ago.",
    "physical_examination": {"chest": "Crackles at both bases.", "neck": "Raised jugular venous pressure."},
    "auxiliary_examination": {"blood": "Natriuretic peptide raised.", "X-ray": "Enlarged heart, effusions."},
    "image_report": "Cardiomegaly with bilateral effusions and vascular congestion.",
    "diagnoses": ["decompensated heart failure"],
    "treatments": ["medication"],
    "department": "internal medicine",
    "sub_departments": ["cardiology"],
    "urgency": "urgent",
    "findings": ["Cardiomegaly", "Effusion"],
}
_STORIES = {
    "heart": FULL,
    "lung": {
        "patient": {"age_years": 34, "sex": "M"},
        "chief_complaint": "Fever and a productive cough",
        "symptoms": "Rusty sputum, pleuritic pain on the right, shivering.",
        "physical_examination": {"chest": "Bronchial breathing over the right lower lobe."},
        "image_report": "Consolidation of the right lower lobe.",
        "diagnoses": ["pneumonia"],
        "treatments": ["antibiotics"],
        "department": "internal medicine",
        "findings": ["Consolidation", "Pneumonia"],
    },
    "knee": {
        "patient": {"age_years": 23, "sex": "M"},
        "chief_complaint": "Painful knee after football",
        "symptoms": "Twisted it, heard a snap, swelling within the hour.",
        "physical_examination": {"spine and limbs": "Positive Lachman test."},
        "auxiliary_examination": {"MRI": "Torn anterior cruciate ligament."},
        "diagnoses": ["rupture of the anterior cruciate ligament"],
        "treatments": ["surgery", "physical therapy"],
        "department": "surgery",
    },
    "rash": {
        "patient": {"age_years": 8, "sex": "F"},
        "chief_complaint": "Itching rash in the bends of the elbows",
        "symptoms": "Dry skin since infancy, worse in winter, scratches at night.",
        "past_history": "Asthma; the father has hay fever.",
        "diagnoses": ["atopic dermatitis"],
        "treatments": ["medication"],
        "department": "dermatology",
    },
    "skull": {
        "patient": {"age_years": 45, "sex": "F"},
        "chief_complaint": "Throbbing headache on one side",
        "symptoms": "Flickering lights before it, nausea, better in the dark.",
        "diagnoses": ["migraine"],
        "treatments": ["medication"],
        "department": "general practice",
    },
}


def a_case(case_id: str, like: str = "heart", **fields: Any) -> Case:
    """One of the stories under an id of its own, with some fields otherwise."""
    told = {
        "case_id": case_id,
        "trust": CaseTrust.USER,
        "provenance": "written for tests",
        "licence": "CC0-1.0",
        "synthetic": True,
        **_STORIES[like],
        **fields,
    }
    return Case.model_validate(told)


def ward() -> list[Case]:
    """Each story once, under its own name."""
    return [a_case(name, name) for name in _STORIES]


def a_query(stage: Stage = Stage.DIAGNOSIS, **fields: Any) -> CaseQuery:
    """A query at a stage."""
    return CaseQuery.model_validate({"stage": stage, **fields})
