"""Self-consistency: several samples of the direct answer, and a vote over their claims (Wang et al., ICLR 2023)."""

from __future__ import annotations

from wardround.orchestrator.reasoning.session import Proposal, ReasonerFailure, Session
from wardround.orchestrator.reasoning.voting import Ballot, vote

__all__ = ["run"]

_TEMPERATURE = 0.7


async def run(session: Session) -> Proposal:
    """As many questions as samples; a sample that fails is left out, unless all do."""
    ballots, narrative = [], ""
    failure: ReasonerFailure | None = None
    for number in range(session.samples):
        try:
            answer = await session.claims(
                "reason_direct", seed=(session.seed or 0) + number, temperature=max(session.temperature, _TEMPERATURE)
            )
        except ReasonerFailure as error:
            failure = error
            continue
        ballots.append(Ballot(f"sample {number + 1}", answer.claims))
        narrative = narrative or answer.narrative
    if not ballots and failure is not None:
        raise failure
    claims, dissent = vote(ballots)
    return Proposal(claims=claims, narrative=narrative, dissent=dissent, path=(f"self-consistency of {len(ballots)}",))
