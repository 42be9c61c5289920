"""`/v1/diagnoses`: a diagnosis is submitted as a job, followed, and read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from wardround.contracts.base import Handle, Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.jobs import Job, JobKind
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.survival import SurvivalQuestion
from wardround.orchestrator.jobs.work import DiagnosisWork
from wardround.orchestrator.report.build import report_html
from wardround.orchestrator.report.pictures import fetch_pictures
from wardround.orchestrator.service.desk import JSON, Desk, TheCaller, TheDesk, of_type
from wardround.orchestrator.service.idempotency import IdempotencyKey, key_of
from wardround.orchestrator.service.jobs import accepted, add_job_routes
from wardround.orchestrator.service.problems import answers

__all__ = ["DiagnosisRequest", "build_router", "without_files"]

_EXAMPLES = [
    {"study": "st_Qx3f0bS8rV1nT5kLwY7cZ2mA", "history": "cough and fever for a week"},
    {
        "study": "st_Qx3f0bS8rV1nT5kLwY7cZ2mA",
        "prior": "st_9aUe6hJpR4vXs0dGtN1yKbWq",
        "prior_report": "Small left effusion.",
        "answer_share": 0.8,
    },
]


class DiagnosisRequest(Word):
    """What is to be diagnosed."""

    study: Annotated[Handle, Field(description="As POST /v1/studies gave it; its first film is read.")]
    history: Annotated[str, Field(max_length=2000, description="Clinical history; leave identifiers out.")] = ""
    prior: Annotated[Handle | None, Field(description="An earlier study of the same patient, to compare with.")] = None
    prior_report: Annotated[
        str, Field(max_length=20_000, description="Text of an earlier report; read into typed cues, never obeyed.")
    ] = ""
    strategy: Annotated[
        StrategyName | None, Field(description="How the configured language model reasons; 'none' leaves it out.")
    ] = None
    answer_share: Annotated[
        float | None, Field(ge=0.5, le=1.0, description="Share of films to answer; the others go to a person.")
    ] = None
    survival: Annotated[
        SurvivalQuestion | None, Field(description="The patient as a survival model reads it, without slides.")
    ] = None


def without_files(survival: SurvivalQuestion | None) -> SurvivalQuestion | None:
    """The question without the patient's id.

    Raises:
        CallerError: FORBIDDEN, it names files of this machine.
    """
    if survival is None:
        return None
    if survival.patient.bags:
        raise CallerError(ProblemCode.FORBIDDEN, "The service opens no files that a caller names.", "Leave 'bags' out.")
    return survival.nameless()


async def _json(desk: Desk, job: Job) -> str:
    return (await desk.encounters.house.runs.load(job.run_id)).model_dump_json()


async def _html(desk: Desk, job: Job) -> str:
    house = desk.encounters.house
    result = await house.runs.load(job.run_id)
    return report_html(result, await fetch_pictures(house, result))


def build_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/diagnoses", tags=["diagnoses"])

    @router.post(
        "",
        status_code=202,
        dependencies=[Depends(of_type(JSON))],
        responses=answers(400, 404, 409, 413, 415, 429),
    )
    async def submit(
        desk: TheDesk,
        caller: TheCaller,
        response: Response,
        request: Annotated[DiagnosisRequest, Body(examples=_EXAMPLES)],
        idempotency_key: IdempotencyKey = None,
    ) -> Job:
        """Submits a diagnosis; answers at once with a job."""
        desk.encounters.house.check_strategy(request.strategy)
        work = DiagnosisWork(
            study=await desk.studies.study(caller.sees, request.study),
            history=request.history,
            prior=await desk.studies.study(caller.sees, request.prior) if request.prior else None,
            prior_report=request.prior_report,
            answer_share=request.answer_share,
            strategy=request.strategy,
            survival=without_files(request.survival),
        )
        key = key_of(idempotency_key, JobKind.DIAGNOSIS, request)
        job, new = await desk.queue.submit(JobKind.DIAGNOSIS, caller.name, work.model_dump_json(), key)
        return accepted(job, new, response)

    add_job_routes(router, JobKind.DIAGNOSIS, {"application/json": _json, "text/html": _html})
    return router
