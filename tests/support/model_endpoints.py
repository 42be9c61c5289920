"""Scripted language-model endpoints on loopback: real HTTP servers that answer well, badly, slowly or without end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from typing import Any

__all__ = [
    "KEY",
    "Answer",
    "Asked",
    "Endpoint",
    "Script",
    "anthropic_stream",
    "endless",
    "garbage",
    "html",
    "in_turn",
    "never",
    "refuses",
    "says",
    "streams",
    "typed_or_refused",
    "whole",
]

KEY = "sk-test-7f3c9d1ab2e4"  # what must be found in one header and nowhere else
_PIECE = 7
_USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


@dataclass(frozen=True)
class Asked:
    """One request as the endpoint got it."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def words(self) -> str:
        """The text of all messages, and of the system message where it stands apart."""
        return "\n".join([str(self.body.get("system", "")), *(_text(one) for one in self.body["messages"])])


@dataclass(frozen=True)
class Answer:
    """What the endpoint sends. `hangs`: it then keeps the connection open and sends nothing more."""

    chunks: Iterator[bytes] | Sequence[bytes]
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


Script = Callable[[dict[str, Any]], Answer]


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else " ".join(str(part.get("text", "")) for part in content)


def _event(data: object) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def streams(text: str, *, reasoning: str = "", field_name: str = "reasoning_content", finish: str = "stop") -> Answer:
    """A good OpenAI-like stream: reasoning in a field of its own, text in small pieces, usage, `[DONE]`."""
    deltas = [{field_name: piece} for piece in _pieces(reasoning)] + [{"content": piece} for piece in _pieces(text)]
    events = [_event({"model": "stub-1", "choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    end = _event({"model": "stub-1", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    usage = _event({"model": "stub-1", "choices": [], "usage": _USAGE})
    return Answer([*events, end, usage, b"data: [DONE]\n\n"], content_type="text/event-stream")


def whole(text: str, *, reasoning: str | None = None) -> Answer:
    """The answer in one piece, as a server sends it that ignores `stream`."""
    message = {"role": "assistant", "content": text, "reasoning_content": reasoning}
    reply = {"model": "stub-1", "choices": [{"message": message, "finish_reason": "stop"}], "usage": _USAGE}
    return Answer([json.dumps(reply).encode()])


def anthropic_stream(*blocks: tuple[str, str], stop: str = "end_turn") -> Answer:
    """A Messages stream; a block is ('thinking' | 'text' | 'tool', its text or its input as JSON)."""
    start = {"id": "m", "model": "claude-stub", "content": [], "usage": {"input_tokens": 11, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, (kind, text) in enumerate(blocks):
        empty = {"thinking": {"type": "thinking", "thinking": ""}, "text": {"type": "text", "text": ""}}
        tool = {"type": "tool_use", "id": "t", "name": "answer", "input": {}}
        events.append({"type": "content_block_start", "index": index, "content_block": empty.get(kind, tool)})
        name, key = {
            "thinking": ("thinking_delta", "thinking"),
            "text": ("text_delta", "text"),
            "tool": ("input_json_delta", "partial_json"),
        }[kind]
        events += [
            {"type": "content_block_delta", "index": index, "delta": {"type": name, key: piece}}
            for piece in _pieces(text)
        ]
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}})
    events.append({"type": "message_stop"})
    chunks = [f"event: {event['type']}\n".encode() + _event(event) for event in events]
    return Answer(chunks, content_type="text/event-stream")


def refuses(status: int, body: object = None, **headers: str) -> Answer:
    """An error whose body repeats the key, as careless servers do; `Retry_After` becomes Retry-After."""
    said = body if body is not None else {"error": {"message": f"no, not with {KEY}"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([json.dumps(said).encode()], status=status, headers=named)


def garbage() -> Answer:
    """A stream whose data is no JSON."""
    return Answer([b"data: {not json\n\n", b"data: [DONE]\n\n"], content_type="text/event-stream")


def html() -> Answer:
    """A page for people."""
    return Answer([b"<!doctype html><html><body>Welcome</body></html>"], content_type="text/html")


def endless(piece: str = "word ", tokens: int = 200_000) -> Answer:
    """A stream of very many tokens, made as it is read."""
    event = _event({"choices": [{"index": 0, "delta": {"content": piece}}]})
    return Answer(chain(repeat(event, tokens), [b"data: [DONE]\n\n"]), content_type="text/event-stream")


def never() -> Answer:
    """Headers, and then nothing for as long as the endpoint runs."""
    return Answer([], content_type="text/event-stream", hangs=True)


def says(text: str) -> Script:
    """Always this answer, in the manner of the API that was asked."""

    def script(body: dict[str, Any]) -> Answer:
        if "anthropic_version" in body:
            return anthropic_stream(("tool" if "tools" in body else "text", text))
        return streams(text)

    return script


def in_turn(*answers: Answer | Callable[[], Answer]) -> Script:
    """One answer after another, the last for ever; what is made as it is read is given as a function."""
    waiting = list(answers)

    def script(_: dict[str, Any]) -> Answer:
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return answer if isinstance(answer, Answer) else answer()

    return script


def typed_or_refused(accepts: Sequence[str], text: str) -> Script:
    """Refuses (400) every `response_format` whose type is not among `accepts`; 'none' stands for its absence."""

    def script(body: dict[str, Any]) -> Answer:
        kind = body.get("response_format", {}).get("type", "none")
        return streams(text) if kind in accepts else refuses(400, {"error": {"param": "response_format"}})

    return script


class Endpoint:
    """A server for one test. `script` maps a request's JSON to an answer and may be exchanged at any time.

    The Anthropic API is told apart by its path: its requests reach the script with `anthropic_version` added.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Asked] = []
        self.sent = 0
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        """The server's root."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """What belongs into `base_url`, for either API."""
        return f"{self.address}/v1"

    @classmethod
    @contextmanager
    def running(cls, script: Script) -> Iterator[Endpoint]:
        """The endpoint while it listens."""
        endpoint = cls(script)
        endpoint._thread.start()
        try:
            yield endpoint
        finally:
            endpoint._closing.set()
            endpoint._server.shutdown()
            endpoint._server.server_close()
            endpoint._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                endpoint.requests.append(Asked(self.path, dict(self.headers.items()), body))
                if self.path.endswith("/messages"):
                    body = {**body, "anthropic_version": self.headers.get("anthropic-version")}
                self._send(endpoint.script(body))

            def _send(self, answer: Answer) -> None:
                self.close_connection = True
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.content_type)
                    self.send_header("Connection", "close")
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    for chunk in answer.chunks:
                        self.wfile.write(chunk)
                        endpoint.sent += len(chunk)
                    self.wfile.flush()
                except OSError:  # the client has heard enough
                    return
                if answer.hangs:
                    endpoint._closing.wait()

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler
