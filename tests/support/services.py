"""The REST service over real HTTP on loopback, with a real intake and scripted readers of films."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from encounter_cases import small_cases
from fastapi import FastAPI
from lesion_house import nodule_detector
from mcp.server.mcpserver import MCPServer
from small_ward import small_ward

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.orchestrator.config import Configuration
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.service.app import build
from wardround.orchestrator.service.identity import Tokens, read_tokens
from wardround.servers.catalogue import build as build_server
from wardround.servers.settings import ServerSettings

__all__ = ["events_of", "film", "hand_in", "pausing", "service", "service_app", "submit", "until"]

ENDED = frozenset({"done", "failed", "cancelled"})


@cache
def film(seed: int = 1) -> bytes:
    """A small phantom as a DICOM file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.dcm"
        write_phantom_dicom(make_phantom(seed, (), 128), path)
        return path.read_bytes()


def pausing(release: threading.Event) -> MCPServer[Any]:
    """An observer that answers when it is released."""
    server: MCPServer[Any] = MCPServer("pausing")

    @server.tool(meta={"wardround/role": "observe"})
    async def look(image: str) -> dict[str, Any]:
        """Look until released."""
        while not release.is_set():
            await asyncio.sleep(0.01)
        return {"items": []}

    return server


def service_app(
    folder: Path,
    *,
    tokens: Tokens | None = None,
    workers: int = 1,
    others: Mapping[str, MCPServer[Any]] | None = None,
    **config: Any,
) -> FastAPI:
    """The application over a small ward; `config` are fields of `[service]`."""
    told = {"home": folder, "store": folder / "store", "specialists": {}, "service": config}
    configuration = Configuration.model_validate(told)

    @asynccontextmanager
    async def opened(_: Configuration, allowed: tuple[Path, ...]) -> AsyncIterator[Encounters]:
        intake = build_server("intake", ServerSettings(folder / "store", allowed=allowed))
        servers = {"intake": intake, "detector": nodule_detector({"Mass": 0.8, "Effusion": 0.2}), **(others or {})}
        async with small_ward(folder, small_cases(), others=servers) as encounters:
            yield encounters

    accepted = tokens if tokens is not None else read_tokens(folder / "none.toml", {})
    return build(configuration, accepted, workers=workers, opened=opened)


@contextmanager
def service(folder: Path, **options: Any) -> Iterator[httpx.Client]:
    """A client of the service, which listens in a thread of its own for as long as the context lasts."""
    app = service_app(folder, **options)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            client.get("/health/live")
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()


def hand_in(client: httpx.Client, seed: int = 1, **headers: str) -> str:
    """Hands a phantom in; returns the study's handle."""
    answer = client.post("/v1/studies", files={"files": ("film", film(seed))}, headers=headers)
    assert answer.status_code == 201, answer.text
    handle: str = answer.json()["study"]["handle"]
    return handle


def submit(client: httpx.Client, study: str, headers: Mapping[str, str] | None = None, **told: Any) -> dict[str, Any]:
    """Submits a diagnosis; returns the job."""
    answer = client.post("/v1/diagnoses", json={"study": study, **told}, headers=headers)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def until(client: httpx.Client, job: Mapping[str, Any], *states: str) -> dict[str, Any]:
    """The job once it is in one of the states, or has ended."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = client.get(job["links"]["self"]).json()
        if found["state"] in states or found["state"] in ENDED:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def events_of(client: httpx.Client, job: Mapping[str, Any], last: int = 0, most: int = 1000) -> list[dict[str, Any]]:
    """The events after `last` as they are streamed, until the stream ends or there are `most`."""
    found: list[dict[str, Any]] = []
    with client.stream("GET", job["links"]["events"], headers={"Last-Event-ID": str(last)}) as stream:
        assert stream.status_code == 200 and stream.headers["content-type"].startswith("text/event-stream")
        name = ident = ""
        for line in stream.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                ident = value
            elif field == "data":
                found.append(json.loads(value))
            elif not line and found:
                assert (found[-1]["kind"], str(found[-1]["id"])) == (name, ident)
                if len(found) == most:
                    break
    return found
