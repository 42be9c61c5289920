"""Asks a provider one question as the house would: opens it, asks, closes it; pauses between tries take no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from model_endpoints import KEY, Endpoint
from pydantic import SecretStr

from wardround.contracts.language import LanguageModel, Message, ModelReply, ModelRequest, Speaker
from wardround.providers.anthropic import AnthropicModel
from wardround.providers.openai import OpenAIModel
from wardround.providers.retrying import Patience
from wardround.providers.settings import ProviderSettings

__all__ = ["PROVIDERS", "Pauses", "ask_all", "ask_once", "open_at", "question", "settings_for"]

PROVIDERS: dict[str, Callable[[ProviderSettings, SecretStr, Patience], LanguageModel]] = {
    "openai": OpenAIModel,
    "anthropic": AnthropicModel,
}


class Pauses:
    """Notes each pause, in seconds, and takes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def wait(self, seconds: float) -> None:
        """In place of asyncio.sleep."""
        self.taken.append(seconds)


def question(text: str = "What do you see?", **more: Any) -> ModelRequest:
    """A question with an instruction before it."""
    system = Message(speaker=Speaker.SYSTEM, text="You are careful.")
    return ModelRequest(messages=(system, Message(speaker=Speaker.USER, text=text)), **more)


def settings_for(endpoint: Endpoint, provider: str = "openai", **more: Any) -> ProviderSettings:
    """Settings that lead to the endpoint."""
    return ProviderSettings(provider=provider, base_url=endpoint.url, model="stub", **{"timeout_s": 20, **more})


def open_at(endpoint: Endpoint, provider: str = "openai", pauses: Pauses | None = None, **more: Any) -> LanguageModel:
    """A client of the endpoint with the test's key."""
    settings = settings_for(endpoint, provider, **more)
    patience = Patience(settings.retries, (pauses or Pauses()).wait, lambda: 0.0)
    return PROVIDERS[provider](settings, SecretStr(KEY), patience)


def ask_all(model: LanguageModel, requests: Sequence[ModelRequest], heard: list[str] | None = None) -> list[ModelReply]:
    """The answers, one after the other; the model is closed at the end."""

    async def once() -> list[ModelReply]:
        try:
            return [await model.ask(one, heard.append if heard is not None else None) for one in requests]
        finally:
            await model.close()

    return asyncio.run(once())


def ask_once(model: LanguageModel, request: ModelRequest | None = None, heard: list[str] | None = None) -> ModelReply:
    """One answer."""
    return ask_all(model, [request or question()], heard)[0]
