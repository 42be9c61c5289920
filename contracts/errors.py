"""What can go wrong, in two kinds: what the caller can mend, and our own faults.

    WardroundError
    ├── CallerError      the message is written for the caller: what happened, with which input, what to do
    └── Fault            ours, or a specialist's: the caller may try again, but need not change anything

Both carry a `Problem`, which is what crosses a process boundary. A message names no patient, no folder, no key.
"""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.base import Word

__all__ = ["CallerError", "Fault", "Problem", "ProblemCode", "WardroundError", "error_from"]


class ProblemCode(StrEnum):
    """Stable names of everything that can go wrong; the second table below says whose each is."""

    # the caller's
    BAD_ARGUMENT = "bad_argument"
    BLANK_IMAGE = "blank_image"
    COLOUR_IMAGE = "colour_image"
    CONFLICT = "conflict"
    DAMAGED_FILE = "damaged_file"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    LATERAL_VIEW = "lateral_view"
    MISSING_DECODER = "missing_decoder"
    MISSING_WEIGHTS = "missing_weights"
    MULTI_FRAME = "multi_frame"
    NOT_AN_IMAGE = "not_an_image"
    NOT_A_CHEST_FILM = "not_a_chest_film"
    NOT_FOUND = "not_found"
    PATH_NOT_ALLOWED = "path_not_allowed"
    REASONER_KEY = "reasoner_key"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    UNSUPPORTED_FORMAT = "unsupported_format"
    # ours, or a specialist's
    BUSY = "busy"
    DECODER_CRASHED = "decoder_crashed"
    INTERNAL = "internal"
    REASONER_ANSWER = "reasoner_answer"
    REASONER_DOWN = "reasoner_down"
    REASONER_FAILED = "reasoner_failed"
    SPECIALIST_DOWN = "specialist_down"
    TIMEOUT = "timeout"
    WEIGHTS_MISMATCH = "weights_mismatch"
    WRONG_SHAPE = "wrong_shape"


_FAULTS = frozenset(
    {
        ProblemCode.BUSY,
        ProblemCode.DECODER_CRASHED,
        ProblemCode.INTERNAL,
        ProblemCode.REASONER_ANSWER,
        ProblemCode.REASONER_DOWN,
        ProblemCode.REASONER_FAILED,
        ProblemCode.SPECIALIST_DOWN,
        ProblemCode.TIMEOUT,
        ProblemCode.WEIGHTS_MISMATCH,
        ProblemCode.WRONG_SHAPE,
    }
)


class Problem(Word):
    """An error as data: what happened (`message`), and what to do about it (`hint`)."""

    code: ProblemCode
    message: str
    hint: str = ""

    @property
    def is_fault(self) -> bool:
        """True where the caller can change nothing about it."""
        return self.code in _FAULTS

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class WardroundError(Exception):
    """Base of all errors that this package raises on purpose."""

    def __init__(self, code: ProblemCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, hint=hint)


class CallerError(WardroundError):
    """The caller can mend it."""


class Fault(WardroundError):
    """The caller cannot mend it."""


def error_from(problem: Problem) -> WardroundError:
    """The exception that stands for a problem that came over a wire."""
    kind = Fault if problem.is_fault else CallerError
    return kind(problem.code, problem.message, problem.hint)
