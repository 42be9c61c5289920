"""Posts a question to an HTTP endpoint and reads the answer, streamed (server-sent events) or whole, into a draft.

Whatever goes wrong becomes one of our own errors; of the endpoint's words only the name of a refused parameter is read.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import ValidationError

from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError
from wardround.providers.draft import Draft
from wardround.providers.events import EventReader
from wardround.providers.retrying import Passing, Patience, retried
from wardround.providers.settings import ProviderSettings, is_loopback

__all__ = ["Declined", "Read", "Wire"]

Read = Callable[[Draft, Any], None]

_CONNECT_S = 10.0
_MOST_BYTES = 16 * 1024 * 1024
_MOST_ERROR_BYTES = 16 * 1024
_PARAMETER = re.compile(r"[a-z_.]{1,60}")
_RETRIED = frozenset({408, 429, 529})


class Declined(Exception):
    """The endpoint cannot take the question in this form (400, 422).

    `parameter` is what it names as the cause, '' where it names none; `error` is what becomes of it where the question
    cannot be put otherwise.
    """

    def __init__(self, error: WardroundError, parameter: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.parameter = parameter


class Wire:
    """The connections to one endpoint. `headers` is asked anew for each request, so that no client object holds a key.

    Redirects are not followed, compressed answers are not asked for, and the proxies of the environment are used for
    other machines only.
    """

    def __init__(
        self, settings: ProviderSettings, url: str, headers: Callable[[], Mapping[str, str]], patience: Patience
    ) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, the address is none.
        """
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, "base_url is no address.", "For example https://host.example/v1."
            ) from None
        self._headers = headers
        self._model = settings.model
        self._timeout_s = settings.timeout_s
        self._patience = patience
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.timeout_s, connect=min(_CONNECT_S, settings.timeout_s)),
            trust_env=not is_loopback(url),
            # Reading the certificates takes longer than a question to this machine does.
            verify=not (is_loopback(url) and url.startswith("http://")),
            follow_redirects=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "wardround"},
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def within(self) -> AsyncIterator[float]:
        """A block that ends after timeout_s, whatever it does; gives the deadline on the running loop's clock.

        Raises:
            Fault: TIMEOUT.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                yield asyncio.get_running_loop().time() + self._timeout_s
        except TimeoutError:
            raise self._late() from None

    async def converse(
        self, body: Mapping[str, Any], draft: Callable[[], Draft], event: Read, whole: Read, deadline: float
    ) -> Draft:
        """The draft of the first attempt that succeeds.

        Args:
            draft: makes an empty draft for each attempt.
            event: reads one event of a stream into it.
            whole: reads a reply that came in one piece.

        Raises:
            Declined: the endpoint cannot take the question in this form.
            CallerError, Fault: as `LanguageModel.ask`.
        """

        async def attempt() -> Draft:
            fresh = draft()
            try:
                await self._attempt(body, fresh, event, whole)
            except Passing as passing:
                if fresh.spoken:  # its pieces were heard: a second answer must not follow half of a first
                    raise passing.error from None
                raise
            return fresh

        return await retried(attempt, self._patience, deadline)

    async def _attempt(self, body: Mapping[str, Any], draft: Draft, event: Read, whole: Read) -> None:
        try:
            async with self._client.stream("POST", self._url, json=body, headers=self._headers()) as response:
                if response.status_code != 200:
                    raise await self._refusal(response)
                await self._read(response, draft, event, whole)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise self._late() from None
        except httpx.TransportError:
            raise Passing(
                Fault(
                    ProblemCode.REASONER_DOWN,
                    "The language model's endpoint cannot be reached, or broke off.",
                    "Check that it runs, and base_url.",
                )
            ) from None
        except httpx.HTTPError:
            raise self._garbled() from None

    async def _read(self, response: httpx.Response, draft: Draft, event: Read, whole: Read) -> None:
        reader = EventReader()
        total = 0
        try:
            async for chunk in response.aiter_raw():
                total += len(chunk)
                for data in reader.feed(chunk):
                    event(draft, json.loads(data))
                    if draft.full:
                        return
                if reader.done:
                    break
                if reader.plain and total > _MOST_BYTES:
                    raise self._garbled()
            for data in reader.finish():
                event(draft, json.loads(data))
            if reader.plain:
                whole(draft, json.loads(reader.body))
            elif not reader.events:
                raise self._garbled()
            draft.ended = draft.ended or reader.done
        except (ValueError, RecursionError, ValidationError):  # no UTF-8, no JSON, too long a line, or another shape
            raise self._garbled() from None

    async def _refusal(self, response: httpx.Response) -> Exception:
        status = response.status_code
        if status in (400, 422):
            return Declined(self._bad(status), await _refused_parameter(response))
        if status in _RETRIED or status >= 500:
            return Passing(self._overload(status), _retry_after(response.headers.get("Retry-After")))
        if status in (401, 403):
            return CallerError(
                ProblemCode.REASONER_KEY,
                f"The language model's endpoint refused the key ({status}).",
                "Check what key_env or key_file names, and that this key may use the model.",
            )
        if status == 404:
            return CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The endpoint knows no model '{self._model}', or base_url leads elsewhere (404).",
                "Check model and base_url.",
            )
        return self._bad(status)

    def _overload(self, status: int) -> Fault:
        if status == 429:
            return Fault(
                ProblemCode.BUSY,
                "The language model's endpoint is busy, or a quota is spent (429).",
                "Try again later.",
            )
        if status == 408:
            return self._late()
        return Fault(
            ProblemCode.REASONER_FAILED, f"The language model's endpoint failed ({status}).", "Look at its log."
        )

    def _bad(self, status: int) -> CallerError:
        return CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The language model's endpoint refused the question ({status}).",
            "Check model, base_url and max_tokens, and that the question fits the model's context.",
        )

    def _late(self) -> Fault:
        return Fault(
            ProblemCode.TIMEOUT,
            f"The language model did not answer within {self._timeout_s:g} s.",
            "Raise timeout_s, lower max_tokens, or choose a faster model.",
        )

    def _garbled(self) -> Fault:
        return Fault(
            ProblemCode.REASONER_ANSWER,
            "What the endpoint sent is no answer of a language model.",
            "Check that base_url is the address of such an API.",
        )


def _retry_after(value: str | None) -> float | None:
    """Seconds; the header's other form, a date, is taken as no wish."""
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


async def _refused_parameter(response: httpx.Response) -> str:
    """The parameter that an OpenAI-like error names, '' where it names none."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MOST_ERROR_BYTES:
            return ""
    try:
        named = json.loads(body)["error"]["param"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return named if isinstance(named, str) and _PARAMETER.fullmatch(named) else ""
