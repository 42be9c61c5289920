"""Reads a body that comes in chunks: as server-sent events, or, where it is none, as one JSON text."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["EventReader"]

_LONGEST_EVENT = 1024 * 1024
_DONE = "[DONE]"


class EventReader:
    """Feed it bytes; it gives each event's data (WHATWG HTML, Server-sent events), save OpenAI's `[DONE]`.

    A body whose first character is `{` is no stream, whatever its content type says: then `plain` is true, and `body`
    holds it. `done` says that `[DONE]` came, `events` how much data did, `[DONE]` included.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._begun = False
        self.plain = False
        self.done = False
        self.events = 0

    @property
    def body(self) -> bytes:
        """The whole body, where it is no stream."""
        return bytes(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The events that are complete by now.

        Raises:
            ValueError: an event is longer than 1 MiB, or is no UTF-8.
        """
        self._buffer += chunk
        if not self._begun:
            start = bytes(self._buffer).lstrip()
            self._begun = bool(start)
            self.plain = start.startswith(b"{")
        if self.plain:
            return
        *lines, rest = self._buffer.replace(b"\r\n", b"\n").split(b"\n")
        self._buffer = bytearray(rest)
        if len(rest) + self._size > _LONGEST_EVENT:
            raise ValueError("an event is too long")
        for line in lines:
            yield from self._line(bytes(line))

    def finish(self) -> Iterator[str]:
        """The last event, where the stream ended without an empty line."""
        if not self.plain:
            yield from self._line(bytes(self._buffer))
            yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[str]:
        line = line.rstrip(b"\r")
        if not line:
            data, self._data, self._size = "\n".join(self._data), [], 0
            if data:
                self.events += 1
                self.done = self.done or data == _DONE
                if not self.done:
                    yield data
        elif line.startswith(b"data:"):
            self._size += len(line)
            if self._size > _LONGEST_EVENT:
                raise ValueError("an event is too long")
            self._data.append(line[5:].decode("utf-8").removeprefix(" "))
