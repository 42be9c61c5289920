"""Counts the NIH ChestX-ray14 labels by age band, sex and view, and writes `priors.csv`.

    python -m wardround.agents.evidence.recipe.make_priors [OUT.csv]

Source: `Data_Entry_2017_v2020.csv.gz` inside the installed torchxrayvision package (112,120 films of 30,805 patients;
Wang et al., CVPR 2017; the NIH Clinical Center places no restriction on use). Only counts leave this module.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from wardround.agents.evidence.priors import AGE_BANDS, TABLE_NAME, age_band
from wardround.contracts.codes import nih_labels
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Sex, ViewPosition

__all__ = ["count", "label_table", "main"]

_SEXES = (Sex.FEMALE, Sex.MALE)
_VIEWS = (ViewPosition.PA, ViewPosition.AP)


def label_table() -> list[dict[str, str]]:
    """The rows of the NIH label table, as they stand in torchxrayvision's data folder (torch is not imported).

    Raises:
        CallerError: torchxrayvision is not installed.
    """
    spec = importlib.util.find_spec("torchxrayvision")
    if spec is None or spec.origin is None:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            "The NIH label table comes with torchxrayvision, which is not installed.",
            "Install torchxrayvision 1.3 or later.",
        )
    path = Path(spec.origin).parent / "data" / "Data_Entry_2017_v2020.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def count(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str | int]]:
    """One row per stratum: age_from (years), sex, view, films, then the number of films that bear each label."""
    films: Counter[tuple[int, str, str]] = Counter()
    positive: Counter[tuple[int, str, str, str]] = Counter()
    for row in rows:
        stratum = (age_band(int(row["Patient Age"])), row["Patient Gender"], row["View Position"])
        films[stratum] += 1
        positive.update((*stratum, label) for label in row["Finding Labels"].split("|"))
    return [
        {
            "age_from": age,
            "sex": sex.value,
            "view": view.value,
            "films": films[age, sex.value, view.value],
            **{label: positive[age, sex.value, view.value, label] for label in nih_labels()},
        }
        for age in AGE_BANDS
        for sex in _SEXES
        for view in _VIEWS
    ]


def main(out: Path) -> None:
    """Writes the table of counts to `out`."""
    table = count(label_table())
    with out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / TABLE_NAME)
