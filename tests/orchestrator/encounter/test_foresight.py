"""An oncology encounter whose treatment stage cites a survival estimate, and a film beside which one stands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from encounter_cases import chest_case
from small_house import small_house, study_of_film
from small_ward import small_ward

from wardround.contracts.base import NOTICE
from wardround.contracts.case import Case
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import Encounter, EncounterStatus, Fact, FactKind
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.survival import SurvivalInput, SurvivalQuestion
from wardround.orchestrator.encounter.page.page import encounter_html
from wardround.orchestrator.replay import replay
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

_KNOWN = SurvivalInput(
    patient_id="secret-17", clinical={"age": 68, "sex": "male", "ecog": 1, "karnofsky_physician": 80}
)
_LUNG = SurvivalQuestion(patient=_KNOWN)


def _cancer(number: int) -> Case:
    return chest_case(
        number,
        department="oncology",
        sub_departments=("medical oncology",),
        diagnoses=("advanced non-small-cell lung cancer",),
        treatments=("chemotherapy", "radiotherapy"),
        findings=("Mass",),
    )


def _played(folder: Path, survival: SurvivalQuestion | None, *, served: bool = True) -> Encounter:
    async def once() -> Encounter:
        others = {"survival": build("survival", ServerSettings(folder / "store", home=folder))} if served else {}
        async with small_ward(folder, [_cancer(number) for number in (1, 2, 3, 4)], others=others) as ward:
            return await ward.begin(await ward.setup_for(_cancer(1), survival=survival))

    return asyncio.run(once())


def _estimates(result: Encounter) -> list[Fact]:
    return [fact for fact in result.facts if fact.kind is FactKind.PROGNOSIS]


def test_the_treatment_cites_the_estimate_and_what_bounds_it(tmp_path: Path) -> None:
    result = _played(tmp_path, _LUNG)
    assert result.status is EncounterStatus.FINISHED
    (fact,) = _estimates(result)
    treatment = result.decision(Stage.TREATMENT)
    assert treatment is not None and fact.id in treatment.citations and fact.id in treatment.reason
    assert fact.stage is Stage.TREATMENT and fact.source == "ncctg-lung" and fact.version
    assert "median time to death" in fact.text and "90 % band" in fact.text and "228 patients" in fact.text
    assert "meal_calories" in fact.text, "what was not known is told"
    earlier = [one for one in result.decisions if one.stage is not Stage.TREATMENT]
    assert all(fact.id not in one.citations for one in earlier), "it is there for the treatment alone"
    assert result.prognosis is not None and result.prognosis.median is not None
    whole = result.model_dump_json()
    assert "secret-17" not in whole and NOTICE in whole
    assert fact.text[:60] in encounter_html(result)


def test_it_moves_no_vote(tmp_path: Path) -> None:
    asked, plain = _played(tmp_path / "asked", _LUNG), _played(tmp_path / "plain", None)
    assert not _estimates(plain) and plain.prognosis is None
    for stage in Stage:
        one, other = asked.decision(stage), plain.decision(stage)
        assert one is not None and other is not None and one.chosen == other.chosen


def test_without_a_specialist_or_with_an_impossible_patient_the_treatment_is_decided_all_the_same(
    tmp_path: Path,
) -> None:
    alone = _played(tmp_path / "alone", _LUNG, served=False)
    assert alone.status is EncounterStatus.FINISHED and not _estimates(alone)
    assert [one.specialist for one in alone.missing] == ["survival"]

    wrong = SurvivalQuestion(patient=SurvivalInput(clinical={"age": 68_000, "ecog": 1}))
    refused = _played(tmp_path / "wrong", wrong)
    assert refused.status is EncounterStatus.FINISHED and not _estimates(refused)
    (missing,) = [one for one in refused.missing if one.specialist == "survival"]
    assert "unit" in missing.problem.message


def test_beside_a_film_it_is_evidence_that_no_claim_cites(tmp_path: Path) -> None:
    async def once(survival: SurvivalQuestion | None, folder: Path) -> tuple[Any, bool]:
        others = {"survival": build("survival", ServerSettings(folder / "store", home=folder))}
        async with small_house(folder, others=others) as house:
            result = await house.diagnose(study_of_film(), survival=survival)
            return result, (await replay(house.runs, result.run_id)).same

    asked, same = asyncio.run(once(_LUNG, tmp_path / "asked"))
    plain, _ = asyncio.run(once(None, tmp_path / "plain"))
    assert same, "it is on the tape, too"
    (item,) = [one for one in asked.evidence if one.kind is EvidenceKind.PROGNOSIS]
    assert item.prognosis is not None and item.prognosis.curve.times and item.source.specialist == "survival"
    assert not [one for one in plain.evidence if one.kind is EvidenceKind.PROGNOSIS]
    assert asked.conclusions == plain.conclusions
    assert "secret-17" not in asked.model_dump_json()
