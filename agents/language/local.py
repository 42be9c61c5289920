"""The provider 'transformers': a language model in this process, from files that are already on this machine."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING

from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.language import Heard, LanguageModel, ModelReply, ModelRequest
from wardround.providers.draft import Draft
from wardround.providers.settings import ProviderSettings

if TYPE_CHECKING:
    from wardround.agents.language.generation import Generator

__all__ = ["LocalModel", "build"]


def build(settings: ProviderSettings) -> LanguageModel:
    """The model; its weights are read when it is first asked.

    Raises:
        CallerError: BAD_ARGUMENT; no model is named, or the libraries are not installed.
    """
    if not settings.model:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The provider 'transformers' needs 'model'.",
            "Name a folder, a GGUF file, or a model that is in the local cache.",
        )
    if any(find_spec(library) is None for library in ("transformers", "accelerate")):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The provider 'transformers' needs libraries that are not installed.",
            "pip install wardround[local]",
        )
    return LocalModel(settings)


class LocalModel:
    """One model and the one thread on which it is loaded and asked: questions wait for each other.

    Reading the weights is not counted into timeout_s. A question that is cancelled, or out of time, ends at its next
    token.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="language-model")
        self._generator: Generator | None = None
        self._closed = threading.Event()
        self._thinks_first = False

    @property
    def name(self) -> str:
        """Provider and model; of a path only the last part."""
        return f"transformers:{self._model}"

    @property
    def _model(self) -> str:
        path = PurePath(self._settings.model)
        is_hub_name = len(path.parts) == 2 and not path.is_absolute() and path.parts[0] not in {".", "..", "~"}
        return str(path) if is_hub_name and not path.suffix else path.name

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """One answer; see `LanguageModel.ask`. JSON is asked for in words: the decoding is not constrained.

        Raises:
            CallerError: BAD_ARGUMENT; there is no such model here, it takes no pictures, or the question is too long.
            Fault: TIMEOUT, REASONER_FAILED.
        """
        if any(message.pictures for message in request.messages):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The provider 'transformers' takes no pictures.",
                "Serve the model behind an OpenAI-compatible endpoint, and use the provider 'openai'.",
            )
        begun = time.perf_counter()
        loop = asyncio.get_running_loop()
        generator = self._generator
        if generator is None:
            generator = await loop.run_in_executor(self._thread, self._load)
        draft = Draft(heard, request.max_tokens, thinks_first=self._thinks_first)
        stop = threading.Event()
        asker = copy_context()  # whoever hears the pieces may look for their own context, which a thread has not

        def say(piece: str) -> None:
            loop.call_soon_threadsafe(note, piece, context=asker)

        def note(piece: str) -> None:
            if not stop.is_set():  # else nobody listens any more
                draft.say(piece)

        def stopped() -> bool:
            return stop.is_set() or self._closed.is_set() or draft.full

        try:
            async with asyncio.timeout(self._settings.timeout_s):
                done = await loop.run_in_executor(self._thread, generator.generate, request, say, stopped)
        except TimeoutError:
            raise Fault(
                ProblemCode.TIMEOUT,
                f"The language model did not answer within {self._settings.timeout_s:g} s.",
                "Raise timeout_s, lower max_tokens, or choose a smaller model.",
            ) from None
        finally:
            stop.set()
        draft.usage, draft.truncated, draft.ended = done.usage, done.truncated, True
        self._thinks_first = draft.thinks_first
        return draft.reply(self._model, time.perf_counter() - begun)

    async def close(self) -> None:
        """Ends what is running at its next token, and lets go of the weights."""
        self._closed.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._generator = None

    def _load(self) -> Generator:
        if self._generator is None:
            from wardround.agents.language.generation import Generator

            self._generator = Generator(self._settings.model, self._settings.context_tokens)
        return self._generator
