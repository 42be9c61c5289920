"""Holds a rule of stopping against asking every case the same number of questions, at equal mean number of questions.

Both are curves of accuracy over the mean number of questions. Between two whole numbers the fixed policy is a mix: a
share of the cases is asked one question more. On every resample of the cases both curves are drawn anew, so that the
means are equal there too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Difference, PatientBootstrap
from wardround.evals.asking.policies import Course, Outcome, fixed, price_for, stopped

__all__ = ["GRID", "Curve", "advantage", "at_mean", "fixed_curve", "rule_curve"]

Floats = NDArray[np.float64]
# Means at which the curves are compared, in questions.
GRID = np.arange(1.0, 9.0)


class Curve:
    """Outcomes in the order of their mean number of questions."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = tuple(sorted(outcomes, key=lambda one: float(one.questions.mean())))
        self._questions = np.stack([one.questions for one in self.outcomes])
        self._right = np.stack([one.right for one in self.outcomes])

    def accuracy(self, means: Floats, weights: Floats | None = None) -> Floats:
        """Accuracy at given mean numbers of questions: (resamples, means), with weights (resamples, cases)."""
        used = np.ones((1, self._questions.shape[1])) if weights is None else weights
        total = used.sum(axis=1)
        asked, right = used @ self._questions.T / total[:, None], used @ self._right.T / total[:, None]
        wanted = np.broadcast_to(np.atleast_2d(means), (len(used), np.atleast_2d(means).shape[1]))
        told = []
        for row, column, mean in zip(asked, right, wanted, strict=True):
            order = np.argsort(row, kind="stable")
            told.append(np.interp(mean, row[order], column[order]))
        return np.asarray(told, dtype=np.float64)


def fixed_curve(courses: Sequence[Course]) -> Curve:
    """From no question to all."""
    longest = max(len(course.beliefs) for course in courses)
    return Curve([fixed(courses, count) for count in range(longest)])


def rule_curve(courses: Sequence[Course], gains: Sequence[Floats], steps: int = 60) -> Curve:
    """The rule at as many prices as make its mean number of questions go from none to all in even steps."""
    most = float(np.mean([len(course.beliefs) - 1 for course in courses]))
    means = np.linspace(0.0, most, steps)
    return Curve([stopped(courses, gains, price_for(gains, mean)) for mean in means])


def advantage(rule: Curve, plain: Curve, bootstrap: PatientBootstrap) -> Difference:
    """The rule's accuracy less the fixed policy's, averaged over `GRID`."""

    def statistic(curve: Curve) -> tuple[float, Floats]:
        drawn = bootstrap.values(lambda weights: curve.accuracy(GRID, weights).mean(axis=1))
        return float(curve.accuracy(GRID).mean()), drawn

    ours, theirs = statistic(rule), statistic(plain)
    return bootstrap.difference_of(ours[0] - theirs[0], ours[1] - theirs[1])


def at_mean(outcome: Outcome, plain: Curve, bootstrap: PatientBootstrap) -> Difference:
    """One outcome's accuracy less the fixed policy's at the same mean number of questions."""

    def ours(weights: Floats) -> Floats:
        return np.asarray(weights @ outcome.right / weights.sum(axis=1), dtype=np.float64)

    def theirs(weights: Floats) -> Floats:
        means = weights @ outcome.questions / weights.sum(axis=1)
        return plain.accuracy(means[:, None], weights)[:, 0]

    return bootstrap.difference(ours, theirs)
