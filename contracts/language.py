"""What is said to a language model and what comes back: typed, counted, and without any provider's own words."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import Field

from wardround.contracts.base import Word

__all__ = ["Heard", "LanguageModel", "Message", "ModelReply", "ModelRequest", "Picture", "Speaker", "Usage"]

# Told of each piece of the answer as it arrives; never of the thinking.
Heard = Callable[[str], None]


class Speaker(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Picture(Word):
    """A picture for a model that takes images; `data` is base64."""

    media_type: str
    data: str = Field(repr=False)


class Message(Word):
    """One turn of a conversation."""

    speaker: Speaker
    text: str
    pictures: tuple[Picture, ...] = ()


class ModelRequest(Word):
    """One question to a language model.

    `answer_schema` is the JSON Schema (draft 2020-12) that the answer must satisfy; providers that can constrain their
    decoding to it do so, the others are only told of it. `temperature` 0 asks for the likeliest answer; `seed` is
    passed on where a provider takes one.
    """

    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    schema_name: str = "answer"
    answer_schema: dict[str, Any] | None = None
    max_tokens: Annotated[int, Field(gt=0)] = 1024
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    seed: int | None = None


class Usage(Word):
    """Tokens of one call as the provider counts them; 0 where it does not say. Thinking counts as completion."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class ModelReply(Word):
    """What a model answered. `thinking` (a reasoning field, or what stood in `<think>`) is no part of the answer.

    `truncated` says that the answer was cut at a limit, the provider's or ours.
    """

    text: str
    thinking: str = ""
    model: str
    usage: Usage = Usage()
    truncated: bool = False
    seconds: float = 0.0


class LanguageModel(Protocol):
    """A provider, configured for one model.

    `ask` raises a `CallerError` where the user can mend it (REASONER_KEY, BAD_ARGUMENT) and a `Fault` where not
    (REASONER_DOWN, REASONER_FAILED, BUSY, TIMEOUT, REASONER_ANSWER). It has retried what is worth a retry.
    """

    @property
    def name(self) -> str:
        """Provider and model, such as 'openai:qwen3-32b': for records and reports, without address or key."""

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """One answer; `heard` is told of its text piece by piece as it arrives, where the provider streams."""

    async def close(self) -> None:
        """Frees connections or weights."""
