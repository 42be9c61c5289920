"""Makes a lesion model of a folder of images: trained on four fifths of the patients, measured on the fifth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import label

from wardround.agents.cxr.seen import mark
from wardround.agents.lesions.checkpoint import Checkpoints
from wardround.agents.lesions.data.samples import Sample, SampleSet
from wardround.agents.lesions.instances import find_instances
from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.reading import read_film
from wardround.agents.lesions.settings import LesionSettings
from wardround.agents.lesions.training import train
from wardround.agents.measures.froc import Matched, froc_rows, match
from wardround.agents.shell import Step
from wardround.contracts.card import Figure
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import LesionModelCard

__all__ = [
    "INTENDED_USE",
    "LIMITS",
    "LearnedOn",
    "Made",
    "detections",
    "make_model",
    "measured_model",
    "operating_points",
    "training_digest",
]

INTENDED_USE = "Research on finding small lesions on images like those it was trained on; never to rule a lesion out"
LIMITS = (
    "Scores are not probabilities: none was calibrated.",
    "On images of another kind, scanner or resolution it finds other things than lesions.",
    "What it does not mark may still be there.",
)
POINTS = {"specific": 0.5, "balanced": 1.0, "sensitive": 2.0}
"""Operating points by the false alarms an image that they gave on the images held out."""
_NOT_YET = "sha256:" + "0" * 64  # `folder.save` writes the digest of what it saves
_LEAST = 0.02  # below, no cut makes a detection
_MINIMUM_PX = 3
_TOLD_RATES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class LearnedOn:
    """What a network learned from: true lesions, at which spacing, levelled over squares of which side, and limits."""

    images: int
    patients: tuple[str, ...]
    lesions: int
    spacing_mm: float | None = None
    levelled_px: int | None = None
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """All that `folder.save` takes."""

    network: LesionNetwork
    card: LesionModelCard
    warnings: tuple[str, ...]


def detections(network: torch.nn.Module, samples: Iterable[Sample], window: int) -> tuple[Matched, ...]:
    """What a network finds on each sample, put together with what is there."""
    found = []
    for sample in samples:
        read = read_film(network, sample.image, window)
        instances = find_instances(read.probability, _LEAST, _MINIMUM_PX, sample.spacing_mm)
        found.append(
            match(
                sample.patient,
                sample.mask,
                instances.labels,
                [one.peak for one in instances.found],
                [one.centroid for one in instances.found],
                sample.subtlety,
            )
        )
    return tuple(found)


def operating_points(images: Sequence[Matched]) -> dict[str, float]:
    """The lowest cut of each of `POINTS` that leaves no more false alarms an image; at least `_LEAST`."""
    false = np.sort(np.concatenate([image.false for image in images]))[::-1]
    points = {}
    for name, rate in POINTS.items():
        allowed = int(rate * len(images))
        over = false[allowed] if allowed < len(false) else _LEAST
        points[name] = float(min(max(np.nextafter(over, 1.0), _LEAST), 0.999))
    return points


def _figures(images: Sequence[Matched]) -> tuple[Figure, ...]:
    told = [
        Figure(
            name=f"sensitivity, {row.group}, at {row.rate:g} false alarms an image",
            value=row.sensitivity.value,
            low=row.sensitivity.low,
            high=row.sensitivity.high,
            floor=0.0,
            floor_name="an empty mask",
            n=row.lesions,
        )
        for row in froc_rows(images, _TOLD_RATES)
        if row.lesions and np.isfinite(row.sensitivity.value)
    ]
    dice = np.concatenate([image.dice[np.isfinite(image.dice)] for image in images])
    if dice.size:
        told.append(Figure(name="Dice of lesions that were found", value=float(dice.mean()), n=int(dice.size)))
    return tuple(told)


def make_model(
    samples: SampleSet,
    settings: LesionSettings,
    step: Step | None = None,
    checkpoints: Checkpoints | None = None,
) -> Made:
    """A model of the samples, a fifth of whose patients it never sees.

    Raises:
        CallerError: BAD_ARGUMENT, no image or no lesion is left to learn from, or none to measure on.
    """
    told = step or (lambda what, at, most: None)
    learned, held = samples.split(settings.model.held_out)
    if not len(learned) or not len(held):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"{len(samples)} images of {len(set(samples.patients))} patients do not part into some to learn from and "
            "some to measure on.",
            "Give images of more patients, or another 'held_out' from 0 to 4.",
        )
    seen = tuple(learned)
    if not any(sample.mask.any() for sample in seen):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "No image to learn from has a lesion: all masks are empty.", "Check the masks."
        )
    training = settings.training
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = LesionNetwork(settings.network)
    kept = train(network, seen, training, checkpoints, lambda at: told("training", at.step, at.steps))
    assert isinstance(kept, LesionNetwork)
    spacings = {sample.spacing_mm for sample in seen}
    learned_on = LearnedOn(
        images=len(seen),
        patients=learned.patients,
        lesions=_count(seen),
        spacing_mm=spacings.pop() if len(spacings) == 1 else None,
    )
    return measured_model(kept, settings, learned_on, held, step, samples.warnings)


def measured_model(
    network: LesionNetwork,
    settings: LesionSettings,
    learned: LearnedOn,
    held: Sequence[Sample],
    step: Step | None = None,
    warnings: tuple[str, ...] = (),
) -> Made:
    """The model of a trained network, measured on samples of patients that it has not seen, as it reads them."""
    kept = network.half().float()  # as it will be written, so that what is measured is what is read later
    window = 2 * settings.training.crop
    tests: list[Matched] = []
    for number, sample in enumerate(held, start=1):
        tests += detections(kept, [sample], window)
        if step is not None:
            step("measuring", number, len(held))
    card = LesionModelCard(
        name=settings.model.name or "lesions",
        version="0",
        weights_digest=_NOT_YET,
        target=settings.model.target,
        spacing_mm=learned.spacing_mm,
        levelled_px=learned.levelled_px,
        window=window,
        operating_points=operating_points(tests),
        source=settings.model.source,
        licence=settings.model.licence,
        images=learned.images,
        patients=len(set(learned.patients)),
        lesions=learned.lesions,
        held_out_images=len(held),
        held_out_lesions=sum(len(one.found) for one in tests),
        learned_from=tuple(sorted({mark(patient) for patient in learned.patients})),
        figures=_figures(tests),
        intended_use=INTENDED_USE,
        limits=(*LIMITS, *learned.limits),
    )
    return Made(kept, card, warnings)


def training_digest(samples: SampleSet, settings: LesionSettings) -> str:
    """A digest of all that decides how a training goes: the images, their masks, and the options."""
    made = hashlib.sha256(settings.model_dump_json(exclude={"training": {"device"}}).encode())
    for sample in samples:
        made.update(sample.patient.encode())
        made.update(sample.image.tobytes())
        made.update(sample.mask.tobytes())
    return made.hexdigest()


def _count(samples: Sequence[Sample]) -> int:
    return sum(int(label(sample.mask, structure=np.ones((3, 3)))[1]) for sample in samples)
