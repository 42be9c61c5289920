"""From a run's final state to its one typed result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.diagnosis import Conclusion, Diagnosis, Missing, Status, StruckClaim, Timing
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.contracts.own_version import own_version
from wardround.contracts.reasoning import Reasoning
from wardround.contracts.screening import ScreenOutcome
from wardround.contracts.study import Study
from wardround.orchestrator.ledger import Ledger

__all__ = ["TEMPLATES", "result_of", "without_urls"]

TEMPLATES = "templates over the weigher's result (no language model)"
_EARLIER = "earlier studies"
_ALWAYS_UNSEEN = (
    "lateral view",
    _EARLIER,
    "bones, tubes and lines",
    "anything that only a finer look than these models' input size shows",
)


def result_of(
    run_id: str, state: Mapping[str, Any], silent: Sequence[Missing], timings: Sequence[Mapping[str, Any]]
) -> Diagnosis:
    """The result; `silent` names specialists that could not be asked what they offer."""
    study = Study.model_validate(state["study"])
    items = Ledger(Evidence.model_validate(item) for item in state.get("ledger", [])).exported()
    missing = (*silent, *(Missing.model_validate(one) for one in state.get("missing", [])))
    refusal = Problem.model_validate(state["refusal"]) if state.get("refusal") else None
    reason = state.get("abstention", "")
    reasoning = Reasoning.model_validate(state["reasoning"]) if state.get("reasoning") else None
    prior = state.get("prior")
    return Diagnosis(
        run_id=run_id,
        status=Status.REFUSED if refusal else Status.PARTIAL if missing else Status.COMPLETE,
        study=without_urls(study),
        conclusions=tuple(Conclusion.model_validate(one) for one in state.get("conclusions", [])),
        evidence=items,
        missing=missing,
        struck=tuple(StruckClaim.model_validate(one) for one in state.get("struck", [])),
        not_assessed=_unseen(study, items, prior is not None),
        warnings=tuple(dict.fromkeys((*state.get("warnings", []), *state.get("problems", [])))),
        abstained=bool(reason),
        abstention_reason=reason,
        refusal=refusal,
        screen=tuple(ScreenOutcome.model_validate(one) for one in state.get("screen", [])),
        synthetic=study.synthetic,
        reasoner=f"{reasoning.model}, {reasoning.strategy.value}" if reasoning else TEMPLATES,
        reasoning=reasoning,
        prior_run=prior["run_id"] if prior else "",
        wardround_version=own_version(),
        created_at=state["created_at"],
        timings=tuple(Timing.model_validate(one) for one in timings),
    )


def _unseen(study: Study, items: Sequence[Evidence], compared: bool) -> tuple[str, ...]:
    reported = {NO_FINDING, *(item.subject for item in items if item.kind is EvidenceKind.FINDING)}
    findings = tuple(row.name for label, row in finding_codes().items() if label not in reported)
    further = tuple(f"film {number} of this study" for number in range(2, len(study.images) + 1))
    always = tuple(what for what in _ALWAYS_UNSEEN if not (compared and what == _EARLIER))
    return (*further, *findings, *always)


def without_urls(study: Study) -> Study:
    """URLs expire and say where a server is: they do not belong in a result."""
    images = tuple(
        image.model_copy(update={"film": image.film.model_copy(update={"url": None})}) for image in study.images
    )
    return study.model_copy(update={"images": images})
