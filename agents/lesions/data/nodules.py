"""The lung nodules of JSRT, as discs of the centre and diameter that its readers gave, and its normal films.

Shiraishi et al., AJR 2000: films of 2048 pixels of 0.175 mm, one nodule confirmed by CT in each abnormal film, graded
by subtlety. No outline was drawn: a disc is what is known, and a Dice against it measures place and size, not shape.
For scientific and educational use, and not redistributed here: the folder is one that the user names.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.lesions.data.samples import Sample, SampleSet, read_header, read_image, shrunk
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Nodule", "disc", "read_nodules"]

_JSRT = "JSRT"
_SPACING_MM = 0.175  # of the originals
_DISCS = "Masks of JSRT's nodules are discs of the stated centre and diameter: no reader outlined them."


@dataclass(frozen=True)
class Nodule:
    """Centre and diameter in pixels of the file, and the grade from 1, extremely subtle, to 5, obvious."""

    x: float
    y: float
    diameter_px: float
    subtlety: int


def disc(rows: int, columns: int, nodule: Nodule) -> NDArray[np.uint8]:
    """A mask (rows, columns) of the pixels whose middle lies within the nodule's radius of its centre."""
    y, x = np.ogrid[:rows, :columns]
    return np.asarray((x - nodule.x) ** 2 + (y - nodule.y) ** 2 <= (nodule.diameter_px / 2.0) ** 2, dtype=np.uint8)


def _rows(data: Path) -> list[dict[str, str]]:
    table = data / "labels.csv"
    if not table.is_file():
        raise CallerError(
            ProblemCode.NOT_FOUND,
            "The folder has no labels.csv.",
            "Name the folder that holds labels.csv, with the columns dataset, file, patient, annotations, width, "
            "height and scale_from_original, and the images.",
        )
    with table.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("dataset") == _JSRT]
    if not rows:
        raise CallerError(
            ProblemCode.NOT_FOUND, "No row of labels.csv is of JSRT.", "JSRT's rows have 'JSRT' in the column dataset."
        )
    return rows


def _nodule(row: dict[str, str]) -> Nodule | None:
    told = json.loads(row["annotations"]).get("nodule")
    if told is None:
        return None
    nodule = Nodule(float(told["x"]), float(told["y"]), float(told["diameter_px"]), int(told["subtlety_5_obvious"]))
    inside = 0.0 <= nodule.x < float(row["width"]) and 0.0 <= nodule.y < float(row["height"])
    if not inside or not 0.0 < nodule.diameter_px < float(row["width"]) or not 1 <= nodule.subtlety <= 5:
        raise ValueError
    return nodule


def _sample(path: Path, place: str, patient: str, spacing: float, nodule: Nodule | None, longest: int | None) -> Sample:
    image = read_image(path, place)
    rows, columns = image.shape
    mask = np.zeros((rows, columns), dtype=np.uint8) if nodule is None else disc(rows, columns, nodule)
    subtlety = None if nodule is None else nodule.subtlety
    return shrunk(Sample(image, mask, patient, path.stem, spacing, subtlety), longest)


def read_nodules(data: Path, longest: int | None = None) -> SampleSet:
    """All JSRT films of a folder, nodules and normals, in the order of its `labels.csv`; `split` divides by patient.

    Spacing is 0.35 mm at 1024 pixels. Normal films have an empty mask and no subtlety.

    Args:
        longest: shrink the films to so many pixels.

    Raises:
        CallerError: NOT_FOUND, no table, no row of JSRT or no film of a row; DAMAGED_FILE, a row or a film cannot be
            read; BAD_ARGUMENT, a film has another size than its row says.
    """
    readers, patients = [], []
    for number, row in enumerate(_rows(data), start=1):
        place = f"Film {number} of JSRT in labels.csv"
        try:
            path, patient = data / row["file"], row["patient"]
            size = int(row["width"]), int(row["height"])
            spacing = _SPACING_MM / float(row["scale_from_original"])
            nodule = _nodule(row)
        except (ValueError, LookupError, TypeError, AttributeError, ZeroDivisionError) as error:
            raise CallerError(
                ProblemCode.DAMAGED_FILE,
                f"{place} has a row that cannot be read.",
                "A nodule has x, y and diameter_px inside its film, and a subtlety_5_obvious from 1 to 5.",
            ) from error
        header = read_header(path, place)
        if (header.columns, header.rows) != size:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"{place} has {header.columns} x {header.rows} pixels, and its row says {size[0]} x {size[1]}.",
                "Centre and diameter are in pixels of the file: give the film that they were taken from.",
            )
        readers.append(partial(_sample, path, place, patient, spacing, nodule, longest))
        patients.append(patient)
    return SampleSet(tuple(readers), tuple(patients), (_DISCS,))
