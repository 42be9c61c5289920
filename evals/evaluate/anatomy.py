"""Measures the anatomical segmenter on films with outlines: Dice by structure, and the cardiothoracic ratio's error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.measure import cardiothoracic_ratio
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.recipe.data import fold
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.measures.overlap import dice
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.figures import AnatomyResult, DiceFigure, ValueFigure, rounded, told
from wardround.evals.evaluate.tables import Row, Table, Tick, no_tick

__all__ = ["evaluate_anatomy"]

_HELD_OUT = 0
_LEAST_SHAPES = 10
_RATIO = (Structure.HEART, Structure.RIGHT_LUNG, Structure.LEFT_LUNG)
_SHAPE = (256, 256)  # what mean shapes are made at: films of any aspect are stretched to it


@dataclass(frozen=True)
class _Film:
    """One film's Dice by structure, its drawn and measured ratio, and its outlines at the mean shapes' size."""

    row: Row
    dice: dict[Structure, float]
    outlines: dict[Structure, NDArray[np.bool_]]
    drawn_ratio: float | None
    measured_ratio: float | None


def _judge(segmenter: Segmenter, table: Table, row: Row) -> _Film:
    found = segmenter.predict([table.film(row)])[0]
    size = found.masks.shape[1], found.masks.shape[2]
    truth = {structure: mask for structure in CHANNELS if (mask := table.mask(row, structure, size)) is not None}
    drawn = None
    if all(structure in truth for structure in _RATIO):
        empty = np.zeros(size, dtype=np.bool_)
        drawn = cardiothoracic_ratio(np.stack([truth.get(one, empty) for one in CHANNELS]).astype(np.uint8))
    return _Film(
        row=row,
        dice={structure: dice(found.of(structure), mask) for structure, mask in truth.items()},
        outlines=_outlines(table, row),
        drawn_ratio=drawn,
        measured_ratio=cardiothoracic_ratio(found.masks),
    )


def _outlines(table: Table, row: Row) -> dict[Structure, NDArray[np.bool_]]:
    return {structure: mask for structure in CHANNELS if (mask := table.mask(row, structure, _SHAPE)) is not None}


def _floor(
    structure: Structure, films: Sequence[_Film], shapes: Sequence[tuple[int, NDArray[np.bool_]]]
) -> float | None:
    """The mean Dice of other folds' mean shape with each film's outline; `shapes` are (fold, outline).

    None where fewer than ten outlines of other folds are there.
    """
    means: dict[int, NDArray[np.bool_]] = {}
    for one in {fold(film.row.patient) for film in films}:
        others = [shape for where, shape in shapes if where != one]
        if len(others) < _LEAST_SHAPES:
            return None
        means[one] = np.asarray(np.mean(others, axis=0, dtype=np.float32) >= 0.5, dtype=np.bool_)
    return rounded(float(np.mean([dice(means[fold(film.row.patient)], film.outlines[structure]) for film in films])))


def _dice_figure(
    structure: Structure, films: Sequence[_Film], shapes: Sequence[tuple[int, NDArray[np.bool_]]]
) -> DiceFigure:
    values = [film.dice[structure] for film in films]
    bootstrap = PatientBootstrap([film.row.patient for film in films])
    return DiceFigure(
        **told(bootstrap.interval(mean_statistic(np.array(values)))),
        n=len(values),
        worst=round(min(values), 4),
        floor=_floor(structure, films, shapes),
    )


def _chosen(table: Table, held_out: bool, limit: int | None) -> tuple[Row, ...]:
    masked = [row for row in table.rows if any(table.has_mask(row, structure) for structure in CHANNELS)]
    rows = tuple(row for row in masked if not held_out or fold(row.patient) == _HELD_OUT)[:limit]
    if not rows:
        left = "of held-out patients " if held_out and masked else ""
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"No film {left}of {', '.join(table.datasets())[:200]} has an outline in the folder 'masks'.",
            "Outlines are PNG files named ID.STRUCTURE.png, for example film1.left_lung.png.",
        )
    return rows


def _warnings(rows: Sequence[Row]) -> tuple[str, ...]:
    learned = sum(fold(row.patient) != _HELD_OUT for row in rows)
    if not learned:
        return ()
    return (
        f"{learned} of {len(rows)} films are of patients whom the bundled segmenter's recipe trains on, if they were "
        "in its table: --held-out leaves them out.",
    )


def evaluate_anatomy(
    segmenter: Segmenter,
    table: Table,
    *,
    held_out: bool = False,
    limit: int | None = None,
    tick: Tick = no_tick,
) -> AnatomyResult:
    """Dice of every structure that has outlines, at the size of the segmenter's masks, and the error of the ratio.

    A ratio that the segmenter's masks do not give counts as an error of its whole size.

    Raises:
        CallerError: NOT_FOUND, no film has an outline; a film or an outline cannot be read.
    """
    rows = _chosen(table, held_out, limit)
    films = []
    for row in rows:
        films.append(_judge(segmenter, table, row))
        tick()
    shapes: dict[Structure, list[tuple[int, NDArray[np.bool_]]]] = {structure: [] for structure in CHANNELS}
    outlines = {film.row.id: film.outlines for film in films}
    for row in table.rows:
        for structure, mask in (outlines.get(row.id) or _outlines(table, row)).items():
            shapes[structure].append((fold(row.patient), mask))
    detail = {
        structure.value: _dice_figure(structure, drawn, shapes[structure])
        for structure in CHANNELS
        if (drawn := [film for film in films if structure in film.dice])
    }
    errors = {film.row.line: abs((film.measured_ratio or 0.0) - film.drawn_ratio) for film in films if film.drawn_ratio}
    return AnatomyResult(
        model=segmenter.source.model,
        version=segmenter.source.version,
        weights_digest=segmenter.source.weights_digest,
        dataset=table.datasets(),
        n=len(films),
        patients=len({row.patient for row in rows}),
        warnings=_warnings(rows),
        dice={name: figure.value for name, figure in detail.items() if figure.value is not None},
        detail=detail,
        ctr_error=_ratio_error([film for film in films if film.row.line in errors], list(errors.values())),
        ctr_films=len(errors),
        ctr_unmeasured=sum(film.measured_ratio is None for film in films if film.row.line in errors),
    )


def _ratio_error(films: Sequence[_Film], errors: Sequence[float]) -> ValueFigure:
    if not films:
        return ValueFigure(reason="no film has outlines of the heart and both lungs")
    bootstrap = PatientBootstrap([film.row.patient for film in films])
    return ValueFigure(**told(bootstrap.interval(mean_statistic(np.array(errors)))))
