"""A language model decides: behind a real HTTP endpoint, well, badly, hostile or not at all."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from encounter_cases import chest_case, small_cases
from model_endpoints import Answer, Endpoint, Script, garbage, refuses, says, streams
from small_ward import small_ward

from wardround.contracts.decision import STAGES, Decision, Move, Stage
from wardround.contracts.encounter import Encounter, EncounterMode, EncounterStatus

_GOOD: dict[str, Any] = {
    "encounter_question": {"topic": None},
    "encounter_order": {"exam": None},
    "encounter_referral": {
        "move": "commit", "chosen": "internal medicine", "urgency": "urgent", "citations": ["F2"], "confidence": 0.8,
        "alternatives": ["emergency"], "sub_departments": ["respiratory medicine"], "reason": "coughing and hot",
    },
    "encounter_history": {"move": "commit", "chosen": ["X-ray", "chest examination"], "citations": ["F2"]},
    "encounter_diagnosis": {
        "move": "commit", "chosen": ["community-acquired pneumonia"], "citations": ["F2"], "confidence": 0.7,
    },
    "encounter_treatment": {"move": "commit", "chosen": ["antibiotics"], "citations": ["F2"]},
    "encounter_judge": {"accepted": True},
}  # fmt: skip


def _asked(body: Mapping[str, Any]) -> str:
    name: str = body["response_format"]["json_schema"]["name"]
    return name


def _scripted(**changes: Any) -> Script:
    """Answers each prompt with its object; a list is given one after the other, the last for ever."""
    answers = {**_GOOD, **changes}
    waiting = {name: list(value) for name, value in answers.items() if isinstance(value, list)}

    def script(body: dict[str, Any]) -> Answer:
        name = _asked(body)
        if name in waiting:
            value = waiting[name].pop(0) if len(waiting[name]) > 1 else waiting[name][0]
        else:
            value = answers[name]
        return streams(value if isinstance(value, str) else json.dumps(value))

    return script


def _played(
    folder: Path, script: Script, mode: EncounterMode = EncounterMode.SINGLE, case: Any = None, **config: Any
) -> tuple[Encounter, list[str]]:
    async def once() -> tuple[Encounter, list[str]]:
        with Endpoint.running(script) as endpoint:
            section = {"base_url": endpoint.url}
            async with small_ward(folder, small_cases(), reasoner=section, **config) as ward:
                setup = await ward.setup_for(case or chest_case(1), mode=mode)
                result = await ward.begin(setup)
            return result, [request.words for request in endpoint.requests]

    return asyncio.run(once())


def _decision(result: Encounter, stage: Stage) -> Decision:
    decision = result.decision(stage)
    assert decision is not None
    return decision


def test_a_model_decides_all_stages_and_its_calls_are_counted(tmp_path: Path) -> None:
    result, prompts = _played(tmp_path, _scripted())
    assert result.status is EncounterStatus.FINISHED
    assert [one.stage for one in result.decisions] == list(STAGES)
    assert _decision(result, Stage.REFERRAL).alternatives == ("emergency",)
    assert _decision(result, Stage.REFERRAL).reason == "coughing and hot"
    assert result.usage.calls == len(prompts) > 5 and result.usage.prompt_tokens > 0
    assert result.reasoner == "openai:scripted" and not result.usage.unusable


def test_the_diagnosis_is_in_no_prompt_before_it_is_made(tmp_path: Path) -> None:
    case = chest_case(1, diagnoses=("legionellosis",), symptoms="They said it may be legionellosis. I cough.")
    _, prompts = _played(tmp_path, _scripted(), case=case)
    assert not [words for words in prompts if "legionellosis" in words.casefold()]


def test_what_the_examinations_found_is_in_the_prompt_of_the_diagnosis(tmp_path: Path) -> None:
    _, prompts = _played(tmp_path, _scripted())
    (asked,) = [words for words in prompts if "What is the most likely diagnosis" in words]
    assert "Patchy opacity in the right lower zone" in asked and "Crackles" in asked
    assert "C-reactive protein" not in asked, "the blood test was not ordered"


def test_it_asks_and_orders_within_its_bounds_and_never_the_same_twice(tmp_path: Path) -> None:
    changes = {"encounter_question": {"topic": "allergy", "words": ""}, "encounter_order": {"exam": "blood test"}}
    result, _ = _played(tmp_path, _scripted(**changes))
    assert [turn.what for turn in result.turns if turn.move is Move.ASK] == ["allergy"]
    assert sorted(one.item for one in result.cost.charges) == ["X-ray", "blood test", "chest examination"]
    topics = ["allergy", "medication", "social history", "family history", "past illness"]
    many = {"encounter_question": [{"topic": one} for one in topics]}
    bounded, _ = _played(tmp_path / "b", _scripted(**many), max_questions=3)
    assert sum(turn.move is Move.ASK for turn in bounded.turns) == 3


def test_a_verdict_is_a_flag_and_no_phrase_in_it_counts(tmp_path: Path) -> None:
    verdict = {"accepted": False, "faults": ["This is correct, accepted, 正确."]}
    result, prompts = _played(tmp_path, _scripted(encounter_judge=verdict))
    refused = [one for one in result.verdicts if not one.accepted]
    assert len(refused) == len(result.verdicts) - 1, "all but the report, which is not the model's"
    assert all(one.dissent for one in result.decisions if one.stage is not Stage.EXAMINATION)
    again = [words for words in prompts if "To which one department" in words]
    assert len(again) == 2 and "This is correct, accepted" in again[1]


def test_a_judge_may_reopen_an_earlier_stage_once(tmp_path: Path) -> None:
    back = {"accepted": False, "faults": ["wrong department"], "reopen": "referral"}
    good = {"accepted": True}
    result, _ = _played(tmp_path, _scripted(encounter_judge=[good, good, back, good]))
    assert [turn.what for turn in result.turns if turn.move is Move.REOPEN] == ["referral"]
    assert result.status is EncounterStatus.FINISHED and len(result.decisions) == 5
    endless, _ = _played(tmp_path / "b", _scripted(encounter_judge=[good, good, back]))
    assert sum(turn.move is Move.REOPEN for turn in endless.turns) == 1
    assert endless.status is EncounterStatus.FINISHED


def test_a_dose_is_sent_back_and_where_it_comes_again_case_votes_stand(tmp_path: Path) -> None:
    dose = {**_GOOD["encounter_diagnosis"], "chosen": ["pneumonia, give 500 mg twice daily"]}
    mended, prompts = _played(tmp_path, _scripted(encounter_diagnosis=[dose, _GOOD["encounter_diagnosis"]]))
    assert _decision(mended, Stage.DIAGNOSIS).source == "openai:scripted"
    assert any("It names a dose" in words for words in prompts)
    stubborn, _ = _played(tmp_path / "b", _scripted(encounter_diagnosis=dose))
    assert _decision(stubborn, Stage.DIAGNOSIS).source == "case votes"
    assert any("no decision of" in one for one in stubborn.warnings)
    assert "500 mg" not in stubborn.model_dump_json()


def test_a_citation_outside_the_facts_is_no_answer(tmp_path: Path) -> None:
    invented = {**_GOOD["encounter_diagnosis"], "citations": ["F999"]}
    result, _ = _played(tmp_path, _scripted(encounter_diagnosis=invented))
    assert _decision(result, Stage.DIAGNOSIS).source == "case votes" and result.usage.unusable >= 1


def test_a_reason_that_its_citations_do_not_bear_out_is_left_out(tmp_path: Path) -> None:
    for words in ("The troponin is raised.", "There is no coughing.", "coughing for 900 days"):
        changed = {**_GOOD["encounter_referral"], "reason": words}
        result, _ = _played(tmp_path / re.sub(r"\W", "", words), _scripted(encounter_referral=changed))
        assert _decision(result, Stage.REFERRAL).reason == "", words
        assert any("reason was left out" in one for one in result.warnings)


def test_it_may_abstain_and_escalate(tmp_path: Path) -> None:
    for move, status in (("abstain", EncounterStatus.ABSTAINED), ("escalate", EncounterStatus.ESCALATED)):
        changed = {**_GOOD["encounter_diagnosis"], "move": move}
        result, _ = _played(tmp_path / move, _scripted(encounter_diagnosis=changed))
        assert result.status is status and result.decision(Stage.TREATMENT) is None


def test_a_model_that_is_down_or_babbles_costs_its_answers_and_nothing_else(tmp_path: Path) -> None:
    scripts: dict[str, Script] = {
        "down": lambda _: refuses(500),
        "garbage": lambda _: garbage(),
        "prose": says("I am sure it is a cold."),
        "another form": says('{"verdict": "正确"}'),
    }
    for name, script in scripts.items():
        result, _ = _played(tmp_path / name, script)
        assert result.status is EncounterStatus.FINISHED, name
        assert result.usage.unusable > 0 and result.warnings
        assert {one.source for one in result.decisions} <= {"case votes", "openai:scripted"}


def test_a_panel_speaks_in_turn_and_its_dissent_is_kept(tmp_path: Path) -> None:
    other = {**_GOOD["encounter_referral"], "chosen": "emergency"}
    by_stage = [_GOOD["encounter_referral"], other, _GOOD["encounter_referral"]]
    later = [_GOOD["encounter_history"], _GOOD["encounter_diagnosis"], _GOOD["encounter_treatment"]]
    voices = [*by_stage, *(one for one in later for _ in range(3))]
    senior = [_GOOD["encounter_referral"], *later]
    script = _scripted(encounter_physician=voices, encounter_senior=senior)
    result, prompts = _played(tmp_path, script, EncounterMode.PANEL)
    assert result.status is EncounterStatus.FINISHED
    (held,) = _decision(result, Stage.REFERRAL).dissent
    assert held.voice == "second physician" and held.chosen == ("emergency",)
    third = next(words for words in prompts if "You are the third physician" in words)
    assert "first physician: internal medicine" in third and "second physician: emergency" in third


def test_a_patient_played_by_a_model_says_nothing_that_is_not_in_the_record(tmp_path: Path) -> None:
    lie = {"used": [1], "words": "I also have a fever of 41 and a brain tumour."}

    async def once() -> Encounter:
        with Endpoint.running(lambda _: streams(json.dumps(lie))) as endpoint:
            section = {"base_url": endpoint.url}
            async with small_ward(tmp_path, small_cases(), reasoner=section) as ward:
                setup = await ward.setup_for(chest_case(1), mode=EncounterMode.CASES, patient="model")
                return await ward.begin(setup)

    result = asyncio.run(once())
    assert result.status is EncounterStatus.FINISHED
    assert "tumour" not in result.model_dump_json()
