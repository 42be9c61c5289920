"""A live person at the gate: questions and orders wait until somebody answers, and what was said is checked here."""

from __future__ import annotations

import re
import unicodedata

from wardround.contracts.encounter import (
    MAX_ANSWER_CHARS,
    Answer,
    AnswerStatus,
    Opening,
    Order,
    OrderResult,
    OrderStatus,
    Question,
)
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["MAX_RESULT_CHARS", "HumanGate"]

MAX_RESULT_CHARS = 20_000
_NOT_KNOWN = re.compile(
    r"(?:i |we |he |she |they )?(?:(?:do|does|did)(?: not|n['’]?t) (?:know|remember|recall)"
    r"|can(?:not|['’]?t) (?:say|tell|remember|recall)|(?:am |['’]m )?(?:not sure|unsure)|have no idea|no idea"
    r"|not known|unknown|n/?a|not available|skip|pass|[-?–—.]+)"
    r"(?: (?:it|that|this|sorry|about (?:it|that|this)))?",
    re.IGNORECASE,
)
_NOT_AVAILABLE = re.compile(
    r"(?:it (?:is|was) |the result is |there is )?(?:not (?:available|done|performed|possible|known|taken|yet done)"
    r"|unavailable|n/?a|no results?|none available|unknown|skip|pass|no|none|(?:i )?do(?: not|n['’]?t) know|[-?–—.]+)"
    r"(?: yet| here| sorry)?",
    re.IGNORECASE,
)
# Control characters, marks that turn the direction of writing, joiners and the like.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class HumanGate:
    """A person who is asked. The gate keeps nothing: what was answered belongs to the encounter.

    `answer` and `result` say WAITING; when the person has spoken, `accept` and `accept_result` make of it the answer
    with which the encounter goes on. What was said is text and nothing else, whatever it asks for. It is not searched
    for diagnoses: no record stands behind it, and a person may say what a person knows.
    """

    def __init__(self, opening: Opening, name: str = "person") -> None:
        self._opening = opening
        self.name = name

    async def opening(self) -> Opening:
        """What was told at the start."""
        return self._opening

    async def answer(self, question: Question) -> Answer:
        """WAITING."""
        return Answer(question_id=question.id, status=AnswerStatus.WAITING, source=self.name)

    async def result(self, order: Order) -> OrderResult:
        """WAITING."""
        return OrderResult(order_id=order.id, exam=order.exam, status=OrderStatus.WAITING, source=self.name)

    def accept(self, question: Question, words: str) -> Answer:
        """What a person answered, without control characters; nothing, or 'I don't know', is NOT_KNOWN.

        Raises:
            CallerError: TOO_LARGE, more than `MAX_ANSWER_CHARS` characters; the question stays open.
        """
        text = _plain(words, MAX_ANSWER_CHARS, "answer")
        known = text != "" and _NOT_KNOWN.fullmatch(text.rstrip(".! ")) is None
        status = AnswerStatus.ANSWERED if known else AnswerStatus.NOT_KNOWN
        return Answer(question_id=question.id, status=status, text=text if known else "", source=self.name)

    def accept_result(self, order: Order, words: str) -> OrderResult:
        """The result that a person entered; nothing, or 'not available', is NOT_AVAILABLE.

        Raises:
            CallerError: TOO_LARGE, more than `MAX_RESULT_CHARS` characters; the order stays open.
        """
        text = _plain(words, MAX_RESULT_CHARS, "result")
        there = text != "" and _NOT_AVAILABLE.fullmatch(text.rstrip(".! ")) is None
        return OrderResult(
            order_id=order.id,
            exam=order.exam,
            status=OrderStatus.AVAILABLE if there else OrderStatus.NOT_AVAILABLE,
            text=text if there else "",
            source=self.name,
        )


def _plain(words: str, most: int, what: str) -> str:
    if len(words) > most:
        raise CallerError(
            ProblemCode.TOO_LARGE,
            f"The {what} has {len(words)} characters; at most {most} are taken.",
            f"Shorten the {what}; what was asked is still open.",
        )
    kept = "".join(char if unicodedata.category(char) not in _UNSEEN else _blank(char) for char in words)
    lines = (" ".join(line.split()) for line in kept.splitlines())
    return "\n".join(line for line in lines if line)


def _blank(char: str) -> str:
    """A control character parts words, a line feed lines; an invisible mark within a word parts nothing."""
    if char in "\r\n":
        return "\n"
    return " " if unicodedata.category(char) == "Cc" else ""
