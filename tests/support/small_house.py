"""A small house in one process: a screen and a detector with scripted evidence around the real graph and weigher."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING, nih_labels
from wardround.contracts.study import Artefact, ArtefactKind, Image, Patient, Sex, Study, ViewPosition
from wardround.orchestrator.config import ReasonerConfig, SpecialistConfig
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.directory import Directory
from wardround.orchestrator.link import Link, Target
from wardround.orchestrator.reasoning.reasoner import Reasoner, ReasonerOptions
from wardround.orchestrator.runs import RunStore
from wardround.providers.open import open_model
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

__all__ = ["case_memory", "lesion_finder", "outlined", "small_house", "study_of_film", "watcher", "weighted_detector"]

_SOURCE = {"model": "scripted net", "version": "1"}


def study_of_film(number: int = 0, view: ViewPosition = ViewPosition.PA) -> Study:
    """A study of one film without pixels; every number is another film of the same patient."""
    film = Artefact(kind=ArtefactKind.FILM, digest=f"sha256:{number:064x}", shape=(64, 64))
    image = Image(handle=f"im_{number:022d}", film=film, rows=64, columns=64, view=view, source_format="PNG, 8 bit")
    return Study(handle=f"st_{number:022d}", images=(image,), patient=Patient(age_years=61, sex=Sex.FEMALE))


def _screen() -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("screen")

    @server.tool(meta={"wardround/role": "screen"})
    def look(image: str) -> dict[str, Any]:
        """Accept."""
        return {"accepted": True}

    return server


def _evidence(seed: int) -> list[dict[str, Any]]:
    """Findings, places and two measurements, the same for the same seed."""
    rng = random.Random(seed)
    items: list[dict[str, Any]] = []
    for label in nih_labels():
        score = rng.choice((rng.uniform(0.01, 0.2), rng.uniform(0.3, 0.95)))
        voice = {"source": _SOURCE, "value": score, "training_prevalence": rng.uniform(0.05, 0.3)}
        items.append(
            {"id": label, "kind": "finding", "subject": label, "value": score, "voices": [voice], "source": _SOURCE}
        )
        if label != NO_FINDING and rng.random() < 0.6:
            place = {
                "side": rng.choice((Side.LEFT, Side.RIGHT)).value,
                "region": rng.choice((Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE)).value,
                "overlap": rng.uniform(0.2, 0.9),
            }
            items.append(
                {"kind": "location", "subject": label, "location": place, "derived_from": [label], "source": _SOURCE}
            )
    for quantity, value, unit, high in (
        ("cardiothoracic ratio", rng.uniform(0.4, 0.65), "1", 0.5),
        ("left lung area", rng.uniform(150, 300), "cm2", None),
    ):
        measured = {"quantity": quantity, "value": value, "unit": unit, "high": high}
        items.append({"kind": "measurement", "subject": quantity, "measurement": measured, "source": _SOURCE})
    return items


def _detector(seed: int) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("detector")

    @server.tool(meta={"wardround/role": "detect"})
    def classify(image: str) -> dict[str, Any]:
        """Give the scripted evidence; another film has other evidence."""
        return {"items": _evidence(seed + int(image.removeprefix("im_")))}

    return server


def weighted_detector(digest: str) -> MCPServer[Any]:
    """A detector of one finding and its place, told from others of its kind by the digest of its weights alone."""
    server: MCPServer[Any] = MCPServer("weighted")
    source = {**_SOURCE, "weights_digest": digest}

    @server.tool(meta={"wardround/role": "detect"})
    def classify(image: str) -> dict[str, Any]:
        """Score a mass and place it."""
        voice = {"source": source, "value": 0.7, "training_prevalence": 0.1}
        place = {"side": "left", "region": "upper zone", "overlap": 0.8}
        scored = {"id": "m", "kind": "finding", "subject": "Mass", "value": 0.7, "voices": [voice], "source": source}
        placed = {"kind": "location", "subject": "Mass", "location": place, "derived_from": ["m"], "source": source}
        return {"items": [scored, placed]}

    return server


def watcher(seen: list[str]) -> MCPServer[Any]:
    """An observer that sees whatever it is asked for, and keeps what it was asked; unasked it sees nothing."""
    server: MCPServer[Any] = MCPServer("watcher")

    @server.tool(meta={"wardround/role": "observe"})
    def look(image: str, finding: str = "") -> dict[str, Any]:
        """Observe one finding."""
        seen.append(finding)
        item = {"kind": "observation", "subject": finding, "polarity": "present", "source": _SOURCE}
        return {"items": [item] if finding else []}

    return server


def outlined(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A lesion as a server reports it; every number has an outline of its own."""
    mask = {"kind": "mask", "digest": f"sha256:{7:064x}", "shape": [9, 64, 64], "channel": f"lesion {number}"}
    measured = {"quantity": "diameter", "value": 12.0, "unit": "mm"}
    return {
        "kind": "lesion", "subject": "Nodule", "polarity": "uncertain", "value": 0.5, "measurement": measured,
        "artefacts": [mask], "source": _SOURCE, **fields,
    }  # fmt: skip


def lesion_finder(
    seen: list[dict[str, Any]], lesions: Sequence[dict[str, Any]] = (), *, narrowed_only: bool = False
) -> MCPServer[Any]:
    """Stands in for a segmenter of lesions: gives what it is told to, and keeps what it was asked.

    Args:
        narrowed_only: whether it fails where it is asked for anything on the whole film.
    """
    server: MCPServer[Any] = MCPServer("lesions")

    @server.tool(meta={"wardround/role": "lesions"})
    def segment(
        image: str, finding: str = "", side: str | None = None, region: str | None = None, regions: bool = True
    ) -> dict[str, Any]:
        """Outline lesions."""
        seen.append({"finding": finding, "side": side, "region": region, "regions": regions})
        if narrowed_only and side is None:
            raise ValueError("too large")
        return {"items": list(lesions)}

    return server


def case_memory() -> MCPServer[Any]:
    """A case memory with one case."""
    server: MCPServer[Any] = MCPServer("cases")

    @server.tool(meta={"wardround/role": "retrieve"})
    def similar(findings: list[str], limit: int = 3) -> dict[str, Any]:
        """One case that showed what is asked for."""
        case = {"case_id": "case-7", "similarity": 0.8, "trust": "validated", "findings": findings[:2]}
        return {"items": [{"kind": "case", "subject": "similar case", "case": case, "source": _SOURCE}]}

    return server


def _reached(server: MCPServer[Any] | Target) -> Target:
    return (lambda: server) if isinstance(server, MCPServer) else server


@asynccontextmanager
async def small_house(
    folder: Path,
    *,
    seed: int = 1,
    reasoner: Mapping[str, Any] | None = None,
    others: Mapping[str, MCPServer[Any] | Target] | None = None,
    without: Sequence[str] = (),
) -> AsyncIterator[Diagnoser]:
    """A diagnoser over scripted evidence.

    Args:
        reasoner: the section `[reasoner]`; None: no language model.
        others: further servers by name, or how one is reached.
        without: names of servers that are left out.
    """
    servers: dict[str, MCPServer[Any] | Target] = {
        "screen": _screen(),
        "detector": _detector(seed),
        "evidence": build("evidence", ServerSettings(folder / "store")),
        **(others or {}),
    }
    servers = {name: server for name, server in servers.items() if name not in without}
    links = {name: Link(name, _reached(server)) for name, server in servers.items()}
    directory = Directory(links, {name: SpecialistConfig(command=("unused",)) for name in servers})
    agent = None
    if reasoner is not None:
        config = ReasonerConfig(**{"provider": "openai", "model": "scripted", "retries": 0, **reasoner})
        model = open_model(config)
        assert model is not None
        known = ReasonerOptions.__dataclass_fields__
        agent = Reasoner(model, ReasonerOptions(**{name: getattr(config, name) for name in known}))
    async with RunStore.opened(folder / "runs.db") as runs:
        await directory.start()
        try:
            yield Diagnoser(directory, runs, frozenset({"evidence"}), reasoner=agent)
        finally:
            if agent is not None:
                await agent.model.close()
            await directory.stop()
