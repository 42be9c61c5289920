"""The independent checker finds nothing in what the house says of itself, and finds lies that are planted in it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from checker_reader import read_text
from competent import competent_answer
from independent_checker import violations
from planted_lies import CLAIM_LIES, TEXT_LIES

from wardround.contracts.evidence import Evidence

# What a sentence says of each finding that it names.
READINGS = (
    ("The heart is not enlarged.", "Cardiomegaly absent"),
    ("Heart size is normal.", "Cardiomegaly absent"),
    ("The cardiac silhouette appears enlarged.", "Cardiomegaly present"),
    ("There's no pneumothorax or pleural effusion.", "Pneumothorax absent Effusion absent"),
    (
        "The lungs are clear without focal consolidation, effusion, or pneumothorax.",
        "No Finding present Consolidation absent Effusion absent Pneumothorax absent",
    ),
    ("Effusion is suspected but pneumonia and mass are not.", "Effusion present Pneumonia absent Mass absent"),
    ("The detectors doesn't suggest atelectasis.", "Atelectasis absent"),
    (
        "The scores do not support pneumonia, although a small nodule cannot be excluded.",
        "Pneumonia absent Nodule uncertain",
    ),
    ("Pneumonia cannot be ruled out.", "Pneumonia uncertain"),
    ("Pneumonia is ruled out.", "Pneumonia absent"),
    (
        "Emphysema is suspected, fibrosis is undecided, and hernia is not suspected.",
        "Emphysema present Fibrosis uncertain Hernia absent",
    ),
    ("Of the findings, only effusion is suspected.", "Effusion present"),
    ("Absence of effusion is favoured.", "Effusion absent"),
    ("Based on E33, the patient has pneumonia.", "Pneumonia present"),
    ("The probability of pneumonia is 0.04 and it is not suspected.", "Pneumonia absent"),
    ("Mass and nodule: not suspected.", "Mass absent Nodule absent"),
    ("Suspected: mass, nodule. Not suspected: hernia.", "Mass present Nodule present Hernia absent"),
    (
        "While mass is suspected, nodule remains undecided and hernia is absent.",
        "Mass present Nodule uncertain Hernia absent",
    ),
    ("The film is abnormal.", "No Finding absent"),
    ("The film shows no abnormality.", "No Finding present"),
    ("The chest x-ray is not normal.", "No Finding absent"),
    ("There is pneumonia in the left lower zone, no effusion.", "Pneumonia present Effusion absent"),
    (
        "Pneumothorax, effusion and mass are all unlikely given the low scores.",
        "Pneumothorax absent Effusion absent Mass absent",
    ),
    ("It is likely that the patient has emphysema and not fibrosis.", "Emphysema present Fibrosis absent"),
    ("The model suspects neither mass nor nodule, but does suspect edema.", "Mass absent Nodule absent Edema present"),
    ("Edema is more likely than effusion.", "Edema present Effusion present"),
    ("No evidence for or against pneumonia.", "Pneumonia uncertain"),
    ("I can't exclude fibrosis.", "Fibrosis uncertain"),
    (
        "Cardiomegaly: present. Effusion: absent. Mass: uncertain.",
        "Cardiomegaly present Effusion absent Mass uncertain",
    ),
    (
        "Cardiomegaly (not suspected), effusion (suspected) and mass (undecided).",
        "Cardiomegaly absent Effusion present Mass uncertain",
    ),
)


def test_what_the_house_says_of_phantom_films_is_all_borne(real_results: list[dict[str, Any]]) -> None:
    assert len(real_results) >= 10
    assert all(result["conclusions"] for result in real_results)
    assert [wrong for result in real_results for wrong in violations(result)] == []


def test_lies_planted_in_texts_are_found(
    random_items: Callable[[int], tuple[Evidence, ...]], as_result: Callable[..., dict[str, Any]]
) -> None:
    planted: Counter[str] = Counter()
    missed: list[str] = []
    for seed in range(12):
        items, rng = random_items(seed), random.Random(seed)
        for kind, lie in TEXT_LIES.items():
            for text in {lie(items, rng) for _ in range(2)} - {""}:
                planted[kind] += 1
                if not violations(as_result(items, [], text)):
                    missed.append(f"{kind}: {text}")
    assert len(planted) >= 10 and planted.total() >= 200
    assert len(missed) <= 0.03 * planted.total(), missed


def test_lies_planted_in_typed_claims_are_found(
    random_items: Callable[[int], tuple[Evidence, ...]], as_result: Callable[..., dict[str, Any]]
) -> None:
    planted: Counter[str] = Counter()
    missed: list[str] = []
    for seed in range(12):
        items, rng = random_items(seed), random.Random(seed)
        claims = [{**claim, "text": ""} for claim in competent_answer(items, seed)["claims"]]
        for kind, (fits, lie) in CLAIM_LIES.items():
            fitting = [claim for claim in claims if fits(claim)]
            for claim in rng.sample(fitting, k=min(2, len(fitting))):
                planted[kind] += 1
                told = lie(claim, items, rng)
                if not violations(as_result(items, [told])):
                    missed.append(f"{kind}: {told}")
    assert len(planted) >= 10 and planted.total() >= 200
    assert len(missed) <= 0.03 * planted.total(), missed


def test_lies_planted_in_real_results_are_found(real_results: list[dict[str, Any]]) -> None:
    swaps = (
        (" is not suspected", " is suspected"),
        ("upper limit 0.50", "upper limit 0.55"),
        ("Right costophrenic", "Left costophrenic"),
        (" deg", " mm"),
        ("No abnormality is suspected", "A normal film is not suspected"),
        ("undecided: probability", "undecided: score 0.99, probability"),
        ("lung nodule", "rib fracture"),
        ("hiatal hernia", "lung lesion"),
        ("Undecided by these models", "Suspected by these models"),
        ("Not suspected by these models", "Undecided by these models"),
    )
    planted = 0
    for result in real_results:
        for conclusion in result["conclusions"]:
            for true, false in swaps:
                if true in conclusion["text"]:
                    planted += 1
                    told = {**conclusion, "text": conclusion["text"].replace(true, false, 1)}
                    assert violations({**result, "conclusions": [told]}), (told["text"], false)
    assert planted >= 50


@pytest.mark.parametrize(
    "narrated",
    [
        {"text": "A rib fracture is certain.", "claims": [], "problems": []},
        {"text": "A rib fracture is certain.", "claims": ["C0"], "problems": ["no evidence is about it"]},
    ],
)
def test_sentences_that_were_struck_are_not_read(
    random_items: Callable[[int], tuple[Evidence, ...]],
    as_result: Callable[..., dict[str, Any]],
    narrated: dict[str, Any],
) -> None:
    result = as_result(random_items(1), [])
    assert violations({**result, "reasoning": {"narrative": [narrated]}}) == []


@pytest.mark.parametrize(("sentence", "expected"), READINGS)
def test_it_reads_which_way_a_sentence_goes_on_each_finding(sentence: str, expected: str) -> None:
    said = [one for part in read_text(sentence) for one in part.said if one.kind == "finding"]
    assert " ".join(f"{one.name} {one.polarity}" for one in said) == expected


def test_a_sentence_in_another_language_is_objected_to(
    random_items: Callable[[int], tuple[Evidence, ...]], as_result: Callable[..., dict[str, Any]]
) -> None:
    assert violations(as_result(random_items(1), [], "Der Befund spricht für eine Lungenentzündung."))
