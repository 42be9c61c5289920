"""Whole houses for the tests: specialists as real processes, one-line runs, and what of a result must not vary."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from wardround.contracts.diagnosis import Diagnosis
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration, SpecialistConfig
from wardround.orchestrator.diagnose import Listener
from wardround.orchestrator.overlay import Picture, draw, finding_layer

WARDROUND = str(Path(sys.executable).parent / "wardround")


def diagnose(configuration: Configuration, film: Path, listener: Listener | None = None, **options: Any) -> Diagnosis:
    """Opens the house, diagnoses one film, closes it."""

    async def once() -> Diagnosis:
        async with open_house(configuration, None) as diagnoser:
            study = await diagnoser.open_study([str(film)], options.pop("patient", None))
            return await diagnoser.diagnose(study, listener=listener, **options)

    return asyncio.run(once())


def picture(configuration: Configuration, result: Diagnosis, finding: str) -> Picture:
    """Opens the house and has it draw one finding of a finished run."""
    layer = finding_layer(result, finding)
    assert layer is not None

    async def once() -> Picture:
        async with open_house(configuration, None) as diagnoser:
            return await draw(diagnoser, result, [layer])

    return asyncio.run(once())


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Specialists:
    """Real specialist servers in processes of their own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, port: int, store: Path, *options: str) -> SpecialistConfig:
        """Starts it and returns where it is, without waiting for it."""
        command = [WARDROUND, "specialist", name, "--http", f"127.0.0.1:{port}", "--store", str(store), *options]
        environment = {**os.environ, "WARDROUND_HOME": str(self._home)}
        self._running[name] = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        return SpecialistConfig(url=f"http://127.0.0.1:{port}/mcp", connect_timeout_s=60)

    def wait(self, *ports: int) -> None:
        """Waits until each is ready."""
        deadline = time.monotonic() + 120
        for port in ports:
            while True:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                assert time.monotonic() < deadline, f"the specialist on port {port} did not come up"
                time.sleep(0.05)

    def kill(self, name: str) -> None:
        """Ends it at once, as a crash would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ends all."""
        for name in list(self._running):
            self.kill(name)


def essence(result: Diagnosis) -> dict[str, Any]:
    """What must not depend on the transport: everything but random names and times."""
    assert result.study is not None
    said = result.model_dump(mode="json", exclude={"run_id", "created_at", "timings", "study"})
    films = [image.model_dump(mode="json", exclude={"handle"}) for image in result.study.images]
    return {**said, "films": films, "patient": result.study.patient.model_dump(mode="json")}
