"""A queue of jobs over a small ward, specialists that hold a run up, and a worker that can be killed in the middle."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from small_house import study_of_film
from small_ward import small_ward

from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.jobs.queue import JobQueue
from wardround.orchestrator.jobs.store import JobStore
from wardround.orchestrator.jobs.work import DiagnosisWork
from wardround.orchestrator.jobs.worker import Worker

__all__ = ["holding", "job_house", "work_of_film"]


def holding(begun: asyncio.Event | None = None, ended: asyncio.Event | None = None) -> MCPServer[Any]:
    """An observer that never answers; it tells when it was asked, and when it was told to stop."""
    server: MCPServer[Any] = MCPServer("holding")

    @server.tool(meta={"wardround/role": "observe"})
    async def look(image: str) -> dict[str, Any]:
        """Look for ever."""
        if begun is not None:
            begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            if ended is not None:
                ended.set()
        return {"items": []}

    return server


def work_of_film(number: int = 0, **told: Any) -> str:
    """What a job on one film without pixels is to do, as JSON."""
    return DiagnosisWork(study=study_of_film(number), **told).model_dump_json()


@asynccontextmanager
async def job_house(
    folder: Path, *, others: Mapping[str, MCPServer[Any]] | None = None, lease_s: float = 30.0, **queue: Any
) -> AsyncIterator[tuple[JobQueue, Encounters]]:
    """A queue, and the house whose jobs it holds."""
    async with small_ward(folder, others=others) as encounters, JobStore.opened(folder / "jobs.db") as store:
        yield JobQueue(store, lease_s=lease_s, **queue), encounters


async def _work_and_hold(folder: Path) -> None:
    async with job_house(folder, others={"holding": holding()}, lease_s=1.0) as (queue, encounters):
        await Worker(queue, encounters, beat_s=0.2).run()


if __name__ == "__main__":
    asyncio.run(_work_and_hold(Path(sys.argv[1])))
