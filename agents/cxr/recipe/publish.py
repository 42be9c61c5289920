"""From a finished training run to what ships: `python -m wardround.agents.cxr.recipe.publish DATA RUN`.

Writes the calibration, the operating points, the list of patients seen and the card with its figures, and copies the
weights. Every figure is out of fold twice over: the scores come from members that had not seen the patient, and the
probabilities and conformal cuts from a calibration fitted without the patient's fold.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.calibration.apply import logistic
from wardround.agents.calibration.fit import cross_calibrated, fit_calibration
from wardround.agents.cxr.network import SIZE
from wardround.agents.cxr.recipe.cards import make_card
from wardround.agents.cxr.recipe.data import Films, read_films
from wardround.agents.cxr.recipe.figures import figures
from wardround.agents.cxr.recipe.operating_points import evidence_log_odds, operating_point
from wardround.contracts.codes import NO_FINDING

__all__ = ["main"]

_NAME = "cxr-lite0"
_COLUMNS = ("label", "suspect_at", "unlikely_at", "sensitivity", "specificity", "source")


def _write_points(path: Path, films: Films, probabilities: NDArray[np.float64]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, _COLUMNS, lineterminator="\n")
        table.writeheader()
        for index, label in enumerate(films.labels):
            positive = films.positive[:, index]
            gain = evidence_log_odds(probabilities[:, index], float(positive.mean()))
            source = f"NIH out of fold: {int(positive.sum())} positive of {len(films)} films; {_NAME} version 2"
            table.writerow({"label": label, **operating_point(gain, positive, source).model_dump()})


def main() -> None:
    """Read the arguments, write the files, and print the figures and what the registry must say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with labels.csv and images/")
    parser.add_argument("run", type=Path, help="a folder that `train` finished")
    parser.add_argument("--package", type=Path, default=Path(__file__).parents[2], help="the package's agents folder")
    chosen = parser.parse_args()
    films = read_films(chosen.data, 8)  # the table only
    stored = np.load(chosen.run / "out_of_fold.npz")
    facts: dict[str, Any] = json.loads((chosen.run / "training.json").read_text(encoding="utf-8"))
    scores = logistic(stored["shipped"])
    crossed = cross_calibrated(scores, films.positive, films.folds)
    calibration = fit_calibration(
        _NAME,
        films.labels,
        scores,
        films.positive,
        films.patients,
        films.folds,
        data=f"{len(films)} NIH films of {len(set(films.patients))} patients, out of fold",
        deferral=(NO_FINDING,),
    )
    cxr = chosen.package / "cxr"
    for folder in ("calibrations", "patients", "cards", "weights"):
        (cxr / folder).mkdir(exist_ok=True)
    (cxr / "calibrations" / f"{_NAME}.json").write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    shutil.copy(chosen.run / "seen.json", cxr / "patients" / f"{_NAME}.json")
    weights = cxr / "weights" / f"{_NAME}.safetensors"
    shutil.copy(chosen.run / f"{_NAME}.safetensors", weights)
    _write_points(chosen.package / "evidence" / "operating_points.csv", films, crossed)
    digest = sha256(weights.read_bytes()).hexdigest()
    card = make_card(facts, digest, SIZE).model_copy(update={"figures": figures(films, stored, crossed)})
    (cxr / "cards" / f"{_NAME}.json").write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for figure in card.figures:
        span = f"({figure.low:.3f} to {figure.high:.3f})" if figure.low is not None and figure.high is not None else ""
        floor = "" if figure.floor is None else f"floor {figure.floor:.3f}"
        print(f"{figure.name:62} {figure.value:.3f} {span} {floor}")
    print(f"for the registry: sha256 {digest}, {weights.stat().st_size} bytes")


if __name__ == "__main__":
    main()
