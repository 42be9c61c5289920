"""A person who answers for the patient, beside a record that has the results, or has only films."""

from __future__ import annotations

from wardround.contracts.case import Case
from wardround.contracts.encounter import Answer, Opening, Order, OrderResult, OrderStatus, Question
from wardround.orchestrator.encounter.gate.human import HumanGate
from wardround.orchestrator.encounter.gate.record import RecordGate

__all__ = ["AttendedGate"]


class AttendedGate:
    """Questions go to the person. Orders go to the record; where it holds no examinations, the person enters them."""

    def __init__(self, case: Case, opening: Opening, record: RecordGate) -> None:
        self.person = HumanGate(opening)
        self._record = record
        self._has_results = bool(case.exams)
        self.name = self.person.name

    async def opening(self) -> Opening:
        """What was told at the start."""
        return await self.person.opening()

    async def answer(self, question: Question) -> Answer:
        """WAITING."""
        return await self.person.answer(question)

    async def result(self, order: Order) -> OrderResult:
        """The record's, or WAITING."""
        recorded = await self._record.result(order)
        if recorded.status is OrderStatus.AVAILABLE or self._has_results:
            return recorded
        return await self.person.result(order)
