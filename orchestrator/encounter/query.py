"""What an encounter knows of its patient, as a question to case memory."""

from __future__ import annotations

from wardround.contracts.case import MAX_CASE_CHARS, CaseQuery
from wardround.contracts.clinic import AuxiliaryExam, HistoryTopic, PhysicalExam
from wardround.contracts.codes import finding_codes
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import FactKind
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterOptions

__all__ = ["case_query"]

_PRESENT = (HistoryTopic.PRESENT_ILLNESS, HistoryTopic.REVIEW_OF_SYSTEMS)
_PAST = tuple(topic for topic in HistoryTopic if topic not in (*_PRESENT, HistoryTopic.COMPLAINT))
_PHYSICAL = frozenset(exam.value for exam in PhysicalExam)
_AUXILIARY = frozenset(exam.value for exam in AuxiliaryExam)


def case_query(book: Notebook, stage: Stage, options: EncounterOptions) -> CaseQuery:
    """Everything known when the stage begins; memory itself compares no more than the stage may know."""
    results = {fact.name: fact.text for fact in book.of_kind(FactKind.RESULT)}
    reports = [fact.text for fact in book.of_kind(FactKind.REPORT)] or [
        fact.text for fact in book.of_kind(FactKind.FILM)
    ]
    referral, diagnosis = book.decisions.get(Stage.REFERRAL), book.decisions.get(Stage.DIAGNOSIS)
    known = finding_codes()
    return CaseQuery(
        stage=stage,
        patient=book.opening.patient,
        chief_complaint=book.opening.chief_complaint,
        symptoms=book.answers(*_PRESENT)[:MAX_CASE_CHARS],
        past_history=book.answers(*_PAST)[:MAX_CASE_CHARS],
        physical_examination={name: text for name, text in results.items() if name in _PHYSICAL},
        auxiliary_examination={name: text for name, text in results.items() if name in _AUXILIARY},
        image_report=" ".join(reports)[:MAX_CASE_CHARS],
        diagnoses=diagnosis.chosen if diagnosis is not None and stage is Stage.TREATMENT else (),
        department=referral.chosen[0]
        if referral is not None and referral.chosen and stage is not Stage.REFERRAL
        else "",
        findings=tuple(fact.name for fact in book.of_kind(FactKind.FILM) if fact.name in known),
        limit=options.cases,
        exclude=options.exclude,
        synthetic=options.synthetic_cases,
        needs_outcome=True,
    )
