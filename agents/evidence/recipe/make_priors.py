"""Counts the NIH ChestX-ray14 labels by age band, sex and view, and writes `priors.csv`.

    python -m wardround.agents.evidence.recipe.make_priors [OUT.csv]

Source: `Data_Entry_2017_v2020.csv.gz` inside the installed torchxrayvision package (112,120 films of 30,805 patients;
Wang et al., CVPR 2017; the NIH Clinical Center places no restriction on use). Only counts leave this module.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wardround.agents.evidence.priors import AGE_BANDS, TABLE_NAME, age_band
from wardround.agents.evidence.recipe.tables import torchxrayvision_table, write_table
from wardround.contracts.codes import nih_labels
from wardround.contracts.study import Sex, ViewPosition

__all__ = ["count", "label_table", "main"]

_FILE = "Data_Entry_2017_v2020.csv.gz"
_COLUMNS = ("Patient Age", "Patient Gender", "View Position", "Finding Labels")
_SEXES = (Sex.FEMALE, Sex.MALE)
_VIEWS = (ViewPosition.PA, ViewPosition.AP)


def label_table() -> Iterator[dict[str, str]]:
    """The rows of the NIH label table; errors as `torchxrayvision_table`."""
    return torchxrayvision_table(_FILE, _COLUMNS)


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
    write_table(out, count(label_table()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / TABLE_NAME)
