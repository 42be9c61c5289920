"""Adaptive: an easy film is reasoned on directly, one whose evidence conflicts goes to the panel.

After MDAgents (Kim et al., NeurIPS 2024), but the complexity is counted from the evidence, not asked of the model.
"""

from __future__ import annotations

from collections.abc import Sequence

from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.session import Proposal, Session
from wardround.orchestrator.reasoning.strategies import direct, panel

__all__ = ["conflicts", "run"]


def conflicts(items: Sequence[Evidence]) -> tuple[str, ...]:
    """What in the evidence speaks against what: a normal film beside an abnormality, and readers who disagree."""
    record = Record(items)
    found = []
    normal = record.weighings.get("No Finding")
    if normal is not None and normal.polarity is Polarity.PRESENT and record.against_normal():
        found.append("a normal film is suspected beside an abnormality")
    for item in items:
        weighed = record.weighings.get(item.subject)
        opposite = item.polarity.opposite if item.polarity is not None else None
        if item.kind is EvidenceKind.OBSERVATION and weighed is not None and opposite and weighed.polarity is opposite:
            found.append(f"{item.id} disagrees with {weighed.id}")
        if item.kind is EvidenceKind.FINDING and len(item.voices) > 1:
            gains = [voice.value > voice.training_prevalence for voice in item.voices if voice.training_prevalence]
            if weighed is not None and weighed.polarity is not Polarity.ABSENT and len(set(gains)) > 1:
                found.append(f"the detectors of {item.id} disagree")
    return tuple(found)


async def run(session: Session) -> Proposal:
    """The direct strategy, or the panel where the evidence conflicts."""
    conflicting = conflicts(session.items)
    proposal = await (panel.run(session) if conflicting else direct.run(session))
    why = f"adaptive: {len(conflicting)} conflicts in the evidence"
    return Proposal(
        claims=proposal.claims,
        narrative=proposal.narrative,
        dissent=proposal.dissent,
        differential=proposal.differential,
        path=(why, *proposal.path),
    )
