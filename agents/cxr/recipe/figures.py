"""The card's figures, all out of fold, each beside its floor, with intervals by bootstrap over patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wardround.agents.calibration.fit import LEVELS, conformal_cut, other_folds_prevalence
from wardround.agents.cxr.recipe.data import Films
from wardround.agents.cxr.recipe.member import KINDS
from wardround.agents.cxr.seen import FOLDS
from wardround.agents.measures.conformal import SetCounts, pooled, set_counts
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
from wardround.agents.measures.views import view_ranks
from wardround.contracts.card import Figure
from wardround.contracts.codes import NO_FINDING

__all__ = ["figures"]

_VIEW = "view alone (PA or AP)"


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
        counts.append(set_counts(probabilities[:, column], films.positive[:, column], present, absent))
    return pooled(counts)


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
        for name, values in {**stored, "view": view_ranks(films.views, films.folds, films.positive)}.items()
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
    films = sheet.films
    flat = other_folds_prevalence(films.positive, films.folds)
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
