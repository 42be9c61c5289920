"""Ask or commit: what a belief is, when a rule stops, and which topic is worth asking, as worked out by hand."""

from __future__ import annotations

import math

import pytest

from wardround.contracts.decision import Move
from wardround.contracts.errors import CallerError
from wardround.orchestrator.encounter.asking import (
    FEATURES,
    AskingRule,
    Belief,
    asking_rule,
    best_topic,
    decide,
    entropy,
    expected_gain,
    likeness_of,
    topic_information,
)

WHILE_OPEN = AskingRule(
    version="t", gain="openness", coefficients={"openness": 1.0}, price=0.5, least_confidence=0.6, fitted_on="nothing"
)


def test_a_belief_is_shares_of_its_weights() -> None:
    belief = Belief.of([2.0, 1.0, 1.0], remaining=3)
    assert belief.probabilities == (0.5, 0.25, 0.25)
    assert (belief.top, belief.margin) == (0.5, 0.25)
    # 0.5 ln 2 + 2 * 0.25 ln 4 = 1.5 ln 2, of at most ln 3
    assert belief.openness == pytest.approx(1.5 * math.log(2) / math.log(3))


def test_an_answer_is_counted_and_its_change_is_measured() -> None:
    first = Belief.of([1.0, 1.0], remaining=2)
    then = first.after([3.0, 1.0])
    # 3/4 ln (3/4 / 1/2) + 1/4 ln (1/4 / 1/2)
    change = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert (then.asked, then.remaining) == (1, 1)
    assert then.change == pytest.approx(change)
    last = then.after([3.0, 1.0])
    assert (last.remaining, last.change) == (0, 0.0)
    assert last.moved == pytest.approx(change)


def test_an_option_that_comes_new_changes_the_belief_and_breaks_nothing() -> None:
    assert Belief.of([1.0]).after([1.0, 1.0]).change > 1.0
    assert Belief.of([1.0]).openness == 0.0


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_weights_that_make_no_shares_are_refused_with_what_to_do(weights: list[float]) -> None:
    with pytest.raises(CallerError) as refused:
        Belief.of(weights)
    assert refused.value.problem.hint


@pytest.mark.parametrize(
    ("weights", "remaining", "move"),
    [
        ([1.0, 1.0], 3, Move.ASK),  # wide open
        ([1.0, 1.0], 0, Move.ABSTAIN),  # wide open, and nothing left to ask
        ([99.0, 1.0], 3, Move.COMMIT),  # sure
        ([99.0, 1.0], 0, Move.COMMIT),
    ],
)
def test_a_rule_asks_while_it_pays_then_commits_or_abstains(weights: list[float], remaining: int, move: Move) -> None:
    assert decide(Belief.of(weights, remaining=remaining), WHILE_OPEN) is move


def test_with_nothing_left_to_ask_nothing_can_be_gained() -> None:
    assert expected_gain(Belief.of([1.0, 1.0], remaining=0), WHILE_OPEN) == 0.0
    assert expected_gain(Belief.of([1.0, 1.0], remaining=1), WHILE_OPEN) == pytest.approx(1.0)


def test_the_fitted_rule_says_what_it_was_fitted_on_and_how_it_came_out() -> None:
    rule = asking_rule()
    assert "mediQ" in rule.fitted_on
    assert rule.outcome and rule.gain
    assert set(rule.coefficients) == set(FEATURES)
    assert decide(Belief.of([1.0] * 4, remaining=0)) in (Move.COMMIT, Move.ABSTAIN)


def test_the_fitted_rule_expects_nothing_of_certainty_and_never_a_loss() -> None:
    sure, open_ = Belief.of([1.0, 0.0, 0.0], remaining=5), Belief.of([1.0, 1.0, 1.0], remaining=5)
    assert expected_gain(sure) == 0.0
    assert decide(sure) is Move.COMMIT
    assert expected_gain(open_) > 0.0
    assert decide(open_) is Move.ASK
    # After answers that told nothing, less is expected of the next.
    assert expected_gain(open_.after([1.0, 1.0, 1.0]).after([1.0, 1.0, 1.0])) < expected_gain(open_)


def test_an_answer_that_parts_two_equal_cases_is_worth_all_their_entropy() -> None:
    apart, alike = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]
    assert topic_information([1.0, 1.0], ["flu", "croup"], apart) == pytest.approx(math.log(2))
    assert topic_information([1.0, 1.0], ["flu", "croup"], alike) == 0.0
    # The same diagnosis twice leaves nothing open, however the answers differ.
    assert topic_information([1.0, 1.0], ["flu", "flu"], apart) == 0.0


def test_half_an_answer_is_worth_what_the_formula_gives() -> None:
    # Now ln 2. As if the first case's answer was given: 1 to 1/2, so 2/3 and 1/3; likewise the second.
    after = entropy([2 / 3, 1 / 3])
    assert topic_information([1.0, 1.0], ["flu", "croup"], [[1.0, 0.5], [0.5, 1.0]]) == pytest.approx(
        math.log(2) - after
    )


def test_the_topic_that_tells_cases_apart_is_asked_first() -> None:
    topics = {
        "allergy": likeness_of([frozenset({"none"}), frozenset({"none"})]),
        "social": likeness_of([frozenset({"smokes", "daily"}), frozenset({"never"})]),
    }
    best = best_topic([0.6, 0.4], ["COPD", "asthma"], topics)
    assert best is not None and best[0] == "social" and best[1] > 0.3
    assert best_topic([1.0], ["COPD"], {}) is None


def test_a_record_that_is_silent_on_a_topic_speaks_for_nobody() -> None:
    assert likeness_of([frozenset(), frozenset({"cough"})]) == [[1.0, 1.0], [1.0, 1.0]]
    assert likeness_of([frozenset({"cough", "fever"}), frozenset({"cough"})])[0][1] == pytest.approx(1 / 2)
