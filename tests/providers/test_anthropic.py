"""The Anthropic client against a scripted endpoint: streams, thinking blocks, answers by a forced tool, pictures."""

from __future__ import annotations

import json

from model_asking import ask_all, ask_once, open_at, question
from model_endpoints import KEY, Answer, Endpoint, anthropic_stream, in_turn, refuses, says

from wardround.contracts.language import Message, Picture, Speaker

SCHEMA = {"type": "object", "properties": {"finding": {"type": "string"}}, "additionalProperties": False}


def test_a_streamed_answer_is_heard_without_its_thinking_and_counted() -> None:
    heard: list[str] = []
    answer = anthropic_stream(("thinking", "Secret thoughts."), ("text", "No effusion is seen."))
    with Endpoint.running(in_turn(answer)) as endpoint:
        reply = ask_once(open_at(endpoint, "anthropic"), heard=heard)
    assert (reply.text, reply.thinking) == ("No effusion is seen.", "Secret thoughts.")
    assert "".join(heard) == reply.text and len(heard) > 1
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (11, 5)
    assert (reply.model, reply.truncated) == ("claude-stub", False)
    (asked,) = endpoint.requests
    assert asked.path == "/v1/messages"
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert (headers["x-api-key"], headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert asked.body["system"] == "You are careful."
    assert [one["role"] for one in asked.body["messages"]] == ["user"]
    assert KEY not in json.dumps(asked.body)


def test_a_typed_answer_is_the_input_of_a_tool_and_what_is_said_beside_it_is_no_answer() -> None:
    heard: list[str] = []
    answer = anthropic_stream(("text", "Let me answer."), ("tool", '{"finding": "Mass"}'), stop="tool_use")
    with Endpoint.running(in_turn(answer)) as endpoint:
        reply = ask_once(open_at(endpoint, "anthropic"), question(answer_schema=SCHEMA, schema_name="my answer"), heard)
    assert (reply.text, reply.thinking) == ('{"finding": "Mass"}', "Let me answer.")
    assert "".join(heard) == reply.text
    body = endpoint.requests[0].body
    (tool,) = body["tools"]
    assert (tool["name"], tool["input_schema"]) == ("my_answer", SCHEMA)
    assert (body["tool_choice"]["type"], body["tool_choice"]["name"]) == ("tool", "my_answer")


def test_a_typed_answer_that_comes_as_text_is_still_the_answer() -> None:
    heard: list[str] = []
    answer = anthropic_stream(("text", 'Here it is: {"finding": "Mass"}'))
    with Endpoint.running(in_turn(answer)) as endpoint:
        reply = ask_once(open_at(endpoint, "anthropic"), question(answer_schema=SCHEMA), heard)
    assert reply.text == 'Here it is: {"finding": "Mass"}' == "".join(heard)


def test_a_reply_in_one_piece_is_read_as_well() -> None:
    reply = {
        "model": "claude-stub",
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "tool_use", "name": "answer", "input": {"finding": "Mass"}},
        ],
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 2},
        "stop_reason": "max_tokens",
    }
    with Endpoint.running(in_turn(Answer([json.dumps(reply).encode()]))) as endpoint:
        got = ask_once(open_at(endpoint, "anthropic"), question(answer_schema=SCHEMA))
    assert (json.loads(got.text), got.thinking, got.truncated) == ({"finding": "Mass"}, "hm", True)
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (7, 2)


def test_pictures_travel_before_the_text() -> None:
    picture = Picture(media_type="image/jpeg", data="QUJD")
    asked = question().model_copy(
        update={"messages": (Message(speaker=Speaker.USER, text="Look.", pictures=(picture,)),)}
    )
    with Endpoint.running(says("yes")) as endpoint:
        ask_once(open_at(endpoint, "anthropic"), asked)
    image, text = endpoint.requests[0].body["messages"][0]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}
    assert text == {"type": "text", "text": "Look."}


def test_a_model_that_refuses_a_temperature_is_asked_without_one_from_then_on() -> None:
    def script(body: dict[str, object]) -> Answer:
        return refuses(400) if "temperature" in body else anthropic_stream(("text", "yes"))

    with Endpoint.running(script) as endpoint:
        replies = ask_all(open_at(endpoint, "anthropic"), [question(), question()])
    assert [reply.text for reply in replies] == ["yes", "yes"]
    assert ["temperature" in one.body for one in endpoint.requests] == [True, False, False]
