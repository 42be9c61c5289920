"""`wardround lesions`: train models that find small lesions, and ask them. Data on stdout, talk on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardround.agents.shell import noticed_table, printed, progress, warn, written
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import LesionModels
from wardround.contracts.printable import printable

__all__ = ["app"]

app = typer.Typer(
    help="Small lesions: train a model on images with masks, and ask it. Not for clinical use.", no_args_is_help=True
)
_AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
_Model = Annotated[str, typer.Argument(metavar="MODEL", help="A name of 'lesions list', or a model's folder.")]


@app.command()
def fit(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="ISIC 2018, CVC-ClinicDB, images/ and masks/, COCO.")
    ],
    out: Annotated[Path, typer.Option(metavar="MODEL", help="A new folder. A plain name: among the user's models.")],
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="[model], [network], [training].")] = None,
    layout: Annotated[str | None, typer.Option(help="isic, cvc, coco or pairs, where it is not plain.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the configuration's.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keeps the training's state; a stopped one goes on.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Train a model on images with masks; a fifth of the patients is held out, and measured on."""
    from wardround.agents.lesions.checkpoint import Checkpoints
    from wardround.agents.lesions.data.folders import read_folder
    from wardround.agents.lesions.folder import save
    from wardround.agents.lesions.making import make_model, training_digest
    from wardround.agents.lesions.registry import SHELF
    from wardround.agents.lesions.settings import read_settings
    from wardround.agents.weights.model_folder import demand_free

    settings = read_settings(config)
    folder = SHELF.new(out)
    demand_free(folder)
    if seed is not None:
        settings = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": seed})})
    if not settings.model.name:
        settings = settings.model_copy(update={"model": settings.model.model_copy(update={"name": folder.name})})
    samples = read_folder(dataset, layout, settings.model.longest)
    warn(samples.warnings)
    checkpoints = Checkpoints(resume, training_digest(samples, settings)) if resume else None
    with progress() as step:
        made = make_model(samples, settings, step, checkpoints)
    card = save(made.network, folder, made.card, settings.training)
    shown = noticed_table(f"{card.name} {card.version}", "figure on held-out patients", "value", "95 %", "lesions")
    for one in card.figures:
        span = "" if one.low is None or one.high is None else f"{one.low:.2f}–{one.high:.2f}"
        shown.add_row(one.name, f"{one.value:.3f}", span, str(one.n or ""))
    printed(card, as_json, shown)


@app.command()
def segment(
    model: _Model,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="DICOM, PNG, JPEG or TIFF.")],
    spacing: Annotated[
        float | None,
        typer.Option(metavar="MM", help="The side of a pixel, in place of a DICOM file's own; unknown: sizes in px."),
    ] = None,
    point: Annotated[str, typer.Option(help="specific, balanced, sensitive, or a score between 0 and 1.")] = "balanced",
    minimum: Annotated[float, typer.Option(min=0.0, help="Smallest diameter, in mm, or px without a spacing.")] = 0.0,
    views: Annotated[
        int, typer.Option(min=1, max=4, help="Sides from which it is read; more tell how sure it is.")
    ] = 1,
    overlay: Annotated[Path | None, typer.Option(metavar="PNG", help="Write the image with the outlines.")] = None,
    seg: Annotated[
        Path | None, typer.Option(metavar="DCM", help="Write the lesions of a DICOM film as a new DICOM Segmentation.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Find the lesions of an image: place, size, score."""
    from wardround.agents.imaging.paths import write_allowed
    from wardround.agents.imaging.sandbox import SandboxedDecoder
    from wardround.agents.lesions.asking import Wanted, find_lesions, told_point
    from wardround.agents.lesions.data.samples import read_image
    from wardround.agents.lesions.films import dicom_bytes, source_film
    from wardround.agents.lesions.folder import load
    from wardround.agents.lesions.overlay import overlay as drawn
    from wardround.agents.lesions.registry import SHELF

    if spacing is not None and not spacing > 0.0:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "A spacing is above 0.", "Give the side of a pixel in millimetres.")
    loaded = load(SHELF.named(model))
    source = dicom_bytes(str(image)) if image.is_file() else None
    if source is None:
        if seg is not None:
            raise CallerError(
                ProblemCode.UNSUPPORTED_FORMAT,
                f"'{image.name}' is no DICOM file, and a DICOM Segmentation belongs to one.",
                "Give the film as DICOM, or leave out --seg.",
            )
        film, synthetic = read_image(image, f"'{image.name}'"), False
    else:
        with SandboxedDecoder() as decoder:
            opened = source_film(source, decoder)
        warn(opened.warnings)
        film, synthetic, spacing = opened.film, opened.synthetic, spacing or opened.spacing_mm
    with progress() as step:
        found = find_lesions(
            loaded,
            film,
            spacing,
            Wanted(told_point(point), minimum, views),
            synthetic=synthetic,
            tick=lambda done, most: step("reading the image", done, most),
        )
    report = found.report
    warn(report.warnings)
    if overlay is not None:
        written(overlay, drawn(film, found))
    if seg is not None and source is not None:
        from wardround.agents.lesions.seg import written_seg

        write_allowed(str(seg), written_seg(found, source)[0], None)
    unit = "mm" if spacing else "px"
    shown = noticed_table(
        f"{report.target}: {len(report.lesions)} at a score of {report.operating_point:.3f} ({report.model} "
        f"{report.version})",
        "lesion",
        "x, y",
        f"diameter, {unit}",
        "score",
        "mean",
        "doubt",
    )
    for one in report.lesions:
        wide = one.diameter_px if one.diameter_mm is None else one.diameter_mm
        x, y = one.centroid
        shown.add_row(
            str(one.number),
            f"{x:.0f}, {y:.0f}",
            f"{wide:.1f}",
            f"{one.peak:.2f}",
            f"{one.mean:.2f}",
            f"{one.doubt:.2f}",
        )
    printed(report, as_json, shown)


@app.command("list")
def list_models(as_json: _AsJson = False) -> None:
    """The models that there are."""
    from wardround.agents.lesions.folder import load
    from wardround.agents.lesions.registry import SHELF

    models, broken = SHELF.opened(load)
    warn(broken)
    shown = noticed_table("lesion models", "model", "version", "finds", "images", "lesions", "held out")
    for name, one in models.items():
        card = one.card
        counts = (str(card.images), str(card.lesions), str(card.held_out_lesions))
        shown.add_row(printable(name), card.version, printable(card.target), *counts)
    printed(LesionModels(models=tuple(one.card for one in models.values())), as_json, shown)


@app.command()
def show(model: _Model, as_json: _AsJson = False) -> None:
    """A model's card: what it finds, on what it learned, and how well it does."""
    from wardround.agents.lesions.folder import load
    from wardround.agents.lesions.registry import SHELF

    card = load(SHELF.named(model)).card
    shown = noticed_table(f"{card.name} {card.version}: {printable(card.target)}", "figure", "value", "95 %", "lesions")
    for one in card.figures:
        span = "" if one.low is None or one.high is None else f"{one.low:.2f}–{one.high:.2f}"
        shown.add_row(one.name, f"{one.value:.3f}", span, str(one.n or ""))
    points = noticed_table("operating points", "name", "score")
    for name, cut in card.operating_points.items():
        points.add_row(name, f"{cut:.3f}")
    printed(card, as_json, shown, points)
