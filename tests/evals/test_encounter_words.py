"""Diagnoses are graded and claims are recalled as their documented rules say."""

from __future__ import annotations

import pytest

from wardround.evals.encounter.claims import claim_recall, claims_of, support_of
from wardround.evals.encounter.diagnosis import grade_of, level_of
from wardround.evals.encounter.words import words_of


@pytest.mark.parametrize(
    ("predicted", "true", "level"),
    [
        ("MI", "Myocardial infarction", 4),
        ("Community-acquired pneumonia", "CAP", 4),
        ("Haemorrhagic stroke", "hemorrhagic cerebrovascular accident", 4),
        ("lung tumours", "Pulmonary neoplasm", 4),
        ("Acute appendicitis", "Appendicitis", 3),  # another course
        ("Right pneumothorax", "pneumothorax", 3),  # another side, and not the opposite one
        ("tension pneumothorax", "pneumothorax", 3),  # narrower: 1 of 2 words
        ("pneumonia", "Streptococcus pneumoniae lobar pneumonia", 2),  # much wider: 1 of 4 words
        ("left pneumothorax", "right pneumothorax", 2),  # the opposite side
        ("viral pneumonia", "bacterial pneumonia", 2),  # the same kind, another cause
        ("lung fibrosis", "pulmonary embolism", 1),  # another disease of the same organ
        ("acute lung fibrosis", "chronic lung embolism", 1),
        ("migraine", "pneumonia", 0),
        ("no pneumonia", "pneumonia", 0),
        ("pneumonia ruled out", "pneumonia", 0),
        ("", "pneumonia", 0),
    ],
)
def test_a_diagnosis_gets_the_level_of_the_table(predicted: str, true: str, level: int) -> None:
    assert level_of(predicted, true) == level


@pytest.mark.parametrize(
    ("predicted", "true", "grade"),
    [
        ((), ("pneumonia",), 0.0),
        (("pneumonia",), (), None),
        ((), (), None),
        (("pneumonia",), ("pneumonia",), 1.0),
        (("pneumonia", "migraine"), ("pneumonia",), 0.5),  # (1 + 0) / 2
        (("pneumonia",), ("pneumonia", "migraine", "gout"), 0.25),  # 1 / 3, brought down
        # crosswise: each is matched once, and the best way round: (1 + 1) / 2
        (("gout", "pneumonia"), ("pneumonia", "gout"), 1.0),
        # "viral pneumonia" could go with either; 0.75 + 1 against 0.5 + 0.5 over 2 = 0.875, brought down
        (("pneumonia", "viral pneumonia"), ("viral pneumonia", "bacterial pneumonia"), 0.75),
    ],
)
def test_lists_of_diagnoses_are_matched_at_their_best(
    predicted: tuple[str, ...], true: tuple[str, ...], grade: float | None
) -> None:
    assert grade_of(predicted, true) == grade


def test_a_report_falls_into_claims_with_denial_and_side() -> None:
    text = "The heart is enlarged. No pneumothorax, left effusion or consolidation; large, round opacity on the right."
    told = [(sorted(claim.words), claim.denied, claim.side) for claim in claims_of(text)]
    assert told == [
        (["cardiomegaly"], False, ""),
        (["pneumothorax"], True, ""),
        (["effusion"], True, "left"),
        (["consolidation"], True, ""),
        (["large", "opacity", "round"], False, "right"),
    ]


def test_what_follows_without_is_denied_and_what_comes_before_is_not() -> None:
    told = {(min(claim.words), claim.denied) for claim in claims_of("Atelectasis without effusion, but no edema")}
    assert told == {("atelectasis", False), ("effusion", True), ("edema", True)}


@pytest.mark.parametrize(
    ("claim", "report", "support"),
    [
        ("Right pleural effusion", "There is a small right pleural effusion.", 1.0),
        ("Right pleural effusion", "Bilateral pleural effusions.", 1.0),
        ("Right pleural effusion", "Pleural effusion.", 0.5),  # the side is not told
        ("Right pleural effusion", "Left pleural effusion.", 0.0),
        ("Right pleural effusion", "Right effusion.", 0.5),  # half of the words
        ("Right pleural effusion", "No pleural effusion.", 0.0),
        ("Right pleural effusion", "Right pleural effusion. No effusion.", 0.0),  # it contradicts itself
        ("No large pleural effusion", "No effusion.", 1.0),  # the wider denial
        ("No pleural effusion", "No large pleural effusion.", 1.0),
        ("No pleural effusion", "Small pleural effusion on the left.", 0.0),
        ("No pleural effusion", "Heart size is normal.", 0.0),
        ("Cardiomegaly", "Enlarged cardiac silhouette", 1.0),
        ("Cardiomegaly", "", 0.0),
    ],
)
def test_a_report_bears_a_claim_out_as_the_table_says(claim: str, report: str, support: float) -> None:
    (wanted,) = claims_of(claim)
    assert support_of(wanted, claims_of(report)) == support


def test_recall_is_the_mean_over_the_claims_of_the_reference() -> None:
    reference = "1. Right lower lobe consolidation. 2. Small left pleural effusion. 3. No pneumothorax."
    # consolidation: 1 of {lower, lobe, consolidation} with the side: less than half, 0; effusion: 1; pneumothorax: 1
    assert claim_recall(["Right consolidation", "small left pleural effusion", "no pneumothorax"], reference) == (
        pytest.approx(2 / 3)
    )
    assert claim_recall([], reference) == 0.0
    assert claim_recall(["anything"], "") is None


def test_spelling_number_and_possessives_are_evened_out() -> None:
    assert words_of("Crohn's diseases, oesophageal tumours, metastases") == (
        "crohn",
        "disease",
        "esophageal",
        "mass",
        "metastasis",
    )
