"""A diagnosis over HTTP from the film to the result, and every way in which it is refused."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from services import events_of, film, hand_in, pausing, service, submit, until

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.jobs import Job
from wardround.orchestrator.service.guard import NOTICE_HEADER


def _problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers[NOTICE_HEADER] == NOTICE
    body: dict[str, Any] = answer.json()
    assert body["status"] == status and body["code"] == code and body["notice"] == NOTICE
    assert body["detail"] and body["title"]
    assert "Traceback" not in answer.text and "/tmp" not in answer.text
    return body


def test_a_film_becomes_a_job_whose_result_is_json_or_a_page(tmp_path: Path) -> None:
    with service(tmp_path) as client:
        assert client.get("/health/ready").json()["ok"]
        handed = client.post(
            "/v1/studies", files={"files": ("Doe^Jane.dcm", film())}, data={"age_years": "61", "sex": "F"}
        )
        assert handed.status_code == 201 and handed.headers["location"] == handed.json()["links"]["self"]
        assert "Doe" not in handed.text and handed.json()["study"]["patient"] == {"age_years": 61, "sex": "F"}
        assert list((tmp_path / "uploads").iterdir()) == []
        assert client.get(handed.headers["location"]).json() == handed.json()

        answer = client.post("/v1/diagnoses", json={"study": handed.json()["study"]["handle"], "history": "cough"})
        assert answer.status_code == 202 and answer.headers["retry-after"] == "1"
        job = Job.model_validate(answer.json())
        assert answer.headers["location"] == job.links["self"]
        ended = until(client, answer.json())
        assert ended["state"] == "done"

        result = client.get(ended["links"]["result"])
        told = Diagnosis.model_validate(result.json())
        assert told.conclusions and told.run_id == ended["run_id"] and told.notice == NOTICE
        page = client.get(ended["links"]["result"], headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html") and NOTICE in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        _problem(client.get(ended["links"]["result"], headers={"Accept": "image/png"}), 406, "unsupported_format")
        for response in (handed, answer, result, page):
            assert response.headers[NOTICE_HEADER] == NOTICE and response.headers["cache-control"] == "no-store"

        figures = client.get("/metrics").text
        assert 'wardround_jobs{state="done"} 1.0' in figures and 'route="/v1/diagnoses/{job_id}"' in figures
        assert job.id not in figures
        assert {one["name"] for one in client.get("/v1/models").json()["specialists"]} >= {"intake", "detector"}


def test_events_go_on_after_the_last_one_that_was_seen_and_then_end(tmp_path: Path) -> None:
    release = threading.Event()
    with service(tmp_path, others={"pausing": pausing(release)}) as client:
        job = submit(client, hand_in(client))
        first = events_of(client, job, most=3)
        assert [event["id"] for event in first] == [1, 2, 3]
        release.set()
        rest = events_of(client, job, last=3)
        assert [event["id"] for event in rest] == list(range(4, 4 + len(rest)))
        assert rest[-1]["kind"] == "done"
        assert events_of(client, job) == [*first, *rest]
        over = client.get(job["links"]["events"], headers={"Last-Event-ID": str(rest[-1]["id"])})
        assert over.status_code == 204 and over.headers[NOTICE_HEADER] == NOTICE
        wrong = client.get(job["links"]["events"], headers={"Last-Event-ID": "Doe^Jane"})
        assert "Jane" not in wrong.text
        _problem(wrong, 422, "bad_argument")


def test_a_job_is_cancelled_and_what_has_ended_is_deleted_with_its_run(tmp_path: Path) -> None:
    release = threading.Event()
    with service(tmp_path, others={"pausing": pausing(release)}) as client:
        study = hand_in(client)
        running, queued = submit(client, study), submit(client, study)
        until(client, running, "running")
        _problem(client.get(f"{running['links']['self']}/result"), 409, "conflict")
        assert client.delete(queued["links"]["self"]).json()["state"] == "cancelled"
        assert client.delete(running["links"]["self"]).status_code == 202
        assert until(client, running)["state"] == "cancelled"
        assert events_of(client, running)[-1]["kind"] == "cancelled"
        _problem(client.get(f"{running['links']['self']}/result"), 409, "conflict")

        release.set()
        done = until(client, submit(client, study))
        assert done["state"] == "done"
        assert client.delete(done["links"]["self"]).status_code == 204
        _problem(client.get(done["links"]["self"]), 404, "not_found")
        _problem(client.delete(done["links"]["self"]), 404, "not_found")
        assert client.delete(f"/v1/studies/{study}").status_code == 204
        _problem(client.post("/v1/diagnoses", json={"study": study}), 404, "not_found")


def test_a_repeated_request_makes_one_job_and_a_key_used_twice_is_refused(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        study, key = hand_in(client), {"Idempotency-Key": "a-key"}
        job = submit(client, study, key)
        again = client.post("/v1/diagnoses", json={"study": study}, headers=key)
        assert again.status_code == 202 and again.json()["id"] == job["id"]
        assert again.headers["idempotency-replayed"] == "true"
        other = client.post("/v1/diagnoses", json={"study": study, "history": "cough"}, headers=key)
        _problem(other, 409, "conflict")
        assert len(client.get("/v1/diagnoses").json()["items"]) == 1


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    with service(tmp_path, workers=0, most_queued=2) as client:
        study = hand_in(client)
        jobs = [submit(client, study) for _ in range(2)]
        full = client.post("/v1/diagnoses", json={"study": study})
        _problem(full, 429, "busy")
        assert int(full.headers["retry-after"]) >= 1
        client.delete(jobs[0]["links"]["self"])
        submit(client, study)


def test_pages_of_jobs_hold_each_once(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        study = hand_in(client)
        submitted = [submit(client, study)["id"] for _ in range(5)]
        seen, address = [], "/v1/diagnoses?limit=2&state=queued"
        while address:
            page = client.get(address)
            seen += [job["id"] for job in page.json()["items"]]
            address = page.links["next"]["url"] if "next" in page.links else ""
            assert (page.json()["next"] is None) == (not address)
        assert seen == submitted[::-1]


def test_jobs_that_wait_are_done_by_the_next_process_and_their_events_go_on(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        job = submit(client, hand_in(client))
        assert [event["kind"] for event in events_of(client, job, most=1)] == ["queued"]
    with service(tmp_path) as client:
        assert events_of(client, job, last=1)[-1]["kind"] == "done"


def test_what_is_no_film_is_refused_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        for content, status in (
            (b"not a film", 415),
            (b"", 415),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
            (b"II*\0" + b"\0" * 200, 415),
            (film()[:2000], 422),
        ):
            answer = client.post("/v1/studies", files={"files": ("Doe^Jane.dcm", content, "application/dicom")})
            assert "Jane" not in answer.text
            _problem(answer, status, answer.json()["code"])
            assert list((tmp_path / "uploads").iterdir()) == []


def test_bodies_that_are_too_large_are_refused_whether_they_tell_their_length_or_not(tmp_path: Path) -> None:
    with service(tmp_path, workers=0, upload_mb=1) as client:
        large = b"\0" * 2_500_000
        _problem(client.post("/v1/studies", files={"files": ("film", large)}), 413, "too_large")
        _problem(client.post("/v1/studies", files={"files": ("film", large[:1_200_000])}), 413, "too_large")
        said = json.dumps({"study": "x", "history": "y" * 1_200_000}).encode()
        typed = {"Content-Type": "application/json"}
        _problem(client.post("/v1/diagnoses", content=said, headers=typed), 413, "too_large")

        def chunks() -> Any:
            yield from (said[at : at + 100_000] for at in range(0, len(said), 100_000))

        told = client.post("/v1/diagnoses", content=chunks(), headers=typed)
        _problem(told, 413, "too_large")


def test_bodies_of_another_kind_and_in_another_shape_are_refused_without_an_echo(tmp_path: Path) -> None:
    with service(tmp_path, workers=0) as client:
        study = hand_in(client)
        _problem(
            client.post("/v1/diagnoses", content="study=Doe", headers={"Content-Type": "text/plain"}),
            415,
            "unsupported_format",
        )
        _problem(client.post("/v1/studies", json={"files": "Doe"}), 415, "unsupported_format")
        wrong: list[Any] = [
            {},
            [],
            {"study": "Doe^Jane"},
            {"study": study, "answer_share": "Doe^Jane"},
            {"study": study, "survival": {"patient": {"clinical": {"Doe^Jane": ["Doe^Jane"]}}}},
            {"study": study, "history": "Doe^Jane " * 400},
        ]
        for body in wrong:
            answer = client.post("/v1/diagnoses", json=body)
            assert "Jane" not in str(_problem(answer, 422, "bad_argument"))
        broken = client.post("/v1/diagnoses", content='{"study": Doe', headers={"Content-Type": "application/json"})
        assert "Doe" not in str(_problem(broken, 422, "bad_argument"))
        _problem(client.post("/v1/diagnoses", json={"study": "st_" + "0" * 32}), 404, "not_found")
        _problem(client.post("/v1/diagnoses", json={"study": study, "strategy": "panel"}), 422, "bad_argument")
        bags = {"patient": {"bags": [{"microns_per_pixel": 1, "path": "/etc/passwd"}]}}
        _problem(client.post("/v1/diagnoses", json={"study": study, "survival": bags}), 403, "forbidden")
        _problem(client.get("/v1/diagnoses/job_nobody"), 404, "not_found")
        _problem(client.get("/v1/nothing"), 404, "not_found")
        put = client.put("/v1/diagnoses")
        _problem(put, 405, "bad_argument")
        assert put.headers["allow"] == "GET, POST"
