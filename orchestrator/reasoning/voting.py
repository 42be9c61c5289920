"""Brings several proposals over the same evidence together: votes by subject and polarity, dissent kept by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wardround.contracts.codes import canonical_label
from wardround.contracts.evidence import Polarity
from wardround.contracts.reasoning import Dissent, DraftClaim

__all__ = ["Ballot", "vote"]


class Ballot(NamedTuple):
    """One proposer's claims."""

    proposer: str
    claims: tuple[DraftClaim, ...]


def _subject(claim: DraftClaim) -> str:
    return canonical_label(claim.subject) or claim.subject.strip().casefold()


def vote(
    ballots: Sequence[Ballot], against: Mapping[str, int] | None = None
) -> tuple[tuple[DraftClaim, ...], tuple[Dissent, ...]]:
    """The claims whose polarity more than half of the proposers share, and every other view as dissent.

    Of each subject's winning claims the fields that occur most often are taken, the first proposer's where they tie;
    citations are those of all of them. `against` counts further votes against a subject, such as a critic's objections.
    """
    sides: dict[str, dict[Polarity, dict[str, list[DraftClaim]]]] = defaultdict(lambda: defaultdict(dict))
    for ballot in ballots:
        for claim in ballot.claims:
            sides[_subject(claim)][claim.polarity].setdefault(ballot.proposer, []).append(claim)
    kept: list[DraftClaim] = []
    dissent: list[Dissent] = []
    for subject, by_polarity in sides.items():
        winner = max(by_polarity, key=lambda polarity: len(by_polarity[polarity]))
        votes = len(by_polarity[winner]) - (against or {}).get(subject, 0)
        if 2 * votes > len(ballots):
            kept += _merged([claim for claims in by_polarity[winner].values() for claim in claims])
            lost = [polarity for polarity in by_polarity if polarity is not winner]
        else:
            lost = list(by_polarity)
        dissent += [_dissent(polarity, by_polarity[polarity], len(ballots)) for polarity in lost]
    return tuple(kept), tuple(dissent)


def _dissent(polarity: Polarity, claims: Mapping[str, Sequence[DraftClaim]], of: int) -> Dissent:
    every = [claim for group in claims.values() for claim in group]
    cited = dict.fromkeys(citation for claim in every for citation in claim.citations)
    return Dissent(
        proposer=", ".join(claims),
        subject=every[0].subject,
        polarity=polarity,
        votes=len(claims),
        of=of,
        citations=tuple(cited),
    )


_VOTED = ("side", "region", "degree", "change", "value", "unit", "confidence")


def _merged(claims: Sequence[DraftClaim]) -> Iterable[DraftClaim]:
    """One claim for each place that is named, with the fields that most of them share."""
    places: dict[tuple[object, object], list[DraftClaim]] = defaultdict(list)
    for claim in claims:
        places[claim.side, claim.region].append(claim)
    most = max(len(group) for group in places.values())
    for group in places.values():
        if len(group) == most:
            fields = {name: Counter(getattr(one, name) for one in group).most_common(1)[0][0] for name in _VOTED}
            cited = tuple(dict.fromkeys(citation for claim in group for citation in claim.citations))
            yield group[0].model_copy(update={**fields, "citations": cited[:40]})
