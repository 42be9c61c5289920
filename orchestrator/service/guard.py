"""Stands before every route: Host, Origin, token and scope, before a byte of the body is read; the notice on all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import Problem, ProblemCode
from wardround.orchestrator.service import identity
from wardround.orchestrator.service.identity import LOCAL, Caller, Tokens
from wardround.orchestrator.service.problems import problem_response

__all__ = ["NOTICE_HEADER", "Guard"]

NOTICE_HEADER = "Wardround-Notice"
_OPEN = frozenset({"/health/live", "/health/ready"})
_ADMIN = frozenset({"/metrics"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    NOTICE_HEADER: NOTICE,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Pages that we make hold their own pictures and styles, load nothing and run nothing.
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware; puts the caller at `request.state.caller`."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """
        Args:
            hosts: names, without a port, that a Host header may say.
            origins: origins that an Origin header may say, beside those of `hosts` over plain HTTP.
        """
        self._app = app
        self._tokens = tokens
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, or answers it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        told = self._refusal(scope)
        if isinstance(told, Caller):
            scope.setdefault("state", {})["caller"] = told
            try:
                await self._app(scope, receive, marked)
            except Exception as error:  # its text may hold anything: its type alone is logged and nothing is told
                _log.error("a request failed with %s", type(error).__name__)
                if begun:
                    raise ConnectionAbortedError("a response broke off") from None
                problem = Problem(
                    code=ProblemCode.INTERNAL,
                    message="The request failed; this is a fault of the service.",
                    hint="Try again; if it persists, look at 'wardround doctor'.",
                )
                await problem_response(problem)(scope, receive, marked)
            return
        status, problem, extra = told
        await problem_response(problem, status, extra)(scope, receive, marked)

    def _refusal(self, scope: Scope) -> Caller | tuple[int, Problem, dict[str, str]]:
        """Who calls, or with what they are sent away."""
        headers, path = Headers(scope=scope), scope["path"]
        if _name(headers.get("host", "")) not in self._hosts:
            return _no(421, "This service does not answer to that name.", "List it in [service] hosts.")
        origin = headers.get("origin")
        if origin is not None and not self._allows(origin):
            return _no(403, "Pages of that origin may not call this service.", "List it in [service] origins.")
        if path in _OPEN or not self._tokens:
            return LOCAL
        scheme, _, token = headers.get("authorization", "").partition(" ")
        caller = self._tokens.caller(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="wardround"'}
            return _no(401, "A valid bearer token is needed.", "Make one with 'wardround token NAME'.", challenge)
        needed = _needed(scope["method"], path)
        if not caller.may(needed):
            challenge = {"WWW-Authenticate": f'Bearer realm="wardround", error="insufficient_scope", scope="{needed}"'}
            return _no(403, f"This needs a token with the scope '{needed}'.", "Make one with it.", challenge)
        return caller

    def _allows(self, origin: str) -> bool:
        told = origin.rstrip("/").lower()
        parts = urlsplit(told)
        return told in self._origins or (parts.scheme == "http" and _name(parts.netloc) in self._hosts)


def _needed(method: str, path: str) -> identity.Scope:
    if path in _ADMIN:
        return identity.Scope.ADMIN
    return identity.Scope.READ if method in _READS else identity.Scope.RUN


def _name(host: str) -> str:
    """A host without its port, in lower case; an IPv6 address keeps its brackets."""
    told = host.strip().lower()
    if told.startswith("["):
        return told.partition("]")[0] + "]"
    return told.partition(":")[0]


def _no(
    status: int, message: str, hint: str, headers: dict[str, str] | None = None
) -> tuple[int, Problem, dict[str, str]]:
    code = ProblemCode.UNAUTHENTICATED if status == 401 else ProblemCode.FORBIDDEN
    return status, Problem(code=code, message=message, hint=hint), headers or {}
