"""A survival estimate as evidence: asked of whoever plays the role, and told in one line with all that bounds it."""

from __future__ import annotations

from typing import Any

from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, Source
from wardround.contracts.survival import Cohort, SurvivalEstimate, SurvivalQuestion

__all__ = ["ABSENT", "estimate_line", "prognosis_item", "survival_arguments"]

ABSENT = Problem(
    code=ProblemCode.SPECIALIST_DOWN,
    message="No specialist predicts survival.",
    hint="Enable [specialists.survival], or look at 'wardround doctor'.",
)


def survival_arguments(question: SurvivalQuestion) -> dict[str, Any]:
    """What a survival server is asked with: the patient's id is nobody else's business."""
    return {"patient": question.patient.model_dump(mode="json", exclude={"patient_id"}), "model": question.model}


def prognosis_item(estimate: SurvivalEstimate) -> Evidence:
    """The estimate as an item of a film's ledger; it moves no claim."""
    return Evidence(
        kind=EvidenceKind.PROGNOSIS,
        subject=(f"survival without {estimate.cohort.endpoint}" if estimate.cohort.endpoint else "survival")[:120],
        prognosis=estimate,
        detail=estimate_line(estimate)[:500],
        source=Source(model=estimate.model, version=estimate.version, calibrated=estimate.calibrated),
    )


def estimate_line(estimate: SurvivalEstimate) -> str:
    """Median with its 90 % band, risk group, cohort, what was missing, and what makes it doubtful."""
    cohort = estimate.cohort
    unit = f" {cohort.time_unit}" if cohort.time_unit else ""
    if estimate.median is None:
        middle = f"median time to {_endpoint(cohort)} not reached within {estimate.horizon:.0f}{unit}"
    else:
        low, high = (
            "not reached" if one is None else f"{one:.0f}" for one in (estimate.median_low, estimate.median_high)
        )
        middle = f"median time to {_endpoint(cohort)} {estimate.median:.0f}{unit} (90 % band {low} to {high})"
    parts = [
        middle,
        f"risk group {estimate.group.value}, percentile {100.0 * estimate.percentile:.0f} of the cohort",
        f"cohort {cohort.name}, {cohort.patients} patients, {cohort.events} events",
        "curve calibrated on held-out patients" if estimate.calibrated else "curve not calibrated",
    ]
    if estimate.missing:
        parts.append(f"not known: {', '.join(estimate.missing)}")
    if not estimate.in_cohort:
        parts.append("the patient is unlike the cohort: the estimate may mean nothing")
    return "; ".join(parts) + "."


def _endpoint(cohort: Cohort) -> str:
    return cohort.endpoint or "the event"
