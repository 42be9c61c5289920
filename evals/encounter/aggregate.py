"""Means of the scores of many encounters, with intervals by case and with the floors that they must be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wardround.agents.measures.resampling import Floats, PatientBootstrap, interval_of, mean_statistic
from wardround.contracts.base import NOTICE, Word
from wardround.contracts.case import Case
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.encounter.floors import floors, mean_known
from wardround.evals.encounter.scores import LEXICAL, STAGE_OF, CaseScore, Column, Judges
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure, rounded, told

__all__ = ["AverageFigure", "ColumnFigure", "EncounterFigures", "Totals", "summarise"]


class AverageFigure(ValueFigure):
    """The plain mean of `columns` columns; the floors and the oracle's value are the same mean of theirs.

    `gap` is oracle-fed minus end-to-end, paired by case, where both were played.
    """

    columns: int = 1
    random: float | None = None
    majority: float | None = None
    oracle: float | None = None
    gap: DifferenceFigure | None = None


class ColumnFigure(AverageFigure):
    """One column over `n` cases. `dropped` are those whose record has no truth for it; `not_reached` were scored 0."""

    n: int
    dropped: tuple[str, ...] = ()
    not_reached: int = 0


class Totals(Word):
    """What the encounters took: means over all cases; `escalated_emergency` of those whose record says how urgent."""

    cost: float
    currency: str
    turns: float
    questions: float
    orders: float
    vetoed: float
    calls: float
    unusable: int
    seconds: float
    abstained: int
    escalated: int
    escalated_emergency: int


class EncounterFigures(Word):
    """The score table of one mode. `judge` names who graded free text, `synthetic` counts written cases."""

    mode: str
    model: str
    version: str
    judge: str
    n: int
    synthetic: int
    columns: dict[Column, ColumnFigure]
    average: AverageFigure
    totals: Totals
    cases: tuple[CaseScore, ...] = ()
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE


def _values(scores: Sequence[CaseScore], column: Column) -> Floats:
    return np.array([np.nan if (value := one.scores.get(column)) is None else value for one in scores])


def _mean_of_means(columns: Sequence[Floats], bootstrap: PatientBootstrap) -> tuple[float, Floats]:
    """The plain mean of column means on the cases and on each resample; a column without a case is left out."""
    kept = [(column[rows], rows) for column in columns if len(rows := np.flatnonzero(np.isfinite(column)))]
    if not kept:
        return float("nan"), np.array([])
    values = [bootstrap.value(mean_statistic(known), rows) for known, rows in kept]
    drawn = np.stack([bootstrap.values(mean_statistic(known), rows) for known, rows in kept])
    return float(np.mean(values)), np.asarray(mean_known(drawn, axis=0))


def _gap(
    columns: Sequence[tuple[Floats, Floats]], bootstrap: PatientBootstrap
) -> tuple[float | None, DifferenceFigure | None]:
    """The oracle-fed mean, and what it is above the end-to-end one on the cases that both scored."""
    both = [np.isfinite(ours) & np.isfinite(fed) for ours, fed in columns]
    if not any(known.any() for known in both):
        return None, None
    fed = _mean_of_means(
        [np.where(known, pair[1], np.nan) for known, pair in zip(both, columns, strict=True)], bootstrap
    )
    own = _mean_of_means(
        [np.where(known, pair[0], np.nan) for known, pair in zip(both, columns, strict=True)], bootstrap
    )
    difference = bootstrap.difference_of(fed[0] - own[0], fed[1] - own[1])
    return rounded(fed[0]), DifferenceFigure(**told(difference))


def _totals(scores: Sequence[CaseScore]) -> Totals:
    efforts = [one.effort for one in scores]
    count = len(efforts)
    return Totals(
        cost=sum(one.cost for one in efforts) / count,
        currency=efforts[0].currency,
        turns=sum(one.turns for one in efforts) / count,
        questions=sum(one.questions for one in efforts) / count,
        orders=sum(one.orders for one in efforts) / count,
        vetoed=sum(one.vetoed for one in efforts) / count,
        calls=sum(one.calls for one in efforts) / count,
        unusable=sum(one.unusable for one in efforts),
        seconds=sum(one.seconds for one in efforts) / count,
        abstained=sum(one.abstained for one in scores),
        escalated=sum(one.escalated for one in scores),
        escalated_emergency=sum(one.escalated and one.emergency is True for one in scores),
    )


def _shared(words: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(part for word in words for part in word.split(", ") if part))


def _checked(scores: Sequence[CaseScore], truths: Mapping[str, Case]) -> None:
    ids = [one.case_id for one in scores]
    unknown = [id_ for id_ in ids if id_ not in truths]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    modes = sorted({one.mode for one in scores})
    faults = [
        "There is no score to summarise." if not ids else "",
        f"There is no record of {unknown[0]}." if unknown else "",
        f"{twice[0]} was scored twice." if twice else "",
        f"The scores are of several modes: {', '.join(modes)}." if len(modes) > 1 else "",
    ]
    if any(faults):
        fault = next(filter(None, faults))
        raise CallerError(ProblemCode.BAD_ARGUMENT, fault, "Give one mode's scores, one a case, with every record.")


def summarise(
    scores: Sequence[CaseScore],
    truths: Sequence[Case],
    *,
    oracle: Mapping[str, Mapping[Column, float | None]] | None = None,
    judges: Judges = LEXICAL,
    seed: int = 0,
    keep_cases: bool = True,
) -> EncounterFigures:
    """The score table of one mode's encounters, end to end.

    Args:
        scores: one a case, all of one mode.
        truths: the records, of which those of the scored cases are looked at; the floors are of these, too.
        oracle: by case, the scores of decisions that were each made with the truth of all earlier stages.
        judges: who grades the floors' free text; the same who graded the scores.
        seed: of the bootstrap.
        keep_cases: whether every case's scores stand in the result.

    Raises:
        CallerError: BAD_ARGUMENT for no scores, a case scored twice or without a record, or several modes.
    """
    records = {truth.case_id: truth for truth in truths}
    _checked(scores, records)
    ordered = [records[one.case_id] for one in scores]
    bootstrap = PatientBootstrap([one.case_id for one in scores], seed=seed)
    columns, told_columns = {}, {}
    for column in Column:
        values = _values(scores, column)
        fed = np.array([_fed(oracle, one.case_id, column) for one in scores])
        random, majority = floors(column, ordered, judges)
        columns[column] = (values, fed, random, majority)
        told_columns[column] = _column(column, scores, columns[column], bootstrap)
    return EncounterFigures(
        mode=scores[0].mode,
        model=_shared([one.model for one in scores]),
        version=_shared([one.version for one in scores]),
        judge=_shared([one.judge for one in scores]),
        n=len(scores),
        synthetic=sum(one.synthetic for one in scores),
        columns=told_columns,
        average=_average(list(columns.values()), bootstrap),
        totals=_totals(scores),
        cases=tuple(scores) if keep_cases else (),
    )


def _fed(oracle: Mapping[str, Mapping[Column, float | None]] | None, case_id: str, column: Column) -> float:
    value = (oracle or {}).get(case_id, {}).get(column)
    return float("nan") if value is None else value


def _column(
    column: Column,
    scores: Sequence[CaseScore],
    figures: tuple[Floats, Floats, Floats, Floats],
    bootstrap: PatientBootstrap,
) -> ColumnFigure:
    values, fed, random, majority = figures
    known = np.isfinite(values)
    mean, drawn = _mean_of_means([values], bootstrap)
    oracle, gap = _gap([(values, fed)], bootstrap)
    stage = STAGE_OF[column]
    return ColumnFigure(
        **told(interval_of(mean, drawn)),
        reason="" if known.any() else "no case has a truth for it",
        n=int(known.sum()),
        dropped=tuple(one.case_id for one, there in zip(scores, known, strict=True) if not there),
        not_reached=sum(stage in one.not_reached for one, there in zip(scores, known, strict=True) if there),
        random=rounded(float(mean_known(random[known]))),
        majority=rounded(float(mean_known(majority[known]))),
        oracle=oracle,
        gap=gap,
    )


def _average(columns: Sequence[tuple[Floats, Floats, Floats, Floats]], bootstrap: PatientBootstrap) -> AverageFigure:
    scored = [one for one in columns if np.isfinite(one[0]).any()]
    mean, drawn = _mean_of_means([one[0] for one in scored], bootstrap)
    oracle, gap = _gap([(one[0], one[1]) for one in scored], bootstrap)
    return AverageFigure(
        **told(interval_of(mean, drawn)),
        reason="" if scored else "no case has a truth for any column",
        columns=len(scored),
        random=rounded(float(mean_known(np.array([mean_known(one[2][np.isfinite(one[0])]) for one in scored])))),
        majority=rounded(float(mean_known(np.array([mean_known(one[3][np.isfinite(one[0])]) for one in scored])))),
        oracle=oracle,
        gap=gap,
    )
