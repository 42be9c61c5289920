"""Chain of diagnosis: findings, a differential, the evidence that would tell these apart, then the conclusion.

After Chen et al., CoD (arXiv 2407.13301), whose steps these are; the forms and prompts are our formulation.
"""

from __future__ import annotations

from wardround.orchestrator.reasoning.answers import WorkupAnswer
from wardround.orchestrator.reasoning.session import Proposal, Session

__all__ = ["run"]


async def run(session: Session) -> Proposal:
    """Two questions, with the specialists asked in between."""
    workup = await session.ask("reason_workup", WorkupAnswer)
    await session.gather(workup.requests)
    answer = await session.claims(
        "reason_conclude",
        {"findings": ", ".join(workup.findings) or "none", "differential": ", ".join(workup.differential) or "none"},
    )
    return Proposal(
        claims=answer.claims,
        narrative=answer.narrative,
        differential=tuple(dict.fromkeys(workup.differential)),
        path=("chain-of-diagnosis",),
    )
