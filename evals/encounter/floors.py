"""What a column is scored by who sees nothing of the case: the floors beside every figure of an encounter.

*Random*: for closed vocabularies the expected score of a uniformly drawn
term (department, level 2 among those that occur in the records) or of a uniformly drawn subset (examinations,
treatments); for free text the mean score of the other cases' diagnoses or reports. *Majority*: of the other cases' own
answers the one that scores best over these (for departments that is the commonest), so that no case votes for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats
from wardround.contracts.case import Case
from wardround.contracts.clinic import AuxiliaryExam, Department, PhysicalExam, Treatment
from wardround.evals.encounter.scores import LEXICAL, Column, Judges, column_score, truth_of

__all__ = ["floors", "mean_known"]

_SUBSETS = {Column.HISTORY: len(PhysicalExam) + len(AuxiliaryExam), Column.TREATMENT: len(Treatment)}


def _random_term(true: Sequence[str], terms: int) -> float:
    """The expected IoU of one term drawn uniformly from a vocabulary that holds the truth."""
    return 1.0 / terms if true else float("nan")


def _random_subset(true: int, terms: int) -> float:
    """The expected IoU of a subset drawn uniformly from all, the empty one scoring 0; NaN for an empty truth."""
    if true == 0:
        return float("nan")
    others = terms - true
    total = sum(
        comb(true, hits) * comb(others, misses) * hits / (true + misses)
        for hits in range(1, true + 1)
        for misses in range(others + 1)
    )
    return total / 2.0**terms


def _agreement(column: Column, truths: Sequence[Case], judges: Judges) -> Floats:
    """How the answer of each case (rows) would score for each case (columns); NaN where that has no truth."""
    answers = [truth_of(truth, column) for truth in truths]
    found = np.full((len(answers), len(answers)), np.nan)
    for row, answer in enumerate(answers):
        for other, true in enumerate(answers):
            value = column_score(column, answer, true, judges) if true else None
            found[row, other] = np.nan if value is None else value
    # Nobody answers with nothing: a case without a truth lends none.
    found[[not answer for answer in answers]] = np.nan
    return found


def _others(matrix: Floats) -> Floats:
    own = matrix.copy()
    np.fill_diagonal(own, np.nan)
    return own


def mean_known(values: Floats, axis: int | None = None) -> NDArray[np.float64]:
    """The mean without NaN, NaN where nothing else is there."""
    counted = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(counted, values, 0.0).sum(axis=axis) / counted.sum(axis=axis), dtype=np.float64)


def floors(column: Column, truths: Sequence[Case], judges: Judges = LEXICAL) -> tuple[Floats, Floats]:
    """The random and the majority floor of a column, case by case (n,); NaN where a case has no truth for it."""
    agreement = _agreement(column, truths, judges)
    answers = [truth_of(truth, column) for truth in truths]
    if column is Column.DEPARTMENT:
        random = np.array([_random_term(true, len(Department)) for true in answers])
    elif column is Column.LEVEL_2:
        terms = len({word for true in answers for word in true})
        random = np.array([_random_term(true, terms) for true in answers])
    elif column in _SUBSETS:
        random = np.array([_random_subset(len(set(true)), _SUBSETS[column]) for true in answers])
    else:
        random = mean_known(_others(agreement), axis=0)
    majority = np.full(len(truths), np.nan)
    for case in range(len(truths)):
        rest = np.delete(np.arange(len(truths)), case)
        worth = mean_known(agreement[np.ix_(rest, rest)], axis=1) if len(rest) else np.array([])
        if answers[case] and np.isfinite(worth).any():
            majority[case] = agreement[rest[int(np.nanargmax(worth))], case]
    return random, majority
