"""Faults planted in typed claims are caught, kind by kind, and what is sound comes back as it was."""

from __future__ import annotations

import random
from collections.abc import Callable

from claim_faults import CLAIM_FAULTS
from verifier_figures import faults_in_claims, pairs

from wardround.contracts.diagnosis import Conclusion, Verdict
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.verifier import verify

SEEDS, A_KIND, KINDS = 30, 55, 30
LEAST, CAUGHT, OF_ANY_KIND_CAUGHT = 2000, 0.99, 0.85


def test_planted_faults_are_caught() -> None:
    figures = faults_in_claims(pairs(SEEDS), A_KIND)
    assert figures.there.total() >= LEAST and len(figures.there) >= KINDS, figures.table()
    assert figures.share >= CAUGHT, figures.table(examples=3)
    assert all(there >= 10 for there in figures.there.values()), figures.table()
    low = [kind for kind, there in figures.there.items() if figures.met[kind] < OF_ANY_KIND_CAUGHT * there]
    assert low == [], figures.table(examples=3)


def test_planted_faults_are_caught_and_what_comes_out_is_sound() -> None:
    for kind, plant in CLAIM_FAULTS.items():
        rng = random.Random(kind)
        for pair in rng.sample(pairs(SEEDS), k=6):
            planted = plant(rng.choice(pair.claims), pair.items, rng)
            if planted is None:
                continue
            beside = Conclusion(subject=planted.claim.subject, text=planted.claim.text, claims=(planted.claim,))
            checked = verify((*pair.conclusions, beside), planted.items)
            assert planted.claim.id in _found(checked.problems, [one.claim.id for one in checked.struck]), kind
            again = verify(checked.conclusions, planted.items)
            assert (again.problems, again.struck, again.faults) == ((), (), {}), f"{kind}: what is left is not sound"


def _found(problems: tuple[str, ...], struck: list[str]) -> set[str]:
    return {problem.partition(" ")[0] for problem in problems} | {*struck}


def test_sound_conclusions_pass_untouched(make_ledger: Callable[[int], Ledger]) -> None:
    for seed in range(2 * SEEDS):
        ledger = make_ledger(seed)
        conclusions = conclude(ledger.items)
        checked = verify(conclusions, ledger.items)
        assert (checked.problems, checked.struck, checked.faults) == ((), (), {}), seed
        assert [one.text for one in checked.conclusions] == [one.text for one in conclusions]
        assert {claim.verdict for one in checked.conclusions for claim in one.claims} == {Verdict.SUPPORTED}
