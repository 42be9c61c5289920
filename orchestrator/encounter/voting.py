"""Weighted votes of similar cases: how much of the weight each choice has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wardround.contracts.case import CaseTrust
from wardround.contracts.encounter import Fact

__all__ = ["TRUST_WEIGHT", "Ballot", "tally", "vote_weight"]

# A record that this program finished itself weighs a quarter of one that somebody validated: it may repeat our error.
TRUST_WEIGHT = {CaseTrust.VALIDATED: 1.0, CaseTrust.USER: 0.7, CaseTrust.FINISHED_HERE: 0.25}
# Similarities lie close together; their square lets the likest case outweigh a crowd of unlike ones.
_SHARPNESS = 2.0


@dataclass(frozen=True)
class Ballot:
    """One choice with its share of the weight, in [0, 1], and the facts that speak for it."""

    choice: str
    share: float
    facts: tuple[str, ...]


def vote_weight(similarity: float, trust: CaseTrust) -> float:
    """What one case's vote counts."""
    return float(max(similarity, 0.01) ** _SHARPNESS) * TRUST_WEIGHT[trust]


def tally(votes: Iterable[tuple[Fact, float, Sequence[str]]]) -> tuple[Ballot, ...]:
    """Every choice that a case makes, most weight first. A case that chooses several gives each its whole weight.

    Choices that differ in case alone are one; shares are of the weight of all cases that chose anything, and so add up
    to more than 1 where cases choose several.
    """
    weight: dict[str, float] = {}
    spelt: dict[str, str] = {}
    backed: dict[str, list[str]] = {}
    total = 0.0
    for fact, counts, choices in votes:
        if not choices:
            continue
        total += counts
        for choice in dict.fromkeys(" ".join(one.split()) for one in choices):
            key = choice.casefold()
            spelt.setdefault(key, choice)
            weight[key] = weight.get(key, 0.0) + counts
            backed.setdefault(key, []).append(fact.id)
    ranked = sorted(weight, key=lambda key: (-weight[key], key))
    return tuple(Ballot(spelt[key], weight[key] / total, tuple(backed[key])) for key in ranked)
