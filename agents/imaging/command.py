"""The sub-command `wardround phantom`: write a synthetic chest film, and on request its true masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from wardround.agents.imaging.phantom import make_phantom, plant_named
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.agents.imaging.phantom_plants import Plant
from wardround.contracts.anatomy import Side
from wardround.contracts.base import NOTICE
from wardround.contracts.codes import finding_codes
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["phantom"]


def phantom(
    out: Annotated[Path, typer.Argument(help="DICOM file to write.")],
    plant: Annotated[
        list[str] | None, typer.Option(help="effusion, nodule, pneumothorax or cardiomegaly; may be repeated.")
    ] = None,
    side: Annotated[Side, typer.Option(help="The patient's side of what is planted: left or right.")] = Side.LEFT,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another person.")] = 1,
    size: Annotated[int, typer.Option(min=128, max=4096, help="Rows and columns.")] = 1024,
    masks: Annotated[Path | None, typer.Option(help="Folder for the true masks, as PNG.")] = None,
) -> None:
    """Write a synthetic chest film with known findings. No person was imaged. Not for clinical use."""
    film = make_phantom(seed, tuple(plant_named(name, side) for name in plant or ()), size)
    try:
        write_phantom_dicom(film, out)
        if masks is not None:
            masks.mkdir(parents=True, exist_ok=True)
            for name, mask in film.masks.items():
                Image.fromarray(mask * 255).save(masks / f"{name.lower().replace(' ', '_')}.png")
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{out.name}' or its masks could not be written: {error.strerror}.",
            "Choose a folder that exists and may be written.",
        ) from error
    planted = ", ".join(_told(one) for one in film.plants) or "nothing"
    typer.echo(f"{out.name}: synthetic film, planted: {planted}. {NOTICE}", err=True)


def _told(plant: Plant) -> str:
    name = finding_codes()[plant.finding].name
    return name if plant.finding == "Cardiomegaly" else f"{name} ({plant.side.value})"
