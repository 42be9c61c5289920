"""Lesions of two films of a patient held against each other: which is which, and what has grown, by stated rules.

A place is told in the chest's own terms, so that another position, distance or resolution moves it little: across, from
the outer edge of the right lung (0) over the midline (1/2) to that of the left (1); down, from the top of the lung on
that side (0) to its base (1). Without both lungs, in shares of the film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from wardround.agents.anatomy.zones import LUNGS, midline, pick
from wardround.agents.lesions.asking import Found
from wardround.contracts.anatomy import Side
from wardround.contracts.change import Change
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import Lesion, LesionChange, LesionChanges
from wardround.contracts.study import Patient, Sex, ViewPosition

__all__ = ["FilmSide", "Frame", "compared", "demand_one_patient", "frame_of"]

Floats = NDArray[np.float32]
_APART = 0.08
"""Widths of the chest by which the places of one lesion on two films may differ; chosen, not measured."""
_LEAST_MM = 2.0
"""Growth below this is not told. Chosen, and not measured: how far two readings of a film differ is not known."""
_LEAST_SHARE = 0.2
"""Nor growth below this share of the larger diameter; chosen, not measured."""
_ROUNDING = 1e-9
_RULE = (
    f"a change is told beyond {_LEAST_MM:g} mm and {_LEAST_SHARE:.0%} of the larger diameter, taken as what two "
    "outlines of one lesion may differ by (chosen, not measured)"
)


@dataclass(frozen=True)
class Frame:
    """What places on a film are held against: lungs, or without them the film itself.

    `across`: columns of the right lung's outer edge, the midline and the left lung's outer edge. `down`: first row and
    height (px) of the lung on each side.
    """

    across: tuple[float, float, float]
    down: dict[Side, tuple[float, float]]
    by_lungs: bool

    @property
    def width(self) -> float:
        """Of the chest, or of the film, in pixels."""
        return self.across[2] - self.across[0]

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Of a point (x, y), in widths of the chest."""
        x, y = point
        u = float(np.interp(x, self.across, (0.0, 0.5, 1.0)))
        if not self.across[0] <= x <= self.across[2]:
            edge = self.across[0] if x < self.across[0] else self.across[2]
            u += (x - edge) / self.width
        top, height = self.down[Side.RIGHT if x < self.across[1] else Side.LEFT]
        return u, (y - top) / height * self.tall

    @property
    def tall(self) -> float:
        """Mean height of the lungs (or of the film) in widths of the chest (or of the film)."""
        return sum(height for _, height in self.down.values()) / len(self.down) / self.width

    def back(self, place: tuple[float, float]) -> tuple[float, float]:
        """The point (x, y) of a place."""
        u, v = place
        x = float(np.interp(u, (0.0, 0.5, 1.0), self.across))
        x += (u - min(max(u, 0.0), 1.0)) * self.width
        top, height = self.down[Side.RIGHT if x < self.across[1] else Side.LEFT]
        return x, top + v / self.tall * height


def frame_of(shape: tuple[int, ...], masks: NDArray[np.uint8] | None) -> Frame:
    """The frame of a film (rows, columns) by its anatomy masks (5, h, w) over the whole film, where there are any."""
    rows, columns = shape
    middle = None if masks is None else midline(masks)
    if masks is None or middle is None:
        film = (0.0, float(rows))
        return Frame((0.0, columns / 2.0, float(columns)), {Side.RIGHT: film, Side.LEFT: film}, False)
    by_column, by_row = columns / masks.shape[2], rows / masks.shape[1]
    down, outer = {}, {}
    for side, structure in LUNGS.items():
        lung = pick(masks, structure)
        touched, along = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
        down[side] = (touched[0] * by_row, (touched[-1] + 1 - touched[0]) * by_row)
        outer[side] = (along[0] if side is Side.RIGHT else along[-1] + 1) * by_column
    across = (float(outer[Side.RIGHT]), middle * by_column, float(outer[Side.LEFT]))
    if not across[0] < across[1] < across[2]:
        return frame_of(shape, None)
    return Frame(across, down, True)


@dataclass(frozen=True)
class FilmSide:
    """One of the two films: what was found on it, its scores (rows, columns), its view, its frame."""

    found: Found
    scores: Floats
    view: ViewPosition
    frame: Frame


def demand_one_patient(now: Patient, before: Patient, synthetic: tuple[bool, bool]) -> None:
    """
    Raises:
        CallerError: BAD_ARGUMENT, sex or age say that the films are of two people, or one alone is of a phantom.
    """
    told = (now.sex, before.sex)
    if synthetic[0] != synthetic[1]:
        said = "One film is of a phantom, the other of a person"
    elif Sex.UNKNOWN not in told and told[0] is not told[1]:
        said = "The films are of two patients: their sexes differ"
    elif now.age_years is not None and before.age_years is not None and now.age_years < before.age_years:
        said = "The patient of the earlier film is older than that of the later one"
    else:
        return
    raise CallerError(
        ProblemCode.BAD_ARGUMENT,
        f"{said}.",
        "A change is measured between two films of one patient, the earlier as 'prior': check which films were opened.",
    )


def compared(now: FilmSide, before: FilmSide) -> LesionChanges:
    """The changes: pairs by place, the surest first, then what is on the later film alone, then on the earlier."""
    by_lungs = now.frame.by_lungs and before.frame.by_lungs
    if not by_lungs:
        now, before = (replace(film, frame=frame_of(film.scores.shape, None)) for film in (now, before))
    pairs = _pairs(now, before)
    of_now, of_before = now.found.report.lesions, before.found.report.lesions
    changes = [_paired(of_now[one], of_before[other], apart, now, before) for one, other, apart in pairs]
    taken_now, taken_before = {one for one, _, _ in pairs}, {other for _, other, _ in pairs}
    changes += [_alone(one, now, before, Change.NEW) for place, one in enumerate(of_now) if place not in taken_now]
    changes += [
        _alone(one, before, now, Change.GONE) for place, one in enumerate(of_before) if place not in taken_before
    ]
    warnings = []
    if not by_lungs:
        warnings.append("Both lungs were not found on both films: places were compared in shares of the film.")
    told_now = tuple(f"Later film: {one}" for one in now.found.report.warnings)
    told_before = tuple(f"Earlier film: {one}" for one in before.found.report.warnings)
    return LesionChanges(
        aligned_by="lungs" if by_lungs else "film",
        view_now=now.view,
        view_before=before.view,
        changes=tuple(changes),
        now=now.found.report,
        before=before.found.report,
        warnings=(*warnings, *told_now, *told_before),
        synthetic=now.found.report.synthetic,
    )


def _pairs(now: FilmSide, before: FilmSide) -> list[tuple[int, int, float]]:
    """Places in the two reports and how far they are apart: the assignment that is nearest as a whole."""
    places, others = _places(now), _places(before)
    if not places or not others:
        return []
    apart = np.hypot(*(np.subtract.outer(*(np.array(of)[:, axis] for of in (places, others))) for axis in (0, 1)))
    # Far more than any pair that may be one: the assignment leaves those for the last.
    one, other = linear_sum_assignment(np.where(apart <= _APART, apart, 1e3))
    return [(int(a), int(b), float(apart[a, b])) for a, b in zip(one, other, strict=True) if apart[a, b] <= _APART]


def _places(film: FilmSide) -> Sequence[tuple[float, float]]:
    return [film.frame.place(one.centroid) for one in film.found.report.lesions]


def _paired(one: Lesion, other: Lesion, apart: float, now: FilmSide, before: FilmSide) -> LesionChange:
    unknown = one.diameter_mm is None or other.diameter_mm is None
    views = (now.view, before.view)
    alike = views[0] is views[1] and views[0] is not ViewPosition.UNKNOWN
    if not unknown and alike:
        assert one.diameter_mm is not None and other.diameter_mm is not None
        return _measured(one, other, apart, one.diameter_mm, other.diameter_mm)
    why = (
        "the spacing of a film is unknown"
        if unknown
        else f"the views are {views[0].value} and {views[1].value} (earlier), which magnify differently"
    )
    if not now.frame.by_lungs:
        return LesionChange(
            change=None,
            now=one,
            before=other,
            distance=apart,
            rule=f"nothing is compared: {why}, and the chest's width is not known on both films",
        )
    wide, was = one.diameter_px / now.frame.width, other.diameter_px / before.frame.width
    return LesionChange(
        change=None,
        now=one,
        before=other,
        unit="1",
        diameter_now=wide,
        diameter_before=was,
        relative=wide / was - 1.0,
        distance=apart,
        rule=f"no change is called, and the ratio is of shares of the chest's width: {why}",
    )


def _measured(one: Lesion, other: Lesion, apart: float, wide: float, was: float) -> LesionChange:
    grown = wide - was
    allowed = max(_LEAST_MM, _LEAST_SHARE * max(wide, was)) + _ROUNDING
    change = Change.UNCHANGED if abs(grown) <= allowed else Change.LARGER if grown > 0 else Change.SMALLER
    return LesionChange(
        change=change,
        now=one,
        before=other,
        unit="mm",
        diameter_now=wide,
        diameter_before=was,
        absolute_mm=grown,
        relative=wide / was - 1.0,
        distance=apart,
        rule=_RULE,
    )


def _alone(lesion: Lesion, film: FilmSide, other: FilmSide, change: Change) -> LesionChange:
    """A lesion of one film: new where that is the later one, gone where it is the earlier."""
    peak = _peak_at(other, film.frame.place(lesion.centroid))
    cut = other.found.report.operating_point
    widths = "widths of the chest" if film.frame.by_lungs else "widths of the film"
    called: Change | None = None
    if peak is None:
        rule = "nothing is called: its place is not on the other film"
    elif peak >= cut:
        rule = f"nothing is called: the other film scores {peak:.2f} at its place, not below the operating point"
    else:
        called = change
        rule = f"no score on the other film within {_APART:g} {widths} of its place reaches the operating point"
    now_alone = change is Change.NEW
    wide = lesion.diameter_mm
    return LesionChange(
        change=called,
        now=lesion if now_alone else None,
        before=None if now_alone else lesion,
        unit="" if wide is None else "mm",
        diameter_now=wide if now_alone else None,
        diameter_before=None if now_alone else wide,
        elsewhere_peak=peak,
        rule=rule,
    )


def _peak_at(film: FilmSide, place: tuple[float, float]) -> float | None:
    """The highest score within reach of a place; None where it is not on the film."""
    x, y = film.frame.back(place)
    rows, columns = film.scores.shape
    reach = _APART * film.frame.width
    if not (0.0 <= x < columns and 0.0 <= y < rows):
        return None
    top, left = max(0, int(y - reach)), max(0, int(x - reach))
    return float(film.scores[top : int(y + reach) + 1, left : int(x + reach) + 1].max())
