"""Cases as memory itself writes them: one JSON object of a `Case`, or one on each line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wardround.agents.cases.loaders.checked import damaged, json_of, one_case, text_of, told_once
from wardround.contracts.case import Case, CaseTrust

__all__ = ["read_records", "record_cases"]


def _case(value: Any, where: str, trust: CaseTrust | None) -> Case:
    if not isinstance(value, Mapping):
        raise damaged(f"{where} is no JSON object.", "Give the fields of a case, as 'wardround cases export' does.")
    kept = value.get("trust", CaseTrust.USER)
    return one_case(where, {**value, "trust": trust or kept})


def record_cases(text: str, name: str, trust: CaseTrust | None = None) -> tuple[Case, ...]:
    """The cases of a text; each keeps its own trust, where it has one, unless another is given.

    Raises:
        CallerError: DAMAGED_FILE or BAD_ARGUMENT, one is no case; the message tells its line.
    """
    lines = [(place, line) for place, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines or not lines[0][1].rstrip().endswith("}"):  # one object over many lines
        return (_case(json_of(text, f"'{name}'"), f"The case in '{name}'", trust),)
    told = []
    for place, line in lines:
        where = f"Line {place} of '{name}'"
        told.append(_case(json_of(line, where), where, trust))
    return told_once(told, name)


def read_records(path: Path, trust: CaseTrust | None = None) -> tuple[Case, ...]:
    """All cases of a file.

    Raises:
        CallerError: the file cannot be read (see `checked`), or one is no case (see `record_cases`).
    """
    return record_cases(text_of(path), path.name, trust)
