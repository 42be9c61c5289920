"""Any OpenAI-compatible endpoint (vLLM, Ollama, llama.cpp, hosted ones), over its chat completions.

What an endpoint refuses (a JSON schema, a seed, `max_tokens`) is left out or said otherwise, and that is remembered.
Reference: OpenAI API, Create chat completion.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.language import Heard, Message, ModelReply, ModelRequest, Usage
from wardround.providers.draft import Draft
from wardround.providers.keys import Key
from wardround.providers.retrying import Passing, Patience
from wardround.providers.schema import in_words, is_strict
from wardround.providers.settings import ProviderSettings
from wardround.providers.wire import Declined, Wire

__all__ = ["OpenAIModel"]

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
# The ways to ask for a typed answer, best first.
_FORMATS = ("json_schema", "json_object", "none")


@dataclass(frozen=True)
class _Dialect:
    """What this endpoint is known, or still believed, to understand."""

    answer_format: str = _FORMATS[0]
    limit: str = "max_tokens"
    temperature: bool = True
    seed: bool = True
    usage: bool = True

    def without(self, parameter: str, *, typed: bool) -> _Dialect | None:
        """The next plainer dialect for a question that wants a typed answer or not; None where none is left to try."""
        if parameter == "max_tokens" and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if parameter == "temperature" and self.temperature:
            return replace(self, temperature=False)
        if parameter == "seed" and self.seed:
            return replace(self, seed=False)
        if parameter.startswith("stream_options") and self.usage:
            return replace(self, usage=False)
        if typed and self.answer_format != _FORMATS[-1]:
            return replace(self, answer_format=_FORMATS[_FORMATS.index(self.answer_format) + 1])
        return replace(self, usage=False) if self.usage else None


class _Said(Word):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(Word):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None


class _Tokens(Word):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(Word):
    choices: tuple[_Choice, ...] = ()
    usage: _Tokens | None = None
    model: str | None = None
    error: Any = None


class OpenAIModel:
    """One model of one endpoint. Close it in the event loop in which it was asked."""

    def __init__(self, settings: ProviderSettings, key: Key | None, patience: Patience | None = None) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, no model or no address is named; there is no default for where a case is sent.
        """
        if not settings.model or not settings.base_url:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "An OpenAI-compatible language model needs 'model' and 'base_url'.",
                "For example model = 'qwen3' and base_url = 'http://127.0.0.1:11434/v1'.",
            )
        self._settings = settings
        self._key = key
        self._dialect = _Dialect()
        self._thinks_first = False
        self._wire = Wire(
            settings,
            f"{settings.base_url}/chat/completions",
            self._headers,
            patience or Patience(settings.retries),
        )

    @property
    def name(self) -> str:
        """Provider and model, without the address."""
        return f"openai:{self._settings.model}"

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """One answer; see `LanguageModel.ask`."""
        begun = time.perf_counter()

        def draft() -> Draft:
            return Draft(heard, request.max_tokens, thinks_first=self._thinks_first)

        dialect = self._dialect
        async with self._wire.within() as deadline:
            while True:
                try:
                    finished = await self._wire.converse(self._body(request, dialect), draft, _event, _whole, deadline)
                    break
                except Declined as declined:
                    plainer = dialect.without(declined.parameter, typed=request.answer_schema is not None)
                    if plainer is None:
                        raise declined.error from None
                    dialect = plainer
        reply = finished.reply(self._settings.model, time.perf_counter() - begun)
        self._thinks_first = finished.thinks_first
        self._dialect = dialect
        return reply

    async def close(self) -> None:
        """Closes the connections."""
        await self._wire.close()

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}

    def _body(self, request: ModelRequest, dialect: _Dialect) -> dict[str, Any]:
        messages = [_spoken(message) for message in request.messages]
        body: dict[str, Any] = {
            "model": self._settings.model,
            "messages": messages,
            dialect.limit: request.max_tokens,
            "stream": True,
        }
        if dialect.temperature:
            body["temperature"] = request.temperature
        if dialect.seed and request.seed is not None:
            body["seed"] = request.seed
        if dialect.usage:
            body["stream_options"] = {"include_usage": True}
        if request.answer_schema is not None:
            if dialect.answer_format == "json_schema":
                schema = request.answer_schema
                name = _NO_NAME.sub("_", request.schema_name)[:64]
                form = {"name": name, "schema": schema, "strict": is_strict(schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": form}
            else:
                messages[-1] = _with_more(messages[-1], in_words(request.answer_schema))
                if dialect.answer_format == "json_object":
                    body["response_format"] = {"type": "json_object"}
        return body


def _spoken(message: Message) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.speaker.value, "content": message.text}
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{picture.data}"}}
        for picture in message.pictures
    ]
    return {"role": message.speaker.value, "content": [{"type": "text", "text": message.text}, *pictures]}


def _with_more(message: dict[str, Any], text: str) -> dict[str, Any]:
    """The message with a paragraph more."""
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": f"{content}\n\n{text}"}
    return {**message, "content": [*content, {"type": "text", "text": text}]}


def _event(draft: Draft, data: Any) -> None:
    _take(draft, _Reply.model_validate(data))


def _whole(draft: Draft, data: Any) -> None:
    reply = _Reply.model_validate(data)
    if not reply.choices and reply.error is None:
        raise ValueError("a reply without choices")
    _take(draft, reply)
    draft.ended = True


def _take(draft: Draft, reply: _Reply) -> None:
    if reply.error is not None:
        raise Passing(
            Fault(
                ProblemCode.REASONER_FAILED,
                "The language model's endpoint failed while it answered.",
                "Look at its log.",
            )
        )
    draft.model = reply.model or draft.model
    if reply.usage is not None:
        draft.usage = Usage(
            prompt_tokens=reply.usage.prompt_tokens or 0, completion_tokens=reply.usage.completion_tokens or 0
        )
    for choice in reply.choices[:1]:
        said = choice.delta or choice.message or _Said()
        draft.think(said.reasoning_content or said.reasoning or "")
        draft.say(said.content or "")
        if choice.finish_reason is not None:
            draft.ended = True
            draft.truncated = choice.finish_reason == "length"
