"""Log-linear pooling, its explanations and its operating points."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.agents.evidence.location_priors import BOUND
from wardround.agents.evidence.operating_points import DEFAULT, operating_point
from wardround.agents.evidence.weigher import card, logit, weigh
from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.codes import nih_labels
from wardround.contracts.errors import CallerError
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity, Source, Voice
from wardround.contracts.study import Patient, Sex, ViewPosition
from wardround.contracts.weighing import Belief, OperatingPoint, Weighing

PATIENT = Patient(age_years=63, sex=Sex.FEMALE)
shares = st.floats(min_value=0.001, max_value=0.999)
voice_lists = st.lists(st.tuples(shares, shares), min_size=1, max_size=5)


def _voice(value: float, prevalence: float | None = 0.1, model: str = "net", *, calibrated: bool = False) -> Voice:
    source = Source(model=model, version="1", calibrated=calibrated)
    return Voice(source=source, value=value, training_prevalence=prevalence)


def _finding(evidence_id: str, subject: str, *voices: Voice, value: float | None = None) -> Evidence:
    source = Source(model="ensemble", version="1")
    return Evidence(
        id=evidence_id, kind=EvidenceKind.FINDING, subject=subject, value=value, voices=voices, source=source
    )


def _weigh(*items: Evidence, **options: object) -> Weighing:
    return weigh(items, PATIENT, ViewPosition.PA, **options)  # type: ignore[arg-type]


def _only(weighing: Weighing) -> Belief:
    (belief,) = weighing.beliefs
    return belief


def test_one_voice_at_its_training_prevalence_leaves_the_prior_as_it_was() -> None:
    belief = _only(_weigh(_finding("E1", "Mass", _voice(0.1, 0.1))))
    assert belief.evidence_log_odds == 0.0
    assert belief.value == pytest.approx(belief.prior)


def test_a_perfectly_calibrated_detector_at_home_gets_its_own_probability_back() -> None:
    belief = _only(_weigh(_finding("E1", "Mass", _voice(0.4, 0.07)), priors={"Mass": 0.07}))
    assert belief.value == pytest.approx(0.4)


@given(voice_lists)
def test_contributions_sum_to_the_evidence_and_with_the_prior_to_the_belief(pairs: list[tuple[float, float]]) -> None:
    belief = _only(_weigh(_finding("E1", "Mass", *(_voice(p, t) for p, t in pairs))))
    assert math.fsum(part.log_odds for part in belief.contributions) == belief.evidence_log_odds
    assert belief.log_odds == logit(belief.prior) + belief.evidence_log_odds
    assert logit(belief.value) == pytest.approx(min(max(belief.log_odds, logit(0.0)), logit(1.0)), abs=1e-6)


@given(voice_lists, st.randoms(use_true_random=False))
def test_the_order_of_items_and_voices_changes_no_belief(pairs: list[tuple[float, float]], rng: random.Random) -> None:
    items = [_finding(f"E{n}", "Mass", _voice(p, t, f"net {n}")) for n, (p, t) in enumerate(pairs)]
    items.append(_finding("E9", "Effusion", _voice(0.5)))
    shuffled = rng.sample(items, len(items))
    assert _weigh(*shuffled).beliefs == _weigh(*items).beliefs


@given(voice_lists, st.integers(min_value=0, max_value=4))
def test_without_an_item_the_log_odds_are_less_by_its_contribution_at_held_weights(
    pairs: list[tuple[float, float]], which: int
) -> None:
    items = [_finding(f"E{n}", "Mass", _voice(p, t, f"net {n}")) for n, (p, t) in enumerate(pairs)]
    items.append(_finding("E9", "Mass", _voice(0.3, 0.2, "net 9")))
    weights = {f"net {n}": 0.25 for n in range(10)}
    gone = items[which % len(pairs)]
    whole = _only(_weigh(*items, weights=weights))
    rest = _only(_weigh(*(item for item in items if item is not gone), weights=weights))
    part = math.fsum(part.log_odds for part in whole.contributions if part.evidence_id == gone.id)
    assert whole.log_odds - rest.log_odds == pytest.approx(part, abs=1e-12)


@given(voice_lists, shares, shares)
def test_at_held_weights_a_further_voice_moves_the_belief_its_own_way(
    pairs: list[tuple[float, float]], value: float, prevalence: float
) -> None:
    weights = {"net": 0.3}
    before = _only(_weigh(_finding("E1", "Mass", *(_voice(p, t) for p, t in pairs)), weights=weights))
    more = _finding("E2", "Mass", _voice(value, prevalence))
    after = _only(_weigh(_finding("E1", "Mass", *(_voice(p, t) for p, t in pairs)), more, weights=weights))
    moved = after.evidence_log_odds - before.evidence_log_odds
    assert moved == pytest.approx(0.3 * (logit(value) - logit(prevalence)), abs=1e-9)


@given(st.integers(min_value=1, max_value=6))
def test_the_prior_counts_once_and_agreeing_detectors_count_as_one(n: int) -> None:
    one = _only(_weigh(_finding("E1", "Mass", _voice(0.6))))
    many = _only(_weigh(*(_finding(f"E{k}", "Mass", _voice(0.6, model=f"net {k}")) for k in range(n))))
    assert many.log_odds == pytest.approx(one.log_odds)
    assert many.log_odds - many.evidence_log_odds == pytest.approx(logit(many.prior))


def test_a_voice_without_a_training_prevalence_is_named_and_contributes_nothing() -> None:
    with_it = _only(_weigh(_finding("E1", "Mass", _voice(0.6)), _finding("E2", "Lung mass", _voice(0.99, None, "x"))))
    without = _only(_weigh(_finding("E1", "Mass", _voice(0.6))))
    assert with_it.log_odds == without.log_odds
    assert [part.name for part in with_it.contributions if part.evidence_id == "E2"] == [
        "x: not pooled, its training prevalence is not known"
    ]


def test_a_finding_on_which_nothing_can_be_pooled_gets_no_belief() -> None:
    assert _weigh(_finding("E1", "Mass", value=0.9)).beliefs == ()


def test_measurements_and_other_kinds_are_not_pooled() -> None:
    ratio = Evidence(
        id="E1",
        kind=EvidenceKind.MEASUREMENT,
        subject="Cardiomegaly",
        measurement=Measurement(quantity="cardiothoracic ratio", value=0.6, high=0.5),
        source=Source(model="ruler", version="1"),
    )
    assert _weigh(ratio).beliefs == ()


def test_polarity_follows_the_evidence_and_not_the_rarity() -> None:
    rare = _only(_weigh(_finding("E1", "Hernia", _voice(0.05, 0.002))))
    assert rare.value < 0.2
    assert rare.polarity is Polarity.PRESENT


@pytest.mark.parametrize(
    ("score", "polarity"), [(0.8, Polarity.PRESENT), (0.5, Polarity.UNCERTAIN), (0.3, Polarity.ABSENT)]
)
def test_default_cuts_make_three_polarities(score: float, polarity: Polarity) -> None:
    assert _only(_weigh(_finding("E1", "Lung Opacity", _voice(score, 0.5)))).polarity is polarity


def test_beliefs_are_sorted_by_how_far_they_are_above_their_operating_points() -> None:
    usual = OperatingPoint(suspect_at=1.0, unlikely_at=0.0)
    points = {"Mass": OperatingPoint(suspect_at=5.0, unlikely_at=0.0), "Edema": usual, "Effusion": usual}
    items = [
        _finding("E1", "Mass", _voice(0.9)),
        *(_finding(name, name, _voice(0.5)) for name in ("Edema", "Effusion")),
    ]
    weighing = _weigh(*items, points=points)
    assert [belief.subject for belief in weighing.beliefs] == ["Edema", "Effusion", "Mass"]


def test_a_label_without_a_prior_takes_the_training_prevalence_and_is_never_called_calibrated() -> None:
    weighing = _weigh(_finding("E1", "Lung Opacity", _voice(0.6, 0.3, calibrated=True)))
    assert _only(weighing).value == pytest.approx(0.6)
    assert not _only(weighing).calibrated
    assert weighing.prior_source == "the detectors' training prevalence"


def test_each_belief_says_where_its_own_prior_comes_from() -> None:
    findings = [_finding("E1", "Pneumonia", _voice(0.3)), _finding("E2", "Mass", _voice(0.3))]
    weighing = _weigh(*findings, priors={"Pneumonia": 0.013})
    sources = {belief.subject: belief.prior_source for belief in weighing.beliefs}
    assert sources["Pneumonia"] == "site configuration"
    assert sources["Mass"].startswith("NIH ChestX-ray14 labels, PA view")
    assert all(source in weighing.prior_source for source in sources.values())


def test_a_belief_is_calibrated_only_where_every_pooled_voice_is() -> None:
    calibrated, not_calibrated = _voice(0.6, calibrated=True), _voice(0.6)
    assert _only(_weigh(_finding("E1", "Mass", calibrated, calibrated))).calibrated
    assert not _only(_weigh(_finding("E1", "Mass", calibrated, not_calibrated))).calibrated


def test_saturated_scores_are_clipped_and_stay_finite() -> None:
    belief = _only(_weigh(_finding("E1", "Mass", _voice(1.0, 0.0))))
    assert belief.evidence_log_odds == pytest.approx(2 * math.log(9999))


def test_two_items_with_one_id_are_refused() -> None:
    with pytest.raises(CallerError, match="same id"):
        _weigh(_finding("E1", "Mass", _voice(0.5)), _finding("E1", "Edema", _voice(0.5)))


def test_items_without_ids_are_told_apart_and_not_taken_for_the_prior() -> None:
    belief = _only(_weigh(_finding("", "Mass", _voice(0.5)), _finding("", "Mass", _voice(0.5))))
    assert [part.evidence_id for part in belief.contributions] == ["item 1", "item 2"]


def test_a_label_without_a_measured_operating_point_has_the_default_and_says_so() -> None:
    assert operating_point("no such label") == DEFAULT
    assert "not measured" in DEFAULT.source


def test_the_card_says_what_the_weigher_is_not() -> None:
    assert card().weights_digest is not None
    assert "Not for clinical use" in card().notice


def _placed(evidence_id: str, subject: str, region: Region, model: str = "locator") -> Evidence:
    return Evidence(
        id=evidence_id,
        kind=EvidenceKind.LOCATION,
        subject=subject,
        location=Location(region=region, side=Side.RIGHT, overlap=0.7),
        source=Source(model=model, version="1"),
    )


def test_a_finding_in_its_usual_place_gains_a_little_and_in_an_unusual_one_loses_a_little() -> None:
    finding = _finding("E1", "Effusion", _voice(0.6))
    alone = _only(_weigh(finding))
    usual = _only(_weigh(finding, _placed("L1", "Effusion", Region.LOWER_ZONE)))
    unusual = _only(_weigh(finding, _placed("L1", "Effusion", Region.MEDIASTINUM)))
    assert alone.log_odds < usual.log_odds <= alone.log_odds + BOUND
    assert alone.log_odds > unusual.log_odds >= alone.log_odds - BOUND
    assert usual.polarity is unusual.polarity is alone.polarity


def test_a_place_is_a_contribution_that_cites_its_item_and_makes_the_belief_a_score() -> None:
    finding = _finding("E1", "Effusion", _voice(0.6, calibrated=True))
    belief = _only(_weigh(finding, _placed("L1", "Effusion", Region.LOWER_ZONE)))
    (part,) = [part for part in belief.contributions if part.evidence_id == "L1"]
    assert part.name == "usual places: lower zone"
    assert _only(_weigh(finding)).calibrated and not belief.calibrated


@given(st.sampled_from(list(Region)), st.sampled_from(nih_labels()), voice_lists)
def test_without_a_location_the_log_odds_are_less_by_exactly_its_contribution(
    region: Region, label: str, pairs: list[tuple[float, float]]
) -> None:
    finding = _finding("E1", label, *(_voice(p, t) for p, t in pairs))
    whole = _only(_weigh(finding, _placed("L1", label, region)))
    rest = _only(_weigh(finding))
    part = math.fsum(part.log_odds for part in whole.contributions if part.evidence_id == "L1")
    assert whole.log_odds - rest.log_odds == pytest.approx(part, abs=1e-12)
    assert math.fsum(part.log_odds for part in whole.contributions) == whole.evidence_log_odds


def test_many_locators_count_as_one() -> None:
    finding = _finding("E1", "Effusion", _voice(0.6))
    one = _only(_weigh(finding, _placed("L1", "Effusion", Region.LOWER_ZONE)))
    two = _only(_weigh(finding, *(_placed(name, "Effusion", Region.LOWER_ZONE, name) for name in ("L1", "L2"))))
    assert two.log_odds == pytest.approx(one.log_odds)


def test_usual_places_can_be_left_out_and_alone_make_no_belief() -> None:
    finding, place = _finding("E1", "Effusion", _voice(0.6)), _placed("L1", "Effusion", Region.LOWER_ZONE)
    assert _weigh(finding, place, places=False).beliefs == _weigh(finding).beliefs
    assert _weigh(place).beliefs == ()
