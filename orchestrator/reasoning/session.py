"""What a strategy works with: the evidence as it stands, a model to ask, and a way to ask for more evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from wardround.contracts.base import Word
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Evidence
from wardround.contracts.language import Heard, LanguageModel, Message, ModelRequest, Speaker
from wardround.contracts.reasoning import Dissent, DraftClaim, EvidenceRequest, RequestOutcome
from wardround.orchestrator.reasoning.answers import ClaimsAnswer, claims_answer
from wardround.orchestrator.reasoning.brief import brief
from wardround.prompts.loader import load
from wardround.providers.metering import Meter
from wardround.providers.typed import Exchange, ask_typed

__all__ = ["AskMore", "Call", "Proposal", "ReasonerFailure", "Session"]

Answer = TypeVar("Answer", bound=Word)
# Asks the specialists; gives the whole evidence as it then stands, and what became of each wish.
AskMore = Callable[[Sequence[EvidenceRequest]], Awaitable[tuple[tuple[Evidence, ...], tuple[RequestOutcome, ...]]]]

_SYSTEM = "reason_system"


class ReasonerFailure(Exception):
    """The model gave no usable answer; `problem` says why. It ends the strategy, not the run."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Call(Word):
    """One question as a run's record keeps it: which prompt (by digest), for what, and each exchange with the model."""

    prompt: str
    prompt_digest: str
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Proposal:
    """What a strategy came to."""

    claims: tuple[DraftClaim, ...]
    narrative: str = ""
    dissent: tuple[Dissent, ...] = ()
    differential: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


@dataclass
class Session:
    """One reasoning over one film's evidence. `calls` and `outcomes` grow; `items` is the evidence as it now stands."""

    model: LanguageModel
    items: tuple[Evidence, ...]
    ask_more: AskMore
    meter: Meter
    max_tokens: int = 1024
    max_claims: int = 24
    max_citations: int = 16
    samples: int = 3
    temperature: float = 0.0
    seed: int | None = None
    heard: Heard | None = None
    can_retrieve: bool = False
    calls: list[Call] = field(default_factory=list)
    outcomes: list[RequestOutcome] = field(default_factory=list)

    async def ask(
        self,
        prompt: str,
        returns: type[Answer],
        fields: Mapping[str, object] | None = None,
        *,
        seed: int | None = None,
        temperature: float | None = None,
    ) -> Answer:
        """The model's answer to a prompt file over the evidence.

        The rules and the evidence come first in every question, so that a server which keeps what it has read of a
        conversation's beginning reads them once.

        Raises:
            ReasonerFailure: no usable answer, after one repair turn.
        """
        system, asked = load(_SYSTEM), load(prompt)
        request = ModelRequest(
            messages=(
                Message(speaker=Speaker.SYSTEM, text=system.text.format(evidence=brief(self.items))),
                Message(speaker=Speaker.USER, text=asked.text.format(**(fields or {}))),
            ),
            schema_name=prompt,
            max_tokens=self.max_tokens,
            temperature=self.temperature if temperature is None else temperature,
            seed=self.seed if seed is None else seed,
        )
        answer = await ask_typed(self.model, request, returns, heard=self.heard)
        self.meter.note(answer.exchanges)
        self.calls.append(Call(prompt=prompt, prompt_digest=asked.digest, exchanges=answer.exchanges))
        if answer.value is None:
            assert answer.problem is not None
            raise ReasonerFailure(answer.problem)
        return answer.value

    async def claims(
        self,
        prompt: str,
        fields: Mapping[str, object] | None = None,
        *,
        seed: int | None = None,
        temperature: float | None = None,
    ) -> ClaimsAnswer:
        """The model's claims.

        Raises:
            ReasonerFailure: no usable answer.
        """
        return await self.ask(
            prompt, claims_answer(self.max_claims, self.max_citations), fields, seed=seed, temperature=temperature
        )

    async def gather(self, requests: Sequence[EvidenceRequest]) -> bool:
        """Asks for more evidence; whether any came."""
        if not requests:
            return False
        self.items, outcomes = await self.ask_more(requests)
        self.outcomes += outcomes
        return any(outcome.evidence for outcome in outcomes)
