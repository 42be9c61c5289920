"""Ledgers of random but well-formed evidence, as the graph would fill them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from wardround.agents.evidence.weigher import weigh
from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.case import CaseTrust
from wardround.contracts.change import Change, Comparison
from wardround.contracts.codes import NO_FINDING, nih_labels
from wardround.contracts.cue import Cue, CueKind, Told
from wardround.contracts.evidence import (
    CaseLink,
    Degree,
    Evidence,
    EvidenceKind,
    Measurement,
    Polarity,
    Source,
    Voice,
)
from wardround.contracts.study import Artefact, ArtefactKind, Patient, Sex, ViewPosition
from wardround.orchestrator.history.items import cue_items
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.weighing import weighing_item

__all__ = ["FILM", "PRIOR_FILM", "random_ledger", "with_twin"]

FILM = "sha256:" + "0" * 64
PRIOR_FILM = "sha256:" + "1" * 64

_ZONES = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE, Region.LUNG, Region.OUTSIDE)
_SIDES = (Side.LEFT, Side.RIGHT, Side.BILATERAL)
_CHANGES = {
    (Polarity.ABSENT, Polarity.PRESENT): Change.NEW,
    (Polarity.PRESENT, Polarity.ABSENT): Change.GONE,
    (Polarity.PRESENT, Polarity.PRESENT): Change.UNCHANGED,
}
_TOLD = (
    Cue(kind=CueKind.AGE, name="age", value=61),
    Cue(kind=CueKind.SYMPTOM, name="cough"),
    Cue(kind=CueKind.SYMPTOM, name="fever", told=Told.NO),
    Cue(kind=CueKind.DISEASE, name="tuberculosis", told=Told.UNSURE),
    Cue(kind=CueKind.EXPOSURE, name="smoking"),
)


def random_ledger(seed: int) -> Ledger:
    """Detectors, places, measurements, outlined lesions, strangers, a told history, cases, weighings, and changes.

    About a third of the ledgers have calibrated weighings, and half an earlier film: changes of the left lung area and
    of some findings. In two of three, up to three lesions were outlined.
    """
    rng = random.Random(seed)
    ledger = Ledger()

    def add(specialist: str, items: Sequence[Evidence], *, trusted: bool = False) -> None:
        assert ledger.append(specialist, list(items), FILM, trusted_calibration=trusted) is None

    add("request", [Evidence(kind=EvidenceKind.CONTEXT, subject="sex", detail="F", source=_source("given"))])
    add("request", cue_items(rng.sample(_TOLD, k=rng.randint(0, 3))))
    add("anatomy", _anatomy(rng))
    add("cxr", _findings(rng))
    add("stranger", _strangers(rng))
    findings = [item for item in ledger.items if item.kind is EvidenceKind.FINDING]
    add("anatomy", [_place(item, rng) for item in findings if rng.random() < 0.7])
    lesions = _lesions(random.Random(f"lesions of {seed}"))
    add("lesions", [lesion for lesion, _ in lesions])
    names = [item.id for item in ledger.items if item.kind is EvidenceKind.LESION]
    add("anatomy", [_outline(name, place) for name, (_, place) in zip(names, lesions, strict=True) if place])
    weighing = weigh(findings, Patient(age_years=rng.randrange(90), sex=Sex.FEMALE), ViewPosition.PA)
    calibrated = rng.random() < 1 / 3
    beliefs = [
        belief.model_copy(update={"calibrated": calibrated and rng.random() < 0.8}) for belief in weighing.beliefs
    ]
    add("evidence", [weighing_item(belief, weighing) for belief in beliefs], trusted=True)
    add("cases", _cases(rng))
    if rng.random() < 0.5:
        add("earlier film", list(_changes(ledger.items, rng)))
    return ledger


def with_twin(items: Sequence[Evidence], item: Evidence) -> tuple[Evidence, ...]:
    """The items with one of them once more at the end, as a specialist that is configured twice would give it."""
    return (*items, item.model_copy(update={"id": f"E{len(items) + 1}"}))


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
    angle = Measurement(quantity="left costophrenic angle", value=rng.uniform(15, 110), unit="deg", low=30.0, high=75.0)
    heart = Evidence(id="heart", kind=EvidenceKind.SEGMENTATION, subject="heart", source=_source("unet"))
    return [heart] + [
        Evidence(
            kind=EvidenceKind.MEASUREMENT,
            subject=one.quantity,
            measurement=one,
            derived_from=("heart",),
            source=_source("unet"),
        )
        for one in (ratio, area, *((angle,) if rng.random() < 0.5 else ()))
    ]


def _place(item: Evidence, rng: random.Random) -> Evidence:
    place = Location(region=rng.choice(_ZONES), side=rng.choice(_SIDES), overlap=rng.uniform(0.1, 1.0))
    return Evidence(
        kind=EvidenceKind.LOCATION,
        subject=item.subject,
        location=place,
        derived_from=(item.id,),
        source=_source("locator"),
    )


def _lesions(rng: random.Random) -> list[tuple[Evidence, Location | None]]:
    """Lesions, each with the place that a locator gives it; some have none."""
    unit = rng.choice(("mm", "{pixel}"))
    found = []
    for number in range(rng.choice((0, 1, 2, 3)) if rng.random() < 0.9 else 0):
        mask = Artefact(kind=ArtefactKind.MASK, digest=PRIOR_FILM, shape=(3, 8, 8), channel=f"lesion {number}")
        lesion = Evidence(
            kind=EvidenceKind.LESION,
            subject=rng.choice(("Nodule", "Nodule", "Pulmonary nodule", "Mass")),
            polarity=Polarity.UNCERTAIN,
            value=rng.random(),
            measurement=Measurement(quantity="diameter", value=rng.uniform(4, 60), unit=unit),
            artefacts=(mask,),
            source=_source("outliner"),
        )
        place = Location(region=rng.choice(_ZONES), side=rng.choice(_SIDES[:2]), overlap=rng.uniform(0.2, 1.0))
        found.append((lesion, place if rng.random() < 0.85 else None))
    return found


def _outline(lesion: str, place: Location) -> Evidence:
    return Evidence(
        kind=EvidenceKind.LOCATION,
        subject="Nodule",
        location=place,
        derived_from=(lesion,),
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
        degree=rng.choice((None, *Degree)),
        source=_source("their reader"),
    )
    fracture = Evidence(
        kind=EvidenceKind.OBSERVATION,
        subject="Fracture",
        polarity=rng.choice((Polarity.PRESENT, Polarity.ABSENT)),
        source=_source("their reader"),
    )
    return [opacity, seen, *((fracture,) if rng.random() < 0.4 else ())]


def _cases(rng: random.Random) -> list[Evidence]:
    return [
        Evidence(
            kind=EvidenceKind.CASE,
            subject="similar case",
            case=CaseLink(
                case_id=f"case-{number}",
                similarity=rng.random(),
                trust=CaseTrust.VALIDATED,
                findings=tuple(rng.sample(nih_labels(), k=2)),
            ),
            source=_source("case memory"),
        )
        for number in range(rng.randint(0, 2))
    ]


def _changes(items: Sequence[Evidence], rng: random.Random) -> Iterator[Evidence]:
    for item in items:
        if item.measurement is not None and item.measurement.quantity == "left lung area":
            now = item.measurement.value
            before = now * rng.choice((rng.uniform(0.6, 0.8), rng.uniform(0.95, 1.05), rng.uniform(1.25, 1.5)))
            change = (
                Change.UNCHANGED
                if abs(now - before) <= 0.15 * before
                else (Change.LARGER, Change.SMALLER)[now < before]
            )
            yield _changed(item, change, before, now, "cm2")
        if item.kind is EvidenceKind.WEIGHING and item.subject != NO_FINDING and rng.random() < 0.3:
            then = rng.choice((Polarity.PRESENT, Polarity.ABSENT))
            told = _CHANGES.get((then, item.polarity or Polarity.UNCERTAIN))
            if told is not None and item.value is not None:
                yield _changed(item, told, rng.random(), item.value, "")


def _changed(item: Evidence, change: Change, before: float, now: float, unit: str) -> Evidence:
    return Evidence(
        kind=EvidenceKind.COMPARISON,
        subject=item.subject,
        comparison=Comparison(
            change=change,
            before=before,
            now=now,
            unit=unit,
            rule="by the stated rules",
            prior_run="run-before",
            prior_evidence=("E1",),
            prior_digest=PRIOR_FILM,
        ),
        derived_from=(item.id,),
        source=_source("comparison of two films by stated rules"),
    )
