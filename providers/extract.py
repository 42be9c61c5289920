"""Finds the JSON objects in what a model wrote around them: fences, greetings, explanations."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["json_objects"]

_MOST = 20


def json_objects(text: str) -> Iterator[str]:
    """The balanced `{...}` pieces of the text, outermost, first to last, at most 20; they need not be JSON.

    An object that is never closed ends the search: what lies inside it is a fragment of an answer, not the answer.
    """
    position, found = text.find("{"), 0
    while position >= 0 and found < _MOST:
        end = _end(text, position)
        if end is None:
            return
        yield text[position:end]
        found += 1
        position = text.find("{", end)


def _end(text: str, start: int) -> int | None:
    """The place after the bracket that closes the one at `start`; brackets inside strings do not count."""
    depth, quoted, position = 0, False, start
    while position < len(text):
        letter = text[position]
        if quoted:
            if letter == "\\":
                position += 1
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return None
