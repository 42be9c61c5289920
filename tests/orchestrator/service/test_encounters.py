"""An encounter over HTTP: begun, asked, answered, also across a restart, and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from services import events_of, hand_in, service, until

from wardround.contracts.base import NOTICE
from wardround.contracts.encounter import Encounter


def _begin(client: httpx.Client, **told: Any) -> dict[str, Any]:
    body = {"chief_complaint": "cough and fever for three days", "age_years": 64, "sex": "M", **told}
    answer = client.post("/v1/encounters", json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def _answer(client: httpx.Client, job: dict[str, Any], words: str) -> tuple[str, httpx.Response]:
    (asked,) = client.get(f"{job['links']['self']}/questions").json()["items"]
    assert asked["text"] and asked["kind"] in ("question", "order")
    body = {"question": asked["id"], "answer": words}
    return asked["id"], client.post(f"{job['links']['self']}/answers", json=body)


def test_an_encounter_asks_until_it_has_ended_and_is_read_as_json_or_a_page(tmp_path: Path) -> None:
    with service(tmp_path) as client:
        job = _begin(client, films=[hand_in(client)], budget=1000)
        asked: list[str] = []
        while until(client, job, "waiting")["state"] == "waiting":
            name, answer = _answer(client, job, "I have been coughing up yellow phlegm, with fever.")
            assert answer.status_code == 202, answer.text
            asked.append(name)
            assert len(asked) < 40
        assert asked and len(set(asked)) == len(asked)
        ended = client.get(job["links"]["self"]).json()
        assert ended["state"] == "done"
        assert client.get(f"{job['links']['self']}/questions").json()["items"] == []
        result = Encounter.model_validate(client.get(ended["links"]["result"]).json())
        assert result.encounter_id == ended["run_id"] and result.facts and result.notice == NOTICE
        page = client.get(ended["links"]["result"], headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html") and NOTICE in page.text
        kinds = [event["kind"] for event in events_of(client, job)]
        assert kinds.count("answered") == len(asked) == kinds.count("waiting") and kinds[-1] == "done"
        late = client.post(f"{job['links']['self']}/answers", json={"question": asked[0], "answer": "no"})
        assert late.status_code == 409
        assert client.delete(job["links"]["self"]).status_code == 204
        assert client.get(job["links"]["self"]).status_code == 404


def test_an_answer_outlives_the_service_and_no_question_is_answered_twice(tmp_path: Path) -> None:
    with service(tmp_path) as client:
        job = _begin(client)
        assert until(client, job, "waiting")["state"] == "waiting"
    with service(tmp_path, workers=0) as client:
        wrong = client.post(f"{job['links']['self']}/answers", json={"question": "Q99", "answer": "no"})
        assert wrong.status_code == 409 and "Q99" in wrong.text
        asked, answer = _answer(client, job, "Three days.")
        assert answer.json()["state"] == "queued"
        again = client.post(f"{job['links']['self']}/answers", json={"question": asked, "answer": "Four days."})
        assert again.status_code == 409
    with service(tmp_path) as client:
        assert until(client, job, "waiting")["state"] == "waiting"
        (now,) = client.get(f"{job['links']['self']}/questions").json()["items"]
        assert now["id"] != asked
        assert client.delete(job["links"]["self"]).json()["state"] == "cancelled"
        assert client.delete(job["links"]["self"]).status_code == 204


def test_a_mode_that_needs_a_language_model_is_refused_where_there_is_none(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        answer = client.post("/v1/encounters", json={"chief_complaint": "cough", "mode": "panel"})
        assert answer.status_code == 422 and answer.json()["code"] == "bad_argument"
        assert client.post("/v1/encounters", json={"chief_complaint": ""}).status_code == 422
