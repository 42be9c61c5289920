"""The embedder 'openai': any OpenAI-compatible endpoint of embeddings. Texts of cases leave this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.providers.draft import Draft
from wardround.providers.keys import Key
from wardround.providers.retrying import Patience
from wardround.providers.settings import ProviderSettings
from wardround.providers.wire import Declined, Wire

__all__ = ["EndpointEmbedder"]

_AT_ONCE = 32
# Within the 8,192 tokens that hosted models take, for English and for Chinese; what lies beyond is not compared.
_MOST_CHARS = 6_000

Floats = NDArray[np.float32]


class _Vector(Word):
    index: Annotated[int, Field(ge=0)]
    embedding: Annotated[tuple[float, ...], Field(min_length=1, max_length=16_384)]


class _Reply(Word):
    data: tuple[_Vector, ...]


class _Vectors(Draft):
    """One answer of the endpoint."""

    def __init__(self) -> None:
        super().__init__(None, 1)
        self.rows: dict[int, tuple[float, ...]] = {}


def _take(draft: Draft, data: Any) -> None:
    assert isinstance(draft, _Vectors)
    draft.rows = {one.index: one.embedding for one in _Reply.model_validate(data).data}


class EndpointEmbedder:
    """One model of one endpoint, reached with the settings, the patience and the care for keys of `providers`."""

    def __init__(self, settings: ProviderSettings, key: Key | None, patience: Patience | None = None) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, no model or no address is named; there is no default for where cases are sent.
        """
        if not settings.model or not settings.base_url:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The embedder 'openai' needs a model and an address.",
                "Set WARDROUND_CASES_MODEL and WARDROUND_CASES_URL, for example to http://127.0.0.1:11434/v1.",
            )
        self._settings = settings
        self._key = key
        self._patience = patience or Patience(settings.retries)
        # An event loop of its own, since whoever asks may be on the thread of another.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embeddings")

    @property
    def name(self) -> str:
        """Provider and model, without the address."""
        return f"openai:{self._settings.model}"

    @property
    def version(self) -> str:
        """The model's own version is not known here: the form in which it is asked stands for it."""
        return f"asked for {_MOST_CHARS} characters"

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions) of unit length; an empty text is zeros.

        Raises:
            CallerError: REASONER_KEY or BAD_ARGUMENT, the endpoint refuses.
            Fault: REASONER_DOWN, REASONER_FAILED, REASONER_ANSWER, BUSY or TIMEOUT.
        """
        full = [place for place, text in enumerate(texts) if text.strip()]
        if not full:
            return np.zeros((len(texts), 0), dtype=np.float32)
        told = self._thread.submit(lambda: asyncio.run(self._all([texts[place][:_MOST_CHARS] for place in full])))
        rows = told.result()
        vectors = np.zeros((len(texts), rows.shape[1]), dtype=np.float32)
        vectors[full] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return vectors

    async def _all(self, texts: Sequence[str]) -> Floats:
        wire = Wire(self._settings, f"{self._settings.base_url}/embeddings", self._headers, self._patience)
        rows: list[tuple[float, ...]] = []
        try:
            for start in range(0, len(texts), _AT_ONCE):
                rows += await self._some(wire, texts[start : start + _AT_ONCE])
        finally:
            await wire.close()
        if len({len(row) for row in rows}) != 1:
            raise _garbled()
        return np.array(rows, dtype=np.float32)

    async def _some(self, wire: Wire, texts: Sequence[str]) -> list[tuple[float, ...]]:
        body = {"model": self._settings.model, "input": list(texts)}
        async with wire.within() as deadline:
            try:
                answer = await wire.converse(body, _Vectors, _take, _take, deadline)
            except Declined as declined:
                raise declined.error from None
        assert isinstance(answer, _Vectors)
        if set(answer.rows) != set(range(len(texts))):
            raise _garbled()
        return [answer.rows[place] for place in range(len(texts))]

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}


def _garbled() -> Fault:
    return Fault(
        ProblemCode.REASONER_ANSWER,
        "What the endpoint of embeddings sent is no vector for each text.",
        "Check WARDROUND_CASES_URL and WARDROUND_CASES_MODEL.",
    )
