"""Six items of evidence, written out: a suspected and placed effusion, a mass that is not suspected, a wide heart."""

from __future__ import annotations

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity

__all__ = ["SMALL_LEDGER", "item"]


def item(evidence_id: str, kind: EvidenceKind, subject: str, **fields: object) -> Evidence:
    """An item of the one model that speaks here."""
    source = {"model": "net", "version": "1"}
    return Evidence.model_validate({"id": evidence_id, "kind": kind, "subject": subject, "source": source, **fields})


SMALL_LEDGER = (
    item("E1", EvidenceKind.FINDING, "Effusion", value=0.5),
    item("E2", EvidenceKind.FINDING, "Mass", value=0.1),
    item(
        "E3", EvidenceKind.LOCATION, "Effusion", derived_from=("E1",),
        location=Location(side=Side.LEFT, region=Region.LOWER_ZONE, overlap=0.7),
    ),
    item(
        "E4", EvidenceKind.MEASUREMENT, "cardiothoracic ratio",
        measurement=Measurement(quantity="cardiothoracic ratio", value=0.5487, high=0.5),
    ),
    item("E5", EvidenceKind.WEIGHING, "Effusion", value=0.6183, polarity=Polarity.PRESENT, derived_from=("E1",)),
    item("E6", EvidenceKind.WEIGHING, "Mass", value=0.02, polarity=Polarity.ABSENT, derived_from=("E2",)),
)  # fmt: skip
