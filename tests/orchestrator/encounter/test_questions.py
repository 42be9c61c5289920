"""What a history asks of next: the present illness first, then what tells the similar cases apart."""

from __future__ import annotations

from encounter_cases import chest_case

from wardround.contracts.case import Case, CaseMatch
from wardround.contracts.clinic import HistoryTopic
from wardround.contracts.decision import Move, Stage
from wardround.contracts.encounter import Fact, FactKind, Opening
from wardround.orchestrator.encounter.deciders.decider import Similar, View, Wanted
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.questions import TOPICS, exam_belief, most_telling, next_question
from wardround.orchestrator.encounter.state import EncounterOptions


def _similar(case: Case, similarity: float = 0.6) -> Similar:
    match = CaseMatch(
        case_id=case.case_id, similarity=similarity, trust=case.trust, synthetic=True,
        provenance=case.provenance, licence=case.licence, fields=case,
    )  # fmt: skip
    return Similar(Fact(id="F3", kind=FactKind.CASE, stage=Stage.HISTORY, source="memory"), match)


def _view(similar: list[Similar], asked: tuple[HistoryTopic, ...] = (), **options: int) -> View:
    book = Notebook([], [], Opening(chief_complaint="I cough."))
    done = [Wanted(move=Move.ASK, topic=topic) for topic in asked]
    return View(Stage.HISTORY, book, similar, EncounterOptions(**options), asked=done)  # type: ignore[arg-type]


def test_the_present_illness_is_asked_first() -> None:
    assert next_question(_view([_similar(chest_case(1))])).topic is HistoryTopic.PRESENT_ILLNESS


def test_without_similar_cases_all_topics_are_asked_in_order_and_then_no_more() -> None:
    asked: tuple[HistoryTopic, ...] = ()
    while (wanted := next_question(_view([], asked))).move is Move.ASK:
        assert wanted.topic is not None
        asked = (*asked, wanted.topic)
    assert asked == TOPICS


def test_belief_is_the_share_of_the_votes_for_each_set_of_examinations() -> None:
    skin = chest_case(2, physical_examination={"skin examination": ""}, auxiliary_examination={})
    belief = exam_belief([_similar(chest_case(1), 0.8), _similar(skin, 0.4)])
    # Votes go by the square of the likeness: 0.64 against 0.16.
    assert [round(share, 6) for share in belief.values()] == [0.8, 0.2]
    assert exam_belief([]) == {}


def test_nothing_more_is_asked_where_no_question_is_left() -> None:
    similar = [_similar(chest_case(1))]
    assert next_question(_view(similar, TOPICS)).move is Move.COMMIT
    spent = _view(similar, (HistoryTopic.PRESENT_ILLNESS,), max_questions=1)
    assert next_question(spent).move is Move.COMMIT


def test_a_topic_on_which_the_cases_differ_is_chosen_before_one_on_which_they_agree() -> None:
    first = chest_case(1, past_history="No known drug allergies. Father had heart disease.")
    other = chest_case(
        2, past_history="No known drug allergies. Mother had psoriasis.", physical_examination={"skin examination": ""}
    )
    topic, nats = most_telling([_similar(first), _similar(other)], [HistoryTopic.ALLERGY, HistoryTopic.FAMILY])
    assert topic is HistoryTopic.FAMILY and nats > 0
