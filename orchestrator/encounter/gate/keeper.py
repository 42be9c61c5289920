"""What every gatekeeper can do: open the encounter, answer a question, bring the result of an order."""

from __future__ import annotations

from typing import Protocol

from wardround.contracts.encounter import Answer, Opening, Order, OrderResult, Question

__all__ = ["Gatekeeper"]


class Gatekeeper(Protocol):
    """Stands between whoever decides and the patient. It tells what is asked, invents nothing, names no diagnosis.

    None of the three raises for what was asked: what is not there is NOT_KNOWN or NOT_AVAILABLE, and where a person
    answers it is WAITING.
    """

    @property
    def name(self) -> str:
        """Who answers, for the record."""

    async def opening(self) -> Opening:
        """Who comes, and with what complaint."""

    async def answer(self, question: Question) -> Answer:
        """What the patient says to one question."""

    async def result(self, order: Order) -> OrderResult:
        """What one examination found."""
