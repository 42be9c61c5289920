"""Typed answers: found among prose, repaired once, failed in a typed way, and every exchange kept."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from model_asking import PROVIDERS, open_at, question
from model_endpoints import Answer, Endpoint, Script, anthropic_stream, endless, in_turn, never, refuses, says, streams
from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, Problem, ProblemCode
from wardround.contracts.evidence import Polarity
from wardround.contracts.language import Heard, LanguageModel, ModelReply, ModelRequest
from wardround.contracts.reasoning import DraftClaim
from wardround.providers.extract import json_objects
from wardround.providers.metering import Meter, Prices, Spent
from wardround.providers.schema import answer_schema, is_strict
from wardround.providers.settings import ProviderSettings
from wardround.providers.typed import Typed, ask_typed, request_digest


class Verdict(Word):
    """What a test asks for."""

    finding: Annotated[str, Field(max_length=20, description="A coded finding.")]
    polarity: Polarity
    note: str = ""


class Verdicts(Word):
    """Several."""

    verdicts: tuple[Verdict, ...]


GOOD = '{"finding": "Mass", "polarity": "absent"}'
BAD = '{"finding": "Mass", "polarity": "perhaps"}'
MASS = Verdict(finding="Mass", polarity=Polarity.ABSENT)


def _typed(script: Script, provider: str = "openai", **more: Any) -> tuple[Typed[Verdict], Endpoint]:
    async def once(model: LanguageModel) -> Typed[Verdict]:
        try:
            return await ask_typed(model, question(), Verdict)
        finally:
            await model.close()

    with Endpoint.running(script) as endpoint:
        return asyncio.run(once(open_at(endpoint, provider, **more))), endpoint


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here {{is}} my answer:\n{GOOD}\nI hope it helps {{}}.",
        f"<think>maybe {BAD}</think>{GOOD}",
        f"First I thought {BAD}, but: {GOOD}",
    ],
)
def test_an_answer_is_found_among_what_a_model_writes_around_it(text: str) -> None:
    answer, endpoint = _typed(says(text))
    assert (answer.value, answer.problem) == (MASS, None)
    (exchange,) = answer.exchanges
    assert exchange.problem is None and exchange.usage.completion_tokens == 5
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_a_broken_answer_is_repaired_in_one_turn_that_says_what_was_wrong(provider: str) -> None:
    answers = (streams(BAD), streams(GOOD)) if provider == "openai" else (_tool(BAD), _tool(GOOD))
    answer, endpoint = _typed(in_turn(*answers), provider)
    assert answer.value == MASS
    first, second = answer.exchanges
    assert first.problem is not None and first.problem.code is ProblemCode.REASONER_ANSWER
    assert second.problem is None
    assert first.request != second.request
    assert "- polarity: Input should be 'present', 'absent' or 'uncertain'" in endpoint.requests[1].words
    assert BAD in endpoint.requests[1].words


def _tool(text: str) -> Answer:
    return anthropic_stream(("tool", text), stop="tool_use")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BAD, "polarity"),
        ("I see a mass.", "no complete JSON object"),
        ("右侧胸腔积液可能存在。", "no complete JSON object"),
        ("", "no complete JSON object"),
        ("[1, 2]", "no complete JSON object"),
        ('{"verdicts": [' + GOOD, "no complete JSON object"),
        ('{"finding": "' + "x" * 5000 + '", "polarity": "absent"}', "finding"),
        ("{" * 40_000, "no complete JSON object"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "no complete JSON object"),
    ],
)
def test_two_broken_answers_are_a_typed_failure_that_repeats_nothing_of_them(text: str, told: str) -> None:
    answer, endpoint = _typed(says(text))
    assert answer.value is None
    assert answer.problem is not None and answer.problem.code is ProblemCode.REASONER_ANSWER
    assert told in answer.problem.message and len(answer.problem.message) < 500
    assert len(answer.exchanges) == len(endpoint.requests) == 2
    assert len(endpoint.requests[1].words) < 6000
    for foreign in ("perhaps", "胸", "xxxx"):
        assert foreign not in str(answer.problem)


def test_an_answer_without_end_is_a_typed_failure_that_says_so() -> None:
    answer, _ = _typed(in_turn(lambda: endless("word ")))
    assert answer.problem is not None and answer.problem.code is ProblemCode.REASONER_ANSWER
    assert "cut off" in answer.problem.message
    assert all(exchange.truncated for exchange in answer.exchanges)


@pytest.mark.parametrize("provider", list(PROVIDERS))
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (refuses(401), ProblemCode.REASONER_KEY),
        (refuses(500), ProblemCode.REASONER_FAILED),
        (never(), ProblemCode.TIMEOUT),
    ],
)
def test_a_failing_provider_is_a_problem_and_nothing_is_raised(provider: str, reply: Answer, code: ProblemCode) -> None:
    answer, _ = _typed(in_turn(reply), provider, timeout_s=0.5)
    assert answer.value is None
    assert answer.problem is not None and answer.problem.code is code
    (exchange,) = answer.exchanges
    assert (exchange.problem, exchange.text) == (answer.problem, "")


class _Scripted:
    """A provider that raises what it is given."""

    name = "scripted:one"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        raise self._error

    async def close(self) -> None:
        return


def test_a_provider_that_is_itself_broken_is_a_problem_without_its_words() -> None:
    answer = asyncio.run(ask_typed(_Scripted(KeyError("patient Smith")), question(), Verdict))
    assert answer.problem is not None and answer.problem.code is ProblemCode.REASONER_FAILED
    assert "KeyError" in answer.problem.message and "Smith" not in str(answer.problem)


def test_a_cancellation_passes_through() -> None:
    async def once() -> None:
        with pytest.raises(asyncio.CancelledError):
            await ask_typed(_Scripted(asyncio.CancelledError()), question(), Verdict)

    asyncio.run(once())


def test_the_caller_may_word_the_repair_turn_and_hear_all_turns() -> None:
    heard: list[str] = []

    async def once(model: LanguageModel) -> None:
        await ask_typed(
            model, question(), Verdict, heard=heard.append, repair_prompt=lambda faults: f"Once more! {faults}"
        )
        await model.close()

    with Endpoint.running(in_turn(streams(BAD), streams(GOOD))) as endpoint:
        asyncio.run(once(open_at(endpoint)))
    assert endpoint.requests[1].body["messages"][-1]["content"].startswith("Once more! - polarity")
    assert "".join(heard) == BAD + GOOD


def test_a_request_s_digest_depends_on_all_of_it_and_on_nothing_else() -> None:
    assert request_digest(question("a")) == request_digest(question("a"))
    changed = [question("b"), question("a", seed=1), question("a", max_tokens=9), question("a", answer_schema={})]
    assert len({request_digest(one) for one in [question("a"), *changed]}) == 5


def test_a_schema_is_closed_says_what_fields_mean_and_leaves_defaults_optional() -> None:
    schema = answer_schema(Verdicts)
    inner = schema["$defs"]["Verdict"]
    assert schema["additionalProperties"] is inner["additionalProperties"] is False
    assert inner["required"] == ["finding", "polarity"]
    assert inner["properties"]["finding"] == {"maxLength": 20, "type": "string", "description": "A coded finding."}
    assert "title" not in str(schema) and "default" not in str(schema)
    assert "What a test asks for" not in str(schema)
    assert not is_strict(schema)


def test_a_field_that_is_called_title_is_kept() -> None:
    class Book(Word):
        title: str
        default: int

    schema = answer_schema(Book)
    assert set(schema["properties"]) == {"title", "default"}
    assert is_strict(schema)


def test_a_free_mapping_is_not_strict() -> None:
    class Free(Word):
        scores: dict[str, float]

    assert not is_strict(answer_schema(Free))
    assert not is_strict(answer_schema(DraftClaim))


def test_objects_inside_an_unfinished_one_are_not_taken_for_the_answer() -> None:
    assert list(json_objects('{"a": [{"b": 1}, {"c": ')) == []
    assert list(json_objects('x {"a": "}{\\""} y {} z')) == ['{"a": "}{\\""}', "{}"]
    assert len(list(json_objects("{}" * 100))) == 20


def test_calls_tokens_and_cost_add_up_and_without_prices_there_is_no_cost() -> None:
    answer, _ = _typed(in_turn(streams(BAD), streams(GOOD)))
    settings = ProviderSettings(price_in=2.0, price_out=10.0, currency="EUR")
    priced, plain = Meter(Prices.of(settings)), Meter()
    for meter in (priced, plain):
        meter.note(answer.exchanges)
    spent = priced.spent
    assert (spent.calls, spent.prompt_tokens, spent.completion_tokens, spent.currency) == (2, 22, 10, "EUR")
    assert spent.cost == pytest.approx((22 * 2.0 + 10 * 10.0) / 1e6)
    assert spent.seconds == pytest.approx(sum(one.seconds for one in answer.exchanges))
    assert (plain.spent.cost, plain.spent.currency) == (None, "")
    assert Meter().spent == Spent()


def test_a_failed_call_counts_as_a_call() -> None:
    meter = Meter()
    problem = Problem(code=ProblemCode.BUSY, message="busy")
    answer = asyncio.run(ask_typed(_Scripted(CallerError(problem.code, problem.message)), question(), Verdict))
    meter.note(answer.exchanges)
    assert (meter.spent.calls, meter.spent.completion_tokens) == (1, 0)
