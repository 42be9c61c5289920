"""`wardround survival`: fit models of survival, ask them, and show what there is. Data on stdout, talk on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wardround.agents.shell import noticed_table, printed, progress, warn, written
from wardround.contracts.printable import printable
from wardround.contracts.survival import Comparison, Explanation, SurvivalEstimate, SurvivalInput, SurvivalModels

if TYPE_CHECKING:
    from wardround.agents.survival.asking import Asked
    from wardround.agents.survival.folder import Loaded

__all__ = ["app"]

app = typer.Typer(
    help="Survival: fit a model to a table, genes and slides, and ask it. Not for clinical use.", no_args_is_help=True
)
_AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
_Table = Annotated[Path, typer.Argument(metavar="TABLE.csv", help="One row a patient; the first line names columns.")]
_Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A name of 'wardround survival list', or a model's folder.")
]
_Patients = Annotated[Path, typer.Argument(metavar="PATIENTS", help="A CSV table, or one patient as JSON.")]
_Id = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Who is who, in all tables.")]
_Genes = Annotated[Path | None, typer.Option(metavar="CSV", help="Expression: a row a patient, a column a gene.")]
_Bags = Annotated[Path | None, typer.Option(metavar="FOLDER", help="MICRONS/ID.npy: patches of each resolution.")]
_MOST_ROWS = 40


@app.command()
def fit(
    table: _Table,
    time: Annotated[str, typer.Option(metavar="COLUMN", help="Time to the event, or to the last contact; 0 or more.")],
    event: Annotated[str, typer.Option(metavar="COLUMN", help="1 where the event happened, 0 where not.")],
    out: Annotated[Path, typer.Option(metavar="MODEL", help="A new folder. A plain name: among the user's models.")],
    identity: _Id = None,
    genes: _Genes = None,
    genesets: Annotated[Path | None, typer.Option(metavar="GMT", help="Pathways: name, description, genes.")] = None,
    bags: _Bags = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="[cohort], [units], [options], folds.")] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the configuration's.")] = None,
    folds: Annotated[int | None, typer.Option(min=0, max=20, help="Held out each once; 0: no figures.")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keeps the last fit's state, from which a stopped one goes on."),
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Fit a model to a table of patients, measured on folds held out; write it as a folder."""
    from wardround.agents.survival.bags import read_bags
    from wardround.agents.survival.folder import save
    from wardround.agents.survival.genesets import read_gmt
    from wardround.agents.survival.making import Plan, make_model
    from wardround.agents.survival.registry import SHELF
    from wardround.agents.survival.settings import read_settings
    from wardround.agents.survival.table import read_genes, read_table
    from wardround.agents.weights.model_folder import demand_free

    settings = read_settings(config)
    folder = SHELF.new(out)
    demand_free(folder)
    sets = read_gmt(genesets) if genesets else None
    names = {gene for members in (sets or {}).values() for gene in members}
    read = read_table(table, time, event, identity, () if genes else names)
    apart, of_genes = read_genes(genes, read.ids, identity) if genes else (None, ())
    slides, of_slides = read_bags(bags, read.ids) if bags else (None, ())
    warn((*of_genes, *of_slides))
    chosen = settings.options if seed is None else settings.options.model_copy(update={"seed": seed})
    plan = Plan(
        **{**settings.cohort.model_dump(), "name": settings.cohort.name or folder.name},
        units=settings.units,
        options=chosen,
        folds=settings.folds if folds is None else folds,
    )
    with progress() as step:
        made = make_model(read, plan, apart, sets, slides, step, resume)
    warn(made.warnings)
    card = save(made.fitted, folder, made.card, made.encoding, made.reference, made.sets)
    shown = noticed_table(f"{card.name} {card.version}", "figure on held-out folds", "ours", "ridge Cox")
    for name, value in card.figures.items():
        floor = card.floors.get(name)
        shown.add_row(name, f"{value:.4g}", "" if floor is None else f"{floor:.4g}")
    printed(card, as_json, shown)


@contextmanager
def _asked(model: str, patients: Path, identity: str | None, genes: Path | None, bags: Path | None) -> Iterator[Asked]:
    from wardround.agents.survival.asking import read_patients

    loaded = _loaded(model)
    asked = read_patients(loaded, patients, identity, genes, bags)
    warn(asked.warnings)
    yield asked


def _loaded(model: str) -> Loaded:
    from wardround.agents.survival.folder import load
    from wardround.agents.survival.registry import SHELF

    return load(SHELF.named(model))


@app.command()
def predict(
    model: _Model,
    patients: _Patients,
    identity: _Id = None,
    genes: _Genes = None,
    bags: _Bags = None,
    plot: Annotated[Path | None, typer.Option(metavar="PNG", help="Up to six patients beside the cohort.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Curves with bands, medians and risk groups of some patients."""
    from wardround.agents.survival.curves import picture
    from wardround.agents.survival.estimate import estimate

    with _asked(model, patients, identity, genes, bags) as asked:
        told = [(one, estimate(asked.loaded, patient, slide)) for one, patient, slide in asked.each()]
    if plot is not None:
        names = [name for name, _ in told]
        written(plot, picture(asked.loaded.reference.steps, [one for _, one in told], names))
    unit = told[0][1].cohort.time_unit or "time"
    shown = noticed_table(
        f"{told[0][1].model} {told[0][1].version}", "patient", f"median, {unit}", "90 %", "risk", "group", "distance"
    )
    for name, one in told[:_MOST_ROWS]:
        warn([f"{name}: {warning}" for warning in one.warnings])
        shown.add_row(printable(name), *_cells(one))
    if len(told) > _MOST_ROWS:
        warn([f"{len(told) - _MOST_ROWS} further patients are in the output of --json alone."])
    printed(Comparison(estimates=tuple(one for _, one in told)), as_json, shown)


def _cells(one: SurvivalEstimate) -> tuple[str, ...]:
    median = "not reached" if one.median is None else f"{one.median:.0f}"
    low, high = ("" if bound is None else f"{bound:.0f}" for bound in (one.median_low, one.median_high))
    risk = f"{one.risk:+.2f} (P{100 * one.percentile:.0f})"
    apart = f"{one.distance:.2f}" + ("" if one.in_cohort else " outside")
    return median, f"{low}–{high}", risk, one.group.value, apart


@app.command()
def explain(
    model: _Model,
    patients: _Patients,
    identity: _Id = None,
    genes: _Genes = None,
    bags: _Bags = None,
    top: Annotated[int, typer.Option(min=1, max=200, help="How many inputs are shown.")] = 15,
    as_json: _AsJson = False,
) -> None:
    """What a patient's risk is made of, by integrated gradients; of a table its first row."""
    from wardround.agents.survival.explain import explain as explained

    with _asked(model, patients, identity, genes, bags) as asked:
        name, patient, slide = next(iter(asked.each()))
        told: Explanation = explained(asked.loaded, patient, slide)
    shown = noticed_table(
        f"{printable(name)}: log hazard {told.total:+.3f} against the average patient "
        f"({told.completeness_error:.1e} not accounted for)",
        "input",
        "kind",
        "log hazard",
    )
    for one in (*told.attributions[:top], *told.pathways[:top]):
        shown.add_row(printable(one.name), one.modality.value, f"{one.value:+.3f}")
    printed(told, as_json, shown)


@app.command("list")
def list_models(as_json: _AsJson = False) -> None:
    """The models that come along, and the user's own."""
    from wardround.agents.survival.folder import load
    from wardround.agents.survival.registry import SHELF

    models, broken = SHELF.opened(load)
    warn(broken)
    shown = noticed_table("survival models", "model", "version", "patients", "events", "time", "reads", "C, held out")
    for name, one in models.items():
        card = one.card
        c = card.figures.get("harrell_c")
        reads = ", ".join(card.modalities)
        cohort = (str(card.cohort.patients), str(card.cohort.events), card.cohort.time_unit)
        shown.add_row(printable(name), card.version, *map(printable, cohort), reads, "" if c is None else f"{c:.3f}")
    printed(SurvivalModels(models=tuple(one.card for one in models.values())), as_json, shown)


@app.command()
def show(model: _Model, as_json: _AsJson = False) -> None:
    """A model's card: what it reads, in which units and ranges, from whom it learned, and how well it does."""
    card = _loaded(model).card
    shown = noticed_table(f"{card.name} {card.version}", "reads", "unit", "range or levels")
    for one in card.covariates:
        seen = ", ".join(one.levels) if one.categorical else f"{one.low:g} to {one.high:g}"
        shown.add_row(printable(one.name), printable(one.unit), printable(seen))
    if card.genes:
        shown.add_row(f"{len(card.genes)} genes", "", f"{len(card.pathways)} pathways")
    told = noticed_table("measured on held-out folds", "figure", "ours", "ridge Cox")
    for name, value in card.figures.items():
        floor = card.floors.get(name)
        told.add_row(name, f"{value:.4g}", "" if floor is None else f"{floor:.4g}")
    printed(card, as_json, shown, told)


@app.command("template")
def template(model: _Model) -> None:
    """An empty patient of a model as JSON, to be filled in for 'predict', 'explain' and 'decide --survival'."""
    card = _loaded(model).card
    empty = SurvivalInput(clinical={one.name: None for one in card.covariates}, genes={})
    typer.echo(json.dumps(empty.model_dump(mode="json", exclude={"patient_id", "bags"}), ensure_ascii=False, indent=1))
