"""Reads a file of cases in any form, which its content tells: MedChain, AgentClinic, our own records, or a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wardround.agents.cases.loaders.agentclinic import read_agentclinic
from wardround.agents.cases.loaders.checked import json_of, text_of
from wardround.agents.cases.loaders.medchain import medchain_cases
from wardround.agents.cases.loaders.records import record_cases
from wardround.agents.cases.loaders.table import csv_cases
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["read_cases"]

_FORMS = (
    "Give MedChain's JSON, AgentClinic's JSON lines, records as 'wardround cases export' writes them, "
    "or a CSV table with the column case_id."
)


def _first_value(text: str) -> Any:
    """The first JSON value of a text: the whole of it, or its first line's."""
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def _with_trust(cases: tuple[Case, ...], trust: CaseTrust | None) -> tuple[Case, ...]:
    return cases if trust is None else tuple(case.model_copy(update={"trust": trust}) for case in cases)


def read_cases(path: Path, labels: Path | None = None, trust: CaseTrust | None = None) -> tuple[Case, ...]:
    """All cases of a file.

    Args:
        labels: what is added to AgentClinic's cases (see `read_labels`).
        trust: the tier of all of them; None leaves each form its own: validated for AgentClinic, what a record says,
            and user for all else.

    Raises:
        CallerError: the file cannot be read, is of none of these forms, or a case in it is not as it should be.
    """
    text = text_of(path)
    first = _first_value(text) if text.lstrip()[:1] in ("{", "[") else None
    scenario = isinstance(first, Mapping) and "OSCE_Examination" in first
    if labels is not None and not scenario:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{path.name}' is not of AgentClinic's form, and labels are for that form alone.",
            "Leave the labels out.",
        )
    if scenario:
        return _with_trust(read_agentclinic(path, labels), trust)
    if isinstance(first, Mapping) and "case_id" in first:
        return record_cases(text, path.name, trust)
    if text.lstrip()[:1] in ("{", "["):
        return medchain_cases(json_of(text, f"'{path.name}'"), path.name, trust or CaseTrust.USER)
    if "case_id" in text.partition("\n")[0]:
        return csv_cases(text, path.name, trust or CaseTrust.USER)
    raise CallerError(ProblemCode.UNSUPPORTED_FORMAT, f"'{path.name}' is no file of cases that is known.", _FORMS)
