"""A clinical case as case memory keeps it: the 12 fields of MedCase-RAG (Liu et al. 2024, arXiv 2412.01605, 3.3)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.study import Patient

__all__ = ["Case", "CaseTrust"]


class CaseTrust(StrEnum):
    """How far a record may be relied on: lower tiers serve only where better ones are too few."""

    VALIDATED = "validated"
    USER = "user"
    FINISHED_HERE = "finished here"


class Case(Word):
    """One encounter. Age and sex are in `patient`; empty fields were not recorded."""

    case_id: str
    patient: Patient = Patient()
    chief_complaint: str = ""
    symptoms: str = ""
    past_history: str = ""
    physical_examination: dict[str, str] = Field(default_factory=dict)
    auxiliary_examination: dict[str, str] = Field(default_factory=dict)
    image_report: str = ""
    diagnoses: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    department: str = ""
    sub_departments: tuple[str, ...] = ()
    trust: CaseTrust
    provenance: str
    licence: str
