"""One image with the mask of its lesions, how both are read from files, and sets of them that are read when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from wardround.agents.cxr.seen import fold_of_patient
from wardround.agents.imaging.limits import Limits
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Header", "Sample", "SampleSet", "read_header", "read_image", "read_mask", "shrunk"]

_DEEP = 65535.0
_HALF = 128  # a mask whose values go higher is one of black and white, with edges that a codec may have softened
_GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})


@dataclass(frozen=True)
class Sample:
    """`image`: float32 (rows, columns) in [0, 1]; `mask`: uint8 of the same shape, 1 where a lesion is.

    `patient` is what a split must keep together. `spacing_mm` is the side of a square pixel, None where it is unknown;
    `subtlety` is from 1, extremely subtle, to 5, obvious, None where no reader said. An empty mask is a negative.
    """

    image: NDArray[np.float32]
    mask: NDArray[np.uint8]
    patient: str
    name: str
    spacing_mm: float | None = None
    subtlety: int | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class SampleSet(Sequence[Sample]):
    """Samples that are read from their files each time that they are asked for; `tuple(samples)` keeps them all.

    `warnings` say what was taken on trust or changed on the way.
    """

    readers: tuple[Callable[[], Sample], ...]
    patients: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.readers)

    def __iter__(self) -> Iterator[Sample]:
        return (read() for read in self.readers)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> SampleSet: ...
    def __getitem__(self, index: int | slice) -> Sample | SampleSet:
        if isinstance(index, slice):
            return self._of(range(len(self))[index])
        return self.readers[index]()

    def _of(self, rows: Iterable[int]) -> SampleSet:
        kept = tuple(rows)
        return SampleSet(
            tuple(self.readers[row] for row in kept), tuple(self.patients[row] for row in kept), self.warnings
        )

    def split(self, fold: int = 0) -> tuple[SampleSet, SampleSet]:
        """The other four fifths of the patients, and the fifth that is fold 0 to 4; a hash of the patient decides.

        It is the hash by which the anatomy models hold back their patients, so fold 0 is new to those too.
        """
        held = [fold_of_patient(patient) == fold for patient in self.patients]
        return self._of(row for row, out in enumerate(held) if not out), self._of(
            row for row, out in enumerate(held) if out
        )


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before it is decoded."""

    columns: int
    rows: int
    coloured: bool


def _open(path: Path, what: str) -> Image.Image:
    limits = Limits()
    Image.MAX_IMAGE_PIXELS = None  # `limits` decides, before decoding
    try:
        picture = Image.open(path)
    except FileNotFoundError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"{what} is not there.", "Put the file where the data set has it."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _damaged(what) from error
    if max(picture.size) > limits.max_side or picture.width * picture.height > limits.max_pixels:
        wide, high = picture.size
        picture.close()
        raise CallerError(
            ProblemCode.TOO_LARGE,
            f"{what} has {wide} x {high} pixels; at most {limits.max_side} on a side and "
            f"{limits.max_pixels // 1_000_000} megapixels are read.",
            "Cut it into tiles, or shrink image and mask alike.",
        )
    return picture


def _damaged(what: str) -> CallerError:
    return CallerError(
        ProblemCode.DAMAGED_FILE, f"{what} cannot be decoded: it is no picture, or is cut off.", "Copy it again."
    )


def read_header(path: Path, what: str) -> Header:
    """The size and the colour model of a picture, which is not decoded; `what` names it in a message.

    Raises:
        CallerError: NOT_FOUND; TOO_LARGE; DAMAGED_FILE, it is no picture.
    """
    with _open(path, what) as picture:
        return Header(picture.width, picture.height, picture.mode not in _GREY_MODES)


def read_image(path: Path, what: str) -> NDArray[np.float32]:
    """A picture of any colour model as grey (rows, columns) float32 in [0, 1]; colour by ITU-R 601's luma.

    Sixteen bits are divided by 65535, so a film of twelve bits is dark; floats must lie in [0, 1] already.

    Raises:
        CallerError: NOT_FOUND; TOO_LARGE; DAMAGED_FILE, it cannot be decoded or its floats are no shades of grey.
    """
    with _open(path, what) as picture:
        try:
            if picture.mode == "F":
                grey = np.asarray(picture, dtype=np.float32)
            elif picture.mode.startswith("I"):
                grey = np.asarray(picture, dtype=np.float32) / np.float32(_DEEP)
            else:
                grey = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255.0)
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(what) from error
    if not (np.isfinite(grey).all() and grey.min() >= 0.0 and grey.max() <= 1.0):
        raise CallerError(
            ProblemCode.DAMAGED_FILE, f"{what} has values that are no shades of grey.", "Export it with 8 or 16 bits."
        )
    return grey


def read_mask(path: Path, what: str) -> NDArray[np.uint8]:
    """A mask (rows, columns) of 0 and 1: above half of white where it is black and white, else above zero (labels).

    A value of 128 or more is what tells black and white, so labels go up to 127; a palette's first colour is no lesion.

    Raises:
        CallerError: NOT_FOUND; TOO_LARGE; DAMAGED_FILE, it cannot be decoded.
    """
    with _open(path, what) as picture:
        try:
            labelled = picture.mode == "P" or picture.mode in _GREY_MODES - {"LA"}
            values = np.asarray(picture if labelled else picture.convert("RGB")).astype(np.int64)
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(what) from error
    if values.ndim == 3:
        values = values.max(axis=2)
    return np.asarray(values >= _HALF if values.max() >= _HALF else values > 0, dtype=np.uint8)


def shrunk(sample: Sample, longest: int | None) -> Sample:
    """The sample with its longer side at most `longest` pixels, each new pixel the mean of those that it covers.

    A mask's pixel is kept where at least half of it was covered; what is smaller than that is lost.
    """
    rows, columns = sample.image.shape
    if longest is None or max(rows, columns) <= longest:
        return sample
    scale = longest / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    image, mask = (
        np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BOX))
        for values in (sample.image, sample.mask)
    )
    return Sample(
        image=np.clip(image, 0.0, 1.0),
        mask=(mask >= 0.5).astype(np.uint8),
        patient=sample.patient,
        name=sample.name,
        spacing_mm=None if sample.spacing_mm is None else sample.spacing_mm / scale,
        subtlety=sample.subtlety,
        synthetic=sample.synthetic,
    )
