"""Asks a language model for a typed answer: one question, one repair turn, then a typed failure; it never raises."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from wardround.contracts.base import Digest, Word
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.contracts.language import Heard, LanguageModel, Message, ModelReply, ModelRequest, Speaker, Usage
from wardround.providers.extract import json_objects
from wardround.providers.schema import answer_schema

__all__ = ["Exchange", "Typed", "ask_typed", "repair_words", "request_digest"]

Answer = TypeVar("Answer", bound=Word)

_FAULTS_TOLD = 8
_FAULT_CHARS = 300
# Of a broken answer the model is shown the beginning: enough to see the form, too little to overflow its context.
_SHOWN_BACK = 4000
_log = logging.getLogger(__name__)


class Exchange(Word):
    """One call to a model as a run's record keeps it: what was asked (by digest), what came back, and what was wrong.

    `problem` is the provider's failure, or says that the answer broke its schema; None: the answer was good.
    """

    request: Digest
    model: str
    text: str = ""
    thinking: str = ""
    usage: Usage = Usage()
    truncated: bool = False
    seconds: float = 0.0
    problem: Problem | None = None


@dataclass(frozen=True)
class Typed(Generic[Answer]):
    """Exactly one of `value` and `problem` is None. `exchanges` holds every call, in order, failed ones too."""

    value: Answer | None
    problem: Problem | None
    exchanges: tuple[Exchange, ...]


def request_digest(request: ModelRequest) -> str:
    """SHA-256 of the whole request (messages, schema, parameters) as canonical JSON, `sha256:` before it."""
    data = request.model_dump(mode="json")
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode('ascii')).hexdigest()}"


def repair_words(faults: str) -> str:
    """The repair turn where the caller words none of its own; `faults` has one fault a line."""
    return (
        f"That answer cannot be used:\n{faults}\n"
        "Answer the same question again with one JSON object of the required form, and nothing else."
    )


async def ask_typed(
    model: LanguageModel,
    request: ModelRequest,
    returns: type[Answer],
    *,
    heard: Heard | None = None,
    repair_prompt: Callable[[str], str] = repair_words,
) -> Typed[Answer]:
    """One answer of the type `returns`, whose schema becomes the request's `answer_schema`.

    An answer outside the schema gets one repair turn that states the faults; a second one is the problem
    REASONER_ANSWER. What the provider raises becomes `problem`; a cancellation alone passes through.

    Args:
        returns: should have a required field, since an object that sets nothing would otherwise be an answer.
        heard: is told of the pieces of every turn's text.
        repair_prompt: words the repair turn from the faults: the place and the rule, one a line, 300 characters each.
    """
    asked = request.model_copy(update={"answer_schema": answer_schema(returns)})
    exchanges: list[Exchange] = []
    question = asked
    while True:
        reply, exchange = await _ask(model, question, heard)
        exchanges.append(exchange)
        if reply is None:
            return Typed(None, exchange.problem, tuple(exchanges))
        value, faults = _read(reply, returns)
        if value is not None:
            return Typed(value, None, tuple(exchanges))
        problem = Problem(
            code=ProblemCode.REASONER_ANSWER,
            message=f"The language model '{model.name}' gave no answer of the required form: {faults[0]}.",
            hint="A larger model, a higher max_tokens, or an endpoint that honours JSON schemas may help.",
        )
        exchanges[-1] = exchange.model_copy(update={"problem": problem})
        if len(exchanges) > 1:
            return Typed(None, problem, tuple(exchanges))
        repair = (
            Message(speaker=Speaker.ASSISTANT, text=reply.text[:_SHOWN_BACK].strip() or "(no answer)"),
            Message(speaker=Speaker.USER, text=repair_prompt("\n".join(f"- {fault}" for fault in faults))),
        )
        question = asked.model_copy(update={"messages": (*asked.messages, *repair)})


async def _ask(model: LanguageModel, request: ModelRequest, heard: Heard | None) -> tuple[ModelReply | None, Exchange]:
    """The reply, or None with the problem in the exchange."""
    digest = request_digest(request)
    begun = time.perf_counter()
    try:
        reply = await model.ask(request, heard)
    except WardroundError as error:
        problem = error.problem
    except Exception as error:  # a provider may be anyone's: its text may hold anything, so its type alone is told
        _log.error("the language model '%s' failed with %s", model.name, type(error).__name__)
        problem = Problem(
            code=ProblemCode.REASONER_FAILED,
            message=f"The client of the language model '{model.name}' failed with {type(error).__name__}.",
            hint="This is a fault of the client, not of the question.",
        )
    else:
        return reply, Exchange(
            request=digest,
            model=reply.model,
            text=reply.text,
            thinking=reply.thinking,
            usage=reply.usage,
            truncated=reply.truncated,
            seconds=reply.seconds,
        )
    seconds = time.perf_counter() - begun
    return None, Exchange(request=digest, model=model.name, seconds=seconds, problem=problem)


def _read(reply: ModelReply, returns: type[Answer]) -> tuple[Answer | None, tuple[str, ...]]:
    """The first object that is an answer; without one, the faults of the first that is at least JSON."""
    faults: tuple[str, ...] = ()
    for candidate in json_objects(reply.text):
        try:
            return returns.model_validate_json(candidate), ()
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
        if not faults and details[0]["type"] != "json_invalid":
            faults = tuple(_fault(detail["loc"], detail["msg"]) for detail in details[:_FAULTS_TOLD])
    if reply.truncated:
        return None, (*faults, "it was cut off at the length limit; be briefer")
    return None, faults or ("it holds no complete JSON object",)


def _fault(place: tuple[int | str, ...], rule: str) -> str:
    return f"{'.'.join(map(str, place)) or 'the whole'}: {rule}"[:_FAULT_CHARS]
