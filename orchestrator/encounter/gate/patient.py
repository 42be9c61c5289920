"""A simulated patient at the gate: a language model words what the record tells, and a program checks every word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.case import Case
from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.encounter import Answer, AnswerStatus, Opening, Order, OrderResult, Question
from wardround.contracts.language import LanguageModel, Message, ModelRequest, Speaker
from wardround.orchestrator.encounter.gate.grounding import grounded
from wardround.orchestrator.encounter.gate.record import IMAGING, RecordGate, told_answer
from wardround.prompts.loader import load
from wardround.providers.typed import Exchange, ask_typed

__all__ = ["PROMPT", "PatientGate", "Spoken"]

PROMPT = "encounter_patient"
_Number = Annotated[int, Field(ge=1, le=200)]


class _PatientWords(Word):
    """What the model says as the patient, and the numbers of the sentences that it comes from."""

    words: Annotated[str, Field(max_length=1000)]
    used: Annotated[tuple[_Number, ...], Field(max_length=20)] = ()


@dataclass(frozen=True)
class Spoken:
    """How often the model was asked, and what became of its words; what was not accepted, the record told itself."""

    asked: int = 0
    accepted: int = 0
    ungrounded: int = 0
    failed: int = 0


class PatientGate:
    """A record whose answers a language model puts into a patient's words.

    The model sees the question and the sentences that `RecordGate` would tell, so it can give away nothing else. Where
    it does not name sentences that it was shown, or says anything that is not grounded in them, or cannot be had, the
    record's own sentences are the answer. Where the record tells nothing it is not asked. Orders are the record's.
    """

    def __init__(
        self,
        case: Case,
        model: LanguageModel,
        *,
        readable: Iterable[AuxiliaryExam] = IMAGING,
        max_tokens: int = 400,
        seed: int | None = None,
    ) -> None:
        self._record = RecordGate(case, readable=readable)
        self._model = model
        self._max_tokens = max_tokens
        self._seed = seed
        self._exchanges: list[Exchange] = []
        self.spoken = Spoken()
        self.name = f"simulated patient ({model.name})"

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every call to the model so far, in order, for the record and the bill."""
        return tuple(self._exchanges)

    async def opening(self) -> Opening:
        """The person, and the complaint as the record has it."""
        return await self._record.opening()

    async def answer(self, question: Question) -> Answer:
        """The model's words where they are grounded, else the record's; NOT_KNOWN where the record tells nothing."""
        told = self._record.told(question)
        answer = told_answer(question, told)
        if not told:
            return answer
        asked = await ask_typed(self._model, self._request(question, told), _PatientWords)
        self._exchanges += asked.exchanges
        self.spoken = replace(self.spoken, asked=self.spoken.asked + 1)
        if asked.value is None:
            self.spoken = replace(self.spoken, failed=self.spoken.failed + 1)
            return answer
        words = " ".join(asked.value.words.split())
        used = [told[number - 1] for number in asked.value.used if number <= len(told)]
        if len(used) < len(asked.value.used) or not grounded(words, used) or self._record.withholds(words):
            self.spoken = replace(self.spoken, ungrounded=self.spoken.ungrounded + 1)
            return answer
        self.spoken = replace(self.spoken, accepted=self.spoken.accepted + 1)
        return Answer(question_id=question.id, status=AnswerStatus.ANSWERED, text=words, source=self.name)

    async def result(self, order: Order) -> OrderResult:
        """What the record has of it; a patient knows no results."""
        return await self._record.result(order)

    def _request(self, question: Question, told: tuple[str, ...]) -> ModelRequest:
        words = load(PROMPT).sections()
        numbered = "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(told, start=1))
        asked = f"{words['asked'].format(topic=question.topic.value)}{': ' + question.words if question.words else ''}."
        return ModelRequest(
            messages=(
                Message(speaker=Speaker.SYSTEM, text=words["system"]),
                Message(speaker=Speaker.USER, text=f"{words['question']}\n\n<<<\n{numbered}\n>>>\n\n{asked}"),
            ),
            schema_name="patient",
            max_tokens=self._max_tokens,
            seed=self._seed,
        )
