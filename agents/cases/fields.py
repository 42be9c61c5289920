"""The text of a case by field, the fields by group, and which groups each stage of an encounter compares."""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.case import CaseFields
from wardround.contracts.decision import Stage

__all__ = ["EMBEDDED", "FIELDS", "GROUPS_AT", "Group", "field_text", "group_text", "whole_text"]


class Group(StrEnum):
    """Fields that are compared together."""

    PRESENTATION = "presentation"
    FINDINGS = "findings"
    CONCLUSION = "conclusion"


# Labels of film findings filter and are not compared as text: where a corpus derives them from its index terms, they
# would tell a measure of retrieval its own answers.
FIELDS: dict[Group, tuple[str, ...]] = {
    Group.PRESENTATION: ("chief_complaint", "symptoms", "past_history"),
    Group.FINDINGS: ("physical_examination", "auxiliary_examination", "image_report"),
    Group.CONCLUSION: ("diagnoses",),
}
# The groups that have a vector; the conclusion is a few words, which keywords find.
EMBEDDED = (Group.PRESENTATION, Group.FINDINGS)
_EARLY, _LATE = (Group.PRESENTATION,), (Group.PRESENTATION, Group.FINDINGS)
GROUPS_AT: dict[Stage, tuple[Group, ...]] = {
    Stage.REFERRAL: _EARLY,
    Stage.HISTORY: _EARLY,
    Stage.EXAMINATION: _LATE,
    Stage.DIAGNOSIS: _LATE,
    Stage.TREATMENT: (*_LATE, Group.CONCLUSION),
}


def field_text(case: CaseFields, field: str) -> str:
    """The text of one field; of an examination, its name and what it found."""
    value: object = getattr(case, field)
    if isinstance(value, dict):
        return ". ".join(f"{name}: {text}" for name, text in value.items() if text.strip())
    if isinstance(value, tuple):
        return ". ".join(str(one) for one in value)
    return str(value).strip()


def group_text(case: CaseFields, group: Group) -> str:
    """The text of a group's fields, in their order; '' where none was recorded."""
    return "\n".join(text for field in FIELDS[group] if (text := field_text(case, field)))


def whole_text(case: CaseFields) -> str:
    """The story of a case, without its conclusion."""
    return "\n".join(text for group in EMBEDDED if (text := group_text(case, group)))
