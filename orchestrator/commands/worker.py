"""`wardround worker`: does the service's jobs in a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from wardround.orchestrator.config import Configuration, load_configuration
from wardround.orchestrator.console import talk

__all__ = ["worker"]


async def _work(configuration: Configuration, at_once: int) -> None:
    from wardround.orchestrator.composition import open_encounters
    from wardround.orchestrator.jobs.queue import JobQueue
    from wardround.orchestrator.jobs.store import JOBS_FILE, JobStore
    from wardround.orchestrator.jobs.worker import Worker

    async with (
        open_encounters(configuration, ()) as encounters,
        JobStore.opened(configuration.home / JOBS_FILE) as store,
    ):
        working = asyncio.create_task(Worker(JobQueue(store), encounters, at_once=at_once).run())
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, working.cancel)
        talk().print("A worker waits for jobs.")
        with suppress(asyncio.CancelledError):
            await working


def worker(
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many jobs are done at the same time.")] = 1,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Do the jobs that 'wardround serve --workers 0' takes, on the same machine and data folder.

    Example: wardround worker --at-once 2
    """
    asyncio.run(_work(load_configuration(config), at_once))
