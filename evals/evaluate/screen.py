"""Measures the screen: how many real films it lets in, why it refuses the others, and whether it finds altered ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.screen import screened
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import ScreenReport
from wardround.contracts.screening import ScreenFinding
from wardround.contracts.study import ViewPosition
from wardround.evals.evaluate.figures import ScreenedSet, ScreenResult, TurnFigure, ViewFigure
from wardround.evals.evaluate.tables import Row, Table, Tick, no_tick

__all__ = ["evaluate_screen"]

Film = NDArray[np.float32]
_SEED = 7
_UNTYPED = "refused, no outcome named"
_ALTERATIONS: dict[ScreenFinding, Callable[[Film], Film]] = {
    ScreenFinding.ROTATED_90: lambda film: np.rot90(film, -1),
    ScreenFinding.ROTATED_180: lambda film: np.rot90(film, 2),
    ScreenFinding.ROTATED_270: lambda film: np.rot90(film, 1),
    ScreenFinding.MIRRORED: lambda film: film[:, ::-1],
    ScreenFinding.INVERTED: lambda film: np.float32(1.0) - film,
}


class _Heard(NamedTuple):
    """What was said of one picture: `refusals` and `remarks` are names of outcomes, or the intake's problem."""

    accepted: bool
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]
    view: ViewPosition


def _heard(report: ScreenReport) -> _Heard:
    refusals = tuple(one.what.value for one in report.outcomes if one.refuses)
    return _Heard(
        accepted=report.accepted,
        refusals=() if report.accepted else refusals or (_UNTYPED,),
        remarks=tuple(one.what.value for one in report.outcomes if not one.refuses),
        view=report.view,
    )


def _opened(table: Table, row: Row) -> Film | str:
    """The film, or the name of the problem for which the intake does not let it in."""
    try:
        return table.film(row)
    except CallerError as error:
        if error.problem.code is ProblemCode.NOT_FOUND:
            raise
        return error.problem.code.value


def _views(rows: Sequence[Row], heard: Sequence[_Heard]) -> ViewFigure:
    """The views that the screen tells from the film alone, against those in the table."""
    judged = [
        (row.view.startswith(one.view.value), one)
        for row, one in zip(rows, heard, strict=True)
        if one.view is not ViewPosition.UNKNOWN and row.view.startswith((ViewPosition.PA, ViewPosition.AP))
    ]
    known = sum(row.view.startswith((ViewPosition.PA, ViewPosition.AP)) for row in rows)
    right = sum(agrees for agrees, _ in judged)
    return ViewFigure(n=known, told=len(judged), right=round(right / len(judged), 4) if judged else None)


def _altered(films: Sequence[Film], kind: ScreenFinding, judge: Callable[[Film], _Heard]) -> TurnFigure:
    change = _ALTERATIONS[kind]
    heard = [judge(np.ascontiguousarray(change(film))) for film in films]
    named = [kind.value in one.refusals + one.remarks for one in heard]
    found = [name or not one.accepted for name, one in zip(named, heard, strict=True)]
    said = Counter(word for one in heard for word in one.refusals + one.remarks)
    return TurnFigure(
        n=len(films),
        found=round(float(np.mean(found)), 4),
        named=round(float(np.mean(named)), 4),
        outcomes=dict(said.most_common()),
    )


def _one_set(
    rows: Sequence[Row],
    open_film: Callable[[Row], Film | str],
    judge: Callable[[Film], _Heard],
    alter: int,
    tick: Tick,
) -> ScreenedSet:
    heard = []
    for row in rows:
        film = open_film(row)
        refused = (film,) if isinstance(film, str) else ()
        heard.append(judge(film) if not isinstance(film, str) else _Heard(False, refused, (), ViewPosition.UNKNOWN))
        tick()
    accepted = np.array([one.accepted for one in heard])
    found = PatientBootstrap([row.patient for row in rows]).interval(mean_statistic(accepted))
    chosen = np.random.default_rng(_SEED).permutation(np.flatnonzero(accepted))[:alter]
    films = [film for place in np.sort(chosen) if not isinstance(film := open_film(rows[int(place)]), str)]
    altered = {}
    for kind in _ALTERATIONS if films else ():
        altered[kind.value] = _altered(films, kind, judge)
        tick()
    return ScreenedSet(
        n=len(rows),
        accepted=round(found.value, 4),
        low=round(found.low, 4),
        high=round(found.high, 4),
        refusals=dict(Counter(word for one in heard for word in one.refusals).most_common()),
        remarks=dict(Counter(word for one in heard for word in one.remarks).most_common()),
        view=_views(rows, heard),
        altered=altered,
    )


def evaluate_screen(segmenter: Segmenter, table: Table, *, alter: int = 0, tick: Tick = no_tick) -> ScreenResult:
    """Every film of the table through intake and screen, by data set.

    Args:
        alter: of up to so many accepted films of each set (drawn with a fixed seed), also rotated, mirrored and
            inverted copies. An altered film is found out if it is refused or the alteration is named.

    Raises:
        CallerError: NOT_FOUND, a film is missing. A film that cannot be decoded counts as refused.
    """

    def judge(film: Film) -> _Heard:
        return _heard(screened(film, segmenter.predict))

    sets = {
        name: _one_set(
            [row for row in table.rows if row.dataset == name],
            lambda row: _opened(table, row),
            judge,
            alter,
            tick,
        )
        for name in table.datasets()
    }
    count = len(table.rows)
    return ScreenResult(
        model=segmenter.source.model,
        version=segmenter.source.version,
        n=count,
        accepted=round(sum(one.accepted * one.n for one in sets.values()) / count, 4),
        datasets=sets,
    )
