"""Readers of folders of images with masks: ISIC 2018, CVC-ClinicDB, plain pairs, and COCO's JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.lesions.data.samples import Header, Sample, SampleSet, read_header, read_image, read_mask, shrunk
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["LAYOUTS", "coco_mask", "read_folder"]

LAYOUTS = ("isic", "cvc", "coco", "pairs")
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
_ENDINGS = ("_segmentation", "_mask")
_PATIENTS = "patients.csv"
_MOST_JSON = 512_000_000
_KNOWN = (
    "Layouts: ISIC2018*_Input with ISIC2018*_GroundTruth, Original with Ground Truth (CVC-ClinicDB), images with "
    "masks, or one JSON of COCO's form beside its images."
)


@dataclass(frozen=True)
class _Pair:
    """A picture and what its mask is made of: a file, or COCO's regions."""

    image: Path
    mask: Path | tuple[Any, ...]
    place: str  # names the pair in a message, since a file's name may be a patient's


def _refused(message: str, hint: str, code: ProblemCode = ProblemCode.BAD_ARGUMENT) -> CallerError:
    return CallerError(code, message, hint)


def _place(number: int, count: int) -> str:
    return f"{number + 1} of {count}, in order of their names"


def _pictures(folders: Sequence[Path]) -> list[Path]:
    found = (path for folder in folders for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    # ISIC 2016 and 2017 keep superpixels among the images.
    return sorted((path for path in found if not path.stem.endswith("_superpixels")), key=lambda path: path.name)


def _stem(path: Path) -> str:
    return next((path.stem.removesuffix(end) for end in _ENDINGS if path.stem.endswith(end)), path.stem)


def _folders(root: Path, ending: str) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and path.name.lower().endswith(ending.lower()))


def _paired(image_folders: Sequence[Path], mask_folders: Sequence[Path]) -> list[_Pair]:
    images, masks = _pictures(image_folders), _pictures(mask_folders)
    if not images:
        raise _refused("The folder holds no image.", "Images are PNG, JPEG, TIFF or BMP.", ProblemCode.NOT_FOUND)
    by_stem = {_stem(path): path for path in masks}
    if len(by_stem) != len(masks) or len({path.stem for path in images}) != len(images):
        raise _refused("Two images or two masks have the same name.", "Keep one file for each name.")
    for number, image in enumerate(images):
        if image.stem not in by_stem:
            raise _refused(
                f"Image {_place(number, len(images))}, has no mask.",
                f"A mask is named as its image is, or with {' or '.join(_ENDINGS)} added; a negative has a black one.",
                ProblemCode.NOT_FOUND,
            )
    known = {path.stem for path in images}
    for number, mask in enumerate(masks):
        if _stem(mask) not in known:
            raise _refused(
                f"Mask {_place(number, len(masks))}, has no image.",
                "Put its image beside the others, or take the mask away.",
                ProblemCode.NOT_FOUND,
            )
    return [_Pair(image, by_stem[image.stem], _place(number, len(images))) for number, image in enumerate(images)]


def _isic(root: Path) -> list[_Pair]:
    return _paired(_folders(root, "_Input"), _folders(root, "_GroundTruth"))


def _cvc(root: Path) -> list[_Pair]:
    return _paired([root / "Original"], [root / "Ground Truth"])


def _plain(root: Path) -> list[_Pair]:
    return _paired([root / "images"], [root / "masks"])


def _no_coco() -> CallerError:
    return _refused(
        "The JSON is not of COCO's form.",
        "It has 'images' (id, file_name) and 'annotations' (image_id, segmentation).",
        ProblemCode.UNSUPPORTED_FORMAT,
    )


def _coco(root: Path) -> list[_Pair]:
    files = sorted(root.glob("*.json"))
    if len(files) != 1:
        raise _refused(f"The folder holds {len(files)} JSON files, and one is read.", "Leave one beside its images.")
    if files[0].stat().st_size > _MOST_JSON:
        raise _refused("The JSON is too large to be read.", "Split the data set.", ProblemCode.TOO_LARGE)
    try:
        told = json.loads(files[0].read_text(encoding="utf-8"))
        regions: dict[Any, list[Any]] = {image["id"]: [] for image in told["images"]}
        for annotation in told["annotations"]:
            regions[annotation["image_id"]].append(annotation["segmentation"])
        named = sorted((str(image["file_name"]), tuple(regions[image["id"]])) for image in told["images"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _no_coco() from error
    if not named:
        raise _refused("The JSON names no image.", "Give at least one.", ProblemCode.NOT_FOUND)
    pairs = []
    for number, (name, drawn) in enumerate(named):
        place = _place(number, len(named))
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise _refused(
                f"Image {place}, lies outside the folder.",
                "Name images by their place inside the folder.",
                ProblemCode.PATH_NOT_ALLOWED,
            )
        path = root / name if (root / name).is_file() else root / "images" / name
        pairs.append(_Pair(path, drawn, place))
    return pairs


_READERS = {"isic": _isic, "cvc": _cvc, "coco": _coco, "pairs": _plain}


def _layout(root: Path) -> str:
    if _folders(root, "_Input") and _folders(root, "_GroundTruth"):
        return "isic"
    if (root / "Original").is_dir() and (root / "Ground Truth").is_dir():
        return "cvc"
    if (root / "images").is_dir() and (root / "masks").is_dir():
        return "pairs"
    if any(root.glob("*.json")):
        return "coco"
    raise _refused("The folder has no layout that is known.", _KNOWN, ProblemCode.UNSUPPORTED_FORMAT)


def _polygon(corners: Sequence[float], rows: int, columns: int) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside a polygon x1, y1, x2, y2, …, by the even-odd rule; pixel 0 spans 0 to 1."""
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 2)
    crossings = np.zeros((rows, columns + 1), dtype=np.int64)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        first, last = (int(np.clip(np.ceil(y - 0.5), 0, rows)) for y in (min(y0, y1), max(y0, y1)))
        hit = np.arange(first, last)
        if hit.size:
            across = x0 + (hit + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            crossings[hit, np.clip(np.ceil(across - 0.5), 0, columns).astype(np.int64)] += 1
    return np.asarray(np.cumsum(crossings, axis=1)[:, :columns] % 2 == 1)


def _counts(text: str) -> list[int]:
    """COCO's compressed run lengths: five bits a letter from '0', the sixth for more, differences from the third on."""
    found: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
        value = shift = 0
    return found


def _runs(region: Mapping[str, Any], rows: int, columns: int) -> NDArray[np.bool_]:
    counts = region["counts"]
    runs = np.asarray(_counts(counts) if isinstance(counts, str) else counts, dtype=np.int64)
    if list(region["size"]) != [rows, columns] or (runs < 0).any() or runs.sum() != rows * columns:
        raise ValueError
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(values.reshape(columns, rows).T)


def coco_mask(regions: Sequence[Any], rows: int, columns: int, what: str = "The image") -> NDArray[np.uint8]:
    """The union (rows, columns) of COCO's segmentations: lists of polygons, or run lengths, compressed or not.

    Raises:
        CallerError: DAMAGED_FILE, a segmentation is neither, or its run lengths are of another size.
    """
    mask = np.zeros((rows, columns), dtype=np.bool_)
    try:
        for region in regions:
            if isinstance(region, Mapping):
                mask |= _runs(region, rows, columns)
            else:
                for corners in region:
                    mask |= _polygon(corners, rows, columns)
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise _refused(
            f"{what} has a segmentation that cannot be drawn.",
            "It is a list of polygons, or run lengths of the image's own height and width.",
            ProblemCode.DAMAGED_FILE,
        ) from error
    return mask.astype(np.uint8)


def _patients(root: Path) -> dict[str, tuple[str, float | None]]:
    """The patient and the spacing of each name, from the optional table; a missing name is its own patient."""
    if not (root / _PATIENTS).is_file():
        return {}
    try:
        with (root / _PATIENTS).open(newline="", encoding="utf-8-sig") as lines:
            rows = {
                Path(row["name"]).stem: (row["patient"], float(row["spacing_mm"]) if row.get("spacing_mm") else None)
                for row in csv.DictReader(lines)
            }
        if any(
            not patient or (spacing is not None and not 0.0 < spacing < 100.0) for patient, spacing in rows.values()
        ):
            raise ValueError
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise _refused(
            f"'{_PATIENTS}' cannot be read.",
            "Its columns are name, patient and, if you like, spacing_mm: millimetres of a pixel's side, above 0.",
        ) from error
    return rows


def _sample(pair: _Pair, header: Header, patient: str, spacing: float | None, longest: int | None) -> Sample:
    image = read_image(pair.image, f"Image {pair.place},")
    if isinstance(pair.mask, Path):
        mask = read_mask(pair.mask, f"Mask {pair.place},")
    else:
        mask = coco_mask(pair.mask, header.rows, header.columns, f"Image {pair.place},")
    return shrunk(Sample(image, mask, patient, pair.image.stem, spacing), longest)


def read_folder(root: Path, layout: str | None = None, longest: int | None = None) -> SampleSet:
    """The samples of a folder, in order of their names; every file's size is checked now, and none is decoded.

    Args:
        layout: one of `LAYOUTS`; None finds out. ISIC's training, validation and test parts are read together where
            they lie together.
        longest: shrink what is longer to so many pixels.

    An optional `patients.csv` (name, patient, spacing_mm) says which images are of one patient.

    Raises:
        CallerError: NOT_FOUND, no folder, no image, an image without a mask or a mask without an image;
            UNSUPPORTED_FORMAT, no known layout; BAD_ARGUMENT, a mask of another size or names that do not pair;
            TOO_LARGE, DAMAGED_FILE and PATH_NOT_ALLOWED, of one file.
    """
    if not root.is_dir():
        raise _refused("There is no such folder.", "Name the folder of the data set.", ProblemCode.NOT_FOUND)
    if layout is not None and layout not in LAYOUTS:
        raise _refused("There is no such layout.", f"Layouts: {', '.join(LAYOUTS)}.")
    try:
        pairs = _READERS[layout or _layout(root)](root)
    except FileNotFoundError as error:
        raise _refused("The folder is not of this layout.", _KNOWN, ProblemCode.UNSUPPORTED_FORMAT) from error
    known = _patients(root)
    readers, patients, coloured = [], [], 0
    for pair in pairs:
        header = read_header(pair.image, f"Image {pair.place},")
        coloured += header.coloured
        if isinstance(pair.mask, Path):
            other = read_header(pair.mask, f"Mask {pair.place},")
            if (other.columns, other.rows) != (header.columns, header.rows):
                raise _refused(
                    f"Mask {pair.place}, has {other.columns} x {other.rows} pixels, and its image {header.columns} x "
                    f"{header.rows}.",
                    "A mask has its image's size: check that both are of one patient, and export it again.",
                )
        patient, spacing = known.get(pair.image.stem, (pair.image.stem, None))
        patients.append(patient)
        readers.append(partial(_sample, pair, header, patient, spacing, longest))
    warnings = []
    if coloured:
        warnings.append(f"{coloured} of {len(pairs)} images are in colour and are read as grey: their hue is lost.")
    alone = sum(pair.image.stem not in known for pair in pairs)
    if alone:
        warnings.append(
            f"No '{_PATIENTS}' tells the patient of {alone} of {len(pairs)} images, so each counts as a patient of its "
            "own: images of one patient may fall on both sides of a split."
        )
    return SampleSet(tuple(readers), tuple(patients), tuple(warnings))
