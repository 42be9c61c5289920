"""What is concluded from typed evidence alone, and in which words."""

from __future__ import annotations

import math

import pytest

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Measurement, Polarity, Source
from wardround.contracts.weighing import Belief, OperatingPoint, Weighing
from wardround.orchestrator.reasoning.template import abstention, conclude
from wardround.orchestrator.reasoning.weighing import weighing_item
from wardround.orchestrator.verify.verifier import verify

PRESENT, ABSENT, UNCERTAIN = Polarity.PRESENT, Polarity.ABSENT, Polarity.UNCERTAIN


def _item(
    evidence_id: str, kind: EvidenceKind, subject: str, *, calibrated: bool = False, **fields: object
) -> Evidence:
    source = Source(model="net", version="1", calibrated=calibrated)
    return Evidence.model_validate({"id": evidence_id, "kind": kind, "subject": subject, "source": source, **fields})


def _weighing(evidence_id: str, subject: str, polarity: Polarity, value: float = 0.6183, **fields: bool) -> Evidence:
    return _item(evidence_id, EvidenceKind.WEIGHING, subject, polarity=polarity, value=value, **fields)


def _finding(evidence_id: str, subject: str, value: float = 0.5) -> Evidence:
    return _item(evidence_id, EvidenceKind.FINDING, subject, value=value)


def _location(evidence_id: str, subject: str, side: Side, region: Region, overlap: float) -> Evidence:
    place = Location(side=side, region=region, overlap=overlap)
    return _item(evidence_id, EvidenceKind.LOCATION, subject, location=place)


def _ratio(evidence_id: str, value: float, high: float | None = 0.5) -> Evidence:
    quantity = "cardiothoracic ratio"
    measured = Measurement(quantity=quantity, value=value, high=high)
    return _item(evidence_id, EvidenceKind.MEASUREMENT, quantity, measurement=measured)


def _claims(*items: Evidence) -> list[Claim]:
    return [claim for conclusion in conclude(items) for claim in conclusion.claims]


def test_a_suspected_finding_has_its_place_its_score_and_its_evidence() -> None:
    items = (
        _finding("E1", "Effusion"),
        _location("E2", "Effusion", Side.LEFT, Region.LOWER_ZONE, 0.62),
        _weighing("E3", "Effusion", PRESENT),
    )
    (claim,) = _claims(*items)
    assert claim.text == (
        "Pleural effusion is suspected in the left lower zone (heat-map overlap 0.62): "
        "score 0.62 (uncalibrated) [E3, E1, E2]."
    )
    assert (claim.id, claim.side, claim.region) == ("C1", Side.LEFT, Region.LOWER_ZONE)
    assert (claim.confidence, claim.citations) == (0.6183, ("E3", "E1", "E2"))


def test_only_a_calibrated_number_is_called_a_probability() -> None:
    (claim,) = _claims(_weighing("E1", "Mass", PRESENT, calibrated=True))
    assert claim.calibrated
    assert "probability 0.62" in claim.text


@pytest.mark.parametrize(("subject", "overlap"), [("Mass", 0.29), ("Cardiomegaly", 0.9), ("Edema", 0.9)])
def test_a_faint_place_or_one_without_meaning_is_not_named(subject: str, overlap: float) -> None:
    place = _location("E1", subject, Side.LEFT, Region.LOWER_ZONE, overlap)
    (claim,) = _claims(place, _weighing("E2", subject, PRESENT))
    assert (claim.side, claim.region) == (None, None)


def test_each_further_place_is_a_claim_of_its_own_and_the_clearest_comes_first() -> None:
    places = [
        _location("E1", "Mass", Side.LEFT, Region.UPPER_ZONE, 0.4),
        _location("E2", "Mass", Side.RIGHT, Region.LOWER_ZONE, 0.5),
        _location("E3", "Mass", Side.RIGHT, Region.LOWER_ZONE, 0.45),
    ]
    first, second = _claims(*places, _weighing("E4", "Mass", PRESENT))
    assert (first.side, first.citations) == (Side.RIGHT, ("E4", "E2"))
    assert (second.side, second.citations, second.confidence) == (Side.LEFT, ("E4", "E1"), None)


def test_a_strangers_finding_and_observation_are_cited_and_a_disagreement_is_said() -> None:
    seen = _item("E2", EvidenceKind.OBSERVATION, "Mass", polarity=ABSENT)
    (claim,) = _claims(_finding("E1", "Mass", 0.9), seen, _weighing("E3", "Mass", PRESENT))
    assert claim.citations == ("E3", "E1", "E2")
    assert claim.text.endswith("An uncalibrated observation disagrees [E2].")


def test_what_could_not_be_pooled_is_reported_as_undecided_and_cited() -> None:
    (claim,) = _claims(_finding("E1", "Lung Opacity", 0.9))
    assert (claim.polarity, claim.confidence, claim.citations) == (UNCERTAIN, 0.9, ("E1",))
    assert "reported but not pooled" in claim.text


def test_absent_and_undecided_findings_are_one_conclusion_each_with_a_claim_per_label() -> None:
    undecided, absent = conclude(
        [
            _weighing("E1", "Mass", ABSENT, 0.01),
            _weighing("E2", "Edema", ABSENT, 0.02),
            _weighing("E3", "Nodule", UNCERTAIN, 0.1),
        ]
    )
    assert absent.text == "Not suspected by these models: lung mass [E1] and pulmonary edema [E2]."
    assert undecided.text == "Undecided by these models: lung nodule [E3]."
    assert absent.claims[0].text == "Lung mass is not suspected: score 0.01 (uncalibrated) [E1]."


@pytest.mark.parametrize(
    ("value", "cardiomegaly", "words"),
    [
        (0.55, PRESENT, "(upper limit 0.50), which supports the detectors: cardiomegaly is suspected"),
        (0.55, ABSENT, "(upper limit 0.50), which conflicts with the detectors: cardiomegaly is not suspected"),
        (0.45, PRESENT, "(upper limit 0.50), which conflicts with the detectors: cardiomegaly is suspected"),
        (0.45, UNCERTAIN, "(upper limit 0.50), to be read beside the detectors: cardiomegaly is undecided"),
    ],
)
def test_the_cardiothoracic_ratio_is_cited_for_or_against_cardiomegaly(
    value: float, cardiomegaly: Polarity, words: str
) -> None:
    claims = _claims(_ratio("E1", value), _weighing("E2", "Cardiomegaly", cardiomegaly))
    (claim,) = [claim for claim in claims if claim.value is not None]
    assert (claim.value, claim.unit, claim.citations) == (value, "1", ("E1", "E2"))
    assert claim.text == f"Cardiothoracic ratio measures {value:.2f} {words} [E1, E2]."


def test_without_an_upper_limit_the_ratio_supports_nothing() -> None:
    (claim, _) = _claims(_ratio("E1", 0.55, None), _weighing("E2", "Cardiomegaly", ABSENT))
    assert claim.text == "Cardiothoracic ratio measures 0.55 [E1, E2]."


def test_a_normal_film_is_concluded_where_nothing_speaks_against_it() -> None:
    (claim,) = _claims(_weighing("E1", NO_FINDING, PRESENT))
    assert claim.polarity is PRESENT
    assert claim.text.startswith("No abnormality is suspected by these models")


def test_a_normal_film_beside_a_suspected_finding_is_a_conflict_that_is_said() -> None:
    _, normal = _claims(_weighing("E1", "Mass", PRESENT), _weighing("E2", NO_FINDING, PRESENT))
    assert (normal.polarity, normal.citations) == (UNCERTAIN, ("E2", "E1"))
    assert "at odds with that, lung mass is suspected" in normal.text


def test_no_sentence_claims_to_diagnose() -> None:
    texts = [one.text for one in conclude([_weighing("E1", "Mass", PRESENT), _weighing("E2", "Edema", ABSENT)])]
    assert not any("diagnos" in text.lower() for text in texts)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], "No detector gave evidence"),
        ([_ratio("E1", 0.5)], "No detector gave evidence"),
        ([_finding("E1", "Mass")], "could not be weighed"),
        ([_finding("E1", "Mass"), _weighing("E2", "Mass", UNCERTAIN)], "reaches its operating point"),
    ],
)
def test_abstains_with_a_reason(items: list[Evidence], reason: str) -> None:
    assert reason in abstention(items)


def test_does_not_abstain_where_a_finding_or_a_normal_film_reaches_its_operating_point() -> None:
    for label in ("Mass", NO_FINDING):
        assert abstention([_finding("E1", label), _weighing("E2", label, PRESENT)]) == ""


def test_a_belief_becomes_evidence_whose_contributions_sum_to_its_log_odds() -> None:
    parts = (
        Contribution(evidence_id="E1", name="net", log_odds=2.0),
        Contribution(evidence_id="E2", name="x", log_odds=-0.5),
    )
    belief = Belief(
        subject="Mass", value=1 / (1 + math.exp(1.5)), log_odds=-1.5, evidence_log_odds=1.5, prior=0.05,
        polarity=PRESENT, calibrated=True, contributions=parts,
        operating_point=OperatingPoint(suspect_at=1.0, unlikely_at=-0.5, source="default"),
    )  # fmt: skip
    weighing = Weighing(beliefs=(belief,), source=Source(model="pool", version="1"), prior_source="a table")
    item = weighing_item(belief, weighing)
    assert sum(part.log_odds for part in item.contributions) == pytest.approx(-1.5)
    assert item.contributions[0] == Contribution(name="prior", log_odds=-3.0)
    assert (item.derived_from, item.value, item.polarity) == (("E1", "E2"), belief.value, PRESENT)
    assert item.source.calibrated
    assert "a table" in item.detail


def test_a_measurement_above_its_limit_is_at_odds_with_a_normal_film() -> None:
    source = Source(model="m", version="1")
    ratio = Measurement(quantity="cardiothoracic ratio", value=0.6, high=0.5)
    items = (
        Evidence(id="E1", kind=EvidenceKind.MEASUREMENT, subject="heart", measurement=ratio, source=source),
        Evidence(id="E2", kind=EvidenceKind.FINDING, subject=NO_FINDING, value=0.8, source=source),
        Evidence(
            id="E3",
            kind=EvidenceKind.WEIGHING,
            subject=NO_FINDING,
            value=0.8,
            polarity=Polarity.PRESENT,
            derived_from=("E2",),
            source=source,
        ),
    )
    normal = next(one for one in conclude(items) if one.subject == NO_FINDING)
    assert normal.claims[0].polarity is Polarity.UNCERTAIN
    assert "cardiothoracic ratio is above the upper limit [E3, E2, E1]" in normal.text
    assert not verify(conclude(items), items).struck
    assert "at odds with a normal film" in abstention(items)


def test_evidence_that_came_twice_is_cited_once() -> None:
    voice = Source(model="net", version="1", weights_digest="sha256:" + "3" * 64)
    twin = [
        Evidence(id=id_, kind=EvidenceKind.FINDING, subject="Effusion", value=0.6, source=voice) for id_ in ("E1", "E2")
    ]
    weighing = Evidence(
        id="E3", kind=EvidenceKind.WEIGHING, subject="Effusion", polarity=Polarity.PRESENT, value=0.6, source=voice
    )
    (conclusion,) = conclude([*twin, weighing])
    assert conclusion.claims[0].citations == ("E3", "E1")
