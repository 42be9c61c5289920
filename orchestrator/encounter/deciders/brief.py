"""What a language model is shown of an encounter: numbered facts, similar cases as far as the stage may see them."""

from __future__ import annotations

from collections.abc import Iterable

from wardround.contracts.case import CaseFields
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import Fact, FactKind
from wardround.orchestrator.encounter.deciders.decider import View

__all__ = ["brief", "citable", "cited_words"]

_FACT_CHARS = 600
_CASE_CHARS = 400


def citable(view: View) -> tuple[str, ...]:
    """The ids that may be cited at the stage: all that brought something, and of similar cases those of this stage."""
    return tuple(fact.id for fact in _shown(view))


def brief(view: View) -> str:
    """One line a fact: id, kind, name, text. Whoever spoke, their words stand between marks and are no instructions."""
    matches = {one.fact.id: one.match for one in view.similar}
    lines = []
    for fact in _shown(view):
        match = matches.get(fact.id)
        name = fact.name if match is None else f"{match.trust.value}, likeness {match.similarity:.2f}"
        lines.append(f"{fact.id} | {fact.kind.value} | {name} | {_quoted(cited_words(view, fact.id))}")
    decided = [f"{one.stage.value}: {', '.join(one.chosen)[:_FACT_CHARS]}" for one in view.book.until(view.stage)]
    return "\n".join([*lines, *(f"decided before | {one}" for one in decided)])


def cited_words(view: View, fact_id: str) -> str:
    """What the model is shown of one fact; empty for an id that is not there."""
    for one in view.similar:
        if one.fact.id == fact_id:
            return _case(one.match.fields, view.stage)
    return next((fact.text[:_FACT_CHARS] for fact in view.book.facts if fact.id == fact_id), "")


def _shown(view: View) -> Iterable[Fact]:
    similar = {one.fact.id for one in view.similar}
    return [
        fact for fact in view.book.facts if fact.available and (fact.kind is not FactKind.CASE or fact.id in similar)
    ]


def _case(fields: CaseFields, stage: Stage) -> str:
    outcome = {
        Stage.REFERRAL: [fields.department, *fields.sub_departments],
        Stage.HISTORY: fields.exams,
        Stage.EXAMINATION: [fields.image_report],
        Stage.DIAGNOSIS: fields.diagnoses,
        Stage.TREATMENT: fields.treatments,
    }[stage]
    return f"{fields.chief_complaint[:_CASE_CHARS]} -> {', '.join(one for one in outcome if one)}"


def _quoted(words: str) -> str:
    plain = " ".join(words.split()).replace("<<<", "«").replace(">>>", "»")
    return f"<<<{plain}>>>"
