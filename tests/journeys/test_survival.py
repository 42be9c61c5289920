"""Survival as its users meet it: a real client over stdio and HTTP, an oncology encounter at the shell, a fit there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from encounter_cases import chest_case
from houses import WARDROUND, Specialists, free_port
from mcp import Client, StdioServerParameters
from simulated_survival import cohort, write_cohort
from small_ward import fill_memory

from wardround.contracts.case import Case
from wardround.contracts.encounter import Encounter, FactKind
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.survival import Explanation, SurvivalEstimate
from wardround.orchestrator.cli import EXIT_REFUSED

_PATIENT: dict[str, Any] = {"clinical": {"age": 68, "sex": "male", "ecog": 2, "karnofsky_physician": 60}}
_BARE = "[specialists.cxr]\nenabled = false\n[specialists.anatomy]\nenabled = false\n"


def _shell(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WARDROUND_HOME": str(home), "WARDROUND_CONFIG": str(home / "wardround.toml")}
    home.mkdir(exist_ok=True)
    (home / "wardround.toml").write_text(_BARE)
    return subprocess.run([WARDROUND, *arguments], capture_output=True, text=True, env=environment, check=False)


async def _asked(client: Client) -> tuple[SurvivalEstimate, Explanation, Problem]:
    tools = {tool.name for tool in (await client.list_tools()).tools}
    assert tools == {"predict_survival", "explain_risk", "compare_patients", "draw_survival", "list_models"}
    told = await client.call_tool("predict_survival", {"patient": _PATIENT})
    why = await client.call_tool("explain_risk", {"patient": _PATIENT})
    wrong = await client.call_tool("predict_survival", {"patient": {"clinical": {"age": "?"}}})
    assert wrong.is_error
    return (
        SurvivalEstimate.model_validate(told.structured_content),
        Explanation.model_validate(why.structured_content),
        Problem.model_validate(wrong.structured_content),
    )


def test_a_client_gets_the_same_estimate_over_stdio_and_http(specialists: Specialists, tmp_path: Path) -> None:
    async def over_stdio() -> tuple[SurvivalEstimate, Explanation, Problem]:
        environment = {"WARDROUND_HOME": str(tmp_path)}
        async with Client(
            StdioServerParameters(command=WARDROUND, args=["specialist", "survival"], env=environment)
        ) as client:
            return await _asked(client)

    async def over_http(port: int) -> tuple[SurvivalEstimate, Explanation, Problem]:
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            return await _asked(client)

    port = free_port()
    specialists.start("survival", port, tmp_path / "store")
    specialists.wait(port)
    served, piped = asyncio.run(over_http(port)), asyncio.run(over_stdio())
    assert served == piped
    estimate, explanation, problem = served
    assert estimate.model == explanation.model == "ncctg-lung" and estimate.group.value == "high"
    assert problem.code is ProblemCode.BAD_ARGUMENT and "age" in problem.message


def _cancer(number: int) -> Case:
    return chest_case(number, department="oncology", diagnoses=("advanced lung cancer",), treatments=("chemotherapy",))


def test_an_oncology_encounter_at_the_shell_cites_a_survival_estimate_where_treatment_is_decided(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    fill_memory(home, [_cancer(number) for number in (2, 3, 4)])
    case, patient, page = tmp_path / "case.jsonl", tmp_path / "patient.json", tmp_path / "page.html"
    case.write_text(_cancer(1).model_dump_json() + "\n")
    patient.write_text(json.dumps(_PATIENT))
    done = _shell(
        *(home, "decide", str(case), "--survival", str(patient), "--survival-model", "ncctg-lung"),
        *("--report", str(page), "--json"),
    )
    assert done.returncode == 0, done.stderr
    result = Encounter.model_validate_json(done.stdout)
    (fact,) = [one for one in result.facts if one.kind is FactKind.PROGNOSIS]
    treatment = result.decisions[-1]
    assert treatment.chosen == ("chemotherapy",) and fact.id in treatment.citations
    assert "risk group high" in fact.text and fact.text in page.read_text()


def test_a_user_s_own_table_becomes_a_model_that_every_client_sees(tmp_path: Path) -> None:
    patients, _ = cohort(60)
    table = write_cohort(patients, tmp_path / "cohort")[0]
    settings = tmp_path / "settings.toml"
    settings.write_text('folds = 0\n[cohort]\nendpoint = "death"\n[options]\nmembers = 2\nepochs = 2\n')
    columns = ["--time", "days", "--event", "died", "--id", "id", "--config", str(settings), "--out", "mine"]
    fitted = _shell(tmp_path / "home", "survival", "fit", str(table), *columns)
    assert fitted.returncode == 0, fitted.stderr
    again = _shell(tmp_path / "home", "survival", "fit", str(table), *columns)
    assert again.returncode == EXIT_REFUSED and "exists already" in again.stderr and "Traceback" not in again.stderr

    async def seen() -> set[str]:
        environment = {"WARDROUND_HOME": str(tmp_path / "home")}
        async with Client(
            StdioServerParameters(command=WARDROUND, args=["specialist", "survival"], env=environment)
        ) as client:
            models = (await client.call_tool("list_models", {})).structured_content
            assert models is not None
            return {one["name"] for one in models["models"]}

    assert asyncio.run(seen()) == {"ncctg-lung", "mine"}
