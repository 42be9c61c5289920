"""Panel with critic: proposers who do not see each other, a critic who must cite, and a vote that keeps dissent."""

from __future__ import annotations

from collections import Counter

from wardround.contracts.codes import canonical_label
from wardround.orchestrator.reasoning.answers import CritiqueAnswer
from wardround.orchestrator.reasoning.session import Proposal, ReasonerFailure, Session
from wardround.orchestrator.reasoning.voting import Ballot, vote

__all__ = ["run"]

# Each proposer weighs the same evidence from another side; the stance is all that differs.
_STANCES = {
    "reader": "You look for every abnormality that the evidence suspects.",
    "sceptic": "You look for reasons to leave a suspicion undecided or to call it absent.",
    "integrator": "You look for findings that explain each other, and for measurements that bear on them.",
}


async def run(session: Session) -> Proposal:
    """A question for each proposer and one for the critic.

    A proposer who fails is left out, unless all do. An objection that cites no existing item is not heard; a critic who
    fails objects to nothing, and the path says so.
    """
    ballots, narrative = [], ""
    failure: ReasonerFailure | None = None
    for number, (name, stance) in enumerate(_STANCES.items()):
        try:
            answer = await session.claims("reason_panel", {"stance": stance}, seed=(session.seed or 0) + number)
        except ReasonerFailure as error:
            failure = error
            continue
        ballots.append(Ballot(name, answer.claims))
        narrative = narrative or answer.narrative
    if not ballots and failure is not None:
        raise failure
    against, critic = await _objections(session, ballots)
    claims, dissent = vote(ballots, against)
    return Proposal(claims=claims, narrative=narrative, dissent=dissent, path=(f"panel of {len(ballots)}", critic))


async def _objections(session: Session, ballots: list[Ballot]) -> tuple[Counter[str], str]:
    """Votes against each subject, and what the critic did."""
    ids = {item.id for item in session.items}
    proposed = "\n".join(
        f"{ballot.proposer} | {claim.subject[:60]} | {claim.polarity.value} | cites {', '.join(claim.citations[:8])}"
        for ballot in ballots
        for claim in ballot.claims
    )
    try:
        critique = await session.ask("reason_critic", CritiqueAnswer, {"claims": proposed or "none"})
    except ReasonerFailure:
        return Counter(), "the critic gave no usable answer"
    heard = {
        canonical_label(one.subject) or one.subject.strip().casefold()
        for one in critique.objections
        if one.citations and set(one.citations) <= ids
    }
    return Counter(heard), f"critic with {len(heard)} of {len(critique.objections)} objections heard"
