"""The segmenter's figures: python -m wardround.agents.anatomy.recipe.measure DATA [--card CARD].

Dice per structure on JSRT fold 0, which was never trained on, and what the screen accepts and refuses. Prints JSON, and
writes the figures into a model card where one is named.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from wardround.agents.anatomy.measure import cardiothoracic_ratio
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.recipe.data import fold, read_film, read_jsrt, read_rows
from wardround.agents.anatomy.screen import screened as screen_film
from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter
from wardround.agents.anatomy.zones import pick
from wardround.agents.measures.overlap import dice
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic
from wardround.agents.weights.registry import entry
from wardround.contracts.anatomy import Structure
from wardround.contracts.card import Figure, ModelCard

__all__ = ["held_out", "interval", "main"]

_SEED = 7
_RESAMPLES = 2000
_SIZE = 512
_HELD_OUT = "JSRT, fold 0 by patient, never trained on; interval by bootstrap over films"
_SETS = ("NIH", "JSRT", "Hannover", "ieee8023", "Kermany")


def interval(values: Iterable[float]) -> dict[str, float | int]:
    """Mean over films of different patients with its 95 % interval by bootstrap (JSRT has one film of each patient)."""
    array = np.asarray(list(values))
    bootstrap = PatientBootstrap([str(film) for film in range(array.size)], count=_RESAMPLES, seed=_SEED)
    mean = bootstrap.interval(mean_statistic(array))
    return {
        "value": round(mean.value, 4),
        "low": round(mean.low, 4),
        "high": round(mean.high, 4),
        "worst": round(float(array.min()), 4),
        "n": array.size,
    }


def held_out(segmenter: Segmenter, data: Path) -> dict[str, dict[str, float | int]]:
    """Dice per structure at 512 x 512, and the error of the cardiothoracic ratio, on JSRT fold 0.

    The floor is the mean shape of the other folds, laid over every film alike.
    """
    shapes = np.mean([sample.masks for sample in read_jsrt(data, held_out=False, size=_SIZE)], axis=0) >= 0.5
    ours: dict[Structure, list[float]] = {structure: [] for structure in CHANNELS}
    floor: dict[Structure, list[float]] = {structure: [] for structure in CHANNELS}
    errors = []
    for sample in read_jsrt(data, held_out=True, size=_SIZE):
        truth = (sample.masks >= 0.5).astype(np.uint8)
        masks = segmenter.predict([sample.film])[0].masks
        for structure, shape in zip(CHANNELS, shapes, strict=True):
            ours[structure].append(dice(pick(masks, structure), pick(truth, structure)))
            floor[structure].append(dice(shape, pick(truth, structure)))
        measured, true = cardiothoracic_ratio(masks), cardiothoracic_ratio(truth)
        errors.append(abs((measured or 0.0) - (true or 0.0)))
    figures = {
        structure.value: {**interval(ours[structure]), "floor": round(float(np.mean(floor[structure])), 4)}
        for structure in CHANNELS
    }
    return {**figures, "cardiothoracic ratio, absolute error": interval(errors)}


def screened(segmenter: Segmenter, data: Path, dataset: str, most: int) -> tuple[dict[str, int], list[str]]:
    """How many films of a data set the screen accepts, and why the others are refused.

    Without fold 1, on which the screen's limits were set; of JSRT only fold 0, since the network learned from the rest.
    """
    folds = {0} if dataset == "JSRT" else {0, 2, 3, 4}
    rows = [row for row in read_rows(data, dataset) if fold(row["patient"]) in folds]
    chosen = np.random.default_rng(_SEED).permutation(len(rows))[:most]
    refusals = []
    for index in chosen:
        film = read_film(data / rows[index]["file"])
        report = screen_film(film, segmenter.predict)
        if not report.accepted:
            refusals.append(f"{rows[index]['id']}: {report.reason}")
    return {"n": len(chosen), "accepted": len(chosen) - len(refusals)}, refusals


def figures_of(dice_table: dict[str, dict[str, float | int]], screen_table: dict[str, dict[str, int]]) -> list[Figure]:
    """The card's figures: Dice per structure and ratio error on held-out films, and the shares screened in."""
    figures = []
    for name, row in dice_table.items():
        outline = "floor" in row
        figures.append(
            Figure(
                name=f"Dice, {name}" if outline else name,
                value=row["value"],
                low=row["low"],
                high=row["high"],
                floor=row["floor"] if outline else None,
                floor_name="mean shape of the training films" if outline else "",
                n=int(row["n"]),
                data=_HELD_OUT,
            )
        )
    for name, counts in screen_table.items():
        share = round(counts["accepted"] / counts["n"], 4)
        data = f"{name} films, without those that the screen's limits were set on"
        figures.append(Figure(name=f"share of real films accepted, {name}", value=share, n=counts["n"], data=data))
    return figures


def write_card(path: Path, figures: list[Figure]) -> None:
    """Put the figures and the registry's digest into a model card."""
    card = ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
    digest = f"sha256:{entry('anatomy-jsrt').sha256}"
    card = card.model_copy(update={"figures": tuple(figures), "weights_digest": digest})
    path.write_text(card.model_dump_json(indent=2, exclude_defaults=True) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Figures of the bundled anatomy segmenter.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--films", type=int, default=150, help="films of each set to screen")
    parser.add_argument("--card", type=Path, help="a model card to write the figures into")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    segmenter = bundled_segmenter()
    film = np.zeros((1024, 1024), dtype=np.float32)
    segmenter.predict([film])
    began = time.perf_counter()
    for _ in range(10):
        segmenter.predict([film])
    seconds = round((time.perf_counter() - began) / 10, 4)
    outlined = held_out(segmenter, chosen.data)
    accepted, refused = {}, {}
    for dataset in _SETS:
        accepted[dataset], refused[dataset] = screened(segmenter, chosen.data, dataset, chosen.films)
    result = {"seconds_per_film": seconds, "dice": outlined, "screen": accepted, "refused": refused}
    print(json.dumps(result, indent=1))
    if chosen.card is not None:
        write_card(chosen.card, figures_of(outlined, accepted))


if __name__ == "__main__":
    main()
