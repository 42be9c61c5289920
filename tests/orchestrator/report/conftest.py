"""Results made by hand: one complete, and variants that abstained, were refused, or are partial."""

from __future__ import annotations

import pytest

from wardround.contracts.anatomy import Box, Location, Region, Side
from wardround.contracts.diagnosis import (
    Claim,
    Conclusion,
    Diagnosis,
    Missing,
    Status,
    StruckClaim,
    Timing,
    Verdict,
)
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Measurement, Polarity, Source, Voice
from wardround.contracts.study import Artefact, ArtefactKind, Image, Patient, Sex, Study, ViewPosition

_DIGEST = "sha256:" + "0123456789abcdef" * 4
_DETECTOR = Source(specialist="cxr", model="small detector", version="1", weights_digest=_DIGEST)
_SEGMENTER = Source(specialist="anatomy", model="segmenter", version="2", weights_digest=_DIGEST)
_POOL = Source(specialist="evidence", model="log-linear pool", version="1")


def _study(synthetic: bool) -> Study:
    film = Artefact(kind=ArtefactKind.FILM, digest=_DIGEST, shape=(256, 256))
    image = Image(
        handle="im_" + "a" * 22,
        film=film,
        rows=256,
        columns=256,
        view=ViewPosition.PA,
        source_format="PNG, 8 bit",
        synthetic=synthetic,
    )
    patient = Patient(age_years=61, sex=Sex.FEMALE)
    return Study(handle="st_" + "a" * 22, images=(image,), patient=patient, synthetic=synthetic)


def _heat(label: str) -> Artefact:
    return Artefact(
        kind=ArtefactKind.HEATMAP, digest=_DIGEST, shape=(2, 8, 8), channels=("Effusion", "Nodule"), channel=label
    )


def _mask(structure: str) -> Artefact:
    return Artefact(
        kind=ArtefactKind.MASK, digest=_DIGEST, shape=(2, 8, 8), channels=("left lung", "heart"), channel=structure
    )


def _weighing(name: str, label: str, value: float, polarity: Polarity, item: str, *, calibrated: bool) -> Evidence:
    return Evidence(
        id=name,
        kind=EvidenceKind.WEIGHING,
        subject=label,
        polarity=polarity,
        value=value,
        contributions=(
            Contribution(name="prior", log_odds=-2.0),
            Contribution(evidence_id=item, name="small detector", log_odds=1.5),
        ),
        derived_from=(item,),
        source=_POOL.model_copy(update={"calibrated": calibrated}),
    )


def _finding(name: str, label: str, value: float) -> Evidence:
    return Evidence(
        id=name,
        kind=EvidenceKind.FINDING,
        subject=label,
        value=value,
        voices=(Voice(source=_DETECTOR, value=value, training_prevalence=0.1),),
        artefacts=(_heat(label),),
        source=_DETECTOR,
    )


_EVIDENCE = (
    Evidence(id="E1", kind=EvidenceKind.CONTEXT, subject="history", detail="Breathless.", source=_POOL),
    Evidence(
        id="E2", kind=EvidenceKind.SEGMENTATION, subject="left lung", artefacts=(_mask("left lung"),), source=_SEGMENTER
    ),
    Evidence(id="E3", kind=EvidenceKind.SEGMENTATION, subject="heart", artefacts=(_mask("heart"),), source=_SEGMENTER),
    _finding("E4", "Effusion", 0.71),
    _finding("E5", "Nodule", 0.2),
    Evidence(
        id="E6",
        kind=EvidenceKind.LOCATION,
        subject="Effusion",
        location=Location(
            region=Region.LOWER_ZONE,
            side=Side.LEFT,
            overlap=0.62,
            box=Box(left=0.6, top=0.55, width=0.25, height=0.3),
        ),
        derived_from=("E4",),
        source=_SEGMENTER,
    ),
    Evidence(
        id="E7",
        kind=EvidenceKind.MEASUREMENT,
        subject="cardiothoracic ratio",
        measurement=Measurement(quantity="cardiothoracic ratio", value=0.47, high=0.5),
        source=_SEGMENTER,
    ),
    _weighing("E8", "Effusion", 0.62, Polarity.PRESENT, "E4", calibrated=False),
    _weighing("E9", "Nodule", 0.21, Polarity.UNCERTAIN, "E5", calibrated=True),
)

_EFFUSION = Claim(
    id="C1",
    subject="Effusion",
    polarity=Polarity.PRESENT,
    side=Side.LEFT,
    region=Region.LOWER_ZONE,
    confidence=0.62,
    citations=("E8", "E4", "E6"),
    verdict=Verdict.SUPPORTED,
    text="Pleural effusion is suspected in the left lower zone [E8, E4, E6].",
)
_NODULE = Claim(
    id="C2",
    subject="Nodule",
    polarity=Polarity.UNCERTAIN,
    confidence=0.21,
    calibrated=True,
    citations=("E9",),
    verdict=Verdict.REPAIRED,
    text="Lung nodule is undecided.",
)
_RATIO = Claim(
    id="C3",
    subject="cardiothoracic ratio",
    polarity=Polarity.PRESENT,
    value=0.47,
    unit="1",
    citations=("E7",),
    verdict=Verdict.SUPPORTED,
    text="Cardiothoracic ratio measures 0.47 [E7].",
)


@pytest.fixture
def complete() -> Diagnosis:
    return Diagnosis(
        run_id="run_complete",
        status=Status.COMPLETE,
        study=_study(synthetic=False),
        conclusions=(
            Conclusion(subject="Effusion", text=_EFFUSION.text, claims=(_EFFUSION,)),
            Conclusion(subject="Measurements", text=_RATIO.text, claims=(_RATIO,)),
            Conclusion(subject="Undecided", text="Undecided by these models: lung nodule.", claims=(_NODULE,)),
        ),
        evidence=_EVIDENCE,
        not_assessed=("lateral view",),
        reasoner="templates",
        wardround_version="0.1.0",
        created_at="2026-01-02T03:04:05+00:00",
        timings=(Timing(step="detect:cxr", seconds=0.4), Timing(step="run", seconds=0.9)),
    )


@pytest.fixture
def abstained(complete: Diagnosis) -> Diagnosis:
    return complete.model_copy(
        update={
            "conclusions": (),
            "evidence": _EVIDENCE[:3],
            "abstained": True,
            "abstention_reason": "No detector gave evidence.",
        }
    )


@pytest.fixture
def refused() -> Diagnosis:
    return Diagnosis(
        run_id="run_refused",
        status=Status.REFUSED,
        study=_study(synthetic=False),
        refusal=Problem(
            code=ProblemCode.NOT_A_CHEST_FILM,
            message="This does not look like a frontal chest film.",
            hint="Give one upright frontal chest radiograph.",
        ),
    )


@pytest.fixture
def partial(complete: Diagnosis) -> Diagnosis:
    gone = Problem(code=ProblemCode.TIMEOUT, message="The specialist 'lesions' took too long.", hint="Try again.")
    struck = StruckClaim(
        claim=_EFFUSION.model_copy(update={"id": "C9", "side": Side.RIGHT, "verdict": Verdict.STRUCK}),
        problems=("E6 lies on the left; the claim says right",),
    )
    return complete.model_copy(
        update={
            "status": Status.PARTIAL,
            "study": _study(synthetic=True),
            "synthetic": True,
            "missing": (Missing(specialist="lesions", role="segment", problem=gone),),
            "struck": (struck,),
            "warnings": ("The film is narrow.",),
        }
    )
