"""`wardround evaluate`: measure the models on a folder of labelled films. Data on stdout, talk on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from wardround.contracts.base import Word
from wardround.contracts.home import private_folder
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from wardround.evals.evaluate.tables import Tick

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
