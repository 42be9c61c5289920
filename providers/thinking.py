"""Keeps a model's visible thinking (`<think>…</think>`) apart from its answer, also while the text streams in."""

from __future__ import annotations

import re

__all__ = ["ThinkingSplitter"]

_OPENS = ("<think>", "<thinking>")
_CLOSES = ("</think>", "</thinking>")
_CLOSING = re.compile("|".join(_CLOSES), re.IGNORECASE)
_DATA = ("{", "```")
_HEAD = 3
_LOOK = 1000
_EITHER = re.compile("|".join((*_CLOSES, *_OPENS)), re.IGNORECASE)


class ThinkingSplitter:
    """Feed it pieces; it hands back what of them is answer, and keeps both in full.

    Some models' templates open the thinking before the model speaks, so that only `</think>` arrives: then all before
    it was thinking (`implied` says that this happened). Pieces of it that were handed out by then cannot be taken
    back; a caller who knows the model passes `inside=True`, and nothing is handed out before the thinking is over.
    A tag that is never closed makes all that follows thinking. In an answer that begins as JSON (`{` or a fence) tags
    are text: a quoted history could hold one.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self._assumed = inside
        self._inside = inside
        self._pending = ""
        self._head = ""
        self._answer: list[str] = []
        self._thinking: list[str] = []
        self.implied = inside

    @property
    def answer(self) -> str:
        """The answer so far."""
        return "".join(self._answer)

    @property
    def thinking(self) -> str:
        """The thinking so far."""
        return "".join(self._thinking)

    def feed(self, piece: str) -> str:
        """What of the text so far is newly known to be answer."""
        self._pending += piece
        spoken: list[str] = []
        while (tag := self._tag()) is not None:
            self._keep(self._pending[: tag.start()], spoken)
            self._pending = self._pending[tag.end() :]
            if not self._inside and _CLOSING.fullmatch(tag.group()):
                self.implied = True
                self._thinking += self._answer
                self._answer, spoken, self._head = [], [], ""
            else:
                self._assumed = False
                self._inside = not self._inside
        safe = self._safe()
        self._keep(self._pending[:safe], spoken)
        self._pending = self._pending[safe:]
        return "".join(spoken)

    def finish(self, *, truncated: bool = False) -> str:
        """The last of the answer, once no more text comes.

        Thinking that was only assumed and never closed was the answer after all, unless the text was cut off.
        """
        rest, self._pending = self._pending, ""
        if self._inside and self._assumed and not truncated:
            rest = self.thinking + rest
            self._thinking, self._inside, self.implied = [], False, False
        (self._thinking if self._inside else self._answer).append(rest)
        return "" if self._inside else rest

    def _keep(self, text: str, spoken: list[str]) -> None:
        if self._inside:
            self._thinking.append(text)
            return
        self._answer.append(text)
        spoken.append(text)
        if len(self._head) < _HEAD:
            self._head = (self._head + text).lstrip()[:_HEAD]

    def _is_data(self) -> bool:
        """Whether the answer, with what is pending, begins as JSON."""
        return not self._inside and (self._head + self._pending[:_LOOK]).lstrip().startswith(_DATA)

    def _tag(self) -> re.Match[str] | None:
        if self._is_data():
            return None
        return (_CLOSING if self._inside else _EITHER).search(self._pending)

    def _safe(self) -> int:
        """How much of what is pending cannot be the beginning of a tag."""
        at = self._pending.rfind("<")
        if at < 0 or self._is_data():
            return len(self._pending)
        tail = self._pending[at:].lower()
        tags = _CLOSES if self._inside else (*_OPENS, *_CLOSES)
        return at if any(tag.startswith(tail) for tag in tags) else len(self._pending)
