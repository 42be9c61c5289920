"""Weighted votes, with shares worked out by hand."""

from __future__ import annotations

import pytest

from wardround.contracts.case import CaseTrust
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import Fact, FactKind
from wardround.orchestrator.encounter.voting import tally, vote_weight


def _fact(number: int) -> Fact:
    return Fact(id=f"F{number}", kind=FactKind.CASE, stage=Stage.DIAGNOSIS, source="memory")


def test_the_share_of_a_choice_is_its_part_of_the_weight_of_all_who_chose() -> None:
    ballots = tally([(_fact(1), 3.0, ("asthma",)), (_fact(2), 1.0, ("Asthma", "reflux")), (_fact(3), 9.0, ())])
    # The third case chose nothing and counts for nothing: (3 + 1) / 4 for asthma, 1 / 4 for reflux.
    assert [(one.choice, one.share, one.facts) for one in ballots] == [
        ("asthma", 1.0, ("F1", "F2")),
        ("reflux", 0.25, ("F2",)),
    ]


def test_likeness_counts_by_its_square_and_trust_by_its_tier() -> None:
    assert vote_weight(0.6, CaseTrust.VALIDATED) == pytest.approx(0.36)
    assert vote_weight(0.6, CaseTrust.USER) == pytest.approx(0.252)
    assert vote_weight(0.6, CaseTrust.FINISHED_HERE) == pytest.approx(0.09)


def test_a_case_that_is_not_alike_at_all_still_counts_for_something() -> None:
    assert vote_weight(0.0, CaseTrust.VALIDATED) > 0


def test_equal_votes_are_ranked_the_same_every_time() -> None:
    votes = [(_fact(1), 1.0, ("beta",)), (_fact(2), 1.0, ("alpha",))]
    assert [one.choice for one in tally(votes)] == [one.choice for one in tally(reversed(votes))] == ["alpha", "beta"]


def test_no_votes_are_no_choice() -> None:
    assert tally([]) == ()
