"""Operating points on the evidence's log-odds, from the validation fold: `python -m ...operating_points DATA RUN OUT`.

The evidence of a score p is logit(p) - logit(training prevalence). A finding is suspected from the cut at which nine in
ten films without it stay below; it is unlikely below the cut under which only one in ten films with it lies. RUN is a
training run that did not learn from the validation fold; the held-out fold is never read.
"""

from __future__ import annotations

import argparse
import csv
import json
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cxr.recipe.data import read_films
from wardround.agents.cxr.recipe.measure import predict, stored_network
from wardround.agents.cxr.recipe.split import VALIDATION
from wardround.contracts.weighing import OperatingPoint

__all__ = ["evidence_log_odds", "main", "operating_point"]

_SPECIFICITY, _SENSITIVITY = 0.90, 0.90
_COLUMNS = ("label", "suspect_at", "unlikely_at", "sensitivity", "specificity", "source")


def evidence_log_odds(scores: NDArray[np.float64], prevalence: float) -> NDArray[np.float64]:
    """logit(score) - logit(prevalence), natural log-odds, scores kept off 0 and 1 by 1e-6."""
    p = np.clip(scores, 1e-6, 1 - 1e-6)
    gain: NDArray[np.float64] = np.log(p / (1 - p)) - np.log(prevalence / (1 - prevalence))
    return gain


def operating_point(gain: NDArray[np.float64], positive: NDArray[np.bool_], source: str) -> OperatingPoint:
    """The two cuts for one label; where the label is so well told apart that they cross, both are the lower one."""
    suspect = float(np.quantile(gain[~positive], _SPECIFICITY))
    unlikely = float(np.quantile(gain[positive], 1 - _SENSITIVITY))
    return OperatingPoint(
        suspect_at=round(suspect, 4),
        unlikely_at=round(min(unlikely, suspect), 4),
        sensitivity=round(float((gain[positive] >= suspect).mean()), 4),
        specificity=round(float((gain[~positive] < suspect).mean()), 4),
        source=source,
    )


def main() -> None:
    """Read the arguments, predict the validation fold, and write the table of cuts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with labels.csv and images/")
    parser.add_argument("run", type=Path, help="a folder that `train` wrote without the validation fold")
    parser.add_argument("out", type=Path, help="the CSV to write")
    chosen = parser.parse_args()
    facts = json.loads((chosen.run / "training.json").read_text(encoding="utf-8"))
    if VALIDATION in facts["folds"]:
        parser.error("this run learned from the validation fold, so it cannot set operating points")
    weights = chosen.run / "cxr-lite0.safetensors"
    films = read_films(chosen.data, facts["size"]).folds([VALIDATION])
    scores = predict(stored_network(weights, len(films.labels)), films, facts["size"])
    digest = sha256(weights.read_bytes()).hexdigest()[:12]
    with chosen.out.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, _COLUMNS, lineterminator="\n")
        table.writeheader()
        for i, label in enumerate(films.labels):
            positive = films.targets[:, i].bool().numpy()
            gain = evidence_log_odds(scores[:, i], facts["training_prevalence"][label])
            source = (
                f"NIH fold {VALIDATION}: {int(positive.sum())} positive of {len(films)} films; "
                f"cxr-lite0 run {digest} on folds {'-'.join(map(str, facts['folds']))}"
            )
            table.writerow({"label": label, **operating_point(gain, positive, source).model_dump()})


if __name__ == "__main__":
    main()
