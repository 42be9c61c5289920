"""Rules of when to stop asking, how each is fitted, and what becomes of cases that follow it.

Every rule is a weighted sum of the features of a belief (`orchestrator.encounter.asking.FEATURES`), without negative
weights: a case is asked on while the sum is above a price. Fitted ones are ridge regressions on the tuning cases.

    margin     nothing fitted: ask while the likeliest option is not far enough ahead
    openness   nothing fitted: ask while the entropy, which is all that could be gained, is high
    truth      the rise of the log probability of the truth
    entropy    the fall of the entropy, which needs no truth and is less noisy
    top        the rise of the likeliest option's probability
    right      a wrong answer that turns right, less the reverse

Each fitted one is of the *next* answer, or of all that are left (*rest*) for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from wardround.orchestrator.encounter.asking import FEATURES, Belief, entropy, features_of

__all__ = ["GAIN_OF", "RULES", "Course", "Outcome", "fixed", "gains_of", "price_for", "stopped"]

Floats = NDArray[np.float64]
Coefficients = dict[str, float]
_LEAST = 1e-6
_RIDGE = 3.0


@dataclass(frozen=True)
class Course:
    """One case as its facts are told: `beliefs` from the first state to the last, `truth` the right option."""

    beliefs: tuple[Belief, ...]
    truth: int

    @classmethod
    def of(cls, probabilities: Floats, truth: int) -> Course:
        """From the probabilities (states, options) of a reasoner."""
        first, *rest = probabilities.tolist()
        beliefs = [Belief.of(first, remaining=len(rest))]
        for row in rest:
            beliefs.append(beliefs[-1].after(row))
        return cls(tuple(beliefs), truth)

    @cached_property
    def features(self) -> Floats:
        """(states, features)."""
        return np.array([features_of(belief) for belief in self.beliefs])

    @cached_property
    def log_truth(self) -> Floats:
        """(states,) log probability of the right option."""
        return np.array([math.log(max(belief.probabilities[self.truth], _LEAST)) for belief in self.beliefs])

    @cached_property
    def tops(self) -> Floats:
        """(states,) probability of the likeliest option."""
        return np.array([belief.top for belief in self.beliefs])

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """(states,) whether the likeliest option, the first of equals, is the right one."""
        return np.array([int(np.argmax(belief.probabilities)) == self.truth for belief in self.beliefs])


@dataclass(frozen=True)
class Outcome:
    """What became of each case: `questions` asked, whether the answer was `right`, and how sure it was (`top`)."""

    questions: Floats
    right: Floats
    top: Floats


def _rest(values: Floats) -> Floats:
    """The rise from each state but the last to the last one, for each answer between them."""
    return np.asarray((values[-1] - values[:-1]) / np.arange(len(values) - 1, 0, -1), dtype=np.float64)


def _order(course: Course) -> Floats:
    return np.array([-entropy(belief.probabilities) for belief in course.beliefs])


def _fitted(target: Callable[[Course], Floats]) -> Callable[[Sequence[Course]], Coefficients]:
    """A ridge regression of the target on all states but the last, no coefficient below 0; every case counts once."""

    def fit(courses: Sequence[Course]) -> Coefficients:
        long = [course for course in courses if len(course.beliefs) > 1]
        share = np.concatenate([np.full(len(course.beliefs) - 1, 1.0 / (len(course.beliefs) - 1)) for course in long])
        rows = np.concatenate([course.features[:-1] for course in long]) * np.sqrt(share)[:, None]
        values = np.concatenate([target(course) for course in long]) * np.sqrt(share)
        spread = np.maximum(np.sqrt((rows**2).mean(axis=0)), _LEAST)
        held = np.sqrt(_RIDGE) * np.eye(len(FEATURES))
        found, _ = nnls(np.concatenate([rows / spread, held]), np.concatenate([values, np.zeros(len(FEATURES))]))
        return dict(zip(FEATURES, map(float, found / spread), strict=True))

    return fit


def _given(**coefficients: float) -> Callable[[Sequence[Course]], Coefficients]:
    return lambda courses: {name: coefficients.get(name, 0.0) for name in FEATURES}


RULES: Mapping[str, Callable[[Sequence[Course]], Coefficients]] = {
    "margin": _given(closeness=1.0),
    "openness": _given(openness=1.0),
    "truth, next": _fitted(lambda course: np.diff(course.log_truth)),
    "truth, rest": _fitted(lambda course: _rest(course.log_truth)),
    "entropy, next": _fitted(lambda course: np.diff(_order(course))),
    "entropy, rest": _fitted(lambda course: _rest(_order(course))),
    "top, next": _fitted(lambda course: np.diff(course.tops)),
    "top, rest": _fitted(lambda course: _rest(course.tops)),
    "right, rest": _fitted(lambda course: _rest(course.right.astype(np.float64))),
}


# What the sum of a fitted rule's coefficients is, in words: the `gain` of an `AskingRule`.
GAIN_OF: Mapping[str, str] = {
    "truth, next": "rise of the log probability of the truth by the next answer, nats",
    "truth, rest": "rise of the log probability of the truth by all answers left, for each, nats",
    "entropy, next": "fall of the entropy by the next answer, nats",
    "entropy, rest": "fall of the entropy by all answers left, for each, nats",
    "top, next": "rise of the likeliest option's probability by the next answer",
    "top, rest": "rise of the likeliest option's probability by all answers left, for each",
    "right, rest": "rise of the share of right answers by all answers left, for each",
}


def gains_of(courses: Sequence[Course], coefficients: Mapping[str, float]) -> tuple[Floats, ...]:
    """The expected gain at each state of each case; minus infinity at the last, where nothing is left to ask."""
    line = np.array([coefficients[name] for name in FEATURES])
    told = []
    for course in courses:
        gains = course.features @ line
        gains[-1] = -np.inf
        told.append(np.asarray(gains, dtype=np.float64))
    return tuple(told)


def _ended(courses: Sequence[Course], at: Sequence[int]) -> Outcome:
    pairs = list(zip(courses, at, strict=True))
    return Outcome(
        questions=np.array(at, dtype=np.float64),
        right=np.array([float(course.right[place]) for course, place in pairs]),
        top=np.array([course.tops[place] for course, place in pairs]),
    )


def fixed(courses: Sequence[Course], count: int) -> Outcome:
    """Every case is asked `count` questions, or as many as it has."""
    return _ended(courses, [min(count, len(course.beliefs) - 1) for course in courses])


def stopped(courses: Sequence[Course], gains: Sequence[Floats], price: float) -> Outcome:
    """Every case is asked on until its expected gain is first no more than the price."""
    return _ended(courses, [int(np.argmax(one <= price)) for one in gains])


def price_for(gains: Sequence[Floats], mean: float) -> float:
    """The price at which the mean number of questions comes nearest to `mean` from below.

    A case is asked its n-th question where the least gain of its first n states is above the price, so that the mean is
    the number of such least gains above it, over the number of cases.
    """
    least = np.sort(np.concatenate([np.minimum.accumulate(one[:-1]) for one in gains]))[::-1]
    return float(least[min(len(least) - 1, max(0, round(mean * len(gains))))])
