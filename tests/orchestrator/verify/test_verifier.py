"""What becomes of claims that somebody wrote: supported, repaired, or struck with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_ledger import SMALL_LEDGER, item

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim, Conclusion, Verdict
from wardround.contracts.evidence import EvidenceKind, Polarity
from wardround.orchestrator.verify.verifier import Verification, verify

LEDGER = (
    *SMALL_LEDGER,
    item("E7", EvidenceKind.CONTEXT, "history", detail="cough"),
    item("E8", EvidenceKind.OBSERVATION, "Fracture", polarity=Polarity.PRESENT),
)
EFFUSION = Claim(
    id="C1",
    subject="Effusion",
    polarity=Polarity.PRESENT,
    side=Side.LEFT,
    region=Region.LOWER_ZONE,
    confidence=0.6183,
    citations=("E5", "E1", "E3"),
)
RATIO = Claim(
    id="C2", subject="cardiothoracic ratio", polarity=Polarity.PRESENT, value=0.55, unit="1", citations=("E4",)
)


def _verify(*claims: Claim, text: str = "") -> Verification:
    return verify([Conclusion(subject=claim.subject, text=text, claims=(claim,)) for claim in claims], LEDGER)


def _first(checked: Verification) -> Claim:
    return checked.conclusions[0].claims[0]


def _changed(claim: Claim, **fields: object) -> Claim:
    return claim.model_copy(update=fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Findings suggest a pleural effusion in the left lower zone [E5, E3].",
        "Left-sided pleural effusion is likely, score 0.62 [E5].",
        "Pleural effusions are seen in the left lung; overlap of 0.70 [E3].",
    ],
)
def test_a_claim_in_other_words_that_say_the_same_is_supported(text: str) -> None:
    checked = _verify(_changed(EFFUSION, text=text), text=text)
    assert _first(checked).verdict is Verdict.SUPPORTED
    assert (checked.struck, checked.problems) == ((), ())


def test_a_claim_that_came_without_words_is_worded() -> None:
    assert _first(_verify(EFFUSION)).text.startswith("Pleural effusion is suspected in the left lower zone")


@pytest.mark.parametrize("subject", ["effusion", "Pleural Effusion"])
def test_a_synonym_of_the_subject_is_brought_to_the_label(subject: str) -> None:
    checked = _verify(_changed(EFFUSION, subject=subject))
    assert (_first(checked).subject, _first(checked).verdict) == ("Effusion", Verdict.SUPPORTED)


@pytest.mark.parametrize(
    ("wrong", "field", "right"),
    [
        ({"side": Side.RIGHT}, "side", Side.LEFT),
        ({"region": Region.UPPER_ZONE}, "region", Region.LOWER_ZONE),
        ({"confidence": 0.9}, "confidence", 0.6183),
        ({"calibrated": True}, "calibrated", False),
        ({"citations": ("E5", "E1", "E3", "E99")}, "citations", ("E5", "E1", "E3")),
        ({"citations": ("E5", "E1", "E3", "E6")}, "citations", ("E5", "E1", "E3")),
        ({"citations": ("E1", "E3"), "confidence": 0.5}, "citations", ("E5", "E1", "E3")),
    ],
)
def test_a_wrong_field_is_repaired_from_the_cited_evidence_and_said(
    wrong: dict[str, object], field: str, right: object
) -> None:
    checked = _verify(_changed(EFFUSION, **wrong))
    assert getattr(_first(checked), field) == right
    assert _first(checked).verdict is Verdict.REPAIRED
    assert checked.problems and checked.problems[0].startswith("C1 was repaired")


@pytest.mark.parametrize("wrong", [{"value": 0.45}, {"value": 0.6}, {"value": 1.0}, {"unit": "mm"}])
def test_a_wrong_measurement_is_repaired(wrong: dict[str, object]) -> None:
    claim = next(c.claims[0] for c in _verify(EFFUSION, _changed(RATIO, **wrong)).conclusions[1:])
    assert (claim.value, claim.unit, claim.verdict) == (0.5487, "1", Verdict.REPAIRED)


def test_a_value_may_be_stated_rounded() -> None:
    assert _verify(EFFUSION, RATIO).conclusions[1].claims[0].verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "Pleural effusion in the right lower zone [E5].",
        "Pleural effusion in the left upper zone [E5].",
        "Pleural effusion in the left lower lobe [E5].",
        "Pleural effusion, score 0.93 [E5].",
        "Pleural effusion, probability 0.62 [E5].",
        "There is no pleural effusion [E5].",
        "Pleural effusion is definitely present [E5].",
        "Pleural effusion is confirmed [E5].",
        "Pleural effusion and pneumonia are suspected [E5].",
        "Pleural effusion, typical of heart failure [E5].",
        "Pleural effusion is suspected [E6].",
        "Something is suspected [E5].",
    ],
)
def test_words_that_say_more_than_the_fields_are_replaced(text: str) -> None:
    checked = _verify(_changed(EFFUSION, text=text), text=text)
    assert _first(checked).verdict is Verdict.REPAIRED
    assert checked.conclusions[0].text == _first(checked).text == _first(_verify(EFFUSION)).text


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (_changed(EFFUSION, citations=()), "cites nothing"),
        (_changed(EFFUSION, citations=("E99",)), "E99 is not in the ledger"),
        (_changed(EFFUSION, citations=("E2", "E6")), "E2 is about Mass"),
        (_changed(EFFUSION, citations=("E7",)), "no cited evidence is about Effusion"),
        (_changed(EFFUSION, polarity=Polarity.ABSENT), "it says absent, the evidence says present"),
        (_changed(EFFUSION, citations=("E5", "E1")), "no cited evidence places it"),
        (_changed(EFFUSION, text="Pleural effusion has increased [E5]."), "'increased' compares"),
        (_changed(EFFUSION, text="A new pleural effusion [E5]."), "'new' compares"),
    ],
)
def test_what_cannot_be_repaired_is_struck_with_the_reason_and_the_omission_is_mended(
    claim: Claim, reason: str
) -> None:
    checked = _verify(claim)
    (struck,) = checked.struck
    assert struck.claim.verdict is Verdict.STRUCK
    assert any(reason in problem for problem in struck.problems)
    # The finding reaches its operating point all the same, so the template's claim takes the struck one's place.
    assert [(c.subject, c.claims[0].verdict) for c in checked.conclusions] == [("Effusion", Verdict.SUPPORTED)]
    assert _first(checked).id == "C2"
    assert any(problem.startswith("omission") for problem in checked.problems)


def test_a_diagnosis_that_no_evidence_is_about_is_struck() -> None:
    made_up = Claim(id="C3", subject="Pneumonia", polarity=Polarity.PRESENT, citations=("E1",))
    checked = _verify(EFFUSION, made_up)
    assert [one.claim.subject for one in checked.struck] == ["Pneumonia"]
    assert [one.subject for one in checked.conclusions] == ["Effusion"]


def test_an_observation_bears_its_own_polarity_and_uncertainty_but_not_the_opposite() -> None:
    seen = Claim(id="C3", subject="Fracture", polarity=Polarity.PRESENT, citations=("E8",))
    assert _verify(EFFUSION, seen).struck == ()
    assert _verify(EFFUSION, _changed(seen, polarity=Polarity.UNCERTAIN)).struck == ()
    assert len(_verify(EFFUSION, _changed(seen, polarity=Polarity.ABSENT)).struck) == 1


def test_a_normal_film_beside_a_suspected_finding_gives_way() -> None:
    normal = item("E9", EvidenceKind.WEIGHING, NO_FINDING, value=0.7, polarity=Polarity.PRESENT)
    claim = Claim(id="C2", subject=NO_FINDING, polarity=Polarity.PRESENT, citations=("E9",))
    conclusions = [Conclusion(subject=one.subject, text="", claims=(one,)) for one in (EFFUSION, claim)]
    checked = verify(conclusions, (*LEDGER, normal))
    assert [one.claim.id for one in checked.struck] == ["C2"]
    assert "the evidence says uncertain" in checked.struck[0].problems[0]
    left = [claim for one in checked.conclusions for claim in one.claims if claim.subject == NO_FINDING]
    assert [claim.polarity for claim in left] == [Polarity.UNCERTAIN]
    assert checked.conclusions[-1].claims[0].polarity is Polarity.UNCERTAIN


def test_the_text_of_a_conclusion_may_not_say_more_than_its_claims() -> None:
    checked = _verify(EFFUSION, text="Pleural effusion, due to tuberculosis.")
    assert _first(checked).verdict is Verdict.SUPPORTED
    assert "tuberculosis" not in checked.conclusions[0].text
    assert "tuberculosis" in checked.problems[0]


@given(st.text(max_size=200))
def test_no_text_makes_the_verifier_fail_and_what_comes_out_verifies(text: str) -> None:
    checked = _verify(_changed(EFFUSION, text=text), text=text)
    assert verify(checked.conclusions, LEDGER).problems == ()


@given(st.text(min_size=1, max_size=60), st.lists(st.sampled_from(["E1", "E4", "E5", "E8", "E99"]), max_size=4))
def test_no_subject_makes_the_verifier_fail(subject: str, citations: list[str]) -> None:
    strange = Claim(id="C3", subject=subject, polarity=Polarity.PRESENT, citations=tuple(citations))
    checked = _verify(EFFUSION, strange)
    assert all(claim.citations for one in checked.conclusions for claim in one.claims)


def test_two_claims_that_contradict_each_other_on_unweighed_evidence_both_fall() -> None:
    against = item("E9", EvidenceKind.OBSERVATION, "Fracture", polarity=Polarity.ABSENT)
    pair = [
        Claim(id="C2", subject="Fracture", polarity=Polarity.PRESENT, citations=("E8",)),
        Claim(id="C3", subject="Fracture", polarity=Polarity.ABSENT, citations=("E9",)),
    ]
    conclusions = [Conclusion(subject=one.subject, text="", claims=(one,)) for one in (EFFUSION, *pair)]
    checked = verify(conclusions, (*LEDGER, against))
    assert {one.claim.id for one in checked.struck} == {"C2", "C3"}
    assert [one.subject for one in checked.conclusions] == ["Effusion"]


def test_what_a_history_tells_lends_a_claim_no_polarity() -> None:
    told = item("E9", EvidenceKind.CONTEXT, "Fracture", polarity=Polarity.ABSENT)
    claim = Claim(id="C2", subject="Fracture", polarity=Polarity.ABSENT, citations=("E8", "E9"))
    conclusions = [Conclusion(subject=one.subject, text="", claims=(one,)) for one in (EFFUSION, claim)]
    assert [one.claim.id for one in verify(conclusions, (*LEDGER, told)).struck] == ["C2"]
