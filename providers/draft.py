"""An answer while it arrives: text and thinking kept apart, and an end to both however much the endpoint sends."""

from __future__ import annotations

import re

from wardround.contracts.language import Heard, ModelReply, Usage
from wardround.providers.thinking import ThinkingSplitter

__all__ = ["Draft", "most_chars"]

# Eight characters a token is twice what English prose has, so no honest answer within max_tokens reaches the cap. The
# floor spares an endpoint that counts tokens otherwise than we do, and is still nothing to memory.
_CHARS_A_TOKEN = 8
_LEAST_CHARS = 65_536
_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.:@+/-]{0,119}")


def most_chars(max_tokens: int) -> int:
    """How many characters of answer, and as many of thinking, are read before the stream is closed."""
    return max(_LEAST_CHARS, _CHARS_A_TOKEN * max_tokens)


def _whole(text: str) -> str:
    """The text with halves of surrogate pairs joined, and lone ones replaced: JSON can spell what Unicode cannot."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Draft:
    """One attempt's answer. `heard` is told of the answer's pieces, never of the thinking."""

    def __init__(self, heard: Heard | None, max_tokens: int, *, thinks_first: bool = False) -> None:
        self._heard = heard
        self._most = most_chars(max_tokens)
        self._splitter = ThinkingSplitter(inside=thinks_first)
        self._thoughts: list[str] = []
        self._said = 0
        self._thought = 0
        self._mutterings: list[str] = []
        self._muttered = 0
        self.model = ""
        self.usage = Usage()
        self.truncated = False
        self.ended = False
        self.spoken = False

    @property
    def full(self) -> bool:
        """Whether enough was read, and the rest may stay unread."""
        return max(self._said, self._thought, self._muttered) > self._most

    @property
    def thinks_first(self) -> bool:
        """Whether the thinking began without a tag that opens it."""
        return self._splitter.implied

    def say(self, piece: str) -> None:
        """Takes a piece of text, in which there may be thinking between tags."""
        kept = piece[: max(0, self._most + 1 - self._said)]
        self._said += len(kept)
        self._tell(self._splitter.feed(kept))

    def think(self, piece: str) -> None:
        """Takes a piece that the endpoint itself calls reasoning."""
        kept = piece[: max(0, self._most + 1 - self._thought)]
        self._thought += len(kept)
        self._thoughts.append(kept)

    def mutter(self, piece: str) -> None:
        """Takes a piece that stands beside a typed answer: thinking, unless no answer comes."""
        kept = piece[: max(0, self._most + 1 - self._muttered)]
        self._muttered += len(kept)
        self._mutterings.append(kept)

    def _tell(self, piece: str) -> None:
        if piece:
            self.spoken = True
            if self._heard is not None:
                self._heard(_whole(piece))

    def reply(self, asked_model: str, seconds: float) -> ModelReply:
        """The finished reply. An answer that never said it had ended counts as cut off."""
        truncated = self.truncated or self.full or not self.ended
        (self.think if self._said else self.say)("".join(self._mutterings))
        self._tell(self._splitter.finish(truncated=truncated))
        thoughts = ("".join(self._thoughts), self._splitter.thinking)
        return ModelReply(
            text=_whole(self._splitter.answer.strip()),
            thinking=_whole("\n".join(part.strip() for part in thoughts if part.strip())),
            # What an endpoint calls its model may be a path of its machine, or anything.
            model=self.model if _MODEL_NAME.fullmatch(self.model) and ".." not in self.model else asked_model,
            usage=self.usage,
            truncated=truncated,
            seconds=seconds,
        )
