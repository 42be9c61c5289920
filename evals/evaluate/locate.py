"""Measures heat maps against readers' boxes: the pointing game, overlap, and which region they are said to be in.

Pointing game: Zhang et al. 2018. Baselines: where the label's boxes usually are on other patients, and a random point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wardround.agents.anatomy.locate import locate
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.anatomy.zones import Place, regions
from wardround.agents.cxr.detector import Detector, Film, Reading
from wardround.agents.measures.overlap import Rectangle, box_iou
from wardround.agents.measures.resampling import PatientBootstrap, Statistic, mean_statistic
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.fair import fair_readings, has_seen, seen_warning
from wardround.evals.evaluate.figures import (
    Confusion,
    DifferenceFigure,
    LabelCount,
    LocateResult,
    MethodFigure,
    ValueFigure,
    rounded,
    told,
)
from wardround.evals.evaluate.tables import LabelledBox, Row, Table, Tick, no_tick

__all__ = ["OWN", "DetectorMaps", "HeatMaps", "evaluate_locate", "prior_boxes"]

HeatMaps = Callable[[Film, str, str], NDArray[np.floating]]
"""Of a film, a label and the patient, the heat map (h, w) over the whole film; the patient says what may be asked."""

OWN = "detector"  # the name of a detector's own maps among the methods
_NOWHERE = "not placed"


class DetectorMaps:
    """A detector's own maps, read fairly; of one film's several labels it is asked once."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._last: tuple[Film, str, Reading] | None = None

    def __call__(self, film: Film, label: str, patient: str) -> NDArray[np.floating]:
        """The label's map.

        Raises:
            CallerError: as `Detector.predict`.
        """
        if self._last is None or self._last[0] is not film or self._last[1] != patient:
            self._last = film, patient, fair_readings(self._detector, [film], [patient])[0].reading
        heat: NDArray[np.float32] = self._last[2].maps[self._detector.labels.index(label)].astype(np.float32)
        return heat


@dataclass(frozen=True)
class _Task:
    """One box to be found: its label is the detector's."""

    row: Row
    label: str
    box: LabelledBox

    @property
    def rectangle(self) -> Rectangle:
        return self.box.left, self.box.top, self.box.width, self.box.height


@dataclass(frozen=True)
class _Found:
    """What one method made of one box."""

    pointed: bool
    overlap: float
    region: str


def _tasks(table: Table, labels: Sequence[str]) -> list[_Task]:
    tasks = [
        _Task(row, label, box)
        for row in table.rows
        for box in row.boxes
        if (label := canonical_label(box.label)) is not None and label in labels
    ]
    if not tasks:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"No film of {', '.join(table.datasets())[:200]} has a box of a finding that the model knows.",
            'Boxes stand in the column annotations: {"boxes": [["LABEL", x, y, width, height]]}, in pixels.',
        )
    return tasks


def prior_boxes(patients: Sequence[str], labels: Sequence[str], boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """For each box the mean box of its label on other patients, else of all labels on other patients.

    The whole film where no other patient has a box.
    """
    corners, who, what = np.array(boxes, dtype=np.float64), np.array(patients), np.array(labels)
    out: list[Rectangle] = []
    for patient, label in zip(patients, labels, strict=True):
        others = who != patient
        same = others & (what == label)
        chosen = corners[same if same.any() else others]
        left, top, width, height = chosen.mean(axis=0) if len(chosen) else (0.0, 0.0, 1.0, 1.0)
        out.append((float(left), float(top), float(width), float(height)))
    return out


def _peak(heat: NDArray[np.floating]) -> tuple[float, float]:
    """Column and row of the map's maximum, in fractions of the film."""
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    return (column + 0.5) / heat.shape[1], (row + 0.5) / heat.shape[0]


def _heat_box(heat: NDArray[np.floating]) -> Rectangle:
    """What bounds the connected part above half of the maximum that holds the peak."""
    parts, _ = ndimage.label(heat >= 0.5 * float(heat.max()))
    part = parts == parts.ravel()[int(heat.argmax())]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    high, wide = heat.shape
    return (
        columns[0] / wide,
        rows[0] / high,
        (columns[-1] + 1 - columns[0]) / wide,
        (rows[-1] + 1 - rows[0]) / high,
    )


def _named(region: Region, side: Side) -> str:
    return region.value if side is Side.MIDLINE else f"{side.value} {region.value}"


def _box_region(box: LabelledBox, masks: NDArray[np.uint8], places: Mapping[Place, NDArray[np.bool_]]) -> str:
    """The region that most of the box's pixels lie in."""
    high, wide = masks.shape[1:]
    rows = slice(int(box.top * high), max(int(box.top * high) + 1, round((box.top + box.height) * high)))
    columns = slice(int(box.left * wide), max(int(box.left * wide) + 1, round((box.left + box.width) * wide)))
    counts = {_named(*place): int(mask[rows, columns].sum()) for place, mask in places.items()}
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    counts[_named(Region.OUTSIDE, Side.MIDLINE)] = size - sum(counts.values())
    return max(counts, key=counts.__getitem__)


def _located(heat: NDArray[np.floating], masks: NDArray[np.uint8], label: str) -> str:
    place = locate(heat, masks, label)
    return _NOWHERE if place is None else _named(place.region, place.side)


def _confusion(truth: Sequence[str], found: Sequence[_Found]) -> Confusion:
    counts: dict[str, dict[str, int]] = {}
    for true, one in zip(truth, found, strict=True):
        row = counts.setdefault(true, {})
        row[one.region] = row.get(one.region, 0) + 1
    agreed = sum(row.get(true, 0) for true, row in counts.items()) / len(truth)
    return Confusion(counts=counts, agreed=round(agreed, 4), n=len(truth))


def _method(
    tasks: Sequence[_Task], found: Sequence[_Found], priors: Sequence[Rectangle], truth: Sequence[str]
) -> MethodFigure:
    bootstrap = PatientBootstrap([task.row.patient for task in tasks])

    def mean(values: Sequence[float]) -> Statistic:
        return mean_statistic(np.array(values, dtype=np.float64))

    pointed, overlap = mean([one.pointed for one in found]), mean([one.overlap for one in found])
    guessed = _prior_hits(tasks, priors)
    chance = mean([task.box.width * task.box.height for task in tasks])
    counts = {}
    for label in sorted({task.label for task in tasks}):
        own = [index for index, task in enumerate(tasks) if task.label == label]
        counts[label] = LabelCount(
            n=len(own),
            pointed=sum(found[index].pointed for index in own),
            prior_pointed=sum(guessed[index] for index in own),
            overlap=round(float(np.mean([found[index].overlap for index in own])), 4),
        )
    return MethodFigure(
        pointing=ValueFigure(**told(bootstrap.interval(pointed))),
        overlap=ValueFigure(**told(bootstrap.interval(overlap))),
        pointing_over_prior=DifferenceFigure(**told(bootstrap.difference(pointed, mean(guessed)))),
        pointing_over_chance=DifferenceFigure(**told(bootstrap.difference(pointed, chance))),
        overlap_over_prior=DifferenceFigure(
            **told(bootstrap.difference(overlap, mean(_prior_overlaps(tasks, priors))))
        ),
        labels=counts,
        regions=_confusion(truth, found) if truth else None,
    )


def _prior_hits(tasks: Sequence[_Task], priors: Sequence[Rectangle]) -> list[bool]:
    return [
        task.box.holds(prior[0] + prior[2] / 2, prior[1] + prior[3] / 2)
        for task, prior in zip(tasks, priors, strict=True)
    ]


def _prior_overlaps(tasks: Sequence[_Task], priors: Sequence[Rectangle]) -> list[float]:
    return [box_iou(task.rectangle, prior) for task, prior in zip(tasks, priors, strict=True)]


def evaluate_locate(
    detector: Detector,
    table: Table,
    *,
    methods: Mapping[str, HeatMaps] | None = None,
    segmenter: Segmenter | None = None,
    tick: Tick = no_tick,
) -> LocateResult:
    """Every method's maps against all boxes of the table whose label the detector knows.

    Args:
        methods: heat maps by name; the detector's own where none are named.
        segmenter: outlines the regions for the confusion of regions, which is left out without it.

    Raises:
        CallerError: NOT_FOUND, there is no such box; a film is missing or cannot be read.
    """
    tasks = _tasks(table, detector.labels)
    asked = {OWN: DetectorMaps(detector)} if methods is None else methods
    found: dict[str, list[_Found]] = {name: [] for name in asked}
    truth: list[str] = []
    rows = list(dict.fromkeys(task.row for task in tasks))
    for row in rows:
        film = table.film(row)
        masks = segmenter.predict([film])[0].masks if segmenter else None
        places = regions(masks) if masks is not None else {}
        for task in (task for task in tasks if task.row is row):
            if masks is not None:
                truth.append(_box_region(task.box, masks, places))
            for name, method in asked.items():
                heat = method(film, task.label, row.patient)
                found[name].append(
                    _Found(
                        pointed=bool(heat.max() > 0) and task.box.holds(*_peak(heat)),
                        overlap=box_iou(_heat_box(heat), task.rectangle) if heat.max() > 0 else 0.0,
                        region=_located(heat, masks, task.label) if masks is not None else "",
                    )
                )
        tick()
    patients = [task.row.patient for task in tasks]
    priors = prior_boxes(patients, [task.label for task in tasks], [task.rectangle for task in tasks])
    bootstrap = PatientBootstrap(patients)
    warning = seen_warning(detector, table)
    return LocateResult(
        model=detector.source.model,
        version=detector.source.version,
        weights_digest=detector.source.weights_digest,
        dataset=table.datasets(),
        n=len(tasks),
        films=len(rows),
        patients=bootstrap.patients,
        fresh=sum(has_seen(detector, row.patient) for row in rows),
        warnings=(warning,) if warning else (),
        methods={name: _method(tasks, each, priors, truth) for name, each in found.items()},
        prior_pointing=ValueFigure(**told(bootstrap.interval(mean_statistic(np.array(_prior_hits(tasks, priors)))))),
        prior_overlap=ValueFigure(**told(bootstrap.interval(mean_statistic(np.array(_prior_overlaps(tasks, priors)))))),
        chance_pointing=rounded(float(np.mean([task.box.width * task.box.height for task in tasks]))) or 0.0,
    )
