"""Scores one encounter against its case's record by the measures of MedChain (arXiv 2412.01605, 4.2), one a stage.

    column       stage        measure
    department   referral     1 where the one department is the true one, else 0
    level 2      referral     IoU of the sub-departments
    history      history      IoU of the examinations chosen and those that the record has
    examination  examination  share of the reference report's claims that the report bears out
    diagnosis    diagnosis    grade in five levels, 0 to 1
    treatment    treatment    IoU of the categories

The edge rules of IoU are those of the published script: plain sets of exact terms; an empty prediction is tested first
and scores 0; an empty truth under a prediction is left out of the mean. Examinations, departments and treatments are
brought to the closed vocabularies first (X线片 is an X-ray). A department, report or diagnosis without a truth is left
out always, for there is nothing to be right about. A stage that was not decided, because the encounter abstained,
escalated or ended before it, scores as an empty prediction and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wardround.contracts.base import Word
from wardround.contracts.case import CaseFields
from wardround.contracts.clinic import Department, Treatment, Urgency, exam_named, term_named
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import Encounter, EncounterStatus
from wardround.evals.encounter.claims import claim_recall
from wardround.evals.encounter.diagnosis import grade_of

__all__ = [
    "LEXICAL",
    "STAGE_OF",
    "CaseScore",
    "Column",
    "Effort",
    "Judges",
    "column_score",
    "iou",
    "predictions",
    "score",
    "score_decisions",
    "truth_of",
]

_NOT_DECIDED = (Move.ABSTAIN, Move.ESCALATE)


class Column(StrEnum):
    """The six columns, in the order of the published table."""

    DEPARTMENT = "department"
    LEVEL_2 = "level 2"
    HISTORY = "history"
    EXAMINATION = "examination"
    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"


STAGE_OF: Mapping[Column, Stage] = {
    Column.DEPARTMENT: Stage.REFERRAL,
    Column.LEVEL_2: Stage.REFERRAL,
    Column.HISTORY: Stage.HISTORY,
    Column.EXAMINATION: Stage.EXAMINATION,
    Column.DIAGNOSIS: Stage.DIAGNOSIS,
    Column.TREATMENT: Stage.TREATMENT,
}


@dataclass(frozen=True)
class Judges:
    """Who judges free text; each returns a fraction in [0, 1], or None where there is no truth to judge by.

    Attributes:
        diagnosis: predicted and true diagnoses to a grade.
        report: the report's lines and the reference to a recall of claims.
        name: what the figures name as the judge.
    """

    diagnosis: Callable[[Sequence[str], Sequence[str]], float | None]
    report: Callable[[Sequence[str], str], float | None]
    name: str


LEXICAL = Judges(diagnosis=grade_of, report=claim_recall, name="lexical rules")


class Effort(Word):
    """What an encounter took. `vetoed` orders were not placed and cost nothing; `unusable` are a model's answers."""

    cost: float = 0.0
    currency: str = "USD"
    turns: int = 0
    questions: int = 0
    orders: int = 0
    vetoed: int = 0
    calls: int = 0
    unusable: int = 0
    seconds: float = 0.0


class CaseScore(Word):
    """One case's scores: None in a column whose truth is empty. `not_reached` are stages without a decision.

    `average` is the plain mean of the columns that have a score. `emergency` says that the record calls for the
    emergency department's speed, so that an escalation can be told from a false alarm; None: the record does not say.
    """

    case_id: str
    mode: str
    model: str
    version: str
    judge: str
    scores: dict[Column, float | None]
    average: float | None
    not_reached: tuple[Stage, ...] = ()
    effort: Effort = Effort()
    abstained: bool = False
    escalated: bool = False
    emergency: bool | None = None
    synthetic: bool = False


def iou(predicted: frozenset[str], true: frozenset[str]) -> float | None:
    """Intersection over union; 0 for an empty prediction, else None for an empty truth."""
    if not predicted:
        return 0.0
    return len(predicted & true) / len(predicted | true) if true else None


def _exams(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(term.value if (term := exam_named(name)) is not None else _plain(name) for name in names)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _department(name: str) -> str:
    term = term_named(Department, name)
    return term.value if term is not None else _plain(name)


def _treatment(name: str) -> str:
    term = term_named(Treatment, name)
    return term.value if term is not None else _plain(name)


def truth_of(truth: CaseFields, column: Column) -> tuple[str, ...]:
    """What the record has for a column, in the vocabulary's words."""
    told: Mapping[Column, Sequence[str]] = {
        Column.DEPARTMENT: [truth.department] if truth.department else [],
        Column.LEVEL_2: truth.sub_departments,
        Column.HISTORY: truth.exams,
        Column.EXAMINATION: [truth.image_report] if truth.image_report.strip() else [],
        Column.DIAGNOSIS: truth.diagnoses,
        Column.TREATMENT: truth.treatments,
    }
    return _normalised(column, told[column])


def _normalised(column: Column, words: Sequence[str]) -> tuple[str, ...]:
    if column is Column.DEPARTMENT:
        return tuple(map(_department, words))
    if column is Column.LEVEL_2:
        return tuple(map(_plain, words))
    if column is Column.HISTORY:
        return _exams(words)
    return tuple(map(_treatment, words)) if column is Column.TREATMENT else tuple(words)


def predictions(decisions: Sequence[Decision]) -> dict[Column, tuple[str, ...]]:
    """What was decided for each column; nothing where a stage was not decided, or was left open."""
    made = {one.stage: one for one in decisions if one.move not in _NOT_DECIDED}
    chosen = {}
    for column, stage in STAGE_OF.items():
        decision = made.get(stage)
        words: tuple[str, ...] = ()
        if decision is not None:
            words = decision.sub_departments if column is Column.LEVEL_2 else decision.chosen
        chosen[column] = _normalised(column, words)
    return chosen


def column_score(
    column: Column, predicted: Sequence[str], true: Sequence[str], judges: Judges = LEXICAL
) -> float | None:
    """The score of one column in [0, 1]; None where the truth is empty and the column is to be left out."""
    if column in (Column.LEVEL_2, Column.HISTORY, Column.TREATMENT):
        return iou(frozenset(predicted), frozenset(true))
    if not true:
        return None
    if column is Column.DEPARTMENT:
        return float(tuple(predicted) == tuple(true))
    if column is Column.DIAGNOSIS:
        return judges.diagnosis(predicted, true)
    return judges.report(predicted, true[0])


def score_decisions(
    decisions: Sequence[Decision], truth: CaseFields, judges: Judges = LEXICAL
) -> dict[Column, float | None]:
    """The six scores of bare decisions, such as those of stages that were each fed with the truth before them."""
    chosen = predictions(decisions)
    return {column: column_score(column, chosen[column], truth_of(truth, column), judges) for column in Column}


def _effort(encounter: Encounter) -> Effort:
    vetoed = sum(one.vetoed for one in encounter.cost.charges)
    moves = [turn.move for turn in encounter.turns]
    return Effort(
        cost=encounter.cost.total,
        currency=encounter.cost.currency,
        turns=len(moves),
        questions=moves.count(Move.ASK),
        orders=len(encounter.cost.charges) - vetoed,
        vetoed=vetoed,
        calls=encounter.usage.calls,
        unusable=encounter.usage.unusable,
        seconds=encounter.usage.seconds,
    )


def _joined(words: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(word for word in words if word))


def score(encounter: Encounter, truth: CaseFields, judges: Judges = LEXICAL, *, case_id: str = "") -> CaseScore:
    """One encounter's scores and what it took.

    Args:
        truth: the case's record; a `Case` also gives the id.
        case_id: of the case; without one, the record's own, else the encounter's.
    """
    scores = score_decisions(encounter.decisions, truth, judges)
    known = [value for value in scores.values() if value is not None]
    decided = {one.stage for one in encounter.decisions if one.move not in _NOT_DECIDED}
    return CaseScore(
        case_id=case_id or getattr(truth, "case_id", encounter.encounter_id),
        mode=encounter.mode.value,
        model=encounter.reasoner or _joined([one.source for one in encounter.decisions]),
        version=_joined([one.version for one in encounter.decisions]),
        judge=judges.name,
        scores=scores,
        average=sum(known) / len(known) if known else None,
        not_reached=tuple(stage for stage in Stage if stage not in decided),
        effort=_effort(encounter),
        abstained=encounter.status is EncounterStatus.ABSTAINED,
        escalated=encounter.status is EncounterStatus.ESCALATED,
        emergency=None if truth.urgency is None else truth.urgency is Urgency.EMERGENCY,
        synthetic=encounter.synthetic or bool(getattr(truth, "synthetic", False)),
    )
