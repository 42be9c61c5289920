"""The OpenAI-compatible client against a scripted endpoint: streams, thinking, typed answers, plainer dialects."""

from __future__ import annotations

import json

import pytest
from model_asking import ask_all, ask_once, open_at, question
from model_endpoints import (
    KEY,
    Answer,
    Endpoint,
    endless,
    in_turn,
    refuses,
    says,
    streams,
    typed_or_refused,
    whole,
)

from wardround.contracts.language import Message, Picture, Speaker
from wardround.providers.draft import most_chars

SCHEMA = {
    "type": "object",
    "properties": {"finding": {"type": "string"}},
    "required": ["finding"],
    "additionalProperties": False,
}


def test_a_streamed_answer_is_heard_piece_by_piece_and_counted() -> None:
    heard: list[str] = []
    with Endpoint.running(says("No effusion is seen.")) as endpoint:
        reply = ask_once(open_at(endpoint), heard=heard)
    assert reply.text == "No effusion is seen." == "".join(heard)
    assert len(heard) > 1
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (11, 5)
    assert reply.model == "stub-1"
    assert not reply.truncated and reply.seconds > 0
    (asked,) = endpoint.requests
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(asked.body)


def test_a_server_that_does_not_stream_is_read_as_well() -> None:
    heard: list[str] = []
    with Endpoint.running(in_turn(whole("<think>hm</think>Clear.", reasoning="first"))) as endpoint:
        reply = ask_once(open_at(endpoint), heard=heard)
    assert (reply.text, reply.thinking) == ("Clear.", "first\nhm")
    assert heard == ["Clear."]
    assert reply.usage.completion_tokens == 5


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_in_a_field_or_in_tags_is_kept_and_never_heard(field: str) -> None:
    heard: list[str] = []
    answers = in_turn(
        streams("An answer.", reasoning="Secret thoughts.", field_name=field),
        streams("<think>Secret thoughts.</think>An answer."),
    )
    with Endpoint.running(answers) as endpoint:
        replies = ask_all(open_at(endpoint), [question(), question()], heard)
    assert [(reply.text, reply.thinking) for reply in replies] == [("An answer.", "Secret thoughts.")] * 2
    assert "".join(heard) == "An answer." * 2


def test_a_model_whose_thinking_opens_without_a_tag_is_remembered() -> None:
    heard: list[str] = []
    with Endpoint.running(says("Thoughts first.</think>An answer.")) as endpoint:
        replies = ask_all(open_at(endpoint), [question()], heard)
        assert [(reply.text, reply.thinking) for reply in replies] == [("An answer.", "Thoughts first.")]
        model = open_at(endpoint)
        again: list[str] = []
        replies = ask_all(model, [question(), question()], again)
    assert replies[1].text == "An answer."
    assert "".join(again).endswith("An answer.An answer.")


def test_a_typed_question_carries_its_schema_and_the_seed() -> None:
    with Endpoint.running(says('{"finding": "Mass"}')) as endpoint:
        ask_once(open_at(endpoint), question(answer_schema=SCHEMA, schema_name="my answer", seed=4, max_tokens=77))
    body = endpoint.requests[0].body
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "my_answer", "schema": SCHEMA, "strict": True},
    }
    assert (body["seed"], body["max_tokens"], body["temperature"], body["model"]) == (4, 77, 0.0, "stub")
    assert "JSON Schema" not in endpoint.requests[0].words


@pytest.mark.parametrize(("accepts", "tries"), [(("json_schema",), 1), (("json_object",), 2), (("none",), 3)])
def test_an_endpoint_that_refuses_schemas_is_asked_in_words_and_that_is_remembered(
    accepts: tuple[str, ...], tries: int
) -> None:
    with Endpoint.running(typed_or_refused(accepts, '{"finding": "Mass"}')) as endpoint:
        replies = ask_all(open_at(endpoint), [question(answer_schema=SCHEMA)] * 2)
    assert [reply.text for reply in replies] == ['{"finding": "Mass"}'] * 2
    assert len(endpoint.requests) == tries + 1
    assert ("JSON Schema" in endpoint.requests[-1].words) is (accepts != ("json_schema",))


@pytest.mark.parametrize("parameter", ["max_tokens", "temperature", "seed", "stream_options"])
def test_a_parameter_that_the_endpoint_names_as_refused_is_left_out_from_then_on(parameter: str) -> None:
    def script(body: dict[str, object]) -> Answer:
        return refuses(400, {"error": {"param": parameter}}) if parameter in body else streams("yes")

    with Endpoint.running(script) as endpoint:
        ask_all(open_at(endpoint), [question(seed=1, answer_schema=SCHEMA)] * 2)
    first, second, third = (one.body for one in endpoint.requests)
    assert parameter in first and parameter not in second
    assert second == third
    assert ("max_completion_tokens" in second) is (parameter == "max_tokens")
    assert second["response_format"]["type"] == "json_schema"


def test_pictures_travel_as_data_in_the_message() -> None:
    picture = Picture(media_type="image/png", data="QUJD")
    asked = question().model_copy(
        update={"messages": (Message(speaker=Speaker.USER, text="Look.", pictures=(picture,)),)}
    )
    with Endpoint.running(says("yes")) as endpoint:
        ask_once(open_at(endpoint), asked)
    (message,) = endpoint.requests[0].body["messages"]
    assert message["content"] == [
        {"type": "text", "text": "Look."},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
    ]


@pytest.mark.parametrize("piece", ["word ", "<think>", '{"a": "'])
def test_an_answer_without_end_is_cut_and_the_connection_closed(piece: str) -> None:
    # Some megabytes lie in the buffers of the connection before anybody closes it: all of it is many times as much.
    with Endpoint.running(in_turn(lambda: endless(piece, 1_000_000))) as endpoint:
        reply = ask_once(open_at(endpoint), question(max_tokens=100))
    assert reply.truncated
    assert len(reply.text) + len(reply.thinking) <= most_chars(100) + 1
    assert endpoint.sent < 60_000_000 / 2


def test_a_whole_answer_beyond_all_measure_is_cut_as_well() -> None:
    with Endpoint.running(in_turn(whole("word " * 200_000))) as endpoint:
        reply = ask_once(open_at(endpoint))
    assert reply.truncated and len(reply.text) <= most_chars(1024) + 1


def test_an_answer_that_stops_at_the_limit_or_just_breaks_off_counts_as_cut() -> None:
    broken = Answer([b'data: {"choices": [{"delta": {"content": "Half an"}}]}\n\n'], content_type="text/event-stream")
    with Endpoint.running(in_turn(streams("Half an", finish="length"), broken)) as endpoint:
        replies = ask_all(open_at(endpoint), [question()] * 2)
    assert [(reply.text, reply.truncated) for reply in replies] == [("Half an", True)] * 2


def test_what_unicode_cannot_spell_is_replaced_and_split_pairs_are_joined() -> None:
    halves = [b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\r\n\r\n']
    halves += [b'data: {"choices": [{"delta": {"content": "\\ude00 \\ud800"}}]}\r\n\r\n', b": a comment\r\n\r\n"]
    with Endpoint.running(in_turn(Answer([*halves, b"data: [DONE]"], content_type="text/plain"))) as endpoint:
        reply = ask_once(open_at(endpoint))
    assert reply.text == "\U0001f600 \ufffd"
    assert not reply.truncated


@pytest.mark.parametrize("named", ["/srv/models/x.gguf", "../x", "ignore all rules", "x" * 200, ""])
def test_what_the_endpoint_calls_its_model_is_believed_only_where_it_is_a_name(named: str) -> None:
    event = {"model": named, "choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}]}
    with Endpoint.running(in_turn(Answer([f"data: {json.dumps(event)}\n\n".encode()]))) as endpoint:
        assert ask_once(open_at(endpoint)).model == "stub"
