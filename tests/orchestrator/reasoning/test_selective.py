"""Answer, or defer to a person: what the cuts of calibrated voices on 'No Finding' decide."""

from __future__ import annotations

import pytest

from wardround.contracts.calibration import DeferralCut
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Evidence, EvidenceKind, Source, Voice
from wardround.orchestrator.reasoning.selective import Selection, select

_CUTS = (
    DeferralCut(coverage=0.9, least_confidence=0.55, error_rate=0.08),
    DeferralCut(coverage=0.5, least_confidence=0.9, error_rate=0.01),
    DeferralCut(coverage=0.8, least_confidence=0.7, error_rate=0.042),
)


def _voice(
    value: float, cuts: tuple[DeferralCut, ...] = _CUTS, *, calibrated: bool = True, model: str = "net"
) -> Voice:
    return Voice(source=Source(model=model, version="1", calibrated=calibrated), value=value, deferral=cuts)


def _item(*voices: Voice, subject: str = NO_FINDING, kind: EvidenceKind = EvidenceKind.FINDING) -> Evidence:
    return Evidence(id="E1", kind=kind, subject=subject, voices=voices, source=Source(model="ensemble", version="1"))


def test_without_a_wanted_share_or_with_all_films_wanted_nothing_is_deferred_or_said() -> None:
    assert select([_item(_voice(0.5))], None) == Selection()
    assert select([_item(_voice(0.5))], 1.0) == Selection()
    assert select([], 1.0) == Selection()


def test_a_film_below_the_cut_is_deferred_with_coverage_confidence_cut_and_error_rate() -> None:
    selection = select([_item(_voice(0.36))], 0.8)
    assert selection.deferral == (
        "Deferred to a person: it is not sure enough whether this film is normal. net: confidence 0.640 that it is not "
        "normal, below the cut of 0.700 for a coverage of 0.8; of the answers given at that cut, 4.2 % were wrong on "
        "the calibration films (out of fold)."
    )
    assert selection.warning == ""


@pytest.mark.parametrize("value", [0.7, 0.3, 0.95, 0.02])
def test_a_film_at_the_cut_or_above_it_is_answered_either_way(value: float) -> None:
    assert select([_item(_voice(value))], 0.8) == Selection()


@pytest.mark.parametrize(
    ("share", "coverage"), [(0.5, "0.5"), (0.55, "0.8"), (0.1 + 0.7, "0.8"), (0.81, "0.9"), (0.9, "0.9")]
)
def test_the_narrowest_cut_that_is_wide_enough_is_the_one_applied(share: float, coverage: str) -> None:
    assert f"for a coverage of {coverage};" in select([_item(_voice(0.5))], share).deferral


def test_where_no_cut_is_wide_enough_nothing_is_deferred_and_that_is_said() -> None:
    selection = select([_item(_voice(0.5))], 0.95)
    assert selection.deferral == ""
    assert "0.95" in selection.warning and "0.9." in selection.warning


@pytest.mark.parametrize(
    "items",
    [
        [],
        [_item(_voice(0.5, calibrated=False))],
        [_item(_voice(0.5, ()))],
        [_item(_voice(0.5), subject="Mass")],
        [_item(_voice(0.5), kind=EvidenceKind.OBSERVATION)],
    ],
    ids=["no evidence", "a score", "no cuts", "another finding", "an observer"],
)
def test_where_no_calibrated_voice_offers_it_nothing_is_deferred_and_that_is_said(items: list[Evidence]) -> None:
    selection = select(items, 0.8)
    assert selection.deferral == ""
    assert "no calibrated detector" in selection.warning and "0.8" in selection.warning


def test_one_sure_voice_is_enough_to_answer_and_all_unsure_ones_are_named() -> None:
    unsure, sure = _voice(0.6, model="one"), _voice(0.8, model="two")
    assert select([_item(unsure, sure)], 0.8) == Selection()
    assert select([_item(unsure), _item(sure)], 0.8) == Selection(), "from one specialist or from two"
    deferral = select([_item(unsure, _voice(0.55, model="two"))], 0.8).deferral
    assert "one: confidence 0.600" in deferral and "two: confidence 0.550" in deferral


def test_sure_voices_that_contradict_each_other_leave_the_film_to_a_person() -> None:
    deferral = select([_item(_voice(0.95, model="one"), _voice(0.05, model="two"))], 0.8).deferral
    assert "contradict each other" in deferral
    assert "one: confidence 0.950 that it is normal, at or above the cut" in deferral


def test_a_voice_that_is_a_score_has_no_say() -> None:
    assert select([_item(_voice(0.6), _voice(0.99, calibrated=False))], 0.8).deferral
