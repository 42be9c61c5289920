"""The examination stage's report: what imaging and tests found, line by line, each line with the fact it comes from."""

from __future__ import annotations

from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import Fact, FactKind
from wardround.orchestrator.encounter.gate.record import IMAGING
from wardround.orchestrator.encounter.notebook import Notebook

__all__ = ["report_decision", "report_facts"]

# What is looked at rather than measured.
_NAMES = frozenset(exam.value for exam in (*IMAGING, AuxiliaryExam.ENDOSCOPY, AuxiliaryExam.PATHOLOGY))


def report_facts(book: Notebook) -> tuple[Fact, ...]:
    """What the report is made of: verified claims of films, and the results of examinations that give pictures."""
    results = [fact for fact in book.of_kind(FactKind.RESULT) if fact.name in _NAMES]
    return (*book.of_kind(FactKind.FILM), *results)


def report_decision(book: Notebook, source: str, version: str) -> Decision:
    """The report as a decision: nothing is added to what was found, and where nothing was, it says so."""
    facts = report_facts(book)
    vain = [fact.name for fact in book.facts if fact.kind is FactKind.RESULT and not fact.available]
    reason = f"Not available: {', '.join(dict.fromkeys(vain))}." if vain else ""
    return Decision(
        stage=Stage.EXAMINATION,
        move=Move.COMMIT,
        chosen=tuple(f"{fact.name}: {fact.text}" if fact.kind is FactKind.RESULT else fact.text for fact in facts),
        citations=tuple(fact.id for fact in facts),
        reason=reason or ("" if facts else "No examination that gives pictures was done."),
        source=source,
        version=version,
    )
