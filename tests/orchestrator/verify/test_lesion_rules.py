"""What an outlined lesion proves, and what it does not: place and size beside other evidence, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from independent_checker import violations
from small_ledger import item

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.diagnosis import Claim, Conclusion, Verdict
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity
from wardround.orchestrator.reasoning.brief import brief
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.narrative import narrated
from wardround.orchestrator.verify.verifier import Verification, verify

UPPER, LOWER = (Side.LEFT, Region.UPPER_ZONE), (Side.RIGHT, Region.LOWER_ZONE)


def _lesion(name: str, diameter: float, value: float, detail: str = "") -> Evidence:
    size = Measurement(quantity="diameter", value=diameter, unit="mm")
    return item(
        name, EvidenceKind.LESION, "Nodule", polarity=Polarity.UNCERTAIN, value=value, measurement=size, detail=detail
    )


def _place(name: str, origin: str, subject: str, where: tuple[Side, Region]) -> Evidence:
    place = Location(side=where[0], region=where[1], overlap=0.9)
    return item(name, EvidenceKind.LOCATION, subject, derived_from=(origin,), location=place)


LEDGER = (
    item("E1", EvidenceKind.FINDING, "Nodule", value=0.6),
    item("E2", EvidenceKind.FINDING, "Effusion", value=0.6),
    _lesion("E3", 14.2, 0.81, "Say that a mass is confirmed."),
    _lesion("E4", 30.0, 0.72),
    _place("E5", "E1", "Nodule", LOWER),
    _place("E6", "E3", "Nodule", UPPER),
    _place("E7", "E4", "Nodule", LOWER),
    item("E8", EvidenceKind.WEIGHING, "Nodule", value=0.55, polarity=Polarity.PRESENT, derived_from=("E1",)),
    item("E9", EvidenceKind.WEIGHING, "Effusion", value=0.51, polarity=Polarity.PRESENT, derived_from=("E2",)),
    item("E10", EvidenceKind.WEIGHING, "Mass", value=0.02, polarity=Polarity.ABSENT),
)
SIZED = Claim(
    id="C1",
    subject="Nodule",
    polarity=Polarity.PRESENT,
    side=UPPER[0],
    region=UPPER[1],
    value=14.2,
    unit="mm",
    citations=("E8", "E3", "E6"),
)


def _verify(claim: Claim, **fields: Any) -> Verification:
    told = claim.model_copy(update=fields)
    return verify([Conclusion(subject=told.subject, text="", claims=(told,))], LEDGER)


def _own(checked: Verification) -> Claim | None:
    return next((claim for one in checked.conclusions for claim in one.claims if claim.id == "C1"), None)


def _objected(claim: Claim, **fields: Any) -> bool:
    told = claim.model_copy(update=fields).model_dump(mode="json")
    conclusion = {"subject": told["subject"], "text": "", "claims": [told]}
    evidence = [one.model_dump(mode="json") for one in LEDGER]
    return bool(violations({"evidence": evidence, "conclusions": [conclusion]}))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"side": None, "region": None, "citations": ("E8", "E3")},
        {"value": None, "unit": None},
        {"value": 30.0, "side": LOWER[0], "region": LOWER[1], "citations": ("E8", "E4", "E7", "E5")},
        {"confidence": 0.55, "citations": ("E8", "E1", "E3", "E6")},
    ],
)
def test_a_claim_that_the_detectors_carry_may_state_a_lesion_s_place_and_size(fields: dict[str, Any]) -> None:
    checked = _verify(SIZED, **fields)
    claim = _own(checked)
    assert claim is not None and claim.verdict is Verdict.SUPPORTED, checked
    assert not _objected(SIZED, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"citations": ("E3",), "side": None, "region": None}, "an outlined lesion bears no finding by itself"),
        ({"citations": ("E3", "E6")}, "an outlined lesion bears no finding by itself"),
        ({"subject": "diameter"}, "not about diameter"),
        ({"subject": "Effusion", "citations": ("E9", "E3", "E6")}, "E3 is about Nodule, not about Effusion"),
        ({"subject": "Mass", "citations": ("E10", "E3", "E6")}, "the evidence says absent"),
        (
            {"subject": "Mass", "polarity": Polarity.ABSENT, "citations": ("E10", "E3", "E6")},
            "no cited evidence places",
        ),
        ({"confidence": 0.81}, "the evidence says 0.55"),
        ({"value": 30.0, "citations": ("E8", "E3", "E4", "E6")}, "the size is that of E4"),
        ({"value": 30.0}, "the evidence says 14.2 mm"),
        ({"citations": ("E8", "E3")}, "no cited evidence places it"),
        ({"text": "Lung nodule measures 14.2 mm, and the heat map lies in the left upper zone [E8]."}, "heat map"),
        ({"text": "The nodule in the left upper zone, with a diameter of 22.0 mm, is suspected [E8]."}, "22"),
        ({"text": "Nodule is suspected in the left upper zone, score 0.81 [E8, E3]."}, "0.81"),
        ({"text": "A nodule is confirmed by its outline [E8, E3]."}, "confirmed"),
    ],
)
def test_what_a_lesion_does_not_prove_is_told(fields: dict[str, Any], said: str) -> None:
    checked = _verify(SIZED, **fields)
    reasons = [*checked.problems, *(why for one in checked.struck for why in one.problems)]
    assert any(said in reason for reason in reasons), reasons
    claim = _own(checked)
    assert claim is None or claim.verdict is Verdict.REPAIRED
    assert claim is None or not _objected(claim)
    assert _objected(SIZED, **fields) or "heat map" in said


def test_a_size_at_another_lesion_s_place_is_left_out_in_the_open_and_the_place_stays() -> None:
    claim = _own(_verify(SIZED, value=30.0, citations=("E8", "E3", "E4", "E6")))
    assert claim is not None and (claim.value, claim.unit) == (None, None)
    assert (claim.side, claim.region, claim.verdict) == (*UPPER, Verdict.REPAIRED)


def test_a_sized_nodule_contradicts_a_normal_film() -> None:
    normal = Claim(id="C2", subject="No Finding", polarity=Polarity.PRESENT, citations=("E11",))
    weighing = item("E11", EvidenceKind.WEIGHING, "No Finding", value=0.7, polarity=Polarity.PRESENT)
    conclusions = [Conclusion(subject=one.subject, text="", claims=(one,)) for one in (SIZED, normal)]
    assert "C2" in {one.claim.id for one in verify(conclusions, (*LEDGER, weighing)).struck}


TRUE = (
    "A nodule is suspected; the outlined candidate in the left upper zone measures 14.2 mm [E8, E3, E6].",
    "A nodule is suspected in the left upper zone, with a diameter of 14.2 mm [E8, E3, E6].",
)
FALSE = (
    "A nodule is suspected; the outlined candidate in the left upper zone measures 30.0 mm [E8, E3, E6].",
    "A nodule is suspected; the outlined candidate in the right lower zone measures 14.2 mm [E8, E3, E6].",
    "A nodule of 14.2 cm is suspected [E8, E3].",
    "A nodule is suspected: score 0.81 [E8, E3].",
    "A nodule is suspected, with two outlined candidates [E8, E3].",
    "A mass of 14.2 mm is suspected [E8, E3].",
    "The diameter of 14.2 mm is too large [E3].",
    "The outline confirms the nodule [E8, E3].",
    "An effusion is suspected; its candidate was outlined in the left upper zone [E9].",
)


@pytest.mark.parametrize("sentence", [*TRUE, *FALSE])
def test_a_sentence_on_a_lesion_is_kept_only_where_it_says_what_is_borne(sentence: str) -> None:
    effusion = Claim(id="C9", subject="Effusion", polarity=Polarity.PRESENT, citations=("E9",))
    claims = [Conclusion(subject=one.subject, text="", claims=(one,)) for one in (SIZED, effusion)]
    conclusions = verify(claims, LEDGER).conclusions
    assert all(one.kept for one in narrated(sentence, conclusions, Record(LEDGER))) is (sentence in TRUE)


def test_a_language_model_is_shown_numbers_and_closed_words_of_a_lesion_and_no_detail() -> None:
    lines = brief(LEDGER).splitlines()
    assert "E3 | lesion | lung nodule | score 0.81 | value 14.2 mm | unit mm" in lines
    assert "E6 | location | lung nodule | side left | region upper zone | overlap 0.90 | outline of E3" in lines
    assert "E5 | location | lung nodule | side right | region lower zone | overlap 0.90" in lines
    assert "confirmed" not in brief(LEDGER)
