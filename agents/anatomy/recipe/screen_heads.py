"""Fits the screen's heads and measures its error rates: python -m wardround.agents.anatomy.recipe.screen_heads DATA.

Writes `screen_heads.json` beside the package's code. View and a child's chest are learned from NIH films, the mirrored
film from NIH films and their mirror images. Scores are out of fold by patient; cuts are set on fold 1, and the rates
reported are those of the other folds. The features of the paediatric head are those of the chest's shape alone: on grey
values and on how the film was cut, the films of one hospital's children are told by that hospital's ways. That choice
was made after the full set of features had called 3 % of the Kermany films paediatric; nothing else was set on them.

A rerun outlines about 2,000 films, and 40 of each set five times over: some minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from wardround.agents.anatomy.features import features_of
from wardround.agents.anatomy.heads import AP, MIRRORED, PAEDIATRIC, TABLE_NAME, Head
from wardround.agents.anatomy.recipe.data import FOLDS, fold, read_film, read_rows
from wardround.agents.anatomy.screen import Predict, screened
from wardround.agents.anatomy.segmenter import Segmentation, bundled_segmenter
from wardround.agents.weights.registry import entry
from wardround.contracts.screening import ScreenFinding

__all__ = ["SETS", "Film", "fit", "main", "mirrored", "rates", "table_of"]

SETS = ("NIH", "JSRT", "Hannover", "ieee8023", "Kermany")
_TUNING = 1  # the fold on which cuts are set
_ADULT = 18
_VIEW_ERRORS = 0.05  # how often a view that is named may be wrong, on the tuning fold
_FALSE_ALARMS = {PAEDIATRIC: 0.03, MIRRORED: 0.01}
_TURNED = 40  # films of each set that are turned
_SHAPE = ("heart", "lung length over chest width", "lung fill", "gap between lungs", "clavicle")
_SIDES = ("heart left of midline", "heart reach left", "heart reach right", "lung area ratio")


@dataclass(frozen=True)
class Film:
    """A row of `labels.csv` with the features of its film and of the film's mirror image."""

    row: Mapping[str, str]
    features: Mapping[str, float]
    mirror: Mapping[str, float]


def mirrored(segmentation: Segmentation) -> Segmentation:
    """The outlines as they stand on the mirrored film, each lung and clavicle named by the side it then lies on."""
    masks = np.ascontiguousarray(segmentation.masks[[1, 0, 2, 4, 3], :, ::-1])
    return Segmentation(masks, segmentation.confidence, segmentation.source)


def _matrix(features: Sequence[Mapping[str, float]], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[one[name] for name in names] for one in features], dtype=np.float64)


def fit(
    features: Sequence[Mapping[str, float]], truth: NDArray[np.bool_], names: Sequence[str], *, strength: float = 0.1
) -> Head:
    """A logistic regression (L2, inverse strength `strength`) on standardised features, without cuts yet."""
    values = _matrix(features, names)
    mean, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0) + 1e-9
    scaled = np.clip(np.nan_to_num((values - mean) / scale), -4.0, 4.0)
    model = LogisticRegression(C=strength, max_iter=5000).fit(scaled, truth)
    rounded = [tuple(float(f"{number:.5g}") for number in row) for row in (mean, scale, model.coef_[0])]
    return Head(tuple(names), rounded[0], rounded[1], rounded[2], round(float(model.intercept_[0]), 5), 1.0, 0.0)


def _out_of_fold(
    features: Sequence[Mapping[str, float]], truth: NDArray[np.bool_], folds: NDArray[np.int64], names: Sequence[str]
) -> NDArray[np.float64]:
    scores = np.zeros(len(features))
    for number in range(FOLDS):
        learned = [one for one, where in zip(features, folds, strict=True) if where != number]
        head = fit(learned, truth[folds != number], names)
        for index in np.flatnonzero(folds == number):
            scores[index] = head.score(features[int(index)])
    return scores


def _view_cuts(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """AP from the first, PA up to the second: the narrowest band around 0.5 that keeps each error within the limit."""
    for half in np.arange(0.0, 0.45, 0.025):
        high, low = 0.5 + half, 0.5 - half
        wrong = (~truth[scores >= high]).mean(), truth[scores <= low].mean()
        if max(wrong) <= _VIEW_ERRORS:
            break
    return round(float(high), 3), round(float(low), 3)


def _percent(wrong: NDArray[np.bool_]) -> str:
    return f"{100 * float(wrong.mean()):.1f} % of {wrong.size}"


def table_of(films: Sequence[Film]) -> dict[str, dict[str, Any]]:
    """Heads with their cuts, error rates in words by `ScreenFinding`, and figures, from NIH and other films."""
    nih = [film for film in films if film.row["dataset"].startswith("NIH")]
    folds = np.array([fold(film.row["patient"]) for film in nih])
    held = folds != _TUNING
    own = [film.features for film in nih]
    is_ap = np.array([film.row["view"] == "AP" for film in nih])
    child = np.array([int(film.row["age"] or 99) < _ADULT for film in nih])
    shape = [name for name in own[0] if name.startswith(_SHAPE)]
    heads: dict[str, tuple[Head, float, float]] = {}
    words: dict[ScreenFinding, str] = {}
    figures: dict[str, dict[str, object]] = {}

    scores = _out_of_fold(own, is_ap, folds, list(own[0]))
    high, low = _view_cuts(scores[~held], is_ap[~held])
    heads[AP] = fit(own, is_ap, list(own[0])), high, low
    for what, called, wrong in (
        (ScreenFinding.VIEW_AP, scores >= high, ~is_ap),
        (ScreenFinding.VIEW_PA, scores <= low, is_ap),
    ):
        words[what] = f"wrong in {_percent(wrong[held & called])} films so called (NIH, out of fold)"
    disagree = ((scores >= high) & ~is_ap) | ((scores <= low) & is_ap)
    words[ScreenFinding.VIEW_DISAGREES] = f"said of {_percent(disagree[held])} films with a true tag (NIH, out of fold)"
    undecided = (scores > low) & (scores < high)
    figures["view"] = {"auc": _auc(is_ap, scores), "undecided": round(float(undecided[held].mean()), 4), "n": len(nih)}

    scores = _out_of_fold(own, child, folds, shape)
    cut = _cut(scores[~held & ~child], _FALSE_ALARMS[PAEDIATRIC])
    heads[PAEDIATRIC] = fit(own, child, shape), cut, 0.0
    words[ScreenFinding.PAEDIATRIC] = (
        f"said of {_percent(scores[held & ~child] >= cut)} adults' films, missed in "
        f"{_percent(scores[held & child] < cut)} of patients under 18, mostly adolescents (NIH, out of fold)"
    )
    shares = {
        name: round(float(np.mean([heads[PAEDIATRIC][0].score(film.features) >= cut for film in some])), 4)
        for name in SETS[1:]
        if (some := [film for film in films if film.row["dataset"].startswith(name)])
    }
    figures["paediatric"] = {"auc": _auc(child, scores), "called so": shares}

    both, is_mirror = [*own, *(film.mirror for film in nih)], np.repeat([False, True], len(nih))
    twice = np.concatenate([folds, folds])
    scores = _out_of_fold(both, is_mirror, twice, list(_SIDES))
    cut = _cut(scores[(twice == _TUNING) & ~is_mirror], _FALSE_ALARMS[MIRRORED])
    heads[MIRRORED] = fit(both, is_mirror, list(_SIDES)), cut, 0.0
    figures["mirrored"] = {"auc": _auc(is_mirror, scores)}
    words[ScreenFinding.MIRRORED] = (
        f"said of {_percent(scores[(twice != _TUNING) & ~is_mirror] >= cut)} films as taken, missed in "
        f"{_percent(scores[(twice != _TUNING) & is_mirror] < cut)} mirrored (NIH, out of fold)"
    )
    return {
        "heads": {
            name: {**asdict(made), "yes_from": high, "no_up_to": low} for name, (made, high, low) in heads.items()
        },
        "error_rates": {what.value: said for what, said in words.items()},
        "figures": figures,
    }


def _auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    return round(float(roc_auc_score(truth, scores)), 4)


def _cut(negatives: NDArray[np.float64], false_alarms: float) -> float:
    return round(float(np.quantile(negatives, 1.0 - false_alarms)), 3)


_TURNS: Mapping[ScreenFinding, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    ScreenFinding.ROTATED_90: lambda film: np.rot90(film, -1),
    ScreenFinding.ROTATED_180: lambda film: np.rot90(film, 2),
    ScreenFinding.ROTATED_270: lambda film: np.rot90(film, -3),
    ScreenFinding.INVERTED: lambda film: 1.0 - film,
}


def rates(data: Path, predict: Predict, most: int = _TURNED) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """How often rotated and inverted films are refused, and named as what they are: in words, and per set.

    On films of folds other than the tuning fold, of JSRT fold 0 alone, since the segmenter learned from the rest.
    """
    refused: dict[ScreenFinding, list[bool]] = {what: [] for what in _TURNS}
    named: dict[ScreenFinding, list[bool]] = {what: [] for what in _TURNS}
    figures: dict[str, dict[str, float]] = {}
    for dataset in SETS[:4]:
        folds = {0} if dataset == "JSRT" else set(range(FOLDS)) - {_TUNING}
        rows = [row for row in read_rows(data, dataset) if fold(row["patient"]) in folds][::3][:most]
        for what, turn in _TURNS.items():
            films = [np.ascontiguousarray(turn(read_film(data / row["file"])), dtype=np.float32) for row in rows]
            reports = [screened(film, predict) for film in films]
            refused[what] += [not report.accepted for report in reports]
            named[what] += [any(one.what is what for one in report.outcomes) for report in reports]
            figures.setdefault(dataset, {})[what.value] = round(float(np.mean(named[what][-len(rows) :])), 4)
    words = {
        what.value: f"accepted in {_percent(~np.array(refused[what], dtype=np.bool_))} such films, not named in "
        f"{_percent(~np.array(named[what], dtype=np.bool_))} (NIH, JSRT, Hannover, ieee8023, held out)"
        for what in _TURNS
    }
    return words, figures


def read(data: Path, predict: Predict) -> list[Film]:
    """Every film with its features, and those of its mirror image; of JSRT fold 0 alone."""
    films = []
    for dataset in SETS:
        for row in read_rows(data, dataset):
            if dataset == "JSRT" and fold(row["patient"]) != 0:
                continue
            film = read_film(data / row["file"])
            found = predict([film])[0]
            films.append(Film(row, features_of(film, found), features_of(film[:, ::-1], mirrored(found))))
    return films


def main(arguments: list[str] | None = None) -> None:
    """Fit, measure and write."""
    parser = argparse.ArgumentParser(description="Heads and error rates of the anatomy screen.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / TABLE_NAME)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    segmenter, digest = bundled_segmenter(), f"sha256:{entry('anatomy-jsrt').sha256}"
    table = table_of(read(chosen.data, segmenter.predict))
    write(chosen.out, table, digest)
    words, figures = rates(chosen.data, segmenter.predict)
    table["error_rates"] |= words
    table["figures"] |= {"turned films named": figures}
    write(chosen.out, table, digest)
    print(json.dumps(table["figures"] | {"error_rates": table["error_rates"]}, indent=1))


def write(path: Path, table: Mapping[str, object], weights: str) -> None:
    """The table as JSON, with its source and the digest of the segmenter that it was measured with."""
    source = "NIH ChestX-ray14 films (Wang et al. 2017), out of fold by patient; recipe/screen_heads.py"
    assert not any(isinstance(value, float) and math.isnan(value) for value in table.values())
    text = json.dumps({"source": source, "segmenter": weights, **table}, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
