"""The six scores of an encounter equal those worked out by hand, on every edge rule."""

from __future__ import annotations

import pytest
from scored_encounters import decided, encounter, record

from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import Charge, CostLedger, EncounterStatus
from wardround.evals.encounter.diagnosis import grade_of
from wardround.evals.encounter.scores import Column, Judges, iou, score, score_decisions

WHOLE: tuple[Decision, ...] = (
    decided(Stage.REFERRAL, "内科", sub=("Respiratory  Medicine", "cardiology")),
    decided(Stage.HISTORY, "chest examination", "X-ray", "CT"),
    decided(Stage.EXAMINATION, "X-ray: Consolidation in the right lower lobe"),
    decided(Stage.DIAGNOSIS, "bacterial pneumonia"),
    decided(Stage.TREATMENT, "抗生素治疗"),
)


def test_every_column_of_a_whole_encounter_is_as_worked_out_by_hand() -> None:
    found = score(encounter(WHOLE), record())
    assert found.scores == {
        Column.DEPARTMENT: 1.0,  # 内科 is internal medicine
        Column.LEVEL_2: pytest.approx(1 / 2),  # {respiratory} of {respiratory, cardiology}
        # chosen {chest, X-ray, CT}; true {chest, general, X-ray, blood}: 2 shared of 5
        Column.HISTORY: pytest.approx(2 / 5),
        Column.EXAMINATION: pytest.approx(1 / 2),  # the consolidation, but not "no effusion": (1 + 0) / 2
        Column.DIAGNOSIS: 0.75,  # narrower than "pneumonia", which is half of its words
        Column.TREATMENT: pytest.approx(1 / 2),  # {antibiotics} of {antibiotics, medication}
    }
    # (1 + 0.5 + 0.4 + 0.5 + 0.75 + 0.5) / 6 = 3.65 / 6
    assert found.average == pytest.approx(3.65 / 6)
    assert found.not_reached == ()
    assert (found.mode, found.model, found.version, found.judge) == ("cases", "votes", "1", "lexical rules")


def test_an_empty_prediction_is_tested_before_an_empty_truth() -> None:
    assert iou(frozenset(), frozenset()) == 0.0
    assert iou(frozenset(), frozenset({"CT"})) == 0.0
    assert iou(frozenset({"CT"}), frozenset()) is None
    assert iou(frozenset({"CT", "MRI"}), frozenset({"CT"})) == 0.5


def test_a_truth_that_is_empty_is_left_out_of_the_mean() -> None:
    truth = record(sub_departments=(), treatments=(), image_report=" ", diagnoses=())
    found = score(encounter(WHOLE), truth)
    assert found.scores[Column.LEVEL_2] is None
    assert found.scores[Column.TREATMENT] is None
    assert found.scores[Column.EXAMINATION] is None
    assert found.scores[Column.DIAGNOSIS] is None
    assert found.average == pytest.approx((1.0 + 0.4) / 2)


@pytest.mark.parametrize("name", ["X线片", "X-ray film", "radiograph", "x-RAY"])
def test_an_x_ray_by_any_of_its_names_is_one_examination(name: str) -> None:
    truth = record(physical_examination={}, auxiliary_examination={"X-ray": "clear"})
    assert score_decisions([decided(Stage.HISTORY, name, "X-ray")], truth)[Column.HISTORY] == 1.0


def test_an_examination_outside_the_vocabulary_keeps_its_own_name() -> None:
    truth = record(physical_examination={}, auxiliary_examination={"Holter": "sinus rhythm", "CT": "clear"})
    assert score_decisions([decided(Stage.HISTORY, "holter ", "MRI")], truth)[Column.HISTORY] == pytest.approx(1 / 3)


def test_stages_after_an_abstention_score_nothing_and_are_counted() -> None:
    made = (*WHOLE[:3], decided(Stage.DIAGNOSIS, "pneumonia", move=Move.ABSTAIN))
    found = score(encounter(made, status=EncounterStatus.ABSTAINED), record())
    assert found.scores[Column.DIAGNOSIS] == 0.0  # the best guess of one who abstains is no answer
    assert found.scores[Column.TREATMENT] == 0.0
    assert found.not_reached == (Stage.DIAGNOSIS, Stage.TREATMENT)
    assert found.abstained and not found.escalated
    # (1 + 0.5 + 0.4 + 0.5 + 0 + 0) / 6
    assert found.average == pytest.approx(2.4 / 6)


def test_an_escalation_at_the_door_scores_nothing_anywhere() -> None:
    found = score(encounter((), status=EncounterStatus.ESCALATED), record(urgency="emergency"))
    assert set(found.scores.values()) == {0.0}
    assert found.escalated and found.emergency is True
    assert len(found.not_reached) == 5


def test_two_departments_are_not_one_right_one() -> None:
    told = score_decisions([decided(Stage.REFERRAL, "internal medicine", "surgery")], record())
    assert told[Column.DEPARTMENT] == 0.0


def test_what_it_took_is_counted_from_the_turns_and_the_ledger() -> None:
    cost = CostLedger(
        charges=(
            Charge(order_id="1", item="X-ray", price=200.0),
            Charge(order_id="2", item="CT", price=1200.0, vetoed=True),
        )
    )
    moves = (Move.ASK, Move.ASK, Move.ORDER, Move.ORDER, Move.COMMIT)
    effort = score(encounter(WHOLE, turns=moves, cost=cost), record()).effort
    assert (effort.cost, effort.turns, effort.questions, effort.orders, effort.vetoed) == (200.0, 5, 2, 1, 1)


def test_another_judge_of_free_text_may_be_plugged_in() -> None:
    strict = Judges(diagnosis=lambda predicted, true: 0.25, report=lambda lines, reference: 0.0, name="a judge")
    found = score(encounter(WHOLE), record(), strict)
    assert (found.scores[Column.DIAGNOSIS], found.scores[Column.EXAMINATION]) == (0.25, 0.0)
    assert found.judge == "a judge"


def test_chinese_names_are_graded_by_their_characters() -> None:
    # All of 'pneumonia' stands in 'community-acquired pneumonia', but is less than half of its characters: level 2.
    assert grade_of(["肺炎"], ["社区获得性肺炎"]) == 0.5
    assert grade_of(["急性阑尾炎"], ["急性阑尾炎"]) == 1.0
    assert grade_of(["白内障"], ["骨折"]) == 0.0
