"""The routes that jobs of every kind have: list, status, result, events, cancel and delete."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import CallerError, Problem, ProblemCode
from wardround.contracts.jobs import ENDED, Job, JobKind, JobState
from wardround.orchestrator.jobs.events import read_events
from wardround.orchestrator.service.accept import chosen
from wardround.orchestrator.service.desk import Desk, TheCaller, TheDesk
from wardround.orchestrator.service.problems import NothingMore, answers, problem_response

__all__ = ["JobPage", "Owned", "Render", "accepted", "add_job_routes", "linked"]

# A result in one media type, from a job that is done.
Render = Callable[[Desk, Job], Awaitable[str]]

_FOLDERS = {JobKind.DIAGNOSIS: "/v1/diagnoses", JobKind.ENCOUNTER: "/v1/encounters"}
_LARGEST = 2**53
_LOOK_EVERY_S = 0.25


class JobPage(Word):
    """A page of jobs, newest first; `next` is the cursor of the next page, None on the last."""

    items: tuple[Job, ...]
    next: int | None = None
    notice: str = Field(default=NOTICE)


def linked(job: Job) -> Job:
    """The job with the addresses of what belongs to it."""
    own = f"{_FOLDERS[job.kind]}/{job.id}"
    links = {"self": own, "events": f"{own}/events"}
    if job.state is JobState.DONE:
        links["result"] = f"{own}/result"
    if job.state is JobState.WAITING:
        links |= {"questions": f"{own}/questions", "answers": f"{own}/answers"}
    return job.model_copy(update={"links": links})


def accepted(job: Job, new: bool, response: Response) -> Job:
    """The headers of a job that was accepted, now or before."""
    told = linked(job)
    response.headers["Location"] = told.links["self"]
    response.headers["Retry-After"] = "1"
    if not new:
        response.headers["Idempotency-Replayed"] = "true"
    return told


def _ready(job: Job) -> None:
    """
    Raises:
        CallerError: CONFLICT, there is no result, and why.
    """
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        raise CallerError(
            ProblemCode.CONFLICT,
            f"The job was {job.state.value}; it has no result." if job.problem is None else job.problem.message,
            "Submit it again." if job.problem is None else job.problem.hint,
        )
    if job.state is not JobState.DONE:
        raise CallerError(
            ProblemCode.CONFLICT, f"The job is {job.state.value}; it has no result yet.", "Follow its events."
        )


async def _owned(request: Request, desk: TheDesk, caller: TheCaller, job_id: str) -> Job:
    kind = next(kind for kind, folder in _FOLDERS.items() if request.url.path.startswith(f"{folder}/"))
    return await desk.owned(caller, job_id, kind)


Owned = Annotated[Job, Depends(_owned)]


async def _unread(
    desk: TheDesk,
    job: Owned,
    last: Annotated[int, Header(alias="Last-Event-ID", ge=0, le=_LARGEST, description="Go on after this event.")] = 0,
) -> int:
    """The event to go on after.

    Raises:
        NothingMore: the job has ended, and that was its last event.
    """
    if job.state in ENDED and not await read_events(desk.queue.store, job.id, last, 1):
        raise NothingMore
    return last


def add_job_routes(router: APIRouter, kind: JobKind, renders: Mapping[str, Render]) -> None:
    """Adds the routes.

    Args:
        renders: by media type, the one that is given where a caller has no preference first.
    """

    @router.get("")
    async def list_(
        desk: TheDesk,
        caller: TheCaller,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[int | None, Query(ge=1, le=_LARGEST, description="`next` of the page before.")] = None,
        state: JobState | None = None,
    ) -> JobPage:
        """Your jobs, newest first, a page at a time; an admin's token lists everybody's."""
        jobs, following = await desk.queue.jobs(kind, caller.sees, before=cursor, limit=limit, state=state)
        if following is not None:
            only = f"&state={state.value}" if state is not None else ""
            address = f"{_FOLDERS[kind]}?limit={limit}&cursor={following}{only}"
            response.headers["Link"] = f'<{address}>; rel="next"'
        return JobPage(items=tuple(linked(job) for job in jobs), next=following)

    @router.get("/{job_id}", responses=answers(404))
    async def status(job: Owned, response: Response) -> Job:
        """How far a job is."""
        if job.state not in ENDED:
            response.headers["Retry-After"] = "1"
        return linked(job)

    @router.get("/{job_id}/result", response_class=Response, responses=_described(renders) | answers(404, 406, 409))
    async def result(desk: TheDesk, job: Owned, request: Request) -> Response:
        """The result of a job that is done, in the form that the header Accept asks for."""
        media_type = chosen(request.headers.get("accept", "*/*"), tuple(renders))
        if media_type is None:
            told = f"A result is given as {' or '.join(renders)}."
            return problem_response(
                Problem(code=ProblemCode.UNSUPPORTED_FORMAT, message=told, hint="Say so in the header Accept."), 406
            )
        _ready(job)
        return Response(await renders[media_type](desk, job), media_type=media_type, headers={"Vary": "Accept"})

    @router.get(
        "/{job_id}/events",
        response_class=EventSourceResponse,
        responses={204: {"description": "The job has ended, and all its events were read."}, **answers(404)},
    )
    async def events(
        desk: TheDesk, job: Owned, last: Annotated[int, Depends(_unread)]
    ) -> AsyncIterable[ServerSentEvent]:
        """What happens to a job, as server-sent events; a client that comes again goes on after `Last-Event-ID`."""
        while True:
            new = await read_events(desk.queue.store, job.id, last)
            for event in new:
                last = event.id
                yield ServerSentEvent(data=event.model_dump(mode="json"), event=event.kind.value, id=str(event.id))
            if new and new[-1].kind.value in ENDED:
                return
            if not new:
                try:
                    await desk.queue.job(job.id)
                except CallerError:  # deleted while it was watched
                    return
                await desk.queue.rung(_LOOK_EVERY_S)

    @router.delete(
        "/{job_id}",
        status_code=202,
        response_model=Job,
        responses={204: {"description": "It had ended, and is deleted with its run."}, **answers(404)},
    )
    async def cancel(desk: TheDesk, job: Owned) -> Any:
        """Cancels a job; one that has ended is deleted with its run, past recovery."""
        if job.state in ENDED:
            await desk.retention.forget_job(job.id)
            return Response(status_code=204)
        return linked(await desk.queue.cancel(job.id))


def _described(renders: Mapping[str, Render]) -> dict[int | str, dict[str, Any]]:
    schemas = {media_type: {"schema": {"type": "string"}} for media_type in renders}
    return {200: {"description": "The result.", "content": {**schemas, "application/json": {"schema": {}}}}}
