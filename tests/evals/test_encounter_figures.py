"""The score table: means, who was left out, floors, and the gap to oracle-fed stages, as worked out by hand."""

from __future__ import annotations

import io
import json
from itertools import combinations

import pytest
from rich.console import Console
from scored_encounters import decided, encounter, record

from wardround.contracts.clinic import Department, Treatment
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import EncounterMode, EncounterStatus
from wardround.contracts.errors import CallerError
from wardround.evals.encounter.aggregate import EncounterFigures, summarise
from wardround.evals.encounter.floors import floors
from wardround.evals.encounter.scores import CaseScore, Column, score
from wardround.evals.encounter.tables import figures_table

TRUTHS = (
    record("a"),
    record("b", department="surgery", diagnoses=("appendicitis",), treatments=("surgery",), image_report=""),
    record("c", sub_departments=(), diagnoses=("viral pneumonia",)),
    record("d", treatments=("antibiotics",)),
)


def _played() -> list[CaseScore]:
    """a right in all but the report; b abstains after the referral; c and d say nothing after one, to surgery."""
    right = (
        decided(Stage.REFERRAL, "internal medicine", sub=("respiratory medicine",)),
        decided(Stage.HISTORY, *TRUTHS[0].exams),
        decided(Stage.EXAMINATION, "No effusion."),
        decided(Stage.DIAGNOSIS, "pneumonia"),
        decided(Stage.TREATMENT, "antibiotics", "medication"),
    )
    wrong = (decided(Stage.REFERRAL, "surgery", sub=("thoracic surgery",)),)
    return [
        score(encounter(right), TRUTHS[0]),
        score(encounter(wrong, status=EncounterStatus.ABSTAINED), TRUTHS[1]),
        score(encounter(wrong, status=EncounterStatus.ESCALATED), TRUTHS[2]),
        score(encounter(wrong), TRUTHS[3]),
    ]


def test_means_counts_and_those_left_out_are_as_worked_out_by_hand() -> None:
    found = summarise(_played(), TRUTHS)
    department, level_2 = found.columns[Column.DEPARTMENT], found.columns[Column.LEVEL_2]
    assert (department.value, department.n, department.not_reached) == (0.5, 4, 0)  # a and b
    # a 1, b 0, c has no sub-department and is left out, d 0
    assert level_2.value == pytest.approx(1 / 3, abs=1e-4)
    assert (level_2.n, level_2.dropped) == (3, ("c",))
    examination = found.columns[Column.EXAMINATION]
    # a: "no effusion" of two claims; c and d: not reached; b has no report to be compared with
    assert examination.value == pytest.approx(0.5 / 3, abs=1e-4)
    assert (examination.n, examination.dropped, examination.not_reached) == (3, ("b",), 2)
    assert found.columns[Column.DIAGNOSIS].value == 0.25  # a alone
    # (0.5 + 1/3 + 0.25 + 1/6 + 0.25 + 0.25) / 6 = 1.75 / 6
    assert found.average.value == pytest.approx(1.75 / 6, abs=1e-4)
    assert found.average.columns == 6
    assert (found.totals.abstained, found.totals.escalated, found.synthetic) == (1, 1, 4)


def test_random_floors_are_the_expected_scores() -> None:
    assert floors(Column.DEPARTMENT, TRUTHS)[0].tolist() == pytest.approx([1 / len(Department)] * 4)
    # One true term of N: a random half of the terms holds it with 1/2, beside Binomial(N - 1, 1/2) others, so
    # 1/2 E[1 / (1 + B)] = 1/2 (1 - 2^-N) / (N / 2) = (1 - 2^-N) / N
    terms = len(Treatment)
    assert floors(Column.TREATMENT, TRUTHS)[0][1] == pytest.approx((1 - 2.0**-terms) / terms)
    # Two true terms: the mean over every subset that could be drawn, the empty one scoring 0
    true = {Treatment.ANTIBIOTICS, Treatment.MEDICATION}
    drawn = [set(some) for size in range(terms + 1) for some in combinations(Treatment, size)]
    mean = sum(len(some & true) / len(some | true) for some in drawn) / len(drawn)
    assert floors(Column.TREATMENT, TRUTHS)[0][0] == pytest.approx(mean)
    # Of "pneumonia": "appendicitis" 0, "viral pneumonia" 0.75, "pneumonia" 1
    assert floors(Column.DIAGNOSIS, TRUTHS)[0][0] == pytest.approx(1.75 / 3)


def test_the_majority_floor_never_asks_the_case_itself() -> None:
    # a, c, d: the other two of internal medicine outvote surgery; b: the others are all wrong for it
    assert floors(Column.DEPARTMENT, TRUTHS)[1].tolist() == [1.0, 0.0, 1.0, 1.0]
    # Without d: {antibiotics, medication} of a and c is the best answer, {antibiotics} is half of it
    assert floors(Column.TREATMENT, TRUTHS)[1][3] == 0.5


def test_the_floors_of_one_lone_case_are_not_defined() -> None:
    found = summarise(_played()[:1], TRUTHS)
    assert found.columns[Column.DIAGNOSIS].majority is None
    assert found.columns[Column.DEPARTMENT].random == pytest.approx(1 / 19, abs=1e-4)


def test_the_gap_is_oracle_fed_less_end_to_end_on_the_cases_that_have_both() -> None:
    fed = {id_: dict.fromkeys(Column, 1.0) for id_ in ("a", "b", "d")}
    found = summarise(_played(), TRUTHS, oracle=fed)
    treatment = found.columns[Column.TREATMENT]
    assert treatment.oracle == 1.0
    assert treatment.gap is not None and treatment.gap.value == pytest.approx(2 / 3, abs=1e-4)  # 1 - (1 + 0 + 0) / 3
    assert found.average.gap is not None and found.average.gap.value is not None and found.average.gap.value > 0
    assert summarise(_played(), TRUTHS).average.gap is None


def test_intervals_hold_their_value_and_are_the_same_every_time() -> None:
    first, second = summarise(_played(), TRUTHS), summarise(_played(), TRUTHS)
    assert first == second
    for figure in first.columns.values():
        assert figure.value is not None and figure.low is not None and figure.high is not None
        assert figure.low <= figure.value <= figure.high


def test_the_table_shows_floors_and_who_stayed_open_and_json_gives_the_same_back() -> None:
    found = summarise(_played(), TRUTHS, oracle={"a": dict.fromkeys(Column, 1.0)})
    console = Console(width=110, file=io.StringIO(), record=True)
    console.print(figures_table(found))
    text = " ".join(console.export_text().split())
    assert "cases · votes 1 · 4 cases, 4 written" in text
    assert "random" in text and "major." in text and "Not for clinical use" in text
    assert "1 of 4 abstained, 1 escalated" in text
    assert EncounterFigures.model_validate(json.loads(found.model_dump_json())) == found


@pytest.mark.parametrize("broken", ["none", "twice", "unknown", "modes"])
def test_scores_that_do_not_belong_together_are_refused(broken: str) -> None:
    scores = _played()
    given = {
        "none": [],
        "twice": [scores[0], scores[0]],
        "unknown": [scores[0].model_copy(update={"case_id": "z"})],
        "modes": [scores[0], score(encounter((), mode=EncounterMode.PANEL), TRUTHS[1])],
    }[broken]
    with pytest.raises(CallerError) as refused:
        summarise(given, TRUTHS)
    assert refused.value.problem.hint
