"""A ward in one process: the real encounter graph, case memory and store, beside scripted readers of films."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from small_house import small_house

from wardround.agents.cases.embedders import open_embedder
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import Case
from wardround.orchestrator.config import EncounterConfig
from wardround.orchestrator.encounter.costs import list_prices
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.encounter.store import EncounterStore
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

__all__ = ["fill_memory", "small_ward"]


def fill_memory(home: Path, cases: Sequence[Case]) -> None:
    """Case memory in a data folder, with these records alone."""
    settings = CaseSettings.from_environment({"WARDROUND_HOME": str(home)})
    with CaseStore.opened(settings.file, open_embedder(settings)) as store:
        store.add(cases)


@asynccontextmanager
async def small_ward(
    folder: Path,
    cases: Sequence[Case] = (),
    *,
    reasoner: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
    others: Mapping[str, MCPServer[Any]] | None = None,
    **config: Any,
) -> AsyncIterator[Encounters]:
    """Encounters over a memory of `cases`; `others` are further servers, `config` fields of `[encounter]`."""
    if not (folder / "cases.db").exists():
        fill_memory(folder, cases)
    memory = build("cases", ServerSettings(folder / "store", home=folder))
    async with (
        small_house(folder, reasoner=reasoner, others={"cases": memory, **(others or {})}, without=without) as house,
        EncounterStore.opened(folder / "encounters.db") as store,
    ):
        yield Encounters(house, store, list_prices(), EncounterConfig(**config))
