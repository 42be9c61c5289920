"""Turns what a model says it sees into evidence: uncalibrated, without a score, and without a measured place."""

from __future__ import annotations

from wardround.agents.observer.question import PROMPT, Observed, Seen
from wardround.contracts.card import ModelCard
from wardround.contracts.codes import canonical_label
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Polarity, Source
from wardround.prompts.loader import load

__all__ = ["card", "observation_report", "observer_source"]

_MODEL_CHARS = 120
_LIMITS = (
    "An observation is what a language model says of a picture: no score, not calibrated, and easily wrong.",
    "Its side and region are its own words, not measured; they are shown to people and no claim may rest on them.",
    "The film leaves this machine where the endpoint is elsewhere, with whatever is burned into it.",
)


def observer_source(model: str) -> Source:
    """Who observes: the model by its configured name; the version is the question's, for the model's is not known."""
    return Source(model=model[:_MODEL_CHARS], version=_question_version(), calibrated=False)


def observation_report(
    observed: Observed, labels: tuple[str, ...], source: Source, *, synthetic: bool = False
) -> EvidenceReport:
    """One OBSERVATION item for each of `labels` that the model spoke of, in their order.

    A finding that was not asked about is dropped with a warning; one of which two things were said is uncertain.
    """
    said: dict[str, list[Seen]] = {label: [] for label in labels}
    dropped = 0
    for seen in observed.findings:
        label = canonical_label(seen.finding)
        if label in said:
            said[label].append(seen)
        else:
            dropped += 1
    warnings = []
    if dropped:
        # The model's own names are not repeated: they are free text from outside.
        warnings.append(
            f"{dropped} observations of findings that were not asked about, or are not coded, were dropped."
        )
    silent = [label for label in labels if not said[label]]
    if silent:
        warnings.append(f"The observer said nothing of {', '.join(silent)}.")
    items = []
    for label, seens in said.items():
        if not seens:
            continue
        polarities = {seen.polarity for seen in seens}
        if len(polarities) > 1:
            warnings.append(f"The observer contradicted itself on {label}; it counts as uncertain.")
        items.append(
            Evidence(
                kind=EvidenceKind.OBSERVATION,
                subject=label,
                polarity=seens[0].polarity if len(polarities) == 1 else Polarity.UNCERTAIN,
                source=source,
                synthetic=synthetic,
                detail=_place(seens),
            )
        )
    return EvidenceReport(items=tuple(items), warnings=tuple(warnings))


def card(source: Source) -> ModelCard:
    """The observer's card: of the model behind it, no more is known here than its name."""
    return ModelCard(
        name=source.model,
        version=source.version,
        task="Says of each coded finding whether it sees it on one frontal chest film",
        licence="that of the configured model",
        training_data="not known here; see the model's own card",
        intended_use="A second look beside detectors, as uncalibrated evidence; never as the only support of a claim",
        limits=_LIMITS,
        calibration="none: it gives no numbers",
    )


def _question_version() -> str:
    return f"question {load(PROMPT).digest.removeprefix('sha256:')[:12]}"


def _place(seens: list[Seen]) -> str:
    """Where the model says it is, for people; '' where it says nothing, or is not sure that it is there."""
    places = {
        " ".join(part.value for part in (seen.side, seen.region) if part is not None)
        for seen in seens
        if seen.polarity is Polarity.PRESENT
    }
    named = sorted(place for place in places if place)
    return f"said to lie: {'; '.join(named)} (not measured)" if named else ""
