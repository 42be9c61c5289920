"""Reads mediQ (Li et al., NeurIPS 2024; CC BY 4.0): vignettes whose facts are told one by one, with four options.

Also reads MedQA's questions as solved examples, and parts cases into a tuning and a test half by a hash of the id, so
that the halves are the same everywhere and no case changes sides.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["KNOWN_FIRST", "Solved", "Vignette", "read_solved", "read_vignettes"]

# Age and sex, and what the patient comes with: known before anything is asked.
KNOWN_FIRST = 2
_NUMBERING = re.compile(r"^\s*\d+[.)]\s*")
_NEEDS = "Each line is a JSON object with id, question, options, answer_idx and facts, as mediQ publishes them."


@dataclass(frozen=True)
class Vignette:
    """One case: `facts` in the order in which they are told, `truth` the index of the right option."""

    id: str
    question: str
    options: tuple[str, ...]
    truth: int
    facts: tuple[str, ...]

    @property
    def tuning(self) -> bool:
        """Whether it belongs to the tuning half: the first byte of the SHA-256 of its id is even."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0

    def fold(self, partition: int) -> int:
        """One of five folds in each of 30 partitions, by the byte that follows for each."""
        return hashlib.sha256(self.id.encode()).digest()[1 + partition] % 5

    @property
    def first(self) -> int:
        """How many facts are known at the start."""
        return min(KNOWN_FIRST, len(self.facts))


@dataclass(frozen=True)
class Solved:
    """A question with its right answer, to be retrieved from."""

    question: str
    answer: str


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise CallerError(ProblemCode.NOT_FOUND, f"There is no file {path.name} to read.", _NEEDS) from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                told = json.loads(line)
            except ValueError:
                told = None
            if not isinstance(told, dict):
                raise CallerError(ProblemCode.BAD_ARGUMENT, f"Line {number} of {path.name} is no JSON object.", _NEEDS)
            yield told


def read_vignettes(path: Path) -> tuple[Vignette, ...]:
    """All vignettes with at least one fact.

    Raises:
        CallerError: NOT_FOUND without the file, BAD_ARGUMENT for a line of another form.
    """
    found = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            letters = sorted(line["options"])
            facts = tuple(_NUMBERING.sub("", fact) for fact in line["facts"])
            vignette = Vignette(
                id=str(line["id"]),
                question=line["question"],
                options=tuple(line["options"][letter] for letter in letters),
                truth=letters.index(line["answer_idx"]),
                facts=facts,
            )
        except (KeyError, TypeError, ValueError):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, f"Item {number} of {path.name} lacks a field.", _NEEDS
            ) from None
        if facts:
            found.append(vignette)
    return tuple(found)


def read_solved(path: Path) -> tuple[Solved, ...]:
    """MedQA's questions with their answers; nothing where the file is not there.

    Raises:
        CallerError: BAD_ARGUMENT for a line of another form.
    """
    if not path.is_file():
        return ()
    try:
        return tuple(Solved(line["question"], line["answer"]) for line in _lines(path))
    except KeyError:
        raise CallerError(ProblemCode.BAD_ARGUMENT, f"A line of {path.name} lacks a field.", _NEEDS) from None
