"""What was told rather than seen (age, sex, view, history) as evidence items, so that it can be cited like the rest."""

from __future__ import annotations

from wardround.contracts.evidence import Evidence, EvidenceKind, Source
from wardround.contracts.own_version import own_version
from wardround.contracts.study import Sex, Study, ViewPosition

__all__ = ["MAX_HISTORY", "context_items"]

MAX_HISTORY = 500


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_HISTORY else f"{text[: MAX_HISTORY - 1]}…"


def context_items(study: Study, history: str) -> tuple[Evidence, ...]:
    """One item for each thing that is known; `history` is shown to people and never read by a program."""
    patient, view = study.patient, study.images[0].view
    told = {
        "age": f"{patient.age_years} years" if patient.age_years is not None else "",
        "sex": patient.sex.value if patient.sex is not Sex.UNKNOWN else "",
        "view": view.value if view is not ViewPosition.UNKNOWN else "",
        "history": _shortened(history.strip()),
    }
    source = Source(model="as given with the request", version=own_version())
    return tuple(
        Evidence(kind=EvidenceKind.CONTEXT, subject=subject, detail=detail, source=source, synthetic=study.synthetic)
        for subject, detail in told.items()
        if detail
    )
