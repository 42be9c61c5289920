"""The description of the service: complete, with examples, and kept to whatever is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from services import hand_in, service, service_app, submit

from wardround.contracts.base import NOTICE
from wardround.orchestrator.service.identity import Scope, new_token, read_tokens

_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,ignored_auth,unsupported_method"
)


def test_every_route_is_described_with_its_problems_and_what_is_submitted_has_examples(tmp_path: Path) -> None:
    told: dict[str, Any] = service_app(tmp_path).openapi()
    assert NOTICE in told["info"]["description"]
    schemas = told["components"]["schemas"]
    assert "ProblemBody" in schemas and "HTTPValidationError" not in schemas
    for address, methods in told["paths"].items():
        for method, route in methods.items():
            assert route["description"], (method, address)
            if address.startswith("/v1"):
                assert route["security"] and {"401", "403"} <= set(route["responses"]), (method, address)
            if method == "post" and address != "/v1/studies":
                assert route["requestBody"]["content"]["application/json"]["schema"]["examples"], address
            for status, answer in route["responses"].items():
                if status >= "400" and address.startswith("/v1"):
                    assert list(answer["content"]) == ["application/problem+json"], (method, address, status)


@pytest.mark.slow
def test_whatever_is_sent_the_service_answers_as_its_description_says_and_never_with_a_fault(tmp_path: Path) -> None:
    token = new_token(tmp_path / "tokens.toml", "fuzz", (Scope.ADMIN,))
    mine = {"Authorization": f"Bearer {token}"}
    with service(tmp_path, tokens=read_tokens(tmp_path / "tokens.toml", {})) as client:
        submit(client, hand_in(client, 1, **mine), mine)
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{client.base_url}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--checks", _CHECKS, "--max-examples", "15"),
            *("--seed", "1", "--suppress-health-check", "all", "--no-color", "--request-timeout", "30"),
            # Without sequences of requests: a stream of events that nothing ends would be waited for.
            *("--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-6000:]
