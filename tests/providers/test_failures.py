"""Whatever an endpoint does, the client gives a typed error in time, tries again what may pass, and keeps the key."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest
from model_asking import PROVIDERS, Pauses, ask_all, ask_once, open_at, question
from model_endpoints import (
    KEY,
    Answer,
    Endpoint,
    anthropic_stream,
    garbage,
    html,
    in_turn,
    never,
    refuses,
    says,
    streams,
)

from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError
from wardround.contracts.language import LanguageModel
from wardround.providers.retrying import Patience

BOTH = pytest.mark.parametrize("provider", list(PROVIDERS))


def _good(provider: str) -> Answer:
    return streams("yes") if provider == "openai" else anthropic_stream(("text", "yes"))


def _failure(model: LanguageModel) -> WardroundError:
    with pytest.raises(WardroundError) as failed:
        ask_once(model)
    return failed.value


@BOTH
@pytest.mark.parametrize(
    ("answer", "kind", "code", "tries"),
    [
        (refuses(401), CallerError, ProblemCode.REASONER_KEY, 1),
        (refuses(403), CallerError, ProblemCode.REASONER_KEY, 1),
        (refuses(404), CallerError, ProblemCode.BAD_ARGUMENT, 1),
        (refuses(413), CallerError, ProblemCode.BAD_ARGUMENT, 1),
        (refuses(302, Location="http://127.0.0.1:1/"), CallerError, ProblemCode.BAD_ARGUMENT, 1),
        (refuses(400), CallerError, ProblemCode.BAD_ARGUMENT, 2),
        (refuses(408), Fault, ProblemCode.TIMEOUT, 3),
        (refuses(429), Fault, ProblemCode.BUSY, 3),
        (refuses(500), Fault, ProblemCode.REASONER_FAILED, 3),
        (refuses(529), Fault, ProblemCode.REASONER_FAILED, 3),
        (garbage(), Fault, ProblemCode.REASONER_ANSWER, 1),
        (html(), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([b"[1, 2]"]), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([b'{"choices": 3, "content": 3}']), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([b"\xff\xfe\n\n"]), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([b"data: " + b"x" * 2_000_000]), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([b"data: " + b'{"a":' * 50_000 + b"\n\n"]), Fault, ProblemCode.REASONER_ANSWER, 1),
        (Answer([]), Fault, ProblemCode.REASONER_ANSWER, 1),
    ],
)
def test_each_failure_is_one_typed_error_after_as_many_tries_as_it_deserves(
    provider: str, answer: Answer, kind: type[WardroundError], code: ProblemCode, tries: int
) -> None:
    with Endpoint.running(in_turn(answer)) as endpoint:
        error = _failure(open_at(endpoint, provider))
        assert len(endpoint.requests) == tries
    assert isinstance(error, kind)
    assert error.problem.code is code
    assert error.problem.message and error.problem.hint


@BOTH
def test_neither_errors_nor_logs_nor_tracebacks_hold_the_key_or_the_endpoint_s_words(
    provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for answer in (refuses(401), refuses(400), refuses(500), garbage(), html(), _good(provider)):
        with Endpoint.running(in_turn(answer)) as endpoint:
            model = open_at(endpoint, provider)
            shown.append(f"{model!r} {vars(model)!r}")
            try:
                ask_once(model)
            except WardroundError as error:
                shown += [f"{error!r} {error.problem!r}", "".join(traceback.format_exception(error))]
        assert any(KEY in value for value in endpoint.requests[0].headers.values())
    assert KEY not in caplog.text + "".join(shown)
    assert "no, not with" not in "".join(shown)


@BOTH
def test_what_passes_is_tried_again_after_growing_pauses(provider: str) -> None:
    pauses = Pauses()
    with Endpoint.running(in_turn(refuses(503), refuses(500), _good(provider))) as endpoint:
        assert ask_once(open_at(endpoint, provider, pauses)).text == "yes"
    assert pauses.taken == [0.25, 0.5]


@BOTH
def test_the_endpoint_s_own_wish_for_a_pause_is_honoured(provider: str) -> None:
    pauses = Pauses()
    busy = refuses(429, Retry_After="7")
    with Endpoint.running(in_turn(busy, _good(provider))) as endpoint:
        assert ask_once(open_at(endpoint, provider, pauses)).text == "yes"
    assert pauses.taken == [7.0]


def test_pauses_grow_vary_and_end_at_half_a_minute() -> None:
    calm, hasty = Patience(jitter=lambda: 1.0), Patience(jitter=lambda: 0.0)
    assert [calm.pause(n, None) for n in (1, 2, 3, 20)] == [0.5, 1.0, 2.0, 30.0]
    assert [hasty.pause(n, None) for n in (1, 2)] == [0.25, 0.5]
    assert (calm.pause(1, 3600.0), calm.pause(1, -5.0)) == (30.0, 0.0)


@BOTH
def test_no_pause_is_begun_that_the_time_limit_would_cut(provider: str) -> None:
    pauses = Pauses()
    with Endpoint.running(in_turn(refuses(429, Retry_After="30"), _good(provider))) as endpoint:
        error = _failure(open_at(endpoint, provider, pauses, timeout_s=5))
    assert error.problem.code is ProblemCode.BUSY
    assert pauses.taken == []


@BOTH
def test_an_endpoint_that_never_answers_is_a_time_out(provider: str) -> None:
    with Endpoint.running(in_turn(never())) as endpoint:
        error = _failure(open_at(endpoint, provider, timeout_s=0.2))
    assert isinstance(error, Fault) and error.problem.code is ProblemCode.TIMEOUT
    assert "0.2 s" in error.problem.message


@BOTH
def test_where_nobody_listens_the_endpoint_is_down_after_all_tries(provider: str) -> None:
    with Endpoint.running(says("yes")) as endpoint:
        pass
    pauses = Pauses()
    error = _failure(open_at(endpoint, provider, pauses, retries=3))
    assert isinstance(error, Fault) and error.problem.code is ProblemCode.REASONER_DOWN
    assert len(pauses.taken) == 3
    assert "127.0.0.1" not in str(error.problem)


@BOTH
def test_a_failure_within_the_stream_is_tried_again_only_while_nothing_was_heard(provider: str) -> None:
    failing = b'data: {"type": "error", "error": {"type": "overloaded_error"}}\n\n'
    kind = "text/event-stream"
    with Endpoint.running(in_turn(Answer([failing], content_type=kind), _good(provider))) as endpoint:
        assert ask_once(open_at(endpoint, provider)).text == "yes"
    begun = list(_good(provider).chunks)[: 1 if provider == "openai" else 4]
    heard: list[str] = []
    with Endpoint.running(in_turn(Answer([*begun, failing], content_type=kind), _good(provider))) as endpoint:
        with pytest.raises(Fault) as failed:
            ask_all(open_at(endpoint, provider), [question()], heard)
        assert len(endpoint.requests) == 1
    assert failed.value.problem.code is ProblemCode.REASONER_FAILED
    assert heard == ["yes"]


@BOTH
def test_a_cancelled_question_is_cancelled_and_the_client_still_works(provider: str) -> None:
    async def story(model: LanguageModel) -> str:
        asking = asyncio.create_task(model.ask(question()))
        while not endpoint.requests:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        answered = await model.ask(question())
        await model.close()
        return answered.text

    with Endpoint.running(in_turn(never(), _good(provider))) as endpoint:
        assert asyncio.run(story(open_at(endpoint, provider))) == "yes"


@BOTH
def test_an_answer_in_another_language_arrives_as_it_is(provider: str) -> None:
    text = "右侧胸腔积液可能存在。"
    with Endpoint.running(says(text)) as endpoint:
        assert ask_once(open_at(endpoint, provider)).text == text
