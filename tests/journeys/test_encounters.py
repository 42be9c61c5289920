"""Encounters as a client and a shell see them: elicitation over stdio, questions as results, a killed process."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from encounter_cases import chest_case, small_cases
from houses import WARDROUND
from mcp import Client, StdioServerParameters
from mcp.types import ElicitRequestParams, ElicitResult, TextContent
from small_ward import fill_memory

from wardround.contracts.base import NOTICE
from wardround.contracts.case import Case

_BARE = "[specialists.cxr]\nenabled = false\n[specialists.anatomy]\nenabled = false\n"


def _env(home: Path, allow: Path) -> dict[str, str]:
    file = home / "wardround.toml"
    file.write_text(_BARE, encoding="utf-8")
    return {"WARDROUND_HOME": str(home), "WARDROUND_CONFIG": str(file)}


def _case_file(folder: Path, case: Case) -> Path:
    path = folder / "case.jsonl"
    path.write_text(case.model_dump_json() + "\n", encoding="utf-8")
    return path


def _gateway(home: Path, story: Callable[[Client], Awaitable[None]], **options: Any) -> None:
    parameters = StdioServerParameters(command=WARDROUND, args=["mcp", "--allow", str(home)], env=_env(home, home))

    async def run() -> None:
        async with Client(parameters, **options) as client:
            await story(client)

    asyncio.run(run())


def _content(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    content: dict[str, Any] = result.structured_content
    return content


def _text(result: Any) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


_LIVE = {"chief_complaint": "I have been coughing and hot for 3 days.", "age_years": 44, "sex": "F"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_can_be_asked_is_asked(tmp_path: Path, mode: str) -> None:
    fill_memory(tmp_path, small_cases())
    asked: list[str] = []

    async def answer(_: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"answer": "The phlegm is yellow."})

    async def story(client: Client) -> None:
        begun = _content(await client.call_tool("begin_encounter", _LIVE))
        assert begun["status"] == "waiting"
        told = await client.call_tool("continue_encounter", {"encounter_id": begun["encounter_id"]})
        standing = _content(told)
        assert len(asked) == 1 and "present illness" in asked[0] and NOTICE in asked[0]
        assert any(fact["text"] == "The phlegm is yellow." for fact in standing["facts"])
        now = standing.get("open_question") or standing["open_order"]
        assert now["id"] != begun["open_question"]["id"]

    _gateway(tmp_path, story, elicitation_callback=answer, mode=mode)


def test_a_client_that_cannot_be_asked_gets_the_question_and_answers_by_a_tool(tmp_path: Path) -> None:
    fill_memory(tmp_path, small_cases())

    async def story(client: Client) -> None:
        begun = _content(await client.call_tool("begin_encounter", _LIVE))
        id_ = begun["encounter_id"]
        told = await client.call_tool("continue_encounter", {"encounter_id": id_})
        assert _content(told)["open_question"] == begun["open_question"]
        assert "Waiting for an answer to Q1" in _text(told) and NOTICE in _text(told)
        answer = {"encounter_id": id_, "question_id": "Q1", "answer": "It is yellow."}
        standing = _content(await client.call_tool("answer_question", answer))
        assert any(fact["text"] == "It is yellow." for fact in standing["facts"])
        again = await client.call_tool("answer_question", answer)
        assert again.is_error and "not open" in _text(again)
        forgotten = await client.call_tool("forget_encounter", {"encounter_id": id_})
        assert not forgotten.is_error
        assert (await client.call_tool("get_encounter", {"encounter_id": id_})).is_error

    _gateway(tmp_path, story)


def test_a_case_file_is_played_and_mistakes_are_told(tmp_path: Path) -> None:
    fill_memory(tmp_path, small_cases())
    path = _case_file(tmp_path, chest_case(1))
    outside = tmp_path.parent / "elsewhere.jsonl"
    outside.write_text(chest_case(1).model_dump_json(), encoding="utf-8")
    (tmp_path / "broken.json").write_text('{"1_x": {"case": 7}}', encoding="utf-8")

    async def story(client: Client) -> None:
        played = await client.call_tool("submit_case", {"path": str(path)})
        assert _content(played)["status"] == "finished" and "SYNTHETIC" in _text(played)
        for wrong in ({"path": str(outside)}, {"path": str(tmp_path / "broken.json")}, {"path": str(tmp_path / "no")}):
            refused = await client.call_tool("submit_case", wrong)
            assert refused.is_error and str(tmp_path) not in _text(refused)
        huge = {"chief_complaint": "x" * 1_000_000}
        assert (await client.call_tool("begin_encounter", huge)).is_error
        assert (await client.call_tool("get_encounter", {"encounter_id": "enc_unknown"})).is_error
        assert _content(await client.call_tool("begin_encounter", _LIVE))["status"] == "waiting"

    _gateway(tmp_path, story)


# Plays an encounter and kills its own process, as kill -9 does, in the middle of the first move of a stage.
_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from wardround.contracts.case import Case
from wardround.orchestrator.composition import open_encounters
from wardround.orchestrator.config import load_configuration

stage, wanted, case = sys.argv[1], int(sys.argv[2]), Case.model_validate_json(Path(sys.argv[3]).read_text())

async def play():
    seen = 0
    async def listen(event):
        nonlocal seen
        if event["role"] == stage and event.get("message"):
            seen += 1
            if seen == wanted:
                os.kill(os.getpid(), signal.SIGKILL)
    async with open_encounters(load_configuration(), None) as encounters:
        setup = await encounters.setup_for(case)
        await encounters.begin(setup, encounter_id="enc_" + stage + sys.argv[2], listener=listen)

asyncio.run(play())
"""
_CUTS = [("referral", 1), ("history", 1), ("history", 2), ("examination", 2), ("examination", 4), ("diagnosis", 1)]
_CUTS.append(("treatment", 1))


def _essence(found: dict[str, Any]) -> dict[str, Any]:
    """What must be the same, whenever and under whatever name it was played."""
    facts = [{**fact, "ref": ""} for fact in found["facts"]]
    kept = ("status", "decisions", "replaced", "turns", "cost", "red_flags", "stopped", "missing", "warnings")
    return {"facts": facts, **{key: found[key] for key in kept}}


def test_an_encounter_that_is_killed_at_any_stage_is_resumed_to_the_same_end(tmp_path: Path) -> None:
    fill_memory(tmp_path, small_cases())
    path = _case_file(tmp_path, chest_case(1))
    env = _env(tmp_path, tmp_path)
    single = tmp_path / "case.json"
    single.write_text(chest_case(1).model_dump_json(), encoding="utf-8")
    with (tmp_path / "wardround.toml").open("a", encoding="utf-8") as file:
        file.write("[encounter]\nremember = false\n")
    killed = [
        subprocess.Popen([sys.executable, "-P", "-c", _KILLED, stage, str(number), str(single)], env=env)
        for stage, number in _CUTS
    ]
    assert [process.wait(120) for process in killed] == [-signal.SIGKILL] * len(_CUTS)

    def decided(*arguments: str) -> dict[str, Any]:
        done = subprocess.run([WARDROUND, "decide", *arguments, "--json"], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    whole = decided(str(path))

    async def goes_on(client: Client) -> None:
        went = await client.call_tool("continue_encounter", {"encounter_id": "enc_diagnosis1"})
        assert _content(went)["status"] == "finished"

    _gateway(tmp_path, goes_on)
    for stage, number in _CUTS:
        resumed = decided("--resume", f"enc_{stage}{number}")
        assert _essence(resumed) == _essence(whole), (stage, number)
        orders = [charge["order_id"] for charge in resumed["cost"]["charges"]]
        assert len(orders) == len(set(orders)) > 0
        assert [turn["number"] for turn in resumed["turns"]] == list(range(1, len(resumed["turns"]) + 1))


def test_at_the_shell_a_question_that_nobody_answers_waits_and_is_answered_later(tmp_path: Path) -> None:
    fill_memory(tmp_path, small_cases())
    path, env = _case_file(tmp_path, chest_case(1)), _env(tmp_path, tmp_path)

    def shell(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([WARDROUND, *arguments], env=env, input=said, capture_output=True, text=True)

    left = shell("decide", str(path), "--interactive", "--json")
    assert left.returncode == 4 and "--resume enc_" in left.stderr
    waiting = json.loads(left.stdout)
    assert waiting["status"] == "waiting" and waiting["open_question"]["id"] == "Q1"
    (listed,) = json.loads(shell("encounters", "list", "--json").stdout)
    assert listed == {key: waiting[key] for key in ("encounter_id", "created_at", "mode", "status")}
    answered = shell("encounters", "answer", waiting["encounter_id"], "Q1", "Yellow phlegm.", "--json")
    assert "Yellow phlegm." in answered.stdout and answered.returncode == 0
    again = shell("encounters", "answer", waiting["encounter_id"], "Q1", "Green.")
    assert again.returncode == 3 and "not open" in again.stderr
    ended = shell("decide", "--resume", waiting["encounter_id"], said="I do not know\n" * 9)
    assert ended.returncode == 0 and "finished" in ended.stdout and NOTICE.split(".")[0] in ended.stdout
