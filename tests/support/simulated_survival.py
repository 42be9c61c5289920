"""Small simulated cohorts whose hazards are known, for the tests of the survival models."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.survival.learning.cohort import Bag, Patients
from wardround.agents.survival.learning.options import SurvivalOptions

__all__ = ["QUICK", "cohort", "fitted_folder", "slides", "write_cohort"]

QUICK = SurvivalOptions(members=2, epochs=4, width=8, dimensions=4, bends=1)
"""Options under which a fit takes a moment."""


def cohort(
    count: int = 120, *, genes: int = 0, bags: bool = False, censoring: float = 0.4, seed: int = 0
) -> tuple[Patients, NDArray[np.float64]]:
    """Patients, and their true log relative hazards (n,), which the first two columns, gene 0 and the slides carry."""
    random = np.random.default_rng(seed)
    clinical = random.normal(size=(count, 4))
    expression = random.normal(size=(count, genes))
    bent = np.abs(clinical[:, 1])
    hazard = clinical[:, 0] + 0.5 * bent + (0.8 * expression[:, 0] if genes else 0.0)
    slide = slides(count, random) if bags else None
    if slide is not None:
        hazard = hazard + np.array([levels[1].features[:, 0].mean() for levels in slide])
    event_times = random.exponential(size=count) * np.exp(-hazard)
    lost = np.quantile(event_times, 1.0 - censoring) * random.uniform(0.3, 2.0, size=count) if censoring else np.inf
    patients = Patients(
        times=np.minimum(event_times, lost) * 1000.0,
        events=event_times <= lost,
        clinical=clinical.astype(np.float32),
        genes=expression.astype(np.float32) if genes else None,
        bags=slide,
        covariates=("age", "dose", "noise", "more noise"),
        gene_names=tuple(f"G{number}" for number in range(genes)),
    )
    return patients, hazard


def slides(count: int, random: np.random.Generator) -> tuple[tuple[Bag, ...], ...]:
    """A slide for each patient: 2 regions with 3 patches each, of 5 features that the patient's own level shifts."""
    made = []
    for level in random.normal(size=count):
        coarse, fine = random.normal(size=(2, 5)), random.normal(size=(6, 5))
        fine[:, 0] += level
        parents = np.array([0, 0, 0, 1, 1, 1], dtype=np.int64)
        made.append((Bag(coarse.astype(np.float32), None, 4.0), Bag(fine.astype(np.float32), parents, 1.0)))
    return tuple(made)


def write_cohort(patients: Patients, folder: Path) -> tuple[Path, Path, Path, Path]:
    """The cohort as a user has it: a table, expression, gene sets and bags; ids P0, P1, …"""
    folder.mkdir(parents=True, exist_ok=True)
    table, genes, sets, bags = (folder / name for name in ("table.csv", "genes.csv", "sets.gmt", "bags"))
    names = patients.covariates
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "days", "died", *names])
        for place in range(len(patients)):
            outcome = (float(patients.times[place]), int(patients.events[place]))
            rows.writerow([f"P{place}", *outcome, *map(float, patients.clinical[place])])
    if patients.genes is not None:
        with genes.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["id", *patients.gene_names])
            rows.writerows([f"P{place}", *map(float, row)] for place, row in enumerate(patients.genes))
        half = len(patients.gene_names) // 2
        parts = {"FIRST": patients.gene_names[:half], "SECOND": patients.gene_names[half:]}
        sets.write_text("".join(f"{name}\tno words\t{chr(9).join(part)}\n" for name, part in parts.items()))
    for place, levels in enumerate(patients.bags or ()):
        for bag in levels:
            where = bags / f"{bag.microns_per_pixel:g}"
            where.mkdir(parents=True, exist_ok=True)
            np.save(where / f"P{place}.npy", bag.features)
            if bag.parents is not None:
                np.save(where / f"P{place}.parents.npy", bag.parents)
    return table, genes, sets, bags


def fitted_folder(folder: Path) -> None:
    """A small model of table, genes in two pathways and slides, as its user would have it."""
    from wardround.agents.survival.bags import read_bags
    from wardround.agents.survival.folder import save
    from wardround.agents.survival.genesets import read_gmt
    from wardround.agents.survival.making import Plan, make_model
    from wardround.agents.survival.table import read_genes, read_table

    patients, _ = cohort(80, genes=6, bags=True)
    table, genes, sets, bags = write_cohort(patients, folder.parent.parent.parent / "cohort")
    read = read_table(table, "days", "died", "id")
    expression, _ = read_genes(genes, read.ids, "id")
    slides_of, _ = read_bags(bags, read.ids)
    plan = Plan(name=folder.name, endpoint="death", time_unit="days", options=QUICK, folds=0)
    made = make_model(read, plan, expression, read_gmt(sets), slides_of)
    save(made.fitted, folder, made.card, made.encoding, made.reference, made.sets)
