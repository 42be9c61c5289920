"""`wardround evaluate`: measure models on labelled films, and encounters on cases. Data on stdout, talk on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from wardround.contracts.base import Word
from wardround.contracts.encounter import EncounterMode
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from wardround.evals.evaluate.tables import Tick
    from wardround.evals.retrieval.figures import SpeedFigure
    from wardround.orchestrator.encounter.store import Speaker

__all__ = ["app"]

app = typer.Typer(
    help="Measure the models on a folder of labelled films (labels.csv, images/, masks/). Not for clinical use.",
    no_args_is_help=True,
)
_DETECTOR = "cxr-lite0"
_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Holds labels.csv, the films it lists, and masks.")]
_AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
_Plots = Annotated[Path | None, typer.Option("--plots", metavar="OUT", help="Write pictures (PNG) into this folder.")]
_Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N films, for a quick look.")]
_Model = Annotated[str, typer.Option(help="A detector's name from `models list`.")]
_METHODS = (
    "Kinds of heat map to measure side by side, separated by commas: detector (its own), and of the bundled detector "
    "grad-cam, hirescam, hirescam-trunk and occlusion (slow); 'all' for all that it has."
)
_SURVIVAL_DATA = "veteran,breast_cancer,whas500,gbsg2,aids,flchain"
_VARIANTS = "Networks of the comparison, separated by commas: full, without TCMA, unet, …; else all."
_DATASET = "Films whose data set's name begins so; 'all' for all."


@contextmanager
def _progress(what: str, total: int) -> Iterator[Tick]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=talk(), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _named(dataset: str) -> str | None:
    return None if dataset == "all" else dataset


def _tell(result: Word, tables: Sequence[RichTable], as_json: bool, warnings: Sequence[str] = ()) -> None:
    for warning in warnings:
        talk().print(f"warning: {warning}", markup=False, soft_wrap=True)
    if as_json:
        typer.echo(result.model_dump_json(indent=1))
    else:
        data().print(*tables)


def _drawn(pictures: Sequence[Path]) -> None:
    for picture in pictures:
        talk().print(f"picture: {picture.name}", markup=False)


@app.command()
def detector(
    folder: _Folder,
    model: _Model = _DETECTOR,
    dataset: Annotated[str, typer.Option(help=_DATASET)] = "NIH",
    limit: _Limit = None,
    plots: _Plots = None,
    as_json: _AsJson = False,
) -> None:
    """AUC, average precision, calibration, conformal coverage and risk-coverage, beside their floors."""
    from wardround.agents.cxr.ensemble import open_detector
    from wardround.evals.evaluate.detector import evaluate_detector
    from wardround.evals.evaluate.summary import abstention_table, detector_table
    from wardround.evals.evaluate.tables import read_table

    table = read_table(folder).of(_named(dataset), limit)
    out = private_folder(plots, "--plots") if plots else None
    with _progress("reading films", len(table.rows)) as tick:
        judged = evaluate_detector(open_detector(model), table, tick)
    if out is not None:
        from wardround.evals.evaluate.plots import detector_plots

        _drawn(detector_plots(judged, out))
    _tell(
        judged.result, (detector_table(judged.result), abstention_table(judged.result)), as_json, judged.result.warnings
    )


@app.command()
def anatomy(
    folder: _Folder,
    dataset: Annotated[str, typer.Option(help=_DATASET)] = "JSRT",
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only patients that the bundled segmenter's recipe holds out.")
    ] = False,
    limit: _Limit = None,
    plots: _Plots = None,
    as_json: _AsJson = False,
) -> None:
    """Dice of each structure and the cardiothoracic ratio's error, on films that have masks."""
    from wardround.agents.anatomy.segmenter import bundled_segmenter
    from wardround.evals.evaluate.anatomy import evaluate_anatomy
    from wardround.evals.evaluate.summary import anatomy_table
    from wardround.evals.evaluate.tables import read_table

    table = read_table(folder).of(_named(dataset))
    out = private_folder(plots, "--plots") if plots else None
    with _progress("outlining films", min(len(table.rows), limit or len(table.rows))) as tick:
        result = evaluate_anatomy(bundled_segmenter(), table, held_out=held_out, limit=limit, tick=tick)
    if out is not None:
        from wardround.evals.evaluate.plots import anatomy_plots

        _drawn(anatomy_plots(result, out))
    _tell(result, (anatomy_table(result),), as_json, result.warnings)


@app.command()
def locate(
    folder: _Folder,
    model: _Model = _DETECTOR,
    methods: Annotated[str, typer.Option(metavar="LIST", help=_METHODS)] = "detector",
    dataset: Annotated[str, typer.Option(help=_DATASET)] = "NIH",
    limit: _Limit = None,
    plots: _Plots = None,
    as_json: _AsJson = False,
) -> None:
    """The pointing game and overlap of heat maps on readers' boxes, against the label's usual place and chance."""
    from wardround.agents.anatomy.segmenter import bundled_segmenter
    from wardround.agents.cxr.ensemble import open_detector
    from wardround.evals.evaluate.locate import evaluate_locate
    from wardround.evals.evaluate.methods import named_methods
    from wardround.evals.evaluate.summary import locate_table
    from wardround.evals.evaluate.tables import read_table

    table = read_table(folder).of(_named(dataset)).with_boxes(limit)
    out = private_folder(plots, "--plots") if plots else None
    opened = open_detector(model)
    asked = named_methods(opened, methods)
    with _progress("mapping films", len(table.rows)) as tick:
        result = evaluate_locate(opened, table, methods=asked, segmenter=bundled_segmenter(), tick=tick)
    if out is not None:
        from wardround.evals.evaluate.plots import locate_plots

        _drawn(locate_plots(result, out))
    _tell(result, (locate_table(result),), as_json, result.warnings)


@app.command()
def screen(
    folder: _Folder,
    dataset: Annotated[str, typer.Option(help=_DATASET)] = "all",
    rotate: Annotated[
        int, typer.Option(min=0, metavar="N", help="Also rotate, mirror and invert up to N films of each data set.")
    ] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N films of each data set.")] = None,
    as_json: _AsJson = False,
) -> None:
    """The share of films that intake and screen let in, why the others are refused, and altered films found out."""
    from wardround.agents.anatomy.segmenter import bundled_segmenter
    from wardround.evals.evaluate.screen import evaluate_screen
    from wardround.evals.evaluate.summary import screen_table
    from wardround.evals.evaluate.tables import read_table

    table = read_table(folder).of(_named(dataset)).first_of_each(limit)
    with _progress("screening films", len(table.rows)) as tick:
        result = evaluate_screen(bundled_segmenter(), table, alter=rotate, tick=tick)
    _tell(result, (screen_table(result),), as_json)


@app.command()
def retrieval(
    embedders: Annotated[
        str, typer.Option(metavar="LIST", help="As WARDROUND_CASES_EMBEDDER takes them, separated by commas.")
    ] = "lsa",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N reports ask, for a quick look.")] = None,
    speed: Annotated[
        bool, typer.Option("--speed", help="Also time it, over the reports and over 100,000 made-up records: minutes.")
    ] = False,
    vectors: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep encoders' vectors here for the next run.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """How well case memory finds: each Indiana report asks for its like among the others, judged by MeSH terms."""
    from wardround.agents.cases.loaders.indiana import INDIANA_REPORTS, indiana_cases
    from wardround.evals.evaluate.retrieval import RetrievalSettings, evaluate_retrieval, retrieval_tables
    from wardround.evals.retrieval.corpus import corpus_of
    from wardround.evals.retrieval.speed import SYNTHETIC_RECORDS, speed_figures

    named = tuple(dict.fromkeys(part.strip() for part in embedders.split(",") if part.strip()))
    settings = RetrievalSettings(named or ("lsa",), limit, vectors)
    corpus = corpus_of(tuple(indiana_cases()))
    timed: tuple[SpeedFigure, ...] = ()
    if speed:
        with _progress("filling memories", INDIANA_REPORTS + SYNTHETIC_RECORDS) as tick:
            timed = speed_figures(corpus.cases, tick)
    with _progress("asking", settings.steps(corpus)) as tick:
        result = evaluate_retrieval(corpus, settings, tick, timed)
    for note in result.notes:
        talk().print(note, markup=False, soft_wrap=True)
    _tell(result, retrieval_tables(result), as_json)


@app.command()
def medchain(
    source: Annotated[
        str, typer.Argument(metavar="DIR", help="A folder or file of cases with departments, or 'own' for ours.")
    ],
    mode: Annotated[EncounterMode, typer.Option(help="Who decides; 'cases' needs no language model.")] = (
        EncounterMode.CASES
    ),
    oracle: Annotated[
        bool, typer.Option("--oracle/--no-oracle", help="Also feed each stage with the truth before it.")
    ] = True,
    simulated: Annotated[bool, typer.Option("--simulated", help="A language model speaks for the patient.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Plays encounters, each case against a memory of the others, and scores the five stages beside their floors."""
    import asyncio
    import tempfile

    from wardround.evals.encounter.play import play, read_set, scored
    from wardround.evals.encounter.tables import figures_table
    from wardround.orchestrator.config import load_configuration

    with tempfile.TemporaryDirectory() as folder:
        cases = read_set(source, Path(folder), limit)
        with _progress("playing encounters", len(cases.cases)) as tick:
            configuration = load_configuration(config)
            patient: Speaker = "model" if simulated else "record"
            played = asyncio.run(play(configuration, cases, mode, fed=oracle, patient=patient, tick=tick))
    figures = scored(played)
    _tell(figures, (figures_table(figures),), as_json, figures.warnings)


@app.command()
def survival(
    data_sets: Annotated[
        str, typer.Option("--data", metavar="LIST", help="Data sets, separated by commas; 'none' for none.")
    ] = _SURVIVAL_DATA,
    models: Annotated[
        str, typer.Option(metavar="LIST", help="'all': peers and ours; 'variants': ours, module by module; or names.")
    ] = "all",
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also what each module adds, on simulations of known truth: an hour.")
    ] = False,
    censoring: Annotated[str, typer.Option(metavar="LIST", help="Shares censored in the simulations.")] = "0.3,0.6,0.8",
    simulations: Annotated[int, typer.Option(min=1, help="Simulations of each share.")] = 10,
    growth: Annotated[bool, typer.Option("--growth", help="Also time and memory by growing sizes: minutes.")] = False,
    limit_folds: Annotated[int | None, typer.Option(min=1, help="Only the first N folds of each data set.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep what was measured; a stopped run goes on from there.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Our survival model beside its peers on shared folds; needs the extra 'bench'. All of it takes hours."""
    from wardround.evals.evaluate.survival import SurvivalSettings, evaluate_survival, planned
    from wardround.evals.survival.ablation import Simulation
    from wardround.evals.survival.tables import survival_tables

    kept = private_folder(keep, "--keep") if keep else None
    simulated = Simulation(censoring=_shares(censoring), repeats=simulations) if ablation else None
    named = () if data_sets == "none" else _listed(data_sets)
    settings = SurvivalSettings(named, _listed(models), limit_folds, kept, simulated, growth)
    work = planned(settings)
    with _progress("fitting", work.steps) as tick:
        result = evaluate_survival(work, tick)
    for note in result.notes:
        talk().print(note, markup=False, soft_wrap=True)
    _tell(result, survival_tables(result), as_json)


@app.command()
def lesions(
    folder: Annotated[
        str,
        typer.Argument(metavar="DIR", help="JSRT's labels.csv and films, or a folder as of 'lesions fit'; or 'none'."),
    ],
    model: Annotated[
        str, typer.Option(help="A name of 'lesions list', or a model's folder; else the one there is.")
    ] = "",
    fold: Annotated[int | None, typer.Option(min=0, max=4, help="Only the patients of this fold.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also patients that the model learned from.")] = False,
    layout: Annotated[str | None, typer.Option(help="isic, cvc, coco or pairs, where it is not plain.")] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also train our network and its peers on DIR's JSRT films: hours.")
    ] = False,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also what each part adds, on planted films of known truth: hours.")
    ] = False,
    variants: Annotated[str, typer.Option(metavar="LIST", help=_VARIANTS)] = "",
    steps: Annotated[int | None, typer.Option(min=1, help="Of each training, in place of the usual.")] = None,
    seeds: Annotated[str, typer.Option(metavar="LIST", help="Seeds of the trainings, such as 0,1,2.")] = "",
    config: Annotated[
        Path | None, typer.Option(metavar="TOML", help="[network] and [training] that all share, as of 'lesions fit'.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep what was measured; a stopped run goes on from there.")
    ] = None,
    plots: _Plots = None,
    as_json: _AsJson = False,
) -> None:
    """FROC by size and subtlety, outlines and floors of a lesion model on patients new to it; networks side by side."""
    from wardround.evals.evaluate.lesions import LesionEvalSettings, evaluate_lesions, planned
    from wardround.evals.lesions.synthetic import Planted
    from wardround.evals.lesions.tables import lesion_tables

    settings = LesionEvalSettings(
        folder=None if folder == "none" else Path(folder),
        model=model,
        fold=fold,
        every=every,
        layout=layout,
        baselines=baselines,
        ablation=Planted() if ablation else None,
        variants=_listed(variants),
        steps=steps,
        seeds=_seeds(seeds),
        config=config,
        keep=private_folder(keep, "--keep") if keep else None,
    )
    out = private_folder(plots, "--plots") if plots else None
    work = planned(settings)
    with _progress("measuring", work.steps) as tick:
        measured = evaluate_lesions(work, tick)
    if out is not None:
        from wardround.evals.lesions.plots import lesion_plots

        _drawn(lesion_plots(measured, out))
    for note in measured.result.notes:
        talk().print(note, markup=False, soft_wrap=True)
    _tell(measured.result, lesion_tables(measured.result), as_json, measured.result.warnings)


def _listed(names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in names.split(",") if part.strip()))


def _shares(named: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _listed(named))
    except ValueError:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{named[:60]}' is no list of shares.", "Give numbers such as 0.3,0.8."
        ) from None


def _seeds(named: str) -> tuple[int, ...]:
    listed = _listed(named)
    if not all(part.isdecimal() for part in listed):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{named[:60]}' is no list of seeds.", "Give whole numbers such as 0,1,2."
        )
    return tuple(map(int, listed))
