"""The card's figures, all out of fold, each beside its floor, with intervals by bootstrap over patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wardround.agents.calibration.fit import LEVELS, conformal_cut
from wardround.agents.cxr.recipe.data import Films
from wardround.agents.cxr.recipe.member import KINDS
from wardround.agents.cxr.seen import FOLDS
from wardround.agents.measures.conformal import SetCounts, pooled
from wardround.agents.measures.ranking import auc_statistic
from wardround.agents.measures.reliability import brier_skill_statistic, ece
from wardround.agents.measures.resampling import (
    Floats,
    Interval,
    PatientBootstrap,
    Statistic,
    ratio_statistic,
)
from wardround.agents.measures.selective import error_statistic
from wardround.contracts.card import Figure
from wardround.contracts.codes import NO_FINDING

__all__ = ["figures", "view_scores"]

_VIEW = "view alone (PA or AP)"


def view_scores(films: Films) -> Floats:
    """What the view alone says: the place of its label rate among the views', by the other folds (films, labels).

    Only the order is used, so that a rate that differs from fold to fold by chance neither helps nor harms.
    """
    views, out = np.array(films.views), np.empty(films.positive.shape)
    names = np.unique(views)
    for fold in range(FOLDS):
        rest = films.folds != fold
        rates = np.stack([_rates(films, rest & (views == name)) for name in names])
        places = np.argsort(np.argsort(rates, axis=0, kind="stable"), axis=0, kind="stable")
        out[~rest] = places[np.searchsorted(names, views[~rest])]
    return out


def _rates(films: Films, some: NDArray[np.bool_]) -> Floats:
    return np.asarray(films.positive[some].sum(axis=0) / max(1, int(some.sum())), dtype=np.float64)


def _flat(films: Films) -> Floats:
    """The other folds' prevalence: what a predictor says that knows nothing of the film (films, labels)."""
    out = np.empty(films.positive.shape)
    for fold in range(FOLDS):
        out[films.folds == fold] = films.positive[films.folds != fold].mean(axis=0)
    return out


def _mean_of(statistics: list[Statistic]) -> Statistic:
    return lambda weights: np.asarray(np.nanmean([one(weights) for one in statistics], axis=0), dtype=np.float64)


def _crossed_sets(probabilities: Floats, films: Films, columns: list[int], level: float) -> SetCounts:
    """Conformal sets of each film by cuts that were set without its fold, summed over labels."""
    counts = []
    for column in columns:
        present, absent = np.empty(len(films)), np.empty(len(films))
        for fold in range(FOLDS):
            rest = films.folds != fold
            cut = conformal_cut(probabilities[rest, column], films.positive[rest, column], level)
            present[~rest], absent[~rest] = cut.present_from, cut.absent_to
        p = probabilities[:, column]
        counts.append(_sets(p, present, absent, films.positive[:, column]))
    return pooled(counts)


def _sets(p: Floats, present: Floats, absent: Floats, positive: NDArray[np.bool_]) -> SetCounts:
    holds, lacks = p >= present, p <= absent
    return SetCounts(
        positives=positive.astype(np.float64),
        covered_positives=(positive & holds).astype(np.float64),
        negatives=(~positive).astype(np.float64),
        covered_negatives=(~positive & lacks).astype(np.float64),
        size=holds.astype(np.float64) + lacks,
    )


class _Sheet:
    """Collects figures of the same films."""

    def __init__(self, films: Films) -> None:
        self.films = films
        self.bootstrap = PatientBootstrap(films.patients)
        self.data = f"NIH out of fold by patient: {len(films)} films, {len(set(films.patients))} patients"
        self.rows: list[Figure] = []

    def add(
        self, name: str, statistic: Statistic, floor: float | None = None, floor_name: str = "", note: str = ""
    ) -> None:
        self.put(name, self.bootstrap.interval(statistic), floor, floor_name, note)

    def put(self, name: str, found: Interval, floor: float | None, floor_name: str, note: str = "") -> None:
        self.rows.append(
            Figure(
                name=name,
                value=round(found.value, 4),
                low=round(found.low, 4) if np.isfinite(found.low) else None,
                high=round(found.high, 4) if np.isfinite(found.high) else None,
                floor=None if floor is None else round(floor, 4),
                floor_name=floor_name,
                n=len(self.films),
                data=self.data + note,
            )
        )


def _ranking(sheet: _Sheet, stored: Mapping[str, Floats]) -> None:
    films = sheet.films
    findings = [i for i, label in enumerate(films.labels) if label != NO_FINDING]
    aucs = {
        name: [auc_statistic(values[:, i], films.positive[:, i]) for i in range(len(films.labels))]
        for name, values in {**stored, "view": view_scores(films)}.items()
    }
    macro = {name: _mean_of([statistics[i] for i in findings]) for name, statistics in aucs.items()}
    floor = sheet.bootstrap.value(macro["view"])
    sheet.add(f"macro AUC over {len(findings)} findings", macro["shipped"], floor, _VIEW)
    sheet.add("macro AUC before fine-tuning", macro["fitted"], floor, _VIEW)
    sheet.add("macro AUC after fine-tuning, not averaged with before", macro["tuned"], floor, _VIEW)
    probe = sheet.bootstrap.value(macro["probe"])
    sheet.add("macro AUC of a linear probe on the whole film", macro["probe"], floor, _VIEW)
    gain = sheet.bootstrap.difference(macro["shipped"], macro["probe"])
    paired = Interval(gain.value, gain.low, gain.high)
    sheet.put(
        "macro AUC gained over the linear probe", paired, None, "", f"; paired, p = {gain.p:.4f}, probe {probe:.3f}"
    )
    for i, label in enumerate(films.labels):
        note = f"; {int(films.positive[:, i].sum())} positive"
        sheet.add(f"AUC {label}", aucs["shipped"][i], sheet.bootstrap.value(aucs["view"][i]), _VIEW, note)


def _probabilities(sheet: _Sheet, raw: Floats, crossed: Floats) -> None:
    films, flat = sheet.films, _flat(sheet.films)
    findings = [i for i, label in enumerate(films.labels) if label != NO_FINDING]

    def mean_ece(values: Floats) -> float:
        return float(np.mean([ece(values[:, i], films.positive[:, i]) for i in range(len(films.labels))]))

    unknown = float("nan")
    constant = "the prevalence for every film"
    sheet.put("mean ECE over labels", Interval(mean_ece(crossed), unknown, unknown), mean_ece(flat), constant)
    sheet.put("mean ECE over labels before calibration", Interval(mean_ece(raw), unknown, unknown), None, "")
    skills = [brier_skill_statistic(crossed[:, i], films.positive[:, i], flat[:, i]) for i in range(len(films.labels))]
    sheet.add(
        f"macro Brier skill over {len(findings)} findings", _mean_of([skills[i] for i in findings]), 0.0, constant
    )
    for i, label in enumerate(films.labels):
        sheet.add(f"Brier skill {label}", skills[i], 0.0, constant)
    for level in LEVELS:
        counts = _crossed_sets(crossed, films, list(range(len(films.labels))), level)
        name = f"conformal coverage at {level:.0%}"
        sheet.add(f"{name}, positives", ratio_statistic(counts.covered_positives, counts.positives), level, "nominal")
        sheet.add(f"{name}, negatives", ratio_statistic(counts.covered_negatives, counts.negatives), level, "nominal")
        whole = counts.positives + counts.negatives
        sheet.add(f"answers in a set at {level:.0%}", ratio_statistic(counts.size, whole), 2.0, "both answers always")
    at = films.labels.index(NO_FINDING)
    for coverage in (1.0, 0.5):
        wrong = error_statistic(crossed[:, at], films.positive[:, at], coverage)
        majority = float(min(films.positive[:, at].mean(), 1 - films.positive[:, at].mean()))
        sheet.add(f"No Finding, error when answering {coverage:.0%} of films", wrong, majority, "majority")


def figures(films: Films, stored: Mapping[str, Floats], crossed: Floats) -> tuple[Figure, ...]:
    """All figures of a run: `stored` has its four kinds of logits (films, labels), `crossed` the probabilities."""
    sheet = _Sheet(films)
    logits = {name: np.asarray(stored[name], dtype=np.float64) for name in (*KINDS, "probe")}
    _ranking(sheet, logits)
    _probabilities(sheet, 1.0 / (1.0 + np.exp(-logits["shipped"])), crossed)
    return tuple(sheet.rows)
