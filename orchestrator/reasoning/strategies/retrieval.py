"""Retrieval-augmented: similar cases are fetched first and stand in the evidence, each under its own id."""

from __future__ import annotations

from wardround.contracts.reasoning import EvidenceRequest, EvidenceWanted
from wardround.orchestrator.reasoning.session import Proposal, Session

__all__ = ["run"]


async def run(session: Session) -> Proposal:
    """One question over the evidence and the cases; where nobody has cases, it is the direct strategy and says so."""
    came = session.can_retrieve and await session.gather([EvidenceRequest(wanted=EvidenceWanted.SIMILAR_CASES)])
    answer = await session.claims("reason_cases" if came else "reason_direct")
    path = "retrieval-augmented" if came else "direct, for no similar case was found"
    return Proposal(claims=answer.claims, narrative=answer.narrative, path=(path,))
