"""A house with a real intake, anatomy and weigher, a scripted detector of nodules, and somebody's lesion server."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mcp import StdioServerParameters
from mcp.server.mcpserver import MCPServer

from wardround.agents.imaging.phantom import Phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.study import Study
from wardround.orchestrator.config import SpecialistConfig
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.directory import Directory
from wardround.orchestrator.link import Link, Target
from wardround.orchestrator.runs import RunStore
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

__all__ = ["lesion_house", "nodule_detector", "opened", "somebody"]

_FOREIGN = Path(__file__).parents[1] / "foreign" / "lesion_server.py"


def nodule_detector(scores: Mapping[str, float]) -> MCPServer[Any]:
    """Says the same of every film, and shows no heat map."""
    server: MCPServer[Any] = MCPServer("detector")
    source = {"model": "scripted net", "version": "1"}

    @server.tool(meta={"wardround/role": "detect"})
    def classify(image: str) -> dict[str, Any]:
        """Give the scripted scores."""
        voices = {
            label: {"source": source, "value": score, "training_prevalence": 0.1} for label, score in scores.items()
        }
        return {
            "items": [
                {"kind": "finding", "subject": label, "value": voice["value"], "voices": [voice], "source": source}
                for label, voice in voices.items()
            ]
        }

    return server


def somebody(manner: str, masks: Path, store: Path) -> Target:
    """The foreign lesion server as a process of its own; `masks` has what it finds."""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "WARDROUND_STORE": str(store)}
    arguments = [str(_FOREIGN), manner, str(masks)]
    return lambda: StdioServerParameters(command=sys.executable, args=arguments, env=environment)


@asynccontextmanager
async def lesion_house(folder: Path) -> AsyncIterator[Diagnoser]:
    """The house for as long as the context lasts."""
    settings = ServerSettings(folder / "store", home=folder, allowed=(folder,))
    servers = {name: build(name, settings) for name in ("intake", "anatomy", "evidence")}
    servers["detector"] = nodule_detector({"Nodule": 0.6, "Effusion": 0.02})
    links = {name: Link(name, lambda server=server: server) for name, server in servers.items()}  # type: ignore[misc]
    links["lesions"] = Link("lesions", somebody("sound", folder, folder / "store"))
    directory = Directory(links, {name: SpecialistConfig(command=("unused",)) for name in links})
    async with RunStore.opened(folder / "runs.db") as runs:
        await directory.start()
        try:
            yield Diagnoser(directory, runs, frozenset({"evidence"}))
        finally:
            await directory.stop()


async def opened(house: Diagnoser, folder: Path, phantom: Phantom, masks: Sequence[Any]) -> Study:
    """The phantom as a study, whose lesions the server will find to be these masks."""
    path = folder / f"{phantom.seed}.dcm"
    write_phantom_dicom(phantom, path)
    study = await house.open_study([str(path)])
    name = study.images[0].film.digest.removeprefix("sha256:")
    np.save(folder / f"{name}.npy", np.stack([np.asarray(mask, dtype=np.uint8) for mask in masks]))
    return study
