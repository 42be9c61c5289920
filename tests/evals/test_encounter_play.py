"""Encounters are played against a memory of the other cases, and scored beside their floors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from encounter_cases import small_cases

from wardround.contracts.encounter import EncounterMode, EncounterStatus, FactKind
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.encounter.play import Played, oracle_of, play, read_set, scored
from wardround.evals.encounter.scores import Column
from wardround.orchestrator.config import Configuration, SpecialistConfig


def _played(folder: Path) -> list[Played]:
    lines = "\n".join(case.model_dump_json() for case in small_cases())
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")
    cases = read_set(str(folder), folder)
    off = {name: SpecialistConfig(enabled=False) for name in ("intake", "cxr", "anatomy", "evidence")}
    configuration = Configuration(
        home=folder / "mine", store=folder / "store", specialists={**off, "cases": SpecialistConfig()}
    )
    return asyncio.run(play(configuration, cases, EncounterMode.CASES))


def test_every_case_is_played_without_itself_in_memory_and_scored(tmp_path: Path) -> None:
    played = _played(tmp_path)
    assert [one.case.case_id for one in played] == [case.case_id for case in small_cases()]
    for one in played:
        found = {fact.ref for fact in one.encounter.facts if fact.kind is FactKind.CASE}
        assert found and one.case.case_id not in found
        assert one.encounter.status is EncounterStatus.FINISHED
    figures = scored(played)
    department = figures.columns[Column.DEPARTMENT]
    assert figures.n == 6 and department.random is not None and department.majority is not None
    assert department.value is not None and department.value > department.majority
    assert any("lsa" in note for note in figures.warnings)
    assert not (tmp_path / "mine").exists(), "the user's own memory is not touched"


def test_with_the_truth_fed_every_later_stage_goes_by_it(tmp_path: Path) -> None:
    for one in _played(tmp_path):
        assert one.fed is not None
        ordered = {charge.item for charge in one.fed.cost.charges}
        assert ordered == set(one.case.exams)
        assert set(oracle_of(one.case)) <= {decision.stage for decision in one.fed.decisions}


def test_a_folder_without_a_case_to_score_is_told(tmp_path: Path) -> None:
    with pytest.raises(CallerError) as refused:
        read_set(str(tmp_path), tmp_path)
    assert refused.value.problem.code is ProblemCode.NOT_FOUND
