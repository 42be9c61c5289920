"""From what was seen on each film to figures: sensitivities by group and rate, outlines, and paired differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.froc import RATES, SIZE_BINS, Matched, froc_statistic
from wardround.agents.measures.resampling import Floats, PatientBootstrap, interval_of, ratio_statistic
from wardround.evals.evaluate.figures import ValueFigure, rounded, told
from wardround.evals.lesions.figures import FloorFigure, Froc, GapFigure, RateFigure
from wardround.evals.lesions.seen import Seen
from wardround.evals.survival.compare import corrected_t

__all__ = ["COMPARED", "MEAN", "MM_BINS", "Curves", "Group", "Judge", "cut_at", "matched"]

COMPARED = (0.5, 1.0, 2.0, 4.0)
"""False alarms an image at which networks are compared."""
MEAN = "mean"
"""In place of a rate: the mean over `COMPARED`."""
MM_BINS = ((0.0, 10.0), (10.0, 20.0), (20.0, math.inf))
"""Diameters of nodules in millimetres: from the first, below the second."""
_OBVIOUS = (3, 4, 5)

Choice = Callable[[Matched], NDArray[np.bool_]]
Curves = dict[tuple[str, str], tuple[float, Floats]]
"""By group and rate: a run's sensitivity, and its values on the resamples."""


@dataclass(frozen=True)
class Group:
    """Lesions that a figure is about. `kind` is all, subtlety or size."""

    kind: str
    name: str
    choice: Choice


def matched(film: Seen, in_mm: bool) -> Matched:
    """A film's lesions and detections, diameters in millimetres where wanted and known."""
    scale = film.spacing_mm if in_mm and film.spacing_mm else 1.0
    return replace(film.matched, diameters=film.matched.diameters * scale)


def cut_at(films: Sequence[Seen], rate: float) -> float:
    """What a score must exceed so that at most `rate` false alarms an image are left."""
    false = np.sort(np.concatenate([film.matched.false for film in films]))[::-1]
    allowed = int(rate * len(films) + 1e-9)
    return float(false[allowed]) if allowed < len(false) else -math.inf


def _of_size(low: float, high: float) -> Choice:
    return lambda image: (image.diameters >= low) & (image.diameters < high)


def _of_subtlety(grades: tuple[int, ...]) -> Choice:
    return lambda image: np.full(image.found.shape, image.subtlety in grades)


def _size_name(low: float, high: float, unit: str) -> str:
    if low == 0.0:
        return f"below {high:g} {unit}"
    return f"from {low:g} {unit}" if math.isinf(high) else f"{low:g} to {high:g} {unit}"


def _groups(images: Sequence[Matched], in_mm: bool) -> tuple[Group, ...]:
    groups = [Group("all", "all", lambda image: np.ones(image.found.shape, dtype=np.bool_))]
    grades = sorted({image.subtlety for image in images if image.subtlety is not None and len(image.found)})
    groups += [Group("subtlety", str(grade), _of_subtlety((grade,))) for grade in grades]
    if grades and grades[-1] >= _OBVIOUS[0]:
        groups.append(Group("subtlety", "3 to 5", _of_subtlety(_OBVIOUS)))
    bins, unit = (MM_BINS, "mm") if in_mm else (SIZE_BINS, "px")
    return (*groups, *(Group("size", _size_name(low, high, unit), _of_size(low, high)) for low, high in bins))


class Judge:
    """Reads figures off what several runs saw on the same films; all of them draw the same patients.

    A run is what one network saw, film by film in one order; where several are given, they are one network's seeds,
    and a figure is their mean.
    """

    def __init__(self, films: Sequence[Seen], in_mm: bool, resamples: int = 1000) -> None:
        """
        Args:
            films: of any run: their lesions are the same in all.
            in_mm: whether bins of size are of millimetres, for films that all have a spacing.
        """
        images = [matched(film, in_mm) for film in films]
        self.in_mm = in_mm
        self.groups = _groups(images, in_mm)
        self.lesions = {group.name: int(sum(group.choice(image).sum() for image in images)) for group in self.groups}
        self.shaken = PatientBootstrap([image.patient for image in images], resamples)

    def curves(self, films: Sequence[Seen], rates: Sequence[float] = RATES) -> Curves:
        """A run's sensitivities for every group at every rate, and their mean over `COMPARED`."""
        images = [matched(film, self.in_mm) for film in films]
        found: Curves = {}
        for group in self.groups:
            for rate in rates:
                statistic = froc_statistic(images, rate, group.choice)
                found[group.name, f"{rate:g}"] = self.shaken.value(statistic), self.shaken.values(statistic)
            parts = [found[group.name, f"{rate:g}"] for rate in COMPARED if rate in rates]
            if len(parts) == len(COMPARED):
                found[group.name, MEAN] = _mean(parts)
        return found

    def froc(self, runs: Sequence[Curves], kind: str) -> dict[str, Froc]:
        """Sensitivities of every group of a kind, by name."""
        rates = [rate for name, rate in runs[0] if name == self.groups[0].name and rate != MEAN]
        return {
            group.name: {
                rate: RateFigure(
                    n=self.lesions[group.name],
                    **told(interval_of(*_mean([run[group.name, rate] for run in runs]))),
                )
                for rate in rates
            }
            for group in self.groups
            if group.kind == kind
        }

    def floor(self, runs: Sequence[Curves]) -> FloorFigure:
        """The same for what learned nothing."""
        return FloorFigure(
            froc=self.froc(runs, "all")["all"],
            froc_by_subtlety=self.froc(runs, "subtlety"),
            froc_by_size=self.froc(runs, "size"),
        )

    def gap(self, ours: Sequence[Curves], theirs: Sequence[Curves], group: str, rate: str) -> GapFigure:
        """Ours minus theirs, seed by seed in one order: by patient with the seeds averaged, and over the seeds."""
        first, first_drawn = _mean([run[group, rate] for run in ours])
        second, second_drawn = _mean([run[group, rate] for run in theirs])
        found = self.shaken.difference_of(first - second, first_drawn - second_drawn)
        each = np.array([one[group, rate][0] - other[group, rate][0] for one, other in zip(ours, theirs, strict=True)])
        over = corrected_t(each, 0.0)
        return GapFigure(
            **told(found),
            by_seed=tuple(rounded(float(one)) for one in each),
            seed_low=rounded(over.low),
            seed_high=rounded(over.high),
            seed_p=rounded(over.p),
        )

    def outlines(self, runs: Sequence[Sequence[Seen]], cuts: Sequence[float]) -> tuple[ValueFigure, ValueFigure]:
        """Dice and the 95th percentile of the Hausdorff distance of lesions found above each run's cut.

        The distance is in millimetres with bins of millimetres, else in pixels.
        """
        return self._outline(runs, cuts, _dice), self._outline(runs, cuts, _distances_mm if self.in_mm else _distances)

    def distances_px(self, runs: Sequence[Sequence[Seen]], cuts: Sequence[float]) -> ValueFigure:
        """The same distance in pixels."""
        return self._outline(runs, cuts, _distances)

    def _outline(
        self, runs: Sequence[Sequence[Seen]], cuts: Sequence[float], of_film: Callable[[Seen], Floats]
    ) -> ValueFigure:
        sums, counts = np.zeros(self.shaken.films), np.zeros(self.shaken.films)
        for films, cut in zip(runs, cuts, strict=True):
            for place, film in enumerate(films):
                values = of_film(film)[film.matched.found > cut]
                sums[place] += np.nansum(values)
                counts[place] += np.isfinite(values).sum()
        return ValueFigure(**told(self.shaken.interval(ratio_statistic(sums, counts))))


def _dice(film: Seen) -> Floats:
    return film.matched.dice


def _distances(film: Seen) -> Floats:
    return film.hausdorff


def _distances_mm(film: Seen) -> Floats:
    return film.hausdorff * (film.spacing_mm or math.nan)


def _mean(parts: Sequence[tuple[float, Floats]]) -> tuple[float, Floats]:
    return float(np.mean([value for value, _ in parts])), np.mean([drawn for _, drawn in parts], axis=0)
