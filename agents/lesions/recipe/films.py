"""The films that the bundled nodule model learns from: JSRT's, and nodules planted on those and on normal NIH films."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter
from wardround.agents.lesions.data.planted import with_nodules
from wardround.agents.lesions.data.samples import Sample, SampleSet, read_image
from wardround.agents.lesions.levelled import levelled
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import WardroundError

__all__ = ["LEVELLED_PX", "Learned", "learned_films", "levelled_sample"]

LEVELLED_PX = 160
"""Side of the squares by which films are levelled: 56 mm on JSRT's films; chosen, and not tuned."""
_SIDE = 1024
_LUNGS = (Structure.LEFT_LUNG, Structure.RIGHT_LUNG, Structure.HEART)  # nodules hide behind the heart, too
_WIDENED = 6  # pixels of the outlines' own 512: nodules under the diaphragm and at the hilum
_REAL_AGAIN = 6  # so many times a film with its own nodules stands in the mixture for each planted one
_ADULT = 18

Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class _Packed:
    """A sample in a quarter of the memory: grey in 255 steps, of a levelled film finer than its grain."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    sample: Sample

    def __call__(self) -> Sample:
        return replace(self.sample, image=self.image.astype(np.float32) / np.float32(255.0), mask=self.mask)


@dataclass(frozen=True)
class Learned:
    """`samples` to draw crops from, levelled; how many `films` of which `patients`, and how many true `nodules`."""

    samples: SampleSet
    films: int
    patients: tuple[str, ...]
    nodules: int


def levelled_sample(sample: Sample) -> Sample:
    """The sample as the network reads it."""
    return replace(sample, image=levelled(sample.image, LEVELLED_PX))


def _packed(sample: Sample) -> _Packed:
    grey = np.rint(levelled_sample(sample).image * 255.0).astype(np.uint8)
    bare = replace(sample, image=np.zeros((1, 1), dtype=np.float32), mask=np.zeros((1, 1), dtype=np.uint8))
    return _Packed(grey, sample.mask, bare)


def _within(segmenter: Segmenter, film: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a nodule may be planted: lungs and heart, a little widened."""
    outlined = segmenter.predict([film])[0]
    inside = np.any([outlined.of(one) for one in _LUNGS], axis=0)
    wide = Image.fromarray(binary_dilation(inside, iterations=_WIDENED)).resize(film.shape[::-1])
    return np.asarray(wide, dtype=np.bool_)


def _normals(data: Path, most: int) -> Iterator[Sample]:
    """Normal NIH films of adults, seen from behind, at the size of JSRT's; an even draw of the table's patients."""
    with (data / "labels.csv").open(newline="", encoding="utf-8") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["dataset"].startswith("NIH")
            and row["labels"] == "No Finding"
            and row["view"] == "PA"
            and float(row["age"] or 0) >= _ADULT
        ]
    first = {row["patient"]: row for row in rows}
    for row in sorted(first.values(), key=lambda row: row["patient"][::-1])[:most]:
        film = read_image(data / row["file"], "A film of NIH")
        larger = Image.fromarray(film).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        grey = np.clip(np.asarray(larger, dtype=np.float32), 0.0, 1.0)
        yield Sample(grey, np.zeros(grey.shape, dtype=np.uint8), row["patient"], row["id"])


def learned_films(data: Path, jsrt: Sequence[Sample], normals: int = 240, tick: Tick | None = None) -> Learned:
    """The mixture.

    Each JSRT film of `jsrt` stands in it as it is, several times over, and once with planted nodules beside its own;
    each NIH film once with planted nodules. Lungs are outlined by the bundled segmenter.

    Args:
        data: folder with labels.csv and the films.
        jsrt: the films to learn from, of `read_nodules`.
        normals: NIH films at most.
    """
    segmenter = bundled_segmenter()
    real, planted, patients = list[_Packed](), list[_Packed](), set[str]()
    for number, sample in enumerate(jsrt):
        real.append(_packed(sample))
        planted.append(_packed(with_nodules(sample, _within(segmenter, sample.image), number)))
        patients.add(sample.patient)
        if tick is not None:
            tick(number + 1, len(jsrt) + normals)
    for number, sample in enumerate(_normals(data, normals), start=len(jsrt)):
        try:
            planted.append(_packed(with_nodules(sample, _within(segmenter, sample.image), number)))
        except WardroundError:
            continue
        patients.add(sample.patient)
        if tick is not None:
            tick(number + 1, len(jsrt) + normals)
    every = [*real * _REAL_AGAIN, *planted]
    return Learned(
        samples=SampleSet(tuple(every), tuple(one.sample.patient for one in every)),
        films=len(real) + len(planted) - len(jsrt),
        patients=tuple(sorted(patients)),
        nodules=sum(bool(one.mask.any()) for one in real),
    )
