"""Checks a stage's decision with a program: vocabulary, citations, support, and what a decision may never hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from wardround.contracts.clinic import Department, Treatment, exam_named, term_named
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import FactKind
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.report import report_facts

__all__ = ["faults_of"]

# A number with a unit of dose, or a frequency: what a treatment category, a diagnosis or a reason may never hold.
_DOSE = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|mcg|µg|ug|g|ml|mL|units?|IU|mmol|tablets?|puffs?|drops?)\b(?!\s*/\s*(?:d?l|L|dL))"
    r"|\b(?:once|twice|three times|four times)\s+(?:a\s+day|daily)\b|\b(?:b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|q\d+h)\b",
    re.IGNORECASE,
)
_MAX_DIAGNOSIS_WORDS = 14


def faults_of(decision: Decision, book: Notebook) -> tuple[str, ...]:
    """What is wrong with a decision that commits, each as one sentence; empty where nothing is."""
    if decision.move is not Move.COMMIT:
        return ()
    faults = [*_citations(decision, book), *_SPECIAL[decision.stage](decision, book)]
    words = [decision.reason, *decision.chosen, *decision.alternatives]
    if decision.stage is not Stage.EXAMINATION and any(_DOSE.search(one) for one in words):
        faults.append("It names a dose; treatment stays at categories.")
    return tuple(faults)


def _citations(decision: Decision, book: Notebook) -> Sequence[str]:
    known = {fact.id: fact for fact in book.facts}
    unknown = [id_ for id_ in decision.citations if id_ not in known]
    vain = [id_ for id_ in decision.citations if id_ in known and not known[id_].available]
    faults = []
    if unknown:
        faults.append(f"It cites what is not there: {', '.join(unknown[:6])}.")
    if vain:
        faults.append(f"It cites what brought no answer: {', '.join(vain[:6])}.")
    if decision.chosen and not decision.citations:
        faults.append("It cites nothing.")
    return faults


def _referral(decision: Decision, book: Notebook) -> Sequence[str]:
    if len(decision.chosen) != 1 or term_named(Department, decision.chosen[0]) is None:
        return ["It must name exactly one department of the vocabulary."]
    return []


def _history(decision: Decision, book: Notebook) -> Sequence[str]:
    # A case of another house may name an examination in its own words: it can be ordered by nobody, but was chosen.
    if not any(exam_named(name) for name in decision.chosen):
        return ["It names no examination of the vocabulary."]
    return []


def _examination(decision: Decision, book: Notebook) -> Sequence[str]:
    told = {fact.text for fact in report_facts(book)}
    loose = [line for line in decision.chosen if not any(line.endswith(text) for text in told)]
    return ["A line of the report is not what any examination found."] if loose else []


def _diagnosis(decision: Decision, book: Notebook) -> Sequence[str]:
    faults = []
    if not decision.chosen or any(not one.strip() for one in decision.chosen):
        faults.append("It names no diagnosis.")
    if any(len(one.split()) > _MAX_DIAGNOSIS_WORDS for one in decision.chosen):
        faults.append("A diagnosis is a name, not a paragraph.")
    own = {fact.id for fact in book.facts if fact.kind is not FactKind.CASE}
    if decision.citations and own.isdisjoint(decision.citations):
        faults.append("It cites nothing of this patient, only of others.")
    return faults


def _treatment(decision: Decision, book: Notebook) -> Sequence[str]:
    if any(term_named(Treatment, one) is None for one in decision.chosen):
        return ["It names something that is no category of treatment."]
    return [] if decision.chosen else ["It names no category of treatment."]


_SPECIAL: dict[Stage, Callable[[Decision, Notebook], Sequence[str]]] = {
    Stage.REFERRAL: _referral,
    Stage.HISTORY: _history,
    Stage.EXAMINATION: _examination,
    Stage.DIAGNOSIS: _diagnosis,
    Stage.TREATMENT: _treatment,
}
