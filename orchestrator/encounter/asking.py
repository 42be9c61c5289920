"""Ask on or commit: decided by the information that more answers are expected to bring, and which topic to ask next.

*Whether*: after MediQ (Li et al., NeurIPS 2024, arXiv 2406.00922), which lets a module abstain from answering while too
little is known. Here it is a regression fitted on one half of its cases: from the form of the belief it predicts what
one more answer will bring. Below a price an encounter commits, or abstains where its belief is too weak. The
coefficients lie in `asking.json`, with what they predict, what they were fitted on and how they came out.

*Which*: the expected information of a topic, computed from the candidate cases themselves. Each candidate is taken in
turn as if its record's answer had been given; the others keep their weight as far as they would have answered alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word
from wardround.contracts.decision import Move
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = [
    "FEATURES",
    "AskingRule",
    "Belief",
    "asking_rule",
    "best_topic",
    "decide",
    "entropy",
    "expected_gain",
    "features_of",
    "likeness_of",
    "topic_information",
]

_LEAST = 1e-9
_MOST_CHANGE = 1.0  # nats; one answer that changes more than this changes everything


def entropy(probabilities: Sequence[float]) -> float:
    """Shannon's entropy in nats."""
    return sum(-one * math.log(one) for one in probabilities if one > 0.0)


def _normalised(weights: Sequence[float]) -> tuple[float, ...]:
    total = math.fsum(weights)
    if not weights or any(one < 0.0 or not math.isfinite(one) for one in weights) or total <= 0.0:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "A belief needs at least one option, and weights that are finite, not negative and not all zero.",
            "Give the options' shares of the votes, or their probabilities.",
        )
    return tuple(one / total for one in weights)


@dataclass(frozen=True)
class Belief:
    """What is believed of the options after `asked` answers, and how it came about.

    Attributes:
        probabilities: of the options; they add up to 1.
        asked: how many questions have been answered.
        remaining: how many could still be asked.
        change: by how much the last answer moved the belief: Kullback-Leibler, nats, new against old.
        moved: the sum of all changes so far.
    """

    probabilities: tuple[float, ...]
    asked: int = 0
    remaining: int = 0
    change: float = 0.0
    moved: float = 0.0

    @classmethod
    def of(cls, weights: Sequence[float], *, asked: int = 0, remaining: int = 0) -> Belief:
        """The first belief, from weights in any unit.

        Raises:
            CallerError: BAD_ARGUMENT without options, or for weights that make no shares.
        """
        return cls(_normalised(weights), asked, remaining)

    def after(self, weights: Sequence[float], *, remaining: int | None = None) -> Belief:
        """The belief after one more answer. Options that come new had a probability near zero; the order must stay.

        Raises:
            CallerError: BAD_ARGUMENT for weights that make no shares.
        """
        now = _normalised(weights)
        before = (*self.probabilities, *(0.0,) * (len(now) - len(self.probabilities)))
        change = sum(new * math.log(new / max(old, _LEAST)) for new, old in zip(now, before, strict=False) if new > 0)
        left = max(0, self.remaining - 1) if remaining is None else remaining
        change = max(0.0, change)
        return Belief(now, self.asked + 1, left, change, self.moved + change)

    @property
    def top(self) -> float:
        """The likeliest option's probability."""
        return max(self.probabilities)

    @property
    def margin(self) -> float:
        """How far the likeliest option is ahead of the next."""
        first, *others = sorted(self.probabilities, reverse=True)
        return first - (others[0] if others else 0.0)

    @property
    def openness(self) -> float:
        """Entropy as a share of the most that so many options allow, in [0, 1]; 0 for a single option."""
        options = len(self.probabilities)
        return entropy(self.probabilities) / math.log(options) if options > 1 else 0.0


# None is negative and all vanish where the belief is certain, so that coefficients that are not negative
# expect no negative gain and, of certainty, none: information theory asks as much of an expected information.
FEATURES = ("openness", "doubt", "closeness", "openness, early", "openness, left", "openness, change", "openness, pace")


def features_of(belief: Belief) -> tuple[float, ...]:
    """The values of `FEATURES`, each in [0, 1] save that of what is left, whose count is on a logarithmic scale.

    `doubt` is 1 less the likeliest option's probability, `closeness` 1 less its lead. Openness is weighed by how early
    it is, how much is left to ask, how far the last answer moved the belief, and the mean move of an answer so far
    (`pace`: how much answers have told in this case); moves are cut at 1 nat.
    """
    openness = belief.openness
    return (
        openness,
        1.0 - belief.top,
        1.0 - belief.margin,
        openness / (1.0 + belief.asked),
        openness * math.log1p(belief.remaining),
        openness * min(belief.change, _MOST_CHANGE),
        openness * min(belief.moved / max(1, belief.asked), _MOST_CHANGE),
    )


class AskingRule(Word):
    """Fitted coefficients by feature, and where to stop.

    `gain` says what is predicted and in which unit; `price` is the least of it for which one more question is asked.
    `least_confidence` is the probability below which nothing is committed to. `fitted_on` and `outcome` say what the
    rule comes from and how it did on cases that it was not fitted on.
    """

    version: str
    gain: str
    coefficients: dict[str, Annotated[float, Field(ge=0.0)]]
    price: float
    least_confidence: Unit
    fitted_on: str
    outcome: str = ""


@cache
def asking_rule() -> AskingRule:
    """The rule that was fitted on the tuning half of mediQ."""
    text = resources.files("wardround.orchestrator.encounter").joinpath("asking.json").read_text(encoding="utf-8")
    return AskingRule.model_validate(json.loads(text))


def expected_gain(belief: Belief, rule: AskingRule | None = None) -> float:
    """What one more answer is expected to bring, in the unit of the rule's `gain`; 0 where none is left to be had."""
    if belief.remaining <= 0:
        return 0.0
    coefficients = (rule or asking_rule()).coefficients
    told = zip(FEATURES, features_of(belief), strict=True)
    return sum(coefficients.get(name, 0.0) * value for name, value in told)


def decide(belief: Belief, rule: AskingRule | None = None) -> Move:
    """ASK while an answer is expected to be worth its price, then COMMIT, or ABSTAIN where the belief is too weak."""
    used = rule or asking_rule()
    if belief.remaining > 0 and expected_gain(belief, used) > used.price:
        return Move.ASK
    return Move.COMMIT if belief.top >= used.least_confidence else Move.ABSTAIN


def _shares(weights: Sequence[float], groups: Sequence[str]) -> list[float]:
    told: dict[str, float] = {}
    for weight, group in zip(weights, groups, strict=True):
        told[group] = told.get(group, 0.0) + weight
    return list(told.values())


def topic_information(weights: Sequence[float], groups: Sequence[str], likeness: Sequence[Sequence[float]]) -> float:
    """The drop of entropy over groups, in nats, that the answer to one topic is expected to bring; never negative.

    The sum over candidates c of w_c [H(now) - H(reweighted as if c's answer was given)].

    Args:
        weights: of the candidate cases, in any unit.
        groups: what each candidate stands for, such as its diagnosis.
        likeness: by candidate, how alike each candidate's answer would be to its own, in [0, 1].

    Raises:
        CallerError: BAD_ARGUMENT for weights that make no shares.
    """
    known = _normalised(weights)
    now = entropy(_shares(known, groups))
    expected = 0.0
    for weight, row in zip(known, likeness, strict=True):
        given = [one * alike for one, alike in zip(known, row, strict=True)]
        if sum(given) > 0.0:
            expected += weight * (now - entropy(_shares(_normalised(given), groups)))
    return max(0.0, expected)


def best_topic(
    weights: Sequence[float], groups: Sequence[str], topics: Mapping[str, Sequence[Sequence[float]]]
) -> tuple[str, float] | None:
    """The topic of most expected information with its nats, the first of equals; None where there is none to ask."""
    told = {topic: topic_information(weights, groups, likeness) for topic, likeness in topics.items()}
    return max(told.items(), key=lambda one: one[1]) if told else None


def likeness_of(answers: Sequence[frozenset[str]], *, least: float = 0.05) -> list[list[float]]:
    """How alike candidates would answer, by the words of their records on a topic: the Jaccard index, or `least`.

    A record that says nothing of the topic is like every other, so that an answer neither speaks for it nor against it.
    """
    return [
        [1.0 if not one or not other else max(least, len(one & other) / len(one | other)) for other in answers]
        for one in answers
    ]
