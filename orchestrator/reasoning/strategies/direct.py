"""Direct: the evidence in, the claims out; one more look where the model asked for evidence and some came."""

from __future__ import annotations

from wardround.orchestrator.reasoning.session import Proposal, Session

__all__ = ["run"]


async def run(session: Session) -> Proposal:
    """One question, or two."""
    answer = await session.claims("reason_direct")
    if await session.gather(answer.requests):
        answer = await session.claims("reason_direct")
    return Proposal(claims=answer.claims, narrative=answer.narrative, path=("direct",))
