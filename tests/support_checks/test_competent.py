"""The scripted competent reasoner is right on any ledger, never twice the same, and as varied as a person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import competent_words as words
import pytest
from competent import competent_answer
from independent_checker import violations

from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.reasoning import DraftClaim

Answers = list[tuple[tuple[Evidence, ...], dict[str, Any]]]


@pytest.fixture(scope="module")
def answers(random_items: Callable[[int], tuple[Evidence, ...]]) -> Answers:
    """Two hundred answers on forty ledgers, with the evidence of each."""
    ledgers = [random_items(seed) for seed in range(40)]
    return [(ledgers[seed % 40], competent_answer(ledgers[seed % 40], seed)) for seed in range(200)]


def test_two_hundred_seeds_give_as_many_answers(answers: Answers) -> None:
    assert len({json.dumps(answer) for _, answer in answers}) == 200
    assert len({answer["narrative"] for _, answer in answers}) == 200


def test_the_same_seed_gives_the_same_answer(random_items: Callable[[int], tuple[Evidence, ...]]) -> None:
    assert competent_answer(random_items(3), 7) == competent_answer(random_items(3), 7)


def test_two_hundred_seeds_on_one_ledger_differ_too(random_items: Callable[[int], tuple[Evidence, ...]]) -> None:
    items = random_items(5)
    assert len({json.dumps(competent_answer(items, seed)) for seed in range(200)}) == 200


def test_claims_validate_and_cite_what_exists_with_the_weighing_first(answers: Answers) -> None:
    for items, answer in answers:
        by_id = {item.id: item for item in items}
        for raw in answer["claims"]:
            claim = DraftClaim.model_validate(raw)
            assert claim.text and set(claim.citations) <= set(by_id)
            first = by_id[claim.citations[0]]
            assert first.subject == claim.subject
            assert first.kind is (
                EvidenceKind.WEIGHING if claim.subject in finding_codes() else EvidenceKind.MEASUREMENT
            )


def test_all_that_is_present_is_claimed_and_so_is_no_finding(answers: Answers) -> None:
    for items, answer in answers:
        claimed = {claim["subject"] for claim in answer["claims"]}
        weighed = [item for item in items if item.kind is EvidenceKind.WEIGHING]
        assert {item.subject for item in weighed if item.polarity is Polarity.PRESENT} | {NO_FINDING} <= claimed


def test_narratives_have_two_to_six_sentences(answers: Answers) -> None:
    for _, answer in answers:
        assert 2 <= len(re.findall(r"\.(?:\s|$)", answer["narrative"])) <= 6


def test_the_independent_checker_objects_to_nothing(answers: Answers, as_result: Callable[..., dict[str, Any]]) -> None:
    for items, answer in answers:
        assert violations(as_result(items, answer["claims"], answer["narrative"])) == []


def test_answers_are_right_on_what_the_real_house_reports(
    real_results: list[dict[str, Any]], as_result: Callable[..., dict[str, Any]]
) -> None:
    for seed, result in enumerate(real_results):
        items = [Evidence.model_validate(item) for item in result["evidence"]]
        answer = competent_answer(items, seed)
        assert violations(as_result(items, answer["claims"], answer["narrative"])) == []


def test_there_are_at_least_120_patterns() -> None:
    tables = (words.PATTERNS, words.NORMAL, words.BOUNDED, words.BEARING, words.PAIRS, words.CONTRASTS, words.LISTS)
    patterns = [pattern for table in tables for group in table.values() for pattern in group]
    assert len({*patterns, *words.NORMAL_AGAINST, *words.MEASURES}) >= 120
