"""Whole encounters against a record: what is decided, on what, at what price, and where they end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from encounter_cases import chest_case, small_cases
from small_ward import small_ward

from wardround.contracts.base import NOTICE
from wardround.contracts.case import Case
from wardround.contracts.decision import STAGES, Decision, Move, Stage
from wardround.contracts.encounter import Encounter, EncounterMode, EncounterStatus, FactKind
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.orchestrator.encounter.encounters import Encounters


def _told(folder: Path, story: Callable[[Encounters], Awaitable[Any]], cases: Any = None, **config: Any) -> Any:
    async def once() -> Any:
        async with small_ward(folder, small_cases() if cases is None else cases, **config) as ward:
            return await story(ward)

    return asyncio.run(once())


def _played(folder: Path, case: Case | None = None, cases: Any = None, **config: Any) -> Encounter:
    async def story(ward: Encounters) -> Encounter:
        return await ward.begin(await ward.setup_for(case or small_cases()[0]))

    result: Encounter = _told(folder, story, cases, **config)
    return result


def test_a_case_goes_through_all_five_stages_and_every_decision_cites(tmp_path: Path) -> None:
    result = _played(tmp_path)
    assert result.status is EncounterStatus.FINISHED
    assert [one.stage for one in result.decisions] == list(STAGES)
    known = {fact.id for fact in result.facts if fact.available}
    assert all(one.citations and set(one.citations) <= known for one in result.decisions)
    assert result.decision(Stage.REFERRAL).chosen == ("internal medicine",)  # type: ignore[union-attr]
    assert result.decision(Stage.DIAGNOSIS).chosen == ("community-acquired pneumonia",)  # type: ignore[union-attr]
    assert result.decision(Stage.TREATMENT).chosen == ("antibiotics",)  # type: ignore[union-attr]
    assert result.synthetic and result.notice == NOTICE
    assert all(one.source and one.version and not one.calibrated for one in result.decisions)


def test_the_case_itself_is_not_among_the_similar_ones(tmp_path: Path) -> None:
    result = _played(tmp_path)
    assert "test:1" not in {fact.ref for fact in result.facts if fact.kind is FactKind.CASE}


def test_the_examination_s_report_reaches_the_diagnosis(tmp_path: Path) -> None:
    result = _played(tmp_path)
    report = next(fact for fact in result.facts if fact.kind is FactKind.REPORT)
    assert "Patchy opacity in the right lower zone" in report.text
    examination = result.decision(Stage.EXAMINATION)
    assert examination is not None and examination.chosen == tuple(report.text.split("\n"))


def test_nothing_is_known_of_an_examination_that_was_not_ordered(tmp_path: Path) -> None:
    case = chest_case(1, auxiliary_examination={"MRI": "A secret of the MRI.", "X-ray": "Patchy opacity."})
    result = _played(tmp_path, case)
    assert "MRI" not in result.decision(Stage.HISTORY).chosen  # type: ignore[union-attr]
    assert "secret" not in result.model_dump_json()


def test_a_result_that_the_record_lacks_is_not_available_and_is_cited_by_nobody(tmp_path: Path) -> None:
    result = _played(tmp_path, chest_case(1, auxiliary_examination={}))
    vain = [fact for fact in result.facts if fact.kind is FactKind.RESULT and not fact.available]
    assert {"X-ray", "blood test"} <= {fact.name for fact in vain}
    assert all(fact.text == "" for fact in vain)
    cited = {id_ for one in result.decisions for id_ in one.citations}
    assert cited.isdisjoint(fact.id for fact in vain)


def test_every_order_is_charged_once_and_the_budget_vetoes(tmp_path: Path) -> None:
    free = _played(tmp_path / "a")
    assert free.cost.total > 0 and len({one.order_id for one in free.cost.charges}) == len(free.cost.charges)
    tight = _played(tmp_path / "b", budget=60.0)
    vetoed = [one.item for one in tight.cost.charges if one.vetoed]
    assert vetoed == ["X-ray"] and tight.cost.total <= 60
    assert not [fact for fact in tight.facts if fact.name == "X-ray" and fact.available]


def test_an_emergency_ends_the_encounter_or_is_noted(tmp_path: Path) -> None:
    case = chest_case(1, chief_complaint="I have crushing chest pain and collapsed an hour ago.")
    ended = _played(tmp_path / "a", case)
    assert ended.status is EncounterStatus.ESCALATED and ended.red_flags
    assert ended.decisions[-1].move is Move.ESCALATE and ended.decisions[-1].chosen == ("emergency",)
    assert not ended.cost.charges
    noted = _played(tmp_path / "b", case, red_flags="note")
    assert noted.status is EncounterStatus.FINISHED and noted.red_flags


def test_without_any_case_it_abstains_and_says_why(tmp_path: Path) -> None:
    result = _played(tmp_path, cases=[chest_case(1)])
    assert result.status is EncounterStatus.ABSTAINED
    assert "No similar case" in result.stopped


def test_without_case_memory_it_abstains_and_names_who_is_missing(tmp_path: Path) -> None:
    async def once() -> Encounter:
        async with small_ward(tmp_path, without=("cases",)) as ward:
            return await ward.begin(await ward.setup_for(chest_case(1)))

    result = asyncio.run(once())
    assert result.status is EncounterStatus.ABSTAINED
    assert [one.specialist for one in result.missing] == ["case memory"]


def test_a_diagnosis_with_few_votes_is_not_committed_to(tmp_path: Path) -> None:
    others = [chest_case(number, diagnoses=(f"disease {number}",)) for number in range(2, 5)]
    result = _played(tmp_path, cases=others, least_support=0.9)
    decision = result.decision(Stage.DIAGNOSIS)
    assert result.status is EncounterStatus.ABSTAINED and decision is not None
    assert decision.move is Move.ABSTAIN and len(decision.alternatives) > 1


def test_an_earlier_stage_is_reopened_with_the_reason_and_nothing_is_paid_twice(tmp_path: Path) -> None:
    # By its complaint a skin case, by all that follows a chest.
    case = chest_case(1, chief_complaint="I have itchy red scaly patches on my elbows.")
    result = _played(tmp_path, case)
    reopened = [turn for turn in result.turns if turn.move is Move.REOPEN]
    assert [turn.what for turn in reopened] == ["referral"] and reopened[0].reason
    assert result.status is EncounterStatus.FINISHED
    assert [one.chosen for one in result.replaced if one.stage is Stage.REFERRAL] == [("dermatology and venereology",)]
    assert result.decision(Stage.REFERRAL).chosen == ("internal medicine",)  # type: ignore[union-attr]
    assert [one.stage for one in result.decisions] == list(STAGES)
    items = [one.item for one in result.cost.charges]
    assert len(items) == len(set(items))


def test_later_stages_can_be_fed_with_the_truth(tmp_path: Path) -> None:
    truth = Decision(stage=Stage.HISTORY, move=Move.COMMIT, chosen=("skin examination", "stool test"), source="oracle")

    async def story(ward: Encounters) -> Encounter:
        return await ward.begin(await ward.setup_for(small_cases()[0]), oracle={Stage.HISTORY: truth})

    result: Encounter = _told(tmp_path, story)
    assert "X-ray" in result.decision(Stage.HISTORY).chosen  # type: ignore[union-attr]
    assert {one.item for one in result.cost.charges} == {"skin examination", "stool test"}


def test_a_finished_encounter_is_remembered_once_and_below_the_validated_ones(tmp_path: Path) -> None:
    async def story(ward: Encounters) -> Encounter:
        await ward.begin(await ward.setup_for(small_cases()[0]))
        again = await ward.setup_for(small_cases()[1], cases=20)
        return await ward.begin(again)

    result: Encounter = _told(tmp_path, story)
    own = [fact for fact in result.facts if fact.kind is FactKind.CASE and fact.ref.startswith("enc:")]
    assert own and all(fact.source.startswith("finished here") for fact in own)
    assert len({fact.ref for fact in own}) == 1


def test_a_mode_that_needs_a_language_model_is_refused_without_one(tmp_path: Path) -> None:
    async def story(ward: Encounters) -> None:
        with pytest.raises(CallerError) as refused:
            await ward.begin(await ward.setup_for(chest_case(1), mode=EncounterMode.SINGLE))
        assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT

    _told(tmp_path, story)


def test_an_unknown_encounter_is_told(tmp_path: Path) -> None:
    async def story(ward: Encounters) -> None:
        for use in (ward.standing, ward.resume, ward.store.forget):
            with pytest.raises(CallerError) as missing:
                await use("enc_unknown")
            assert missing.value.problem.code is ProblemCode.NOT_FOUND
        with pytest.raises(CallerError):
            await ward.answer("enc_unknown", "Q1", "yes")

    _told(tmp_path, story)


def test_a_film_that_is_not_there_is_named_and_its_report_is_told_instead(tmp_path: Path) -> None:
    case = chest_case(1, images=[{"file": "gone.dcm"}])

    async def story(ward: Encounters) -> Encounter:
        return await ward.begin(await ward.setup_for(case), films={"gone.dcm": tmp_path / "gone.dcm"})

    result: Encounter = _told(tmp_path, story)
    assert [one.specialist for one in result.missing] == ["film"]
    assert "Patchy opacity" in result.decision(Stage.EXAMINATION).chosen[0]  # type: ignore[union-attr]
