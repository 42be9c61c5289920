"""Similar cases stand beside a diagnosis: they are evidence to look at, and move nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from encounter_cases import chest_case
from small_house import small_house, study_of_film
from small_ward import fill_memory

from wardround.contracts.codes import nih_labels
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.orchestrator.replay import replay
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings


def _diagnosed(folder: Path, *, phantom: bool, memory: bool = True) -> tuple[Diagnosis, bool]:
    """The result, and whether a replay comes out the same."""
    written = chest_case(1, case_id="written:1", synthetic=True, findings=nih_labels())
    real = chest_case(2, case_id="real:1", synthetic=False, findings=nih_labels())
    fill_memory(folder, [written, real])
    others = {"cases": build("cases", ServerSettings(folder / "store", home=folder))} if memory else {}
    study = study_of_film()
    study = study.model_copy(update={"synthetic": phantom})

    async def once() -> tuple[Diagnosis, bool]:
        async with small_house(folder, others=others) as house:
            result = await house.diagnose(study)
            return result, (await replay(house.runs, result.run_id)).same

    return asyncio.run(once())


def _cases(result: Diagnosis) -> list[Evidence]:
    return [item for item in result.evidence if item.kind is EvidenceKind.CASE]


@pytest.mark.parametrize(("phantom", "found"), [(False, {"real:1"}), (True, {"real:1", "written:1"})])
def test_written_cases_stand_beside_a_phantom_and_beside_no_one_s_film(
    tmp_path: Path, phantom: bool, found: set[str]
) -> None:
    result, same = _diagnosed(tmp_path, phantom=phantom)
    cases = _cases(result)
    assert {item.case.case_id for item in cases if item.case is not None} == found
    assert all(item.source.specialist == "cases" and not item.source.calibrated for item in cases)
    assert same


def test_they_move_no_claim_and_are_cited_by_none(tmp_path: Path) -> None:
    (with_cases, _), (without, _) = (
        _diagnosed(tmp_path / str(one), phantom=False, memory=one) for one in (True, False)
    )
    assert with_cases.conclusions == without.conclusions
    cited = {id_ for one in with_cases.conclusions for claim in one.claims for id_ in claim.citations}
    assert cited.isdisjoint(item.id for item in _cases(with_cases))
