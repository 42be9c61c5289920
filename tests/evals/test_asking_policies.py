"""Ask or commit against a fixed number of questions: counts and accuracies as worked out by hand, and a control."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.measures.resampling import PatientBootstrap
from wardround.evals.asking.compare import advantage, at_mean, fixed_curve, rule_curve
from wardround.evals.asking.control import control_courses
from wardround.evals.asking.policies import GAIN_OF, RULES, Course, fixed, gains_of, price_for, stopped
from wardround.orchestrator.encounter.asking import FEATURES

# The first is right from the start; the second only after one answer; the third never, and has one answer to give.
COURSES = (
    Course.of(np.array([[0.9, 0.1], [0.9, 0.1], [0.95, 0.05]]), 0),
    Course.of(np.array([[0.4, 0.6], [0.7, 0.3], [0.8, 0.2]]), 0),
    Course.of(np.array([[0.45, 0.55], [0.4, 0.6]]), 0),
)
OPEN = {name: float(name == "openness") for name in FEATURES}


def test_a_fixed_number_is_asked_of_all_who_have_so_many() -> None:
    told = [(fixed(COURSES, count).questions.mean(), fixed(COURSES, count).right.mean()) for count in (0, 1, 2)]
    assert told == [
        (0.0, pytest.approx(1 / 3)),
        (1.0, pytest.approx(2 / 3)),
        (pytest.approx(5 / 3), pytest.approx(2 / 3)),
    ]


def test_a_rule_stops_where_its_gain_first_falls_to_the_price() -> None:
    # Openness of 0.9: 0.47; of 0.6: 0.97; of 0.7: 0.88; of 0.55: 0.99
    outcome = stopped(COURSES, gains_of(COURSES, OPEN), 0.9)
    assert outcome.questions.tolist() == [0.0, 1.0, 1.0]
    assert outcome.right.tolist() == [1.0, 1.0, 0.0]
    assert outcome.top.tolist() == [0.9, 0.7, 0.6]


def test_between_whole_numbers_the_fixed_policy_is_a_mix() -> None:
    curve = fixed_curve(COURSES)
    assert curve.accuracy(np.array([0.5]))[0, 0] == pytest.approx(0.5)  # half way from 1/3 to 2/3
    # The rule above: 2/3 right with 2/3 of a question; the fixed policy there: 1/3 + 2/3 * 1/3 = 5/9
    bootstrap = PatientBootstrap(["a", "b", "c"], count=50)
    outcome = stopped(COURSES, gains_of(COURSES, OPEN), 0.9)
    assert at_mean(outcome, curve, bootstrap).value == pytest.approx(2 / 3 - 5 / 9)


def test_a_price_asks_the_mean_number_that_was_wanted() -> None:
    courses = control_courses(200, 3)
    gains = gains_of(courses, RULES["top, next"](courses))
    for mean in (0.0, 1.5, 4.0):
        asked = stopped(courses, gains, price_for(gains, mean)).questions.mean()
        assert asked == pytest.approx(mean, abs=0.011)


def test_every_rule_is_a_line_over_the_features_of_a_belief() -> None:
    courses = control_courses(100, 4)
    for name, fit in RULES.items():
        assert set(fit(courses)) == set(FEATURES), name
    assert set(GAIN_OF) == set(RULES) - {"margin", "openness"}


def test_where_answers_inform_the_fitted_rule_beats_a_fixed_number() -> None:
    tuning, test = control_courses(400, 1), control_courses(400, 2)
    plain = fixed_curve(test)
    ours = rule_curve(test, gains_of(test, RULES["top, next"](tuning)), steps=25)
    found = advantage(ours, plain, PatientBootstrap([str(place) for place in range(len(test))], count=200))
    assert found.low > 0.0


def test_where_answers_tell_nothing_no_rule_beats_it() -> None:
    tuning, test = control_courses(200, 1, strength=0.0), control_courses(200, 2, strength=0.0)
    assert fixed(test, 0).right.mean() == fixed(test, 20).right.mean()
    ours = rule_curve(test, gains_of(test, RULES["top, next"](tuning)), steps=10)
    bootstrap = PatientBootstrap([str(place) for place in range(len(test))], count=50)
    assert advantage(ours, fixed_curve(test), bootstrap).value == pytest.approx(0.0, abs=1e-12)
