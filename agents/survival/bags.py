"""Reads bags of patch features from a folder: a sub-folder for each resolution, in it a file for each patient.

FOLDER/8/ID.npy             (patches, features), the coarsest resolution; the name is its microns per pixel
FOLDER/0.5/ID.npy           the next finer one
FOLDER/0.5/ID.parents.npy   (patches,), for each patch the row of its region in the next coarser bag
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wardround.agents.imaging.paths import open_allowed, shown_name
from wardround.agents.survival.learning.cohort import Bag
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import PatchBag

__all__ = ["MOST_PATCHES", "checked_bags", "features_of", "opened_bags", "read_bags"]

MOST_PATCHES = 200_000
_MOST_RESOLUTIONS = 4
_MOST_BYTES = 1_500_000_000
# All that NumPy raises on bytes that are no array of its own.
_UNREADABLE = (OSError, ValueError, EOFError, OverflowError, MemoryError, SyntaxError, tokenize.TokenError)


def _refused(message: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, hint)


def read_bags(folder: Path, ids: Sequence[str]) -> tuple[tuple[tuple[Bag, ...], ...], tuple[str, ...]]:
    """Each patient's bags from coarse to fine, none for a patient without; and warnings.

    Raises:
        CallerError: NOT_FOUND, no such folder or no bag in it; BAD_ARGUMENT, a file that is no bag, or bags of
            different numbers of features.
    """
    try:
        numbered = [one for one in folder.iterdir() if one.is_dir() and _is_number(one.name)]
    except OSError as error:
        raise CallerError(ProblemCode.NOT_FOUND, f"'{folder.name}' is not a folder that can be read.") from error
    resolutions = sorted(((float(one.name), one) for one in numbered), reverse=True)
    if len({microns for microns, _ in resolutions}) < len(resolutions):
        raise _refused(f"'{folder.name}' has two sub-folders of one resolution.", "Name each by another number.")
    if not 0 < len(resolutions) <= _MOST_RESOLUTIONS:
        raise _refused(
            f"'{folder.name}' has {len(resolutions)} sub-folders that are named by a resolution.",
            f"It has 1 to {_MOST_RESOLUTIONS}, each named by its microns per pixel, for example 8 and 0.5.",
        )
    patients = tuple(_patient(resolutions, one, row) for row, one in enumerate(ids, 1))
    lacking = sum(not bags for bags in patients)
    if lacking == len(ids):
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"'{folder.name}' has no bag of any patient.",
            "A bag is named by its patient's id: ID.npy in each resolution's folder.",
        )
    widths = {bag.features.shape[1] for bags in patients for bag in bags}
    if len(widths) > 1:
        raise _refused(
            "The bags have different numbers of features.", "All must come from the same encoder of patches."
        )
    return patients, (f"{lacking} patients have no slide",) if lacking else ()


def _is_number(name: str) -> bool:
    try:
        return 0.0 < float(name) < 1000.0
    except ValueError:
        return False


def _patient(resolutions: Sequence[tuple[float, Path]], one: str, row: int) -> tuple[Bag, ...]:
    whose = f"of the patient in row {row}"
    files = [(microns, folder / f"{one}.npy", folder / f"{one}.parents.npy") for microns, folder in resolutions]
    there = [features.is_file() for _, features, _ in files]
    if not any(there):
        return ()
    if not all(there):
        raise _refused(
            f"A bag {whose} is there at some resolutions, and not at others.", "Give all of them, or none of a patient."
        )
    levels = [
        (microns, _array(features, whose), _array(parents, whose) if parents.is_file() else None)
        for microns, features, parents in files
    ]
    return checked_bags(levels, whose)


def _read(opened: BinaryIO) -> NDArray[Any]:
    # Not numpy.load, which opens zips and pickles as well.
    return np.asarray(np.lib.format.read_array(opened, allow_pickle=False))


def _array(file: Path, whose: str) -> NDArray[Any]:
    try:
        with file.open("rb") as opened:
            return _read(opened)
    except _UNREADABLE as error:
        raise _no_bag(whose) from error


def _no_bag(whose: str) -> CallerError:
    return _refused(
        f"A bag {whose} is not a NumPy array that can be read.",
        "Save it with numpy.save as numbers of shape (patches, features), without pickles.",
    )


def features_of(data: bytes, whose: str) -> NDArray[Any]:
    """The array in the bytes of an `.npy` file.

    Raises:
        CallerError: BAD_ARGUMENT, none is in it.
    """
    try:
        return _read(io.BytesIO(data))
    except _UNREADABLE as error:
        raise _no_bag(whose) from error


def opened_bags(bags: Sequence[PatchBag], allowed: tuple[Path, ...] | None) -> tuple[Bag, ...]:
    """A patient's bags from files in the allowed folders; None: from wherever the caller may read.

    Raises:
        CallerError: PATH_NOT_ALLOWED, NOT_FOUND or TOO_LARGE, a file; BAD_ARGUMENT, one that is no bag.
    """
    levels = [
        (
            bag.microns_per_pixel,
            _file(bag.path, allowed),
            _file(bag.parents, allowed) if bag.parents else None,
        )
        for bag in bags
    ]
    return checked_bags(levels, "of the patient")


def _file(path: str, allowed: tuple[Path, ...] | None) -> NDArray[Any]:
    with open_allowed(path, allowed) as opened:
        data = opened.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise CallerError(ProblemCode.TOO_LARGE, f"'{shown_name(path)}' is too large a bag.", "Sample its patches.")
    return features_of(data, "of the patient")


def checked_bags(levels: Sequence[tuple[float, NDArray[Any], NDArray[Any] | None]], whose: str) -> tuple[Bag, ...]:
    """Bags from (microns per pixel, features, parents), coarse to fine, each checked against the one before.

    Raises:
        CallerError: BAD_ARGUMENT, no numbers of two dimensions, one that is not finite, too many patches, or parents
            that do not name a row of the next coarser bag for each patch.
    """
    bags: list[Bag] = []
    for microns, features, parents in levels:
        if features.ndim != 2 or features.size == 0 or features.dtype.kind != "f":
            raise _no_bag(whose)
        if len(features) > MOST_PATCHES:
            raise CallerError(
                ProblemCode.TOO_LARGE, f"A bag {whose} has more than {MOST_PATCHES:,} patches.", "Sample its patches."
            )
        with np.errstate(over="ignore"):
            values = features.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise _refused(f"A bag {whose} has a value that is not finite.", "Leave such patches out.")
        bags.append(Bag(values, _parents(parents, values, bags[-1], whose) if bags else None, microns))
    return tuple(bags)


def _parents(
    parents: NDArray[Any] | None, features: NDArray[np.float32], coarser: Bag, whose: str
) -> NDArray[np.int64]:
    fits = parents is not None and parents.shape == (len(features),) and parents.dtype.kind in "iu"
    if parents is None or not fits or parents.min() < 0 or parents.max() >= len(coarser.features):
        raise _refused(
            f"The parents of a bag {whose} do not name a region for each patch.",
            "They are whole numbers, one a patch: the row of its region in the next coarser bag, from 0.",
        )
    return parents.astype(np.int64)
