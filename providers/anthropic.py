"""Anthropic's Messages API; a typed answer is the input of a tool that the model is made to call.

Reference: Anthropic API, Messages and Streaming Messages, version 2023-06-01.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.language import Heard, Message, ModelReply, ModelRequest, Speaker, Usage
from wardround.providers.draft import Draft
from wardround.providers.keys import Key
from wardround.providers.retrying import Passing, Patience
from wardround.providers.settings import ProviderSettings
from wardround.providers.wire import Declined, Wire

__all__ = ["AnthropicModel"]

_ADDRESS = "https://api.anthropic.com"
_VERSION = "2023-06-01"
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
_TOOL_WORDS = "Gives the answer."


class _Delta(Word):
    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Block(Word):
    type: str = ""
    text: str = ""
    thinking: str = ""
    input: dict[str, Any] | None = None


class _Tokens(Word):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None


class _Reply(Word):
    model: str = ""
    content: tuple[_Block, ...] = ()
    usage: _Tokens | None = None
    stop_reason: str | None = None


class _Event(Word):
    type: str
    message: _Reply | None = None
    delta: _Delta | None = None
    usage: _Tokens | None = None


class AnthropicModel:
    """One of Anthropic's models. Close it in the event loop in which it was asked."""

    def __init__(self, settings: ProviderSettings, key: Key | None, patience: Patience | None = None) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, no model is named; REASONER_KEY, no place for a key is.
        """
        if not settings.model:
            raise CallerError(ProblemCode.BAD_ARGUMENT, "The provider 'anthropic' needs 'model'.")
        if key is None:
            raise CallerError(
                ProblemCode.REASONER_KEY,
                "The provider 'anthropic' needs a key.",
                "Name its place, for example key_env = 'ANTHROPIC_API_KEY'.",
            )
        self._settings = settings
        self._key = key
        self._takes_temperature = True
        base = (settings.base_url or _ADDRESS).removesuffix("/v1")
        self._wire = Wire(settings, f"{base}/v1/messages", self._headers, patience or Patience(settings.retries))

    @property
    def name(self) -> str:
        """Provider and model."""
        return f"anthropic:{self._settings.model}"

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """One answer; see `LanguageModel.ask`. A seed is not passed on: the API takes none."""
        begun = time.perf_counter()
        typed = request.answer_schema is not None

        def event(draft: Draft, data: Any) -> None:
            _take_event(draft, _Event.model_validate(data), typed)

        def whole(draft: Draft, data: Any) -> None:
            _take_whole(draft, _Reply.model_validate(data), typed)

        temperature = self._takes_temperature
        async with self._wire.within() as deadline:
            while True:
                try:
                    finished = await self._wire.converse(
                        self._body(request, temperature),
                        lambda: Draft(heard, request.max_tokens),
                        event,
                        whole,
                        deadline,
                    )
                    break
                except Declined as declined:
                    if not temperature:
                        raise declined.error from None
                    temperature = False
        self._takes_temperature = temperature
        return finished.reply(self._settings.model, time.perf_counter() - begun)

    async def close(self) -> None:
        """Closes the connections."""
        await self._wire.close()

    def _headers(self) -> Mapping[str, str]:
        return {"x-api-key": self._key.get_secret_value(), "anthropic-version": _VERSION}

    def _body(self, request: ModelRequest, temperature: bool) -> dict[str, Any]:
        system = "\n\n".join(one.text for one in request.messages if one.speaker is Speaker.SYSTEM)
        body: dict[str, Any] = {
            "model": self._settings.model,
            "max_tokens": request.max_tokens,
            "messages": [_spoken(one) for one in request.messages if one.speaker is not Speaker.SYSTEM],
            "stream": True,
        }
        if system:
            body["system"] = system
        if temperature:
            body["temperature"] = min(request.temperature, 1.0)
        if request.answer_schema is not None:
            name = _NO_NAME.sub("_", request.schema_name)[:64]
            body["tools"] = [{"name": name, "description": _TOOL_WORDS, "input_schema": request.answer_schema}]
            body["tool_choice"] = {"type": "tool", "name": name, "disable_parallel_tool_use": True}
        return body


def _spoken(message: Message) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.speaker.value, "content": message.text}
    pictures = [
        {"type": "image", "source": {"type": "base64", "media_type": picture.media_type, "data": picture.data}}
        for picture in message.pictures
    ]
    return {"role": message.speaker.value, "content": [*pictures, {"type": "text", "text": message.text}]}


def _take_event(draft: Draft, event: _Event, typed: bool) -> None:
    if event.type == "error":
        raise Passing(
            Fault(
                ProblemCode.REASONER_FAILED,
                "The language model's endpoint failed while it answered.",
                "Try again later.",
            )
        )
    if event.message is not None:
        draft.model = event.message.model
        _count(draft, event.message.usage)
    _count(draft, event.usage)
    if event.delta is not None:
        draft.think(event.delta.thinking)
        draft.say(event.delta.partial_json)
        # Where an answer is asked for by a tool, text beside the tool is the model talking to itself.
        (draft.mutter if typed else draft.say)(event.delta.text)
        _stop(draft, event.delta.stop_reason)


def _take_whole(draft: Draft, reply: _Reply, typed: bool) -> None:
    draft.model = reply.model
    _count(draft, reply.usage)
    for block in reply.content:
        draft.think(block.thinking)
        if block.input is not None:
            draft.say(json.dumps(block.input, ensure_ascii=False))
        else:
            (draft.mutter if typed else draft.say)(block.text)
    _stop(draft, reply.stop_reason)
    draft.ended = True


def _count(draft: Draft, tokens: _Tokens | None) -> None:
    """Takes the counts that are told; those of the output are sums so far, not differences."""
    if tokens is None:
        return
    read = (tokens.input_tokens, tokens.cache_creation_input_tokens, tokens.cache_read_input_tokens)
    asked = sum(count or 0 for count in read)
    draft.usage = Usage(
        prompt_tokens=max(asked, draft.usage.prompt_tokens),
        completion_tokens=tokens.output_tokens or draft.usage.completion_tokens,
    )


def _stop(draft: Draft, reason: str | None) -> None:
    if reason is not None:
        draft.ended = True
        draft.truncated = reason == "max_tokens"
