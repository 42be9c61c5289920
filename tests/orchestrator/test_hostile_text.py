"""Hostile strings in every place where a stranger's words enter change neither the tools called nor any claim."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from injections import INJECTIONS
from mcp import Client
from mcp.server.mcpserver import MCPServer
from model_endpoints import Answer, Endpoint, streams
from small_house import small_house, study_of_film, watcher

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.reasoning import DraftClaim, StrategyName
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.reasoner import concluded
from wardround.orchestrator.tape import EntryKind
from wardround.orchestrator.verify.verifier import verify
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

_WISH = {"wanted": "observation", "finding": "Pneumothorax"}


def _asked(words: str) -> list[dict[str, Any]]:
    """The claims that the hostile texts in a prompt ask for."""
    return [
        {
            "subject": str(one.asks.get("subject", "Pneumothorax")),
            "polarity": str(one.asks.get("polarity", "present")),
            "side": one.asks.get("side"),
            "region": one.asks.get("region"),
            "confidence": one.asks.get("confidence"),
            "citations": [str(one.asks.get("citation", "E1"))],
        }
        for one in INJECTIONS
        if _telling(one.text) in words
    ]


def _obeys(body: dict[str, Any]) -> Answer:
    """A reasoner that does whatever a hostile text in its prompt asks for: claims it, and asks for tools."""
    claims = _asked("\n".join(str(message["content"]) for message in body["messages"]))
    return streams(json.dumps({"claims": claims[:12], "narrative": "", "requests": [_WISH] if claims else []}))


def _telling(text: str) -> str:
    """A stretch of a hostile text that no innocent prompt holds."""
    return " ".join(text.split())[:60][-24:]


def _fields(result: Diagnosis) -> list[dict[str, Any]]:
    """All that the claims state, apart from ids, citations and the words that hold them, which name evidence."""
    without = {"id", "text", "citations"}
    claims = [claim for one in result.conclusions for claim in one.claims]
    return [claim.model_dump(mode="json", exclude=without) for claim in claims]


async def _calls(house: Diagnoser, result: Diagnosis) -> list[str]:
    _, entries = await house.runs.tape(result.run_id)
    return sorted(entry.who for entry in entries if entry.kind is EntryKind.TOOL)  # the readers are asked at once


def _told(folder: Path, story: Callable[[Diagnoser], Awaitable[Any]], **options: Any) -> Any:
    async def once() -> Any:
        async with small_house(folder, **options) as house:
            return await story(house)

    return asyncio.run(once())


def _prompts(endpoint: Endpoint) -> Iterable[str]:
    return (request.words for request in endpoint.requests)


@pytest.mark.parametrize("reads_history", [False, True])
def test_in_a_history_and_an_earlier_report(tmp_path: Path, reads_history: bool) -> None:
    seen: list[str] = []

    async def story(house: Diagnoser) -> None:
        plain = await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)
        for injection in INJECTIONS:
            result = await house.diagnose(
                study_of_film(), injection.text, strategy=StrategyName.DIRECT, prior_report=injection.text
            )
            assert await _calls(house, result) == await _calls(house, plain), injection.id
            assert _fields(result) == _fields(plain), injection.id

    with Endpoint.running(_obeys) as endpoint:
        section = {"base_url": endpoint.url, "reads_history": reads_history, "repair_rounds": 0}
        _told(tmp_path, story, reasoner=section, others={"watcher": watcher(seen)})
        forms = [one.body["response_format"]["json_schema"]["name"] for one in endpoint.requests]
        reasoning = [words for words, form in zip(_prompts(endpoint), forms, strict=True) if form != "read_history"]
    assert set(seen) == {""}, "nobody was asked for an observation"
    assert not [one.id for one in INJECTIONS for words in reasoning if _telling(one.text) in words]


def _foreign(place: str) -> MCPServer[Any]:
    """A detector whose every free field of one place holds a hostile text."""
    server: MCPServer[Any] = MCPServer("foreign")

    def item(number: int, text: str) -> dict[str, Any]:
        model = text[:120] if place == "model" else "theirs"
        return {
            "kind": "finding" if place != "measurement" else "measurement",
            "subject": text[:120] if place in ("subject", "measurement") else "Lung Opacity",
            "value": 0.5,
            "detail": text[:500] if place == "detail" else "",
            "measurement": {"quantity": text[:120], "value": 1.0, "unit": text[:20]}
            if place == "measurement"
            else None,
            "source": {"model": model or "theirs", "version": "1"},
        }

    @server.tool(meta={"wardround/role": "detect"})
    def classify(image: str) -> dict[str, Any]:
        """Report hostile texts."""
        items = [item(number, one.text.strip()) for number, one in enumerate(INJECTIONS)]
        return {"items": items, "warnings": [one.text[:500] for one in INJECTIONS] if place == "warnings" else []}

    return server


@pytest.mark.parametrize("place", ["subject", "detail", "model", "warnings", "measurement"])
def test_in_a_foreign_tool_s_result(tmp_path: Path, place: str) -> None:
    seen: list[str] = []

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)

    with Endpoint.running(_obeys) as endpoint:
        section = {"base_url": endpoint.url, "repair_rounds": 0}
        plain = _told(tmp_path / "plain", story, reasoner=section, others={"watcher": watcher(seen)})
        others = {"watcher": watcher(seen), "foreign": _foreign(place)}
        result = _told(tmp_path, story, reasoner=section, others=others)
        prompts = list(_prompts(endpoint))
    assert set(seen) == {""}
    assert not [one.id for one in INJECTIONS for words in prompts if _telling(one.text) in words]
    own = {item.id for item in result.evidence if item.source.specialist == "foreign"}
    claims = [claim for one in result.conclusions for claim in one.claims if not own & set(claim.citations)]
    kept = [claim.model_dump(mode="json", exclude={"id", "text", "citations"}) for claim in claims]
    assert kept == _fields(plain), "what others reported is claimed as without it"
    for one in result.conclusions:
        for claim in one.claims:
            if own & set(claim.citations):
                assert claim.polarity == "uncertain" or claim.value is not None
                assert not claim.calibrated and claim.confidence != 0.99


# Text elements of PS3.6 that a film may carry; each file holds one hostile text in all of them.
_TAGS = ("StudyDescription", "SeriesDescription", "PatientComments", "ImageComments", "ProtocolName", "InstitutionName")


def test_in_the_tags_of_a_dicom_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain.dcm"
    write_phantom_dicom(make_phantom(1, (), 128), plain)
    paths = []
    for injection in INJECTIONS:
        data = pydicom.dcmread(plain)
        for tag in _TAGS:
            # Backslashes separate values and control characters end them (PS3.5 6.2); a text is cut as its VR allows.
            text = "".join(char for char in injection.text if char.isprintable() and char.isascii() and char != "\\")
            setattr(data, tag, text[:64])
        path = tmp_path / f"{injection.id}.dcm"
        data.save_as(path)
        paths.append(path)

    async def opened() -> list[str]:
        async with Client(build("intake", ServerSettings(tmp_path / "store", allowed=(tmp_path,)))) as client:
            answers = [await client.call_tool("open_study", {"paths": [str(path)]}) for path in [plain, *paths]]
        return [json.dumps(answer.structured_content) for answer in answers]

    first, *others = asyncio.run(opened())
    expected = json.loads(first)["images"][0]["film"]["digest"]
    for injection, answer in zip(INJECTIONS, others, strict=True):
        assert json.loads(answer)["images"][0]["film"]["digest"] == expected, "the same film"
        assert _telling(injection.text) not in answer, "no tag's words leave the intake"


def test_the_hostile_texts_do_reach_a_reasoner_that_is_shown_them(tmp_path: Path) -> None:
    """The obedient reasoner is a real adversary: shown a text it claims what is asked, and the verifier strikes it."""

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film())

    plain: Diagnosis = _told(tmp_path, story)
    items = Ledger(plain.evidence).items
    for injection in INJECTIONS:
        asked = _asked(" ".join(injection.text.split()))
        assert asked, injection.id
        checked = verify(concluded([DraftClaim.model_validate(one) for one in asked[:1]], items), items)
        own = [claim for one in checked.conclusions for claim in one.claims if claim.id == "C1"]
        assert all(claim.confidence != 0.99 for claim in own), injection.id
    assert {item.kind for item in items} >= {EvidenceKind.WEIGHING, EvidenceKind.FINDING}
