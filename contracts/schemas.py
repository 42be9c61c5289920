"""Writes the JSON schemas of all public words: `python -m wardround.contracts.schemas FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wardround.contracts.audit import Audit
from wardround.contracts.base import Word
from wardround.contracts.card import ModelCard
from wardround.contracts.case import Case
from wardround.contracts.codes import FindingCode
from wardround.contracts.decision import Decision
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Evidence, EvidenceReport, ScreenReport
from wardround.contracts.study import Study
from wardround.contracts.weighing import Weighing

__all__ = ["PUBLIC_WORDS", "export", "schemas"]

PUBLIC_WORDS: tuple[type[Word], ...] = (
    Audit,
    Case,
    Decision,
    Diagnosis,
    Evidence,
    EvidenceReport,
    FindingCode,
    ModelCard,
    Problem,
    ScreenReport,
    Study,
    Weighing,
)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (draft 2020-12) by class name, as a reader of our output sees it."""
    return {word.__name__: word.model_json_schema(mode="serialization") for word in PUBLIC_WORDS}


def export(folder: Path) -> list[Path]:
    """Writes one `NAME.schema.json` for each word and returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas().items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    for written_path in export(Path(sys.argv[1])):
        print(written_path)
