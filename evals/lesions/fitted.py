"""A fitted lesion model on images of patients that it did not learn from: who these are, and what it finds on them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wardround.agents.cxr.seen import fold_of_patient, mark
from wardround.agents.lesions.asking import Wanted, find_lesions
from wardround.agents.lesions.data.folders import read_folder
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.data.samples import Sample, SampleSet
from wardround.agents.lesions.folder import Loaded
from wardround.agents.measures.froc import precision_statistic, recall_statistic
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import LesionModelCard
from wardround.evals.evaluate.figures import ValueFigure, rounded, told
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.lesions.aggregate import Judge, matched
from wardround.evals.lesions.bench import Ground, floor, floors
from wardround.evals.lesions.figures import LesionsResult
from wardround.evals.lesions.floors import everywhere, radii
from wardround.evals.lesions.jsrt import chest_ground
from wardround.evals.lesions.measured import LEAST
from wardround.evals.lesions.seen import Detections, Mark, Seen, marks, seen

__all__ = ["Chosen", "Fitted", "chosen_films", "evaluate_fitted", "read_images"]

_POINT = "balanced"
_SHARES = (0.005, 0.1)  # least and greatest radius of a blob on images of unknown kind, of their longer side


@dataclass(frozen=True)
class Chosen:
    """Images to measure on; `fresh` of them are known to be of patients that the model did not learn from."""

    samples: SampleSet
    fresh: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    """The figures, and what was seen on each image and where, for pictures."""

    result: LesionsResult
    seen: tuple[Seen, ...]
    marks: tuple[tuple[Mark | None, ...], ...]
    judge: Judge


def read_images(folder: Path, layout: str | None = None) -> tuple[SampleSet, bool]:
    """The images of a folder, and whether they are chest films with nodules: those of a `labels.csv` of JSRT's form.

    Raises:
        CallerError: as `read_nodules`, `read_folder`.
    """
    chest = layout is None and (folder / "labels.csv").is_file()
    return (read_nodules(folder) if chest else read_folder(folder, layout)), chest


def chosen_films(samples: SampleSet, card: LesionModelCard, fold: int | None, every: bool) -> Chosen:
    """The images that a model is measured on.

    Where the card has marks of the patients that it learned from, all others are taken, so that a folder of wholly
    other patients is read whole. A card without marks leaves the rule by which `lesions fit` holds patients out: fold
    0 of a hash of the patient.

    Args:
        fold: take the patients of this fold, of those that are left.
        every: take all, whoever they are.

    Raises:
        CallerError: BAD_ARGUMENT, no image, or no image that the model did not learn from, is left.
    """
    known = frozenset(card.learned_from)
    new = [bool(known) and mark(patient) not in known for patient in samples.patients]
    warnings = list(samples.warnings)
    if every:
        kept = [True] * len(new)
    elif known:
        kept = new
    else:
        fold = 0 if fold is None else fold
        kept = [True] * len(new)
        warnings.append(
            f"The card does not say from whom the model learned: the patients of fold {fold} are taken, which is held "
            "out where it was fitted with that one. Take all with --all where all are new to it."
        )
    if fold is not None:
        kept = [take and fold_of_patient(patient) == fold for take, patient in zip(kept, samples.patients, strict=True)]
    rows = [row for row, take in enumerate(kept) if take]
    if not rows:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"None of the {len(samples)} images is of a patient that the model did not learn from"
            + (f", in fold {fold}." if fold is not None else "."),
            "Give images of other patients, another --fold, or --all to measure on those that it learned from.",
        )
    fresh = sum(new[row] for row in rows)
    if known and fresh < len(rows):
        warnings.append(
            f"{len(rows) - fresh} of {len(rows)} images are of patients that the model learned from: the figures "
            "flatter it."
        )
    chosen = SampleSet(
        tuple(samples.readers[row] for row in rows), tuple(samples.patients[row] for row in rows), samples.warnings
    )
    return Chosen(chosen, fresh, tuple(warnings))


def _detections(loaded: Loaded, sample: Sample) -> Detections:
    """What a user of the model would be told at the lowest operating point."""
    found = find_lesions(loaded, sample.image, sample.spacing_mm, Wanted(point=LEAST))
    labels = np.zeros(sample.image.shape, dtype=np.int32)
    for number, one in enumerate(found.masks, start=1):
        labels[(one > 0) & (labels == 0)] = number
    lesions = found.report.lesions
    return Detections(labels, tuple(one.peak for one in lesions), tuple(one.centroid for one in lesions))


def _ground(sample: Sample, chest: bool) -> Ground:
    if chest and sample.spacing_mm:
        return chest_ground(sample.spacing_mm)
    least, most = (max(1.5, share * max(sample.image.shape)) for share in _SHARES)
    return Ground(everywhere, radii(least, most), bright=False)


def evaluate_fitted(loaded: Loaded, chosen: Chosen, chest: bool, tick: Tick = no_tick) -> Fitted:
    """Reads every image and tells the figures, beside those of what learns nothing.

    Args:
        chest: whether the images are chest films, on which blobs are sought in the lungs and sizes are told in mm.
        tick: called twice for each image: when it is read, and when it is searched for blobs.

    Raises:
        CallerError: as the image's reader; BAD_ARGUMENT, no image has a lesion.
    """
    found, where, seconds = list[Seen](), list[tuple[Mark | None, ...]](), 0.0
    for sample in chosen.samples:
        begin = time.perf_counter()
        detections = _detections(loaded, sample)
        seconds += time.perf_counter() - begin
        found.append(seen(sample, detections))
        where.append(marks(detections))
        tick()
    if not sum(len(film.matched.found) for film in found):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"None of the {len(found)} images that are measured on has a lesion.",
            "Give images with lesions, too: without one there is no sensitivity.",
        )
    in_mm = chest and all(film.spacing_mm for film in found)
    judge = Judge(found, in_mm)
    curves = [judge.curves(found)]
    beside = floors(chosen.samples, _ground(chosen.samples[0], chest), tick)
    card = loaded.card
    point = card.operating_points.get(_POINT, next(iter(card.operating_points.values()), 0.5))
    below = float(np.nextafter(point, 0.0))
    images = [matched(film, in_mm) for film in found]
    dice, distance = judge.outlines([found], [below])
    result = LesionsResult(
        model=card.name,
        version=card.version,
        weights_digest=card.weights_digest,
        target=card.target,
        n=len(found),
        patients=judge.shaken.patients,
        lesions=judge.lesions["all"],
        fresh=chosen.fresh,
        froc=judge.froc(curves, "all")["all"],
        froc_by_subtlety=judge.froc(curves, "subtlety"),
        froc_by_size=judge.froc(curves, "size"),
        operating_point=rounded(point),
        recall=ValueFigure(**told(judge.shaken.interval(recall_statistic(images, point)))),
        precision=ValueFigure(**told(judge.shaken.interval(precision_statistic(images, point)))),
        false_per_image=rounded(sum(int((image.false >= point).sum()) for image in images) / len(images)),
        dice=dice,
        hd95_mm=distance if in_mm else None,
        hd95_px=judge.distances_px([found], [below]),
        floors={name: floor(judge, some) for name, some in beside.items()},
        film_s=round(seconds / len(found), 3),
        warnings=chosen.warnings,
    )
    return Fitted(result, tuple(found), tuple(where), judge)
