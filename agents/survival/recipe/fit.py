"""Fits a cohort's model and writes its folder: `python -m wardround.agents.survival.recipe.fit NAME FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from wardround.agents.survival.folder import save
from wardround.agents.survival.making import make_model
from wardround.agents.survival.recipe.cohorts import COHORTS, TIME_EVENT, write_table
from wardround.agents.survival.registry import SHELF
from wardround.agents.survival.table import read_table
from wardround.agents.weights.model_folder import demand_free
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.contracts.survival import SurvivalModelCard

__all__ = ["fit_cohort"]


def fit_cohort(name: str, folder: Path) -> SurvivalModelCard:
    """
    Raises:
        CallerError: NOT_FOUND, no such cohort, or its library is not installed; BAD_ARGUMENT, the folder exists.
    """
    if name not in COHORTS:
        raise CallerError(ProblemCode.NOT_FOUND, f"There is no cohort '{name[:40]}'.", f"Known: {', '.join(COHORTS)}.")
    demand_free(folder)
    source = COHORTS[name]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{name}.csv"
        genes = write_table(source, path)
        table = read_table(path, *TIME_EVENT, gene_names=frozenset(genes))
    made = make_model(table, source.plan, step=_told)
    return save(made.fitted, folder, made.card, made.encoding, made.reference, made.sets)


def _told(what: str, epoch: int, epochs: int) -> None:
    print(f"\r{what}: epoch {epoch} of at most {epochs}   ", end="", file=sys.stderr, flush=True)


def main() -> int:
    """The command line of the recipe."""
    try:
        card = fit_cohort(sys.argv[1], SHELF.new(Path(sys.argv[2])))
    except WardroundError as error:
        print(error.problem, file=sys.stderr)
        return 2
    print(card.model_dump_json(indent=1))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m wardround.agents.survival.recipe.fit NAME FOLDER")
    sys.exit(main())
