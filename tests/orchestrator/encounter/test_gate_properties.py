"""The gate against a thousand random cases and sequences: no diagnosis, no unasked result, nothing made up."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest
from gate_cases import ILLNESSES, Marked, marked_case, marks, names_any, orders, questions

from wardround.agents.cases.loaders.agentclinic import read_agentclinic
from wardround.agents.cases.loaders.own import own_cases
from wardround.contracts.case import Case
from wardround.contracts.clinic import AuxiliaryExam, Exam, HistoryTopic, PhysicalExam
from wardround.contracts.encounter import Answer, AnswerStatus, Order, OrderResult, OrderStatus, Question
from wardround.orchestrator.encounter.gate.record import RecordGate

AGENTCLINIC = Path(__file__).parents[4] / "shared" / "data" / "cases" / "agentclinic_medqa.jsonl"
HISTORY = {"complaint", "symptoms", "past"}


def _result_is_honest(marked: Marked, order: Order, result: OrderResult) -> None:
    case, exam = marked.case, order.exam
    films = tuple(one for one in case.images if one.exam is exam)
    assert result.images == films
    if films:
        assert (result.status, result.text) == (OrderStatus.AVAILABLE, "")
    elif case.result_of(exam):
        assert result.status is OrderStatus.AVAILABLE
        assert marks(result.text) == [mark for mark, place in marked.where.items() if place == exam.value]
    else:
        assert (result.status, result.text) == (OrderStatus.NOT_AVAILABLE, "")
    assert not names_any(result.text, marked.spelt)


def _answer_is_honest(marked: Marked, question: Question, answer: Answer) -> None:
    told = marks(answer.text)
    assert {marked.where[mark] for mark in told} <= HISTORY
    if question.topic is HistoryTopic.COMPLAINT and not question.words:
        assert {marked.where[mark] for mark in told} == {"complaint"}
    assert (answer.status is AnswerStatus.ANSWERED) == bool(told) == bool(answer.text)
    assert not names_any(answer.text, marked.spelt)


@pytest.mark.parametrize("block", range(10))
def test_over_a_thousand_sequences_nothing_crosses_that_was_not_asked_for(block: int) -> None:
    async def play(seed: int) -> None:
        chance = random.Random(seed)
        marked = marked_case(chance)
        gate = RecordGate(marked.case)
        opening = await gate.opening()
        assert {marked.where[mark] for mark in marks(opening.chief_complaint)} == {"complaint"}
        assert not names_any(opening.chief_complaint, marked.spelt)
        asked = questions(chance, marked, chance.randint(1, 6))
        placed = orders(chance, chance.randint(1, 6))
        moves: list[Question | Order] = [*asked, *placed]
        for move in chance.sample(moves, len(moves)):
            if isinstance(move, Question):
                _answer_is_honest(marked, move, await gate.answer(move))
            else:
                _result_is_honest(marked, move, await gate.result(move))

    async def all_of_them() -> None:
        for seed in range(block * 100, block * 100 + 100):
            await play(seed)

    asyncio.run(all_of_them())


def test_asking_for_an_illness_by_name_does_not_tell_whether_it_is_the_diagnosis() -> None:
    async def play() -> None:
        for seed in range(300):
            chance = random.Random(seed)
            marked = marked_case(chance)
            gate = RecordGate(marked.case)
            for spelling in (name for name in marked.spelt if name.isalpha() and (name.isascii() or name in ILLNESSES)):
                told = await gate.answer(Question(id="Q", topic=chance.choice(list(HistoryTopic)), words=spelling))
                assert "[withheld]" not in told.text

    asyncio.run(play())


def _everything(case: Case) -> list[tuple[str, str]]:
    """All that can be had of a case, each with the field or examination that it must come from."""

    async def ask() -> list[tuple[str, str]]:
        gate = RecordGate(case)
        told = [("history", (await gate.opening()).chief_complaint)]
        for topic in HistoryTopic:
            for words in ("", *case.diagnoses):
                told.append(("history", (await gate.answer(Question(id="Q", topic=topic, words=words[:300]))).text))
        exams: list[Exam] = [*PhysicalExam, *AuxiliaryExam]
        for exam in exams:
            result = await gate.result(Order(id="O", exam=exam))
            recorded = case.result_of(exam)
            assert (result.status is OrderStatus.AVAILABLE) == bool(recorded or result.images or result.text)
            told.append((exam.value, result.text))
        return told

    return asyncio.run(ask())


def _checked(cases: tuple[Case, ...]) -> None:
    for case in cases:
        for place, text in _everything(case):
            assert not names_any(text, case.diagnoses), case.case_id
            own = " ".join(
                (case.chief_complaint, case.symptoms, case.past_history)
                if place == "history"
                else (case.physical_examination | case.auxiliary_examination).get(place, case.image_report).split()
            )
            for part in text.split("[withheld]"):
                for piece in re.split(r"(?<=[.;?!]) |\n", part):
                    assert " ".join(piece.split()) in " ".join(own.split()), (case.case_id, piece)


def test_our_own_cases_give_away_no_diagnosis_and_nothing_that_is_not_in_them() -> None:
    cases = own_cases()
    if not cases:
        pytest.skip("there are no cases of our own here")
    _checked(tuple(cases))


def test_the_agentclinic_cases_give_away_no_diagnosis_and_nothing_that_is_not_in_them() -> None:
    if not AGENTCLINIC.is_file():
        pytest.skip("needs ../shared/data/cases/agentclinic_medqa.jsonl")
    _checked(tuple(read_agentclinic(AGENTCLINIC, None)))
