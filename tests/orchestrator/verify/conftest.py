"""Ledgers of random but well-formed evidence, as the graph would fill them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from wardround.agents.evidence.weigher import weigh
from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.codes import nih_labels
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity, Source, Voice
from wardround.contracts.study import Patient, Sex, ViewPosition
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.weighing import weighing_item

FILM = "sha256:" + "0" * 64


def _source(model: str) -> Source:
    return Source(model=model, version="1")


def _findings(rng: random.Random) -> list[Evidence]:
    items = []
    for label in nih_labels():
        score = rng.choice((rng.uniform(0.01, 0.2), rng.uniform(0.3, 0.95)))
        voice = Voice(source=_source("net"), value=score, training_prevalence=rng.uniform(0.05, 0.3))
        items.append(
            Evidence(
                id=label, kind=EvidenceKind.FINDING, subject=label, value=score, voices=(voice,), source=voice.source
            )
        )
    return items


def _anatomy(rng: random.Random) -> list[Evidence]:
    ratio = Measurement(quantity="cardiothoracic ratio", value=rng.uniform(0.4, 0.65), high=0.5)
    area = Measurement(quantity="left lung area", value=rng.uniform(150, 300), unit="cm2")
    heart = Evidence(id="heart", kind=EvidenceKind.SEGMENTATION, subject="heart", source=_source("unet"))
    return [heart] + [
        Evidence(
            kind=EvidenceKind.MEASUREMENT,
            subject=one.quantity,
            measurement=one,
            derived_from=("heart",),
            source=_source("unet"),
        )
        for one in (ratio, area)
    ]


def _place(item: Evidence, rng: random.Random) -> Evidence:
    zones = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE, Region.LUNG, Region.OUTSIDE)
    side = rng.choice((Side.LEFT, Side.RIGHT, Side.BILATERAL))
    return Evidence(
        kind=EvidenceKind.LOCATION,
        subject=item.subject,
        location=Location(region=rng.choice(zones), side=side, overlap=rng.uniform(0.1, 1.0)),
        derived_from=(item.id,),
        source=_source("locator"),
    )


def _strangers(rng: random.Random) -> list[Evidence]:
    opacity = Evidence(
        kind=EvidenceKind.FINDING, subject="Lung Opacity", value=rng.uniform(0.1, 0.9), source=_source("their net")
    )
    seen = Evidence(
        kind=EvidenceKind.OBSERVATION,
        subject="pleural effusion",
        polarity=rng.choice((Polarity.PRESENT, Polarity.ABSENT)),
        source=_source("their reader"),
    )
    return [opacity, seen]


def _ledger(seed: int) -> Ledger:
    rng = random.Random(seed)
    ledger = Ledger()

    def add(specialist: str, items: list[Evidence], *, trusted: bool = False) -> None:
        assert ledger.append(specialist, items, FILM, trusted_calibration=trusted) is None

    add("request", [Evidence(kind=EvidenceKind.CONTEXT, subject="sex", detail="F", source=_source("given"))])
    add("anatomy", _anatomy(rng))
    add("cxr", _findings(rng))
    add("stranger", _strangers(rng))
    findings = [item for item in ledger.items if item.kind is EvidenceKind.FINDING]
    add("anatomy", [_place(item, rng) for item in findings if rng.random() < 0.7])
    weighing = weigh(findings, Patient(age_years=rng.randrange(90), sex=Sex.FEMALE), ViewPosition.PA)
    add("evidence", [weighing_item(belief, weighing) for belief in weighing.beliefs], trusted=True)
    return ledger


@pytest.fixture(scope="session")
def make_ledger() -> Callable[[int], Ledger]:
    """A full ledger from a seed."""
    return _ledger
