"""Diagnoses that no detector scores but that findings may raise: which, how many of them, and on whose word.

A film alone establishes none of them: they may only be put up for consideration. Any other diagnosis is out of scope.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word

__all__ = ["DiagnosisRule", "diagnosis_rule", "diagnosis_rules"]


class DiagnosisRule(Word):
    """`name` may be considered where at least `needs` of `findings` (labels of the code table) are suspected."""

    name: str
    synonyms: tuple[str, ...]
    needs: Annotated[int, Field(ge=1)]
    findings: tuple[str, ...]
    source: str


@lru_cache(maxsize=1)
def diagnosis_rules() -> dict[str, DiagnosisRule]:
    """The table by name."""
    with files(__package__).joinpath("diagnoses.csv").open(encoding="utf-8") as lines:
        rows = [
            DiagnosisRule.model_validate(
                {**raw, "synonyms": tuple(raw["synonyms"].split("|")), "findings": tuple(raw["findings"].split("|"))}
            )
            for raw in csv.DictReader(lines)
        ]
    return {row.name: row for row in rows}


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


@lru_cache(maxsize=1)
def _by_name() -> dict[str, DiagnosisRule]:
    return {_fold(name): row for row in diagnosis_rules().values() for name in (row.name, *row.synonyms)}


def diagnosis_rule(name: str) -> DiagnosisRule | None:
    """The rule for a name or synonym in any case; None where the table does not have it."""
    return _by_name().get(_fold(name))
