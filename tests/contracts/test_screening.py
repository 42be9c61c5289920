"""A screen's words: outcomes are typed, and a report of a server that has none is still read."""

from __future__ import annotations

from wardround.contracts.evidence import ScreenReport
from wardround.contracts.screening import ScreenFinding, ScreenOutcome
from wardround.contracts.study import ViewPosition


def test_a_report_without_outcomes_has_none_and_an_unknown_view() -> None:
    report = ScreenReport.model_validate({"accepted": True})
    assert (report.outcomes, report.view) == ((), ViewPosition.UNKNOWN)


def test_an_outcome_survives_the_wire_and_says_where_its_rate_is_missing() -> None:
    outcome = ScreenOutcome(what=ScreenFinding.LATERAL, refuses=True)
    assert outcome.error_rate == "not measured"
    assert ScreenOutcome.model_validate_json(outcome.model_dump_json()) == outcome
