"""The REST application: routers over one queue and one house, which are opened once, with the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.middleware import Middleware

from wardround.contracts.base import NOTICE
from wardround.contracts.home import private_folder
from wardround.contracts.own_version import own_version
from wardround.orchestrator.composition import open_encounters
from wardround.orchestrator.config import Configuration
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.jobs.queue import JobQueue
from wardround.orchestrator.jobs.retention import Retention
from wardround.orchestrator.jobs.store import JOBS_FILE, JobStore
from wardround.orchestrator.jobs.studies import StudyBook
from wardround.orchestrator.jobs.worker import Worker
from wardround.orchestrator.service import diagnoses, encounters, health, metrics, models, studies, uploads
from wardround.orchestrator.service.desk import Desk
from wardround.orchestrator.service.guard import Guard
from wardround.orchestrator.service.identity import Tokens
from wardround.orchestrator.service.limits import Limited
from wardround.orchestrator.service.problems import ProblemBody, add_handlers, answers
from wardround.servers.settings import LOOPBACK

__all__ = ["build"]

_MAX_BODY = 1_000_000  # of a request without films
_DAY_S = 86_400.0
_DESCRIPTION = (
    f"Chest films become diagnoses whose every claim cites evidence that a program checked. **{NOTICE}**\n\n"
    "Hand films in at `POST /v1/studies`, submit the study at `POST /v1/diagnoses`, follow the job's events, and read "
    "its result. Every response carries the notice; every error is a problem as RFC 9457 has it."
)

Opened = Callable[[Configuration, tuple[Path, ...]], AbstractAsyncContextManager[Encounters]]


def build(
    configuration: Configuration,
    tokens: Tokens,
    *,
    workers: int = 1,
    hosts: tuple[str, ...] = (),
    opened: Opened = open_encounters,
) -> FastAPI:
    """The application.

    Args:
        tokens: who may call; without any, everybody who reaches it may, so that it must be bound to loopback.
        workers: how many jobs this process does at once; 0 leaves them to `wardround worker`.
        hosts: names under which it is reached, beside the configured ones and this machine's own.
        opened: opens the house; it may open films from the folders that it is given, and no others.
    """
    config, figures = configuration.service, metrics.Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        folder = private_folder(private_folder(configuration.home, "WARDROUND_HOME") / "uploads", "WARDROUND_HOME")
        uploads.clear(folder)
        async with (
            opened(configuration, (folder,)) as house,
            JobStore.opened(configuration.home / JOBS_FILE) as store,
        ):
            queue = JobQueue(store, most_queued=config.most_queued)
            retention = Retention(store, house, keep_s=config.keep_days * _DAY_S)
            app.state.desk = Desk(queue, house, StudyBook(store), retention, folder)
            tasks = [asyncio.create_task(retention.run())]
            if workers:
                worker = Worker(queue, house, at_once=workers, ended=figures.ended)
                tasks.append(asyncio.create_task(worker.run()))
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    names = (*(name for name in LOOPBACK), *config.hosts, *hosts)
    app = FastAPI(
        title="Wardround",
        version=own_version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        # Pages that load scripts from elsewhere have no place here: the description itself is enough.
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(metrics.Timed, metrics=figures),
            Middleware(Guard, tokens=tokens, hosts=names, origins=config.origins),
            Middleware(Limited, most=_MAX_BODY, by_path={"/v1/studies": config.upload_mb * 1_000_000 + _MAX_BODY}),
        ],
    )
    add_handlers(app)
    bearer = Depends(HTTPBearer(auto_error=False, description="A token of 'wardround token'."))
    for router in (
        studies.build_router(config.upload_mb),
        diagnoses.build_router(),
        encounters.build_router(),
        models.build_router(),
        metrics.build_router(figures),
    ):
        app.include_router(router, dependencies=[bearer], responses=answers(401, 403, 422))
    app.include_router(health.build_router())
    app.openapi = partial(_described, app, app.openapi)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI, described: Callable[[], dict[str, object]]) -> dict[str, object]:
    """FastAPI's own description, with our problems in place of its validation errors."""
    schema = described()
    components = schema.setdefault("components", {})
    assert isinstance(components, dict)
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(problem.pop("$defs", {}), ProblemBody=problem)
    return schema
