"""`/v1/encounters`: an encounter with a person is begun as a job, asks, is answered, and is read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from wardround.contracts.base import NOTICE, Handle, Word
from wardround.contracts.case import Case, CaseImage, CaseTrust
from wardround.contracts.encounter import MAX_ANSWER_CHARS, EncounterMode
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.jobs import Job, JobKind, JobState
from wardround.contracts.study import Sex, told_patient
from wardround.contracts.survival import SurvivalQuestion
from wardround.orchestrator.encounter.page.page import encounter_html
from wardround.orchestrator.encounter.summary import question_text
from wardround.orchestrator.jobs.work import EncounterWork
from wardround.orchestrator.service.desk import JSON, Desk, TheCaller, TheDesk, of_type
from wardround.orchestrator.service.diagnoses import without_files
from wardround.orchestrator.service.idempotency import IdempotencyKey, key_of
from wardround.orchestrator.service.jobs import Owned, accepted, add_job_routes, linked
from wardround.orchestrator.service.problems import answers

__all__ = ["EncounterRequest", "OpenQuestions", "build_router"]

_BEGUN = {"chief_complaint": "chest pain since this morning", "age_years": 58, "sex": "M"}
_ANSWERED = {"question": "Q1", "answer": "It began suddenly, while climbing stairs."}


class EncounterRequest(Word):
    """Who comes, with what complaint."""

    chief_complaint: Annotated[
        str, Field(min_length=1, max_length=MAX_ANSWER_CHARS, description="In the person's own words.")
    ]
    age_years: Annotated[int | None, Field(ge=0, le=120)] = None
    sex: Sex | None = None
    films: Annotated[
        tuple[Handle, ...], Field(max_length=4, description="Studies, for when a chest film is ordered.")
    ] = ()
    mode: Annotated[EncounterMode | None, Field(description="Who decides; 'cases' needs no language model.")] = None
    budget: Annotated[float | None, Field(ge=0, le=1e9, description="What orders may cost in all.")] = None
    survival: SurvivalQuestion | None = None


class OpenQuestion(Word):
    """What a person is asked: a question, or the result of an examination that was ordered."""

    id: str
    kind: str
    text: str


class OpenQuestions(Word):
    """What is open now; an encounter asks one thing at a time."""

    items: tuple[OpenQuestion, ...] = ()
    notice: str = NOTICE


class AnswerRequest(Word):
    """A person's answer to what is open."""

    question: Annotated[str, Field(min_length=1, max_length=20, description="The id of what is open.")]
    answer: Annotated[str, Field(min_length=1, max_length=MAX_ANSWER_CHARS)]


async def _json(desk: Desk, job: Job) -> str:
    return (await desk.encounters.store.load(job.run_id)).model_dump_json()


async def _html(desk: Desk, job: Job) -> str:
    return encounter_html(await desk.encounters.store.load(job.run_id))


async def _work(desk: Desk, request: EncounterRequest, owner: str | None) -> EncounterWork:
    films = {f"film-{n}": await desk.studies.study(owner, one) for n, one in enumerate(request.films, start=1)}
    case = Case(
        case_id="live",
        trust=CaseTrust.USER,
        provenance="told by a person at a client",
        licence="the person's own",
        patient=told_patient(request.age_years, request.sex) or Case.model_fields["patient"].default,
        chief_complaint=request.chief_complaint,
        images=tuple(CaseImage(file=name) for name in films),
    )
    survival = without_files(request.survival)
    setup = await desk.encounters.setup_for(case, mode=request.mode, patient="person", survival=survival)
    return EncounterWork(setup=setup, films=films, budget=request.budget)


def build_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/encounters", tags=["encounters"])

    @router.post(
        "",
        status_code=202,
        dependencies=[Depends(of_type(JSON))],
        responses=answers(400, 404, 409, 413, 415, 429),
    )
    async def begin(
        desk: TheDesk,
        caller: TheCaller,
        response: Response,
        request: Annotated[EncounterRequest, Body(examples=[_BEGUN])],
        idempotency_key: IdempotencyKey = None,
    ) -> Job:
        """Begins an encounter in five stages; answers at once with a job, which will wait for answers."""
        desk.encounters.check_mode(request.mode)
        work = await _work(desk, request, caller.sees)
        key = key_of(idempotency_key, JobKind.ENCOUNTER, request)
        job, new = await desk.queue.submit(JobKind.ENCOUNTER, caller.name, work.model_dump_json(), key)
        return accepted(job, new, response)

    add_job_routes(router, JobKind.ENCOUNTER, {"application/json": _json, "text/html": _html})

    @router.get("/{job_id}/questions", responses=answers(404))
    async def questions(desk: TheDesk, job: Owned) -> OpenQuestions:
        """What a person is asked now; empty where nothing is."""
        if job.state is not JobState.WAITING:
            return OpenQuestions()
        standing = await desk.encounters.standing(job.run_id)
        open_ = standing.open_question or standing.open_order
        if open_ is None:
            return OpenQuestions()
        kind = "question" if standing.open_question is not None else "order"
        return OpenQuestions(items=(OpenQuestion(id=open_.id, kind=kind, text=question_text(standing)),))

    @router.post(
        "/{job_id}/answers",
        status_code=202,
        dependencies=[Depends(of_type(JSON))],
        responses=answers(400, 404, 409, 413, 415),
    )
    async def answer(
        desk: TheDesk,
        job: Owned,
        request: Annotated[AnswerRequest, Body(examples=[_ANSWERED])],
    ) -> Job:
        """Answers what is open; the encounter goes on."""
        if job.state is not JobState.WAITING:
            raise CallerError(
                ProblemCode.CONFLICT, f"The encounter is {job.state.value}; it asks nothing.", "Look at its questions."
            )
        try:
            await desk.encounters.take(job.run_id, request.question, request.answer)
        except CallerError as error:
            # An answer that was kept just before its process ended is played on now.
            if await desk.encounters.is_left(job.run_id):
                await desk.queue.wake(job.id)
            raise CallerError(ProblemCode.CONFLICT, error.problem.message, "Look at its questions.") from error
        return linked(await desk.queue.wake(job.id))

    return router
