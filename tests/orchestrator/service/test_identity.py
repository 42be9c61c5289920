"""Who may call: tokens and their scopes, names and origins, what belongs to whom, and where nobody may listen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from services import hand_in, service, submit

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError
from wardround.orchestrator.service.guard import NOTICE_HEADER
from wardround.orchestrator.service.identity import Scope, Tokens, check_bind, new_token, read_tokens

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """Tokens by name."""
    file = tmp_path / "tokens.toml"
    both = (Scope.READ, Scope.RUN)
    return {
        "ann": new_token(file, "ann", both),
        "bob": new_token(file, "bob", both),
        "reader": new_token(file, "reader", (Scope.READ,)),
        "root": new_token(file, "root", (Scope.ADMIN,)),
        "old": new_token(file, "old", both, date(2020, 1, 1)),
    }


@pytest.fixture
def client(tmp_path: Path, made: dict[str, str]) -> Iterator[httpx.Client]:
    with service(tmp_path, workers=0, tokens=read_tokens(tmp_path / "tokens.toml", {})) as opened:
        yield opened


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_a_good_token_nothing_is_told_but_health(client: httpx.Client, made: dict[str, str]) -> None:
    basic, empty = {"Authorization": f"Basic {made['ann']}"}, {"Authorization": "Bearer"}
    none: tuple[dict[str, str], ...] = ({}, _as("wrong"), _as(made["old"]), basic, empty)
    for headers in none:
        for method, address in (("GET", "/v1/diagnoses"), ("POST", "/v1/studies"), ("GET", "/openapi.json")):
            answer = client.request(method, address, headers=headers)
            assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers[NOTICE_HEADER] == NOTICE
            assert not any(token in answer.text for token in made.values())
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/diagnoses", headers=_as(made["ann"])).status_code == 200


def test_a_token_is_good_for_its_scopes_alone(client: httpx.Client, made: dict[str, str]) -> None:
    assert client.get("/v1/diagnoses", headers=_as(made["reader"])).status_code == 200
    refused = client.post("/v1/studies", headers=_as(made["reader"]))
    assert refused.status_code == 403 and 'scope="run"' in refused.headers["www-authenticate"]
    assert client.delete("/v1/diagnoses/x", headers=_as(made["reader"])).status_code == 403
    assert client.get("/metrics", headers=_as(made["ann"])).status_code == 403
    assert client.get("/metrics", headers=_as(made["root"])).status_code == 200


def test_what_is_anothers_is_answered_like_what_never_was(client: httpx.Client, made: dict[str, str]) -> None:
    ann, bob = _as(made["ann"]), _as(made["bob"])
    study = hand_in(client, 1, **ann)
    job = submit(client, study, ann)
    own = job["links"]["self"]
    for method, address, missing in (
        ("GET", own, "/v1/diagnoses/job_" + "0" * 32),
        ("GET", f"{own}/result", "/v1/diagnoses/job_" + "0" * 32 + "/result"),
        ("GET", f"{own}/events", "/v1/diagnoses/job_" + "0" * 32 + "/events"),
        ("DELETE", own, "/v1/diagnoses/job_" + "0" * 32),
        ("GET", f"/v1/studies/{study}", "/v1/studies/st_" + "0" * 32),
        ("DELETE", f"/v1/studies/{study}", "/v1/studies/st_" + "0" * 32),
    ):
        his, none = client.request(method, address, headers=bob), client.request(method, missing, headers=bob)
        assert his.status_code == 404 and his.json() == none.json(), address
    assert client.post("/v1/diagnoses", json={"study": study}, headers=bob).status_code == 404
    assert client.get("/v1/diagnoses", headers=bob).json()["items"] == []
    assert client.get(own, headers=_as(made["root"])).json()["owner"] == "ann"
    assert client.get(own, headers=ann).json()["state"] == "queued"
    # A job of one kind is none of the other.
    assert client.get(own.replace("diagnoses", "encounters"), headers=ann).status_code == 404


def test_names_and_origins_that_are_not_ours_are_turned_away(client: httpx.Client, made: dict[str, str]) -> None:
    ann = _as(made["ann"])
    assert client.get("/v1/diagnoses", headers={**ann, "Host": "evil.example"}).status_code == 421
    assert client.get("/health/live", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/v1/diagnoses", headers={**ann, "Host": "localhost:99"}).status_code == 200
    for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "null"):
        assert client.get("/v1/diagnoses", headers={**ann, "Origin": origin}).status_code == 403
    assert client.get("/v1/diagnoses", headers={**ann, "Origin": "http://localhost:3000"}).status_code == 200


def test_a_token_is_kept_as_a_digest_in_a_file_of_its_owner(tmp_path: Path, made: dict[str, str]) -> None:
    file = tmp_path / "tokens.toml"
    text = file.read_text()
    assert not any(token in text for token in made.values())
    assert file.stat().st_mode & 0o077 == 0
    assert all(len(token) >= 43 for token in made.values())
    with pytest.raises(CallerError):
        new_token(file, "ann", (Scope.READ,))
    with pytest.raises(CallerError):
        new_token(file, '"]\n[root', (Scope.READ,))
    file.chmod(0o644)
    with pytest.raises(CallerError):
        read_tokens(file, {})


def test_a_token_of_the_environment_reads_and_runs(tmp_path: Path) -> None:
    tokens = read_tokens(tmp_path / "none", {"WARDROUND_TOKEN": "t" * 40})
    caller = tokens.caller("t" * 40)
    assert caller is not None and caller.may(Scope.RUN) and not caller.may(Scope.ADMIN)
    assert tokens.caller("t" * 39) is None and tokens.caller("\udcff") is None
    with pytest.raises(CallerError):
        read_tokens(tmp_path / "none", {"WARDROUND_TOKEN": "short"})


def test_nobody_listens_beyond_this_machine_without_a_token_and_a_name(tmp_path: Path) -> None:
    none = Tokens({})
    some = read_tokens(tmp_path / "none", {"WARDROUND_TOKEN": "t" * 40})
    for host in ("127.0.0.1", "localhost", "::1", "[::1]"):
        check_bind(host, _LOOPBACK, none, ())
    for tokens, hosts in ((none, ()), (none, ("ward.example.org",)), (some, ())):
        with pytest.raises(CallerError):
            check_bind("0.0.0.0", _LOOPBACK, tokens, hosts)
    check_bind("0.0.0.0", _LOOPBACK, some, ("ward.example.org",))
