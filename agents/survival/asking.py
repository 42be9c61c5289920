"""Reads patients that a model is asked about: one as JSON, or rows of a table with genes and slides beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wardround.agents.survival.bags import opened_bags, read_bags
from wardround.agents.survival.folder import Loaded
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.table import read_genes, read_rows
from wardround.contracts.survival import SurvivalInput
from wardround.contracts.survival_file import read_patient

__all__ = ["Asked", "read_patients"]


@dataclass(frozen=True)
class Asked:
    """A model and who it is asked about; `names` are for people, `bags` one set a patient."""

    loaded: Loaded
    names: tuple[str, ...]
    patients: tuple[SurvivalInput, ...]
    bags: tuple[tuple[Bag, ...], ...]
    warnings: tuple[str, ...]

    def each(self) -> Iterator[tuple[str, SurvivalInput, tuple[Bag, ...]]]:
        """Name, patient and slide, one after the other."""
        return zip(self.names, self.patients, self.bags, strict=True)


def read_patients(
    loaded: Loaded, path: Path, identity: str | None = None, genes: Path | None = None, bags: Path | None = None
) -> Asked:
    """The patients of a file that ends in .json, or of a table; genes that the model reads may be columns of it.

    Raises:
        CallerError: as `survival_file.read_patient`, `read_rows`, `read_genes` and `read_bags`.
    """
    if path.suffix.lower() == ".json":
        patient = read_patient(path)
        return Asked(loaded, (patient.patient_id or "patient",), (patient,), (opened_bags(patient.bags, None),), ())
    ids, rows = read_rows(path, identity)
    warnings: tuple[str, ...] = ()
    of_genes: list[dict[str, float]] = [{} for _ in ids]
    if genes is not None:
        read, warnings = read_genes(genes, ids, identity)
        of_genes = [
            {name: float(value) for name, value in zip(read.names, row, strict=True) if value == value}
            for row in read.values
        ]
    slides: tuple[tuple[Bag, ...], ...] = ((),) * len(ids)
    if bags is not None:
        slides, more = read_bags(bags, ids)
        warnings = (*warnings, *more)
    known = {one.name for one in loaded.card.covariates}
    names = frozenset(loaded.card.genes)
    patients = tuple(
        SurvivalInput(
            clinical={name: cell for name, cell in row.items() if name in known},
            genes={
                **{name: cell for name, cell in row.items() if name in names and isinstance(cell, float)},
                **of_gene,
            },
        )
        for row, of_gene in zip(rows, of_genes, strict=True)
    )
    return Asked(loaded, ids, patients, slides, warnings)
