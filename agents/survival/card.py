"""The cards of fitted survival models: what this package says of every one, and the short form that servers show."""

from __future__ import annotations

from wardround.contracts.card import Figure, ModelCard
from wardround.contracts.survival import SurvivalModelCard

__all__ = ["INTENDED_USE", "LIMITS", "model_card"]

INTENDED_USE = (
    "Research on survival after a stated start, for patients like those of the cohort; never to decide on a treatment"
)
LIMITS = (
    "It has seen one cohort; elsewhere its ranking is worse and its curves may be wrong altogether.",
    "The cohort's own selection, era and treatment are in every curve; no cause follows from an attribution.",
    "Censoring is taken to be independent of what happens, given what the model reads.",
    "The band is the spread of the model's members and of its own uncertainty, not that of a single patient's fate.",
)
_FLOOR = "ridge Cox"
_NO_FLOOR = frozenset({"folds"})


def model_card(card: SurvivalModelCard) -> ModelCard:
    """The card at `card://model` of one fitted model."""
    cohort = card.cohort
    folds = int(card.figures.get("folds", 0))
    data = f"{folds} folds of {cohort.name}, each held out once" if folds else ""
    return ModelCard(
        name=card.name,
        version=card.version,
        task=f"Survival without {cohort.endpoint or 'the event'} from {', '.join(card.modalities)}",
        weights_digest=card.weights_digest,
        licence=cohort.licence or "that of the data it was fitted on",
        training_data=f"{cohort.name}: {cohort.patients} patients, {cohort.events} events. {cohort.source}".strip(),
        intended_use=card.intended_use,
        limits=card.limits,
        figures=tuple(
            Figure(
                name=name,
                value=value,
                floor=card.floors.get(name),
                floor_name=_FLOOR if name in card.floors else "",
                n=cohort.patients,
                data=data,
            )
            for name, value in card.figures.items()
            if name not in _NO_FLOOR
        ),
        calibration=_calibration(card),
    )


def _calibration(card: SurvivalModelCard) -> str:
    p = card.figures.get("d_calibration_p")
    if p is None:
        return "not measured"
    return f"D-calibration on held-out patients: p {p:.3f}" + ("" if card.calibrated else "; the curves are scores")
