"""Which topic the history asks of next, and whether it asks on, by the information that similar cases let expect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from wardround.contracts.clinic import HistoryTopic
from wardround.contracts.decision import Move
from wardround.orchestrator.encounter.asking import Belief, best_topic, decide, likeness_of
from wardround.orchestrator.encounter.deciders.decider import Similar, View, Wanted
from wardround.orchestrator.encounter.gate.topics import told_history
from wardround.orchestrator.encounter.gate.words import keys
from wardround.orchestrator.encounter.voting import vote_weight

__all__ = ["TOPICS", "exam_belief", "most_telling", "next_question"]

# Where no case tells anything, topics are asked in this order: those that most often change what follows come first.
TOPICS = (
    HistoryTopic.PRESENT_ILLNESS,
    HistoryTopic.PAST_ILLNESS,
    HistoryTopic.MEDICATION,
    HistoryTopic.SOCIAL,
    HistoryTopic.FAMILY,
    HistoryTopic.ALLERGY,
    HistoryTopic.REVIEW_OF_SYSTEMS,
)
_LEAST = 1e-6


def exam_belief(similar: Sequence[Similar]) -> dict[str, float]:
    """The share of the votes for each set of examinations that similar cases needed: what the history is to decide."""
    told: dict[str, float] = {}
    for one in similar:
        group = _group(one)
        told[group] = told.get(group, 0.0) + vote_weight(one.match.similarity, one.match.trust)
    total = sum(told.values())
    return {group: weight / total for group, weight in told.items()}


def next_question(view: View) -> Wanted:
    """The topic of most expected information while one more answer is expected to be worth its price, else commit.

    The present illness is asked first, whatever is expected: all that follows is compared by it.
    """
    asked = [one.topic for one in view.asked if one.topic is not None]
    left = [topic for topic in TOPICS if topic not in asked]
    if not left:
        return Wanted(move=Move.COMMIT)
    if HistoryTopic.PRESENT_ILLNESS in left:
        return Wanted(move=Move.ASK, topic=HistoryTopic.PRESENT_ILLNESS, reason="all else is compared by it")
    if not view.similar:
        return Wanted(move=Move.ASK, topic=left[0], reason="no similar case tells what to ask first")
    now = exam_belief(view.similar)
    remaining = min(len(left), view.options.max_questions - len(asked))
    if decide(Belief(tuple(now.values()), len(asked), remaining, _change(now, view.belief))) is not Move.ASK:
        return Wanted(move=Move.COMMIT, reason="one more answer is not expected to be worth its question")
    topic, nats = most_telling(view.similar, left)
    return Wanted(move=Move.ASK, topic=topic, reason=f"expected information {nats:.2f} nats")


def most_telling(similar: Sequence[Similar], left: Sequence[HistoryTopic]) -> tuple[HistoryTopic, float]:
    """Of the topics left, the one whose answer is expected to tell most of the examinations needed, and its nats."""
    weights = [vote_weight(one.match.similarity, one.match.trust) for one in similar]
    groups = [_group(one) for one in similar]
    answers = {topic: [_answer(one, topic) for one in similar] for topic in left}
    best = best_topic(weights, groups, {topic.value: likeness_of(told) for topic, told in answers.items()})
    assert best is not None
    return HistoryTopic(best[0]), best[1]


def _answer(one: Similar, topic: HistoryTopic) -> frozenset[str]:
    """The words of what the case's record tells of a topic."""
    told = (line.text for line in told_history(one.match.fields) if topic in line.topics)
    return frozenset().union(*(keys(text) for text in told))


def _group(one: Similar) -> str:
    return "|".join(sorted(one.match.fields.exams))


def _change(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """How far the last answer moved the belief: Kullback-Leibler, nats, new against old; 0 before any answer."""
    if not before:
        return 0.0
    return max(0.0, sum(p * math.log(p / max(before.get(group, 0.0), _LEAST)) for group, p in now.items() if p > 0))
