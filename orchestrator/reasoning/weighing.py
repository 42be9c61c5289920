"""Turns a belief of the weigher into an evidence item, so that claims can cite it like the rest."""

from __future__ import annotations

from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind
from wardround.contracts.weighing import Belief, Weighing

__all__ = ["PRIOR", "weighing_item"]

PRIOR = "prior"
_DETAIL_LIMIT = 500


def weighing_item(belief: Belief, weighing: Weighing) -> Evidence:
    """The belief as evidence of kind WEIGHING, without an id yet.

    Its contributions are the prior (no evidence id) and then the belief's own; they sum to the log-odds whose logistic
    is `value`. `source.calibrated` says whether `value` is a probability.
    """
    point = belief.operating_point
    prior = Contribution(name=PRIOR, log_odds=belief.log_odds - belief.evidence_log_odds)
    detail = (
        f"Evidence {belief.evidence_log_odds:+.2f} log-odds; suspected from {point.suspect_at:+.2f}, "
        f"not suspected below {point.unlikely_at:+.2f} ({point.source}). "
        f"Prior {belief.prior:.4f}: {belief.prior_source or weighing.prior_source}."
    )
    return Evidence(
        kind=EvidenceKind.WEIGHING,
        subject=belief.subject,
        polarity=belief.polarity,
        value=belief.value,
        contributions=(prior, *belief.contributions),
        derived_from=tuple(dict.fromkeys(part.evidence_id for part in belief.contributions)),
        source=weighing.source.model_copy(update={"calibrated": belief.calibrated}),
        detail=detail[:_DETAIL_LIMIT],
    )
