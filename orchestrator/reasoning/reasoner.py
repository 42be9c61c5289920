"""The reasoning agent: leads a language model to claims over the ledger, and has it mend what the verifier faults.

The model proposes; the verifier disposes. Whatever the model does, a run gets conclusions: where it gives no usable
answer they are the weigher's, worded from templates, and the account says what went wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wardround.contracts.base import Word
from wardround.contracts.codes import canonical_label
from wardround.contracts.codes.diagnoses import diagnosis_rule
from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.language import Heard, LanguageModel, Message, ModelRequest, Speaker
from wardround.contracts.reasoning import DraftClaim, Reasoning, StrategyName
from wardround.orchestrator.history.checked import ProposedCue, ProposedCues
from wardround.orchestrator.history.reader import MAX_READ
from wardround.orchestrator.reasoning.record import Record, raising
from wardround.orchestrator.reasoning.session import AskMore, Call, Proposal, ReasonerFailure, Session
from wardround.orchestrator.reasoning.strategies.table import STRATEGIES
from wardround.orchestrator.verify.verifier import verify
from wardround.prompts.loader import load
from wardround.providers.metering import Meter, Prices
from wardround.providers.typed import ask_typed

__all__ = ["Reasoned", "Reasoner", "ReasonerOptions"]


_HISTORY = "read_history"


@dataclass(frozen=True)
class ReasonerOptions:
    """How the model is led; see `[reasoner]` in the configuration for what each means."""

    strategy: StrategyName = StrategyName.ADAPTIVE
    samples: int = 3
    max_claims: int = 24
    max_citations: int = 16
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int | None = None
    budget: int = 4
    repair_rounds: int = 2
    reads_history: bool = False


class Reasoned(Word):
    """What came of it. `conclusions` is empty where the model failed; `account.problem` then says why."""

    conclusions: tuple[Conclusion, ...] = ()
    narrative: str = ""
    items: tuple[Evidence, ...] = ()
    account: Reasoning
    calls: tuple[Call, ...] = ()


class Reasoner:
    """One model with its options; safe for several runs at once."""

    def __init__(self, model: LanguageModel, options: ReasonerOptions, prices: Prices | None = None) -> None:
        self.model = model
        self.options = options
        self._prices = prices or Prices()

    def with_model(self, model: LanguageModel) -> Reasoner:
        """The same, led by the same options, with another model to ask."""
        return Reasoner(model, self.options, self._prices)

    def setup(self) -> dict[str, Any]:
        """All that it was configured with, as JSON; `restored` takes it back."""
        return {"model": self.model.name, "options": asdict(self.options), "prices": asdict(self._prices)}

    @classmethod
    def restored(cls, setup: Mapping[str, Any], model: LanguageModel) -> Reasoner:
        """A reasoner with the options and prices of an earlier one."""
        options = {**setup["options"], "strategy": StrategyName(setup["options"]["strategy"])}
        return cls(model, ReasonerOptions(**options), Prices(**setup["prices"]))

    async def read_history(self, text: str) -> tuple[Call, tuple[ProposedCue, ...]]:
        """What the model reads in a history, unchecked: a question of its own, without evidence and without tools."""
        prompt = load(_HISTORY)
        asked = prompt.text.format(history=text[:MAX_READ].replace("<<<", "«").replace(">>>", "»"))
        request = ModelRequest(
            messages=(Message(speaker=Speaker.USER, text=asked),),
            schema_name=_HISTORY,
            max_tokens=self.options.max_tokens,
            temperature=self.options.temperature,
            seed=self.options.seed,
        )
        answer = await ask_typed(self.model, request, ProposedCues)
        call = Call(prompt=_HISTORY, prompt_digest=prompt.digest, exchanges=answer.exchanges)
        return call, answer.value.cues if answer.value is not None else ()

    async def reason(
        self,
        items: Sequence[Evidence],
        ask_more: AskMore,
        *,
        strategy: StrategyName | None = None,
        can_retrieve: bool = False,
        heard: Heard | None = None,
    ) -> Reasoned:
        """Claims over the evidence, not yet verified for the last time; never raises for what a model does.

        Args:
            ask_more: maps typed wishes to specialists, within the run's budget.
            strategy: for this run alone, in place of the configured one.
            can_retrieve: whether anyone plays the role 'retrieve'.
        """
        options, meter = self.options, Meter(self._prices)
        session = Session(
            model=self.model,
            items=tuple(items),
            ask_more=ask_more,
            meter=meter,
            max_tokens=options.max_tokens,
            max_claims=options.max_claims,
            max_citations=options.max_citations,
            samples=options.samples,
            temperature=options.temperature,
            seed=options.seed,
            heard=heard,
            can_retrieve=can_retrieve,
        )
        chosen = strategy or options.strategy
        proposal, conclusions, rounds = Proposal(claims=()), tuple[Conclusion, ...](), 0
        problem: Problem | None = None
        try:
            proposal = await STRATEGIES[chosen](session)
            conclusions = concluded(proposal.claims, session.items)
            conclusions, rounds = await _mended(session, conclusions, options.repair_rounds)
        except ReasonerFailure as failure:
            # Claims that were proposed before a repair turn failed still stand before the verifier.
            problem = failure.problem
        spent = meter.spent
        return Reasoned(
            conclusions=conclusions,
            narrative=proposal.narrative,
            items=session.items,
            calls=tuple(session.calls),
            account=Reasoning(
                model=self.model.name,
                strategy=chosen,
                path=proposal.path,
                calls=spent.calls,
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
                seconds=spent.seconds,
                cost=spent.cost,
                currency=spent.currency,
                repair_rounds=rounds,
                requests=tuple(session.outcomes),
                dissent=proposal.dissent,
                differential=_in_scope(proposal.differential, session.items),
                problem=problem,
            ),
        )


def concluded(drafts: Sequence[DraftClaim], items: Sequence[Evidence]) -> tuple[Conclusion, ...]:
    """The drafts as unchecked claims C1, C2, …, those on one subject in one conclusion."""
    weighings = Record(items).weighings
    by_subject: dict[str, list[Claim]] = {}
    for number, draft in enumerate(drafts, start=1):
        label = canonical_label(draft.subject) or draft.subject
        weighing = weighings.get(label)
        claim = Claim(
            id=f"C{number}",
            calibrated=draft.confidence is not None and weighing is not None and weighing.source.calibrated,
            **draft.model_dump(exclude={"subject"}),
            subject=label,
        )
        by_subject.setdefault(label, []).append(claim)
    return tuple(_conclusion(subject, claims) for subject, claims in by_subject.items())


def _conclusion(subject: str, claims: Sequence[Claim]) -> Conclusion:
    return Conclusion(subject=subject, text=" ".join(claim.text for claim in claims).strip(), claims=tuple(claims))


async def _mended(
    session: Session, conclusions: tuple[Conclusion, ...], rounds: int
) -> tuple[tuple[Conclusion, ...], int]:
    """The conclusions after at most so many rounds in which the model was told the precise faults of its claims."""
    for number in range(rounds):
        faults = verify(conclusions, session.items).faults
        claims = {claim.id: claim for conclusion in conclusions for claim in conclusion.claims}
        faulty = [claims[id_] for id_ in faults if id_ in claims]
        if not faulty:
            return conclusions, number
        try:
            answer = await session.claims("reason_repair", {"faults": _told(faulty, faults)})
        except ReasonerFailure:
            return conclusions, number + 1
        sound = [_draft(claim) for claim in claims.values() if claim.id not in faults]
        subjects = {claim.subject for claim in faulty}
        mended = [draft for draft in answer.claims if (canonical_label(draft.subject) or draft.subject) in subjects]
        conclusions = concluded([*sound, *mended[: len(faulty)]], session.items)
    return conclusions, rounds


def _draft(claim: Claim) -> DraftClaim:
    return DraftClaim.model_validate(claim.model_dump(include=set(DraftClaim.model_fields)))


def _told(faulty: Sequence[Claim], faults: Mapping[str, tuple[str, ...]]) -> str:
    lines = []
    for number, claim in enumerate(faulty, start=1):
        fields = _draft(claim).model_dump(mode="json", exclude_none=True, exclude={"text"})
        lines.append(f"{number} | {json.dumps(fields)} | {'; '.join(faults[claim.id])[:300]}")
    return "\n".join(lines)


def _in_scope(differential: Sequence[str], items: Sequence[Evidence]) -> tuple[str, ...]:
    """Of the diagnoses that a model considered, those that the evidence raises; the others are not repeated."""
    record = Record(items)
    weighed = [item for item in items if item.kind is EvidenceKind.WEIGHING]
    kept = []
    for name in differential:
        label, rule = canonical_label(name), diagnosis_rule(name)
        if label in record.weighings and record.weighings[label].polarity is not Polarity.ABSENT:
            kept.append(label)
        elif rule is not None and len(raising(rule, weighed)) >= rule.needs:
            kept.append(rule.name)
    return tuple(dict.fromkeys(kept))
