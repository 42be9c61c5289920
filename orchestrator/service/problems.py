"""Errors as RFC 9457 problems: what happened and what to do, and never a traceback, a path or what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.orchestrator.jobs.queue import QueueFull

__all__ = ["MEDIA_TYPE", "NothingMore", "ProblemBody", "add_handlers", "answers", "problem_response"]

MEDIA_TYPE = "application/problem+json"

# What is not listed is the caller's with 422, or ours with 500.
_STATUS = {
    ProblemCode.BUSY: 429,
    ProblemCode.CONFLICT: 409,
    ProblemCode.DECODER_CRASHED: 422,  # the file's doing, whoever wrote the decoder
    ProblemCode.EXPIRED: 410,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.MISSING_DECODER: 415,
    ProblemCode.MISSING_WEIGHTS: 503,
    ProblemCode.NOT_AN_IMAGE: 415,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.PATH_NOT_ALLOWED: 403,
    ProblemCode.REASONER_DOWN: 503,
    ProblemCode.REASONER_KEY: 503,
    ProblemCode.SPECIALIST_DOWN: 503,
    ProblemCode.TIMEOUT: 504,
    ProblemCode.TOO_LARGE: 413,
    ProblemCode.UNAUTHENTICATED: 401,
    ProblemCode.UNSUPPORTED_FORMAT: 415,
}
_CODES = {
    401: ProblemCode.UNAUTHENTICATED,
    403: ProblemCode.FORBIDDEN,
    404: ProblemCode.NOT_FOUND,
    413: ProblemCode.TOO_LARGE,
    415: ProblemCode.UNSUPPORTED_FORMAT,
}
_WORDS = {
    400: ("The request cannot be read.", "Send what /openapi.json describes."),
    404: ("There is nothing at this address.", "See /openapi.json for what there is."),
    405: ("This address does not take that method.", "See /openapi.json for what it takes."),
    413: ("The request is larger than this address takes.", "Send a single chest film at its usual size."),
}
_FIELD = re.compile(r"[a-z][a-z_]{0,39}")


class NothingMore(Exception):
    """All events of an ended job were read: 204 tells an event source not to come again."""


class ProblemBody(Word):
    """A problem as RFC 9457 writes it; `code` is stable, and `hint` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: ProblemCode
    hint: str = ""
    errors: tuple[dict[str, str], ...] = ()
    notice: str = NOTICE


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's description says of these statuses."""
    shown = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {status: {"description": "A problem.", "content": {MEDIA_TYPE: shown}} for status in statuses}


def problem_response(
    problem: Problem,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    errors: tuple[dict[str, str], ...] = (),
) -> Response:
    """The problem as a response; `status` is the code's own where none is given."""
    code = status or _STATUS.get(problem.code, 500 if problem.is_fault else 422)
    body = ProblemBody(
        type=f"urn:wardround:problem:{problem.code.value}",
        title=problem.code.value.replace("_", " ").capitalize(),
        status=code,
        detail=problem.message,
        code=problem.code,
        hint=problem.hint,
        errors=errors,
    )
    return JSONResponse(body.model_dump(mode="json"), code, dict(headers or {}), media_type=MEDIA_TYPE)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, WardroundError)
    after = error.retry_after_s if isinstance(error, QueueFull) else 1
    busy = error.problem.code is ProblemCode.BUSY
    return problem_response(error.problem, headers={"Retry-After": str(after)} if busy else None)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, hint = _WORDS.get(error.status_code, ("The request was refused.", "See /openapi.json."))
    code = _CODES.get(error.status_code, ProblemCode.BAD_ARGUMENT)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return problem_response(Problem(code=code, message=message, hint=hint), error.status_code, headers)


def _methods(request: Request) -> set[str]:
    """What an address takes by all its routes; the framework tells the first one's alone."""
    return {
        method.upper()
        for template, methods in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.url.path)
        for method in methods
    }


async def _invalid(request: Request, error: Exception) -> Response:
    """Where it is wrong and why, and never what was sent: that may hold anything."""
    assert isinstance(error, RequestValidationError)
    errors = tuple({"where": _where(one["loc"]), "what": str(one["msg"])[:200]} for one in error.errors()[:20])
    problem = Problem(
        code=ProblemCode.BAD_ARGUMENT,
        message="The request is not what this address takes.",
        hint="See 'errors' and /openapi.json.",
    )
    return problem_response(problem, 422, errors=errors)


def _where(places: Any) -> str:
    """The path to a field; a name that cannot be one of ours is not repeated."""
    return ".".join(str(place) if isinstance(place, int) or _FIELD.fullmatch(str(place)) else "?" for place in places)


async def _nothing_more(request: Request, error: Exception) -> Response:
    return Response(status_code=204)


def add_handlers(app: FastAPI) -> None:
    """Has the application answer every error as a problem."""
    app.add_exception_handler(WardroundError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(NothingMore, _nothing_more)
