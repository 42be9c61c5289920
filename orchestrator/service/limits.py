"""Refuses a body that is larger than its address takes, whether it says so itself or is counted as it comes."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wardround.contracts.errors import Problem, ProblemCode
from wardround.orchestrator.service.problems import problem_response

__all__ = ["Limited"]

_TOO_LARGE = Problem(
    code=ProblemCode.TOO_LARGE,
    message="The request is larger than this address takes.",
    hint="Send a single chest film at its usual size.",
)


class Limited:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, most: int, by_path: Mapping[str, int]) -> None:
        """
        Args:
            most: bytes that a body may have.
            by_path: the same for addresses that take more, or less.
        """
        self._app = app
        self._most = most
        self._by_path = dict(by_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves, or answers 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._by_path.get(scope["path"], self._most)
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > most:
            await problem_response(_TOO_LARGE)(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
