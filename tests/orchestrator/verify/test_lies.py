"""Lies that were written without a look at the verifier, in sentences and in typed claims: counted by kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from competent import competent_answer
from planted_lies import CLAIM_LIES, TEXT_LIES

from wardround.contracts.diagnosis import Conclusion, Verdict
from wardround.contracts.evidence import Evidence
from wardround.contracts.reasoning import DraftClaim
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.reasoner import concluded
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.narrative import narrated, sentences
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.verifier import names_in, verify
from wardround.orchestrator.verify.wording_checks import text_problems

LEDGERS = 12
LIES_A_KIND = 10
FLOOR_SENTENCES, FLOOR_CLAIMS, FLOOR_KEPT = 0.95, 0.99, 0.95
ANSWERS = 200

Lies = Counter[str]


def _drafted(claims: Sequence[dict[str, Any]], items: Sequence[Evidence]) -> tuple[Conclusion, ...]:
    return concluded([DraftClaim.model_validate(one) for one in claims], items)


def _table(planted: Lies, caught: Lies) -> str:
    return "\n".join(f"{caught[kind]:5d} of {planted[kind]:5d}  {kind}" for kind in planted)


def test_false_sentences_are_struck(make_ledger: Callable[[int], Ledger]) -> None:
    planted, caught = Lies(), Lies()
    for seed in range(LEDGERS):
        items = make_ledger(seed).items
        conclusions, record = verify(conclude(items), items).conclusions, Record(items)
        for kind, lie in TEXT_LIES.items():
            for number in range(LIES_A_KIND):
                sentence = lie(items, random.Random(f"{seed} {kind} {number}"))
                if sentence:
                    planted[kind] += 1
                    caught[kind] += not any(one.kept for one in narrated(sentence, conclusions, record))
    assert sum(planted.values()) >= 1800 and len(planted) >= 15
    assert sum(caught.values()) >= FLOOR_SENTENCES * sum(planted.values()), _table(planted, caught)


def test_false_claims_are_struck_or_repaired(make_ledger: Callable[[int], Ledger]) -> None:
    planted, caught = Lies(), Lies()
    for seed in range(LEDGERS):
        items = make_ledger(seed).items
        honest = competent_answer(items, seed)["claims"]
        for kind, (fits, lie) in CLAIM_LIES.items():
            fitting = [claim for claim in honest if fits(claim)]
            for number in range(LIES_A_KIND if fitting else 0):
                rng = random.Random(f"{seed} {kind} {number}")
                told = lie(rng.choice(fitting), items, rng)
                planted[kind] += 1
                caught[kind] += bool(verify(_drafted([told], items), items).faults)
    assert sum(planted.values()) >= 1000 and len(planted) >= 10
    assert sum(caught.values()) >= FLOOR_CLAIMS * sum(planted.values()), _table(planted, caught)


def test_of_200_paraphrased_correct_answers_the_claims_are_kept(make_ledger: Callable[[int], Ledger]) -> None:
    proposed = kept = told = told_kept = 0
    for seed in range(ANSWERS):
        items = make_ledger(seed % 40).items
        answer = competent_answer(items, seed)
        conclusions = _drafted(answer["claims"], items)
        checked = verify(conclusions, items)
        proposed += len(answer["claims"])
        own = {claim.id for one in conclusions for claim in one.claims}
        kept += sum(claim.id in own for one in checked.conclusions for claim in one.claims)
        read = narrated(answer["narrative"], checked.conclusions, Record(items))
        told += len(read)
        told_kept += sum(one.kept for one in read)
    assert kept >= FLOOR_KEPT * proposed, f"{kept} of {proposed} claims kept"
    assert told_kept >= 0.85 * told, f"{told_kept} of {told} sentences kept"


def test_the_templates_own_sentences_are_read_whole_and_bear_themselves_out(
    make_ledger: Callable[[int], Ledger],
) -> None:
    """`verify` does not read a text that is the template's own: here it is read all the same."""
    for seed in range(60):
        items = make_ledger(seed).items
        record = Record(items)
        conclusions = conclude(items)
        reader = Reader(names_in(conclusions, record))
        for conclusion in conclusions:
            assert not list(text_problems(conclusion.text, conclusion.claims, record, reader)), conclusion.text
            for claim in conclusion.claims:
                assert not list(text_problems(claim.text, [claim], record, reader)), claim.text


def test_untouched_template_sentences_are_kept(make_ledger: Callable[[int], Ledger]) -> None:
    told = kept = 0
    for seed in range(30):
        items = make_ledger(seed).items
        checked = verify(conclude(items), items)
        assert checked.struck == () and checked.faults == {}
        assert {claim.verdict for one in checked.conclusions for claim in one.claims} == {Verdict.SUPPORTED}
        for conclusion in checked.conclusions:
            for claim in conclusion.claims:
                plain = [one for one in sentences(claim.text) if "disagrees" not in one]
                read = narrated(" ".join(plain), checked.conclusions, Record(items))
                told += len(read)
                kept += sum(one.kept for one in read)
    assert kept >= 0.99 * told, f"{kept} of {told}"
