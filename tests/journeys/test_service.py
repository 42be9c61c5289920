"""The REST service as a process: a film over HTTP with the bundled models, and the service killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from houses import free_port
from services import events_of, until

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis

# As the console script does it; a tree that is not installed can be tried, too.
_SERVE = "import sys, typer; from wardround.orchestrator.commands.serve import serve; typer.run(serve)"


@contextmanager
def _served(home: Path, port: int) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    command = [sys.executable, "-P", "-c", _SERVE, "--port", str(port)]
    environment = {**os.environ, "WARDROUND_HOME": str(home)}
    environment.pop("WARDROUND_TOKEN", None)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        assert said.strip() == f"Wardround listens on http://127.0.0.1:{port}"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120) as client:
            yield client, process
    finally:
        process.terminate()
        process.communicate()


def _ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 120
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the service did not become ready"
        time.sleep(0.05)


def test_a_film_is_handed_in_diagnosed_and_read_over_http_though_the_service_is_killed_meanwhile(
    tmp_path: Path, phantom_film: Path
) -> None:
    with _served(tmp_path, free_port()) as (client, process):
        assert client.get("/health/live").status_code == 200
        _ready(client)
        handed = client.post("/v1/studies", files={"files": phantom_film.read_bytes()}, data={"age_years": "61"})
        assert handed.status_code == 201, handed.text
        request = {"study": handed.json()["study"]["handle"], "history": "short of breath"}
        job: dict[str, Any] = client.post("/v1/diagnoses", json=request, headers={"Idempotency-Key": "one"}).json()
        seen = events_of(client, job, most=4)
        process.kill()
        process.wait()

    with _served(tmp_path, free_port()) as (client, _):
        again = client.post("/v1/diagnoses", json=request, headers={"Idempotency-Key": "one"})
        assert again.json()["id"] == job["id"]
        events = events_of(client, job, last=seen[-1]["id"])
        assert [event["id"] for event in events] == list(range(5, 5 + len(events)))
        kinds = [event["kind"] for event in (*seen, *events)]
        assert kinds.count("done") == 1 and kinds[-1] == "done"
        assert kinds.count("started") == 1 + kinds.count("interrupted") == 2
        ended = until(client, job)
        result = Diagnosis.model_validate(client.get(ended["links"]["result"]).json())
        assert result.run_id == job["run_id"] and result.conclusions and result.synthetic
        assert result.study is not None and result.study.patient.age_years == 61
        page = client.get(ended["links"]["result"], headers={"Accept": "text/html"}).text
        assert NOTICE in page and "data:image" in page
        assert len(client.get("/v1/diagnoses").json()["items"]) == 1
