"""Reads a folder of labelled films: `labels.csv`, the films that it lists, and masks where there are some."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["LabelledBox", "Row", "Table", "Tick", "no_tick", "read_table"]

Tick = Callable[[], None]
_COLUMNS = ("id", "file", "dataset", "labels", "view", "patient")
_LAYOUT = "The folder needs labels.csv with the columns id, file, dataset, labels (separated by |), view and patient."


@cache
def _decoder() -> SandboxedDecoder:
    """One child for the whole process, which ends with it: starting one takes longer than decoding many films."""
    return SandboxedDecoder()


def no_tick() -> None:
    """For who does not care how far the work has come."""


@dataclass(frozen=True)
class LabelledBox:
    """A box that a reader drew around a finding, in fractions of the film's width and height; label as written."""

    label: str
    left: float
    top: float
    width: float
    height: float

    def holds(self, column: float, row: float) -> bool:
        """Whether a point, in fractions of the film, lies in the box."""
        return self.left <= column <= self.left + self.width and self.top <= row <= self.top + self.height


@dataclass(frozen=True)
class Row:
    """One film of the table: `words` are its labels as written, `line` is its place in the file."""

    id: str
    file: str
    dataset: str
    words: tuple[str, ...]
    view: str
    patient: str
    line: int
    boxes: tuple[LabelledBox, ...] = ()


@dataclass(frozen=True)
class Table:
    """The rows of a folder's `labels.csv`."""

    folder: Path
    rows: tuple[Row, ...]

    def of(self, dataset: str | None, limit: int | None = None) -> Table:
        """The rows whose data set's name begins with `dataset` in any case, or all; at most the first `limit`.

        Raises:
            CallerError: NOT_FOUND, no row is left; the data sets that there are are named.
        """
        wanted = (dataset or "").casefold()
        rows = tuple(row for row in self.rows if row.dataset.casefold().startswith(wanted))[:limit]
        if not rows:
            names = sorted({row.dataset for row in self.rows})
            raise CallerError(
                ProblemCode.NOT_FOUND,
                f"labels.csv has no film of the data set '{(dataset or '')[:60]}'.",
                f"Choose with --dataset one of: {', '.join(names)[:400] or 'none, the table is empty'}.",
            )
        return Table(self.folder, rows)

    def with_boxes(self, limit: int | None = None) -> Table:
        """The rows that have boxes, at most the first `limit`; all rows where none has."""
        boxed = tuple(row for row in self.rows if row.boxes)
        return Table(self.folder, boxed[:limit]) if boxed else self

    def first_of_each(self, limit: int | None) -> Table:
        """At most the first `limit` rows of each data set."""
        kept = {name: [row for row in self.rows if row.dataset == name][:limit] for name in self.datasets()}
        return Table(self.folder, tuple(row for rows in kept.values() for row in rows))

    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets, in the table's order."""
        return tuple(dict.fromkeys(row.dataset for row in self.rows))

    def film(self, row: Row) -> NDArray[np.float32]:
        """The canonical film (rows, columns) in [0, 1], read as the intake reads it: DICOM, PNG or JPEG.

        Raises:
            CallerError: NOT_FOUND, the file is missing; else as `SandboxedDecoder.decode`.
        """
        try:
            data = (self.folder / row.file).read_bytes()
        except OSError:
            raise CallerError(
                ProblemCode.NOT_FOUND,
                f"labels.csv lists a film that is not there or cannot be read (line {row.line}).",
                "Complete the folder, or take the line out of the table.",
            ) from None
        return _decoder().decode(data).film.astype(np.float32) / np.float32(65535.0)

    def mask(self, row: Row, structure: Structure, shape: tuple[int, int] | None = None) -> NDArray[np.bool_] | None:
        """A structure's outline from `masks/ID.STRUCTURE.png`, half filled pixels counting; None where there is none.

        `shape` (rows, columns) is what it is brought to; without it the size stays.

        Raises:
            CallerError: DAMAGED_FILE.
        """
        path = self._mask_path(row, structure)
        if not path.is_file():
            return None
        try:
            with Image.open(path, formats=["PNG"]) as picture:
                grey = picture.convert("L")
                if shape is not None:
                    grey = grey.resize((shape[1], shape[0]), Image.Resampling.BOX)
                return np.asarray(grey, dtype=np.uint8) >= 128
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
            raise CallerError(
                ProblemCode.DAMAGED_FILE,
                f"A mask of the {structure.value} is no readable PNG (line {row.line} of labels.csv).",
                "Write masks as 8-bit grey PNG, 0 outside and 255 inside.",
            ) from None

    def has_mask(self, row: Row, structure: Structure) -> bool:
        """Whether there is such an outline."""
        return self._mask_path(row, structure).is_file()

    def _mask_path(self, row: Row, structure: Structure) -> Path:
        return self.folder / "masks" / f"{row.id}.{structure.value.replace(' ', '_')}.png"


def _bad(line: int, what: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, f"Line {line} of labels.csv {what}.", hint)


def _boxes(raw: dict[str, str | None], line: int) -> tuple[LabelledBox, ...]:
    if not raw.get("annotations"):
        return ()
    try:
        boxes = json.loads(raw["annotations"] or "").get("boxes", ())
        if not boxes:
            return ()
        wide, high = float(raw["width"] or ""), float(raw["height"] or "")
        return tuple(
            LabelledBox(str(label), left / wide, top / high, width / wide, height / high)
            for label, left, top, width, height in boxes
        )
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError):
        raise _bad(
            line,
            "has boxes that cannot be read",
            'Write {"boxes": [["LABEL", x, y, width, height]]} in pixels, and give the film\'s width and height.',
        ) from None


def _row(raw: dict[str, str | None], line: int) -> Row:
    told = {column: (raw.get(column) or "").strip() for column in _COLUMNS}
    if not told["file"] or not told["patient"]:
        raise _bad(
            line, "lacks the file or the patient", "Splits and intervals are by patient, so each film needs one."
        )
    path = PurePosixPath(told["file"])
    if path.is_absolute() or ".." in path.parts or "/" in told["id"]:
        raise _bad(
            line, "names a file outside the folder", "Give paths relative to the folder, and ids without a slash."
        )
    return Row(
        id=told["id"],
        file=told["file"],
        dataset=told["dataset"],
        words=tuple(word.strip() for word in told["labels"].split("|") if word.strip()),
        view=told["view"] or "unknown",
        patient=told["patient"],
        line=line,
        boxes=_boxes(raw, line),
    )


def read_table(folder: Path) -> Table:
    """All rows of the folder's `labels.csv`.

    Raises:
        CallerError: NOT_FOUND, no such folder or no table in it; BAD_ARGUMENT, a column is missing or a row is wrong.
    """
    path = folder / "labels.csv"
    if not path.is_file():
        missing = "labels.csv" if folder.is_dir() else "folder of that name"
        raise CallerError(ProblemCode.NOT_FOUND, f"There is no {missing} at '{folder.name}'.", _LAYOUT)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            lacking = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if lacking:
                raise CallerError(
                    ProblemCode.BAD_ARGUMENT, f"labels.csv lacks the column {' and '.join(lacking)}.", _LAYOUT
                )
            rows = tuple(_row(raw, line) for line, raw in enumerate(reader, start=2))
    except (UnicodeDecodeError, csv.Error):
        raise CallerError(ProblemCode.DAMAGED_FILE, "labels.csv is not a table in UTF-8.", _LAYOUT) from None
    return Table(folder, rows)
