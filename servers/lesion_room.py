"""What the lesion tools work with: models, films that may be read, their anatomy, and masks in the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.chart import Chart
from wardround.agents.anatomy.locate import chart_of
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.outlines import outlines
from wardround.agents.anatomy.published import BUNDLED, open_segmenter
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.imaging.limits import Limits
from wardround.agents.lesions.asking import Found
from wardround.agents.lesions.evidence import mask_channels
from wardround.agents.lesions.films import pixel_side
from wardround.agents.lesions.folder import Loaded, load
from wardround.agents.lesions.registry import SHELF
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import LesionReport
from wardround.contracts.study import Artefact, ArtefactKind, Image
from wardround.servers.desk import Desk
from wardround.servers.open_models import OpenModels
from wardround.servers.settings import ServerSettings

__all__ = ["LesionRoom", "OpenFilm"]

_DEFAULT = "WARDROUND_LESIONS_MODEL"


@cache
def _segmenter() -> Segmenter:
    """Loaded when lesions are first placed; the outlines of a film are shared with the anatomy server's."""
    return open_segmenter(os.environ.get("WARDROUND_ANATOMY_MODEL") or BUNDLED)


class OpenFilm:
    """A film that may be read: its description, its pixels (rows, columns) in [0, 1], and the side of a pixel in mm."""

    def __init__(self, image: Image, film: NDArray[np.float32]) -> None:
        self.image, self.film = image, film
        self.spacing_mm, self.warnings = pixel_side(image.pixel_spacing_mm, image.spacing_source)


class LesionRoom:
    """Asked from the thread of the models, one question at a time."""

    def __init__(self, settings: ServerSettings) -> None:
        home = {} if settings.home is None else {"WARDROUND_HOME": str(settings.home)}
        self.desk = Desk(settings)
        self.shelf = OpenModels(SHELF, load, {**os.environ, **home})
        self._limits = Limits()

    def model(self, name: str = "", finding: str = "") -> Loaded:
        """The model of a name, else WARDROUND_LESIONS_MODEL's, else the only one, or the only one that finds `finding`.

        Raises:
            CallerError: NOT_FOUND, no such model; BAD_ARGUMENT, none is named and there are several.
            Fault: WEIGHTS_MISMATCH.
        """
        named = name or os.environ.get(_DEFAULT, "")
        if not named and finding:
            fitting = [one for one in self.shelf.every() if finds(one, finding)]
            if len(fitting) == 1:
                return fitting[0]
        return self.shelf.named(named)

    def film(self, handle: str, details: Image | None) -> OpenFilm:
        """A film, refused before it is read where it is too large or in colour.

        Raises:
            CallerError: NOT_FOUND; TOO_LARGE; COLOUR_IMAGE; BAD_ARGUMENT, the description is not the film's.
        """
        image = self.desk.image(handle, details)
        self._limits.check_dimensions(image.rows, image.columns)
        shape = image.film.shape
        if image.film.kind is ArtefactKind.FILM and len(shape) == 3:
            raise CallerError(
                ProblemCode.COLOUR_IMAGE,
                "The image has several values a pixel: it is in colour, and a film is grey.",
                "Open the film with the intake server, which keeps grey films alone.",
            )
        if image.film.kind is not ArtefactKind.FILM or shape != (image.rows, image.columns):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The description states {image.columns} x {image.rows} pixels, and its film is another array.",
                "Hand the intake server's description over as it was given.",
            )
        return OpenFilm(image, self.desk.film(image))

    def anatomy(self, opened: OpenFilm, masks: Artefact | None = None) -> NDArray[np.uint8]:
        """The anatomy masks (5, h, w) over the film: as given, else its outlines.

        Raises:
            CallerError: BAD_ARGUMENT, the masks given are none of this film's.
        """
        if masks is None:
            drawn = outlines(_segmenter(), [opened.film], [opened.image.film.digest])
            return drawn[0].masks
        return self._given(opened.image, masks)

    def chart(self, opened: OpenFilm, masks: Artefact | None = None) -> Chart:
        """The chart of the film's anatomy; errors as `anatomy`."""
        return chart_of(self.anatomy(opened, masks))

    def _given(self, image: Image, masks: Artefact) -> NDArray[np.uint8]:
        names = tuple(structure.value for structure in CHANNELS)
        whole = masks.model_copy(update={"channel": None})
        if whole.kind is not ArtefactKind.MASK or len(whole.shape) != 3 or whole.shape[0] != len(names):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"Anatomy is a stack of {len(names)} masks; this artefact is not.",
                f"Give the stack of segment_anatomy: {', '.join(names)}.",
            )
        if whole.channels and whole.channels != names:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The stack's channels are not the structures of the chest in their order.",
                f"They are, in this order: {', '.join(names)}.",
            )
        self._of_this_film(image, whole)
        down, across = whole.shape[1:]
        if abs(down * image.columns - across * image.rows) > max(image.rows, image.columns):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The masks have {across} x {down} pixels, and do not cover a film of {image.columns} x {image.rows}.",
                "Masks cover the whole film in its own aspect, at any resolution.",
            )
        read: NDArray[Any] = self.desk.read(whole)
        if not read.any():
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The masks are empty: no structure is outlined.",
                "Leave the masks out, and the film is outlined here.",
            )
        return np.asarray(read, dtype=np.uint8)

    def _of_this_film(self, image: Image, masks: Artefact) -> None:
        films = self.desk.store.films_of(masks.digest)
        if films and image.film.digest not in films:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The masks were made from another film, perhaps another patient's.",
                "Give masks that were made from this film.",
            )

    def kept(self, opened: OpenFilm, found: Found) -> LesionReport:
        """The report with its masks in the store, to be forgotten with the film, and what must be said of the film."""
        report = found.report
        warnings = (*report.warnings, *(opened.warnings if report.lesions else ()))
        stack = None
        if report.lesions:
            stack = self.desk.put_for(opened.image)(ArtefactKind.MASK, found.masks, mask_channels(report))
        return report.model_copy(update={"masks": stack, "warnings": warnings})

    def reopened(self, opened: OpenFilm, report: LesionReport, numbers: Sequence[int] = ()) -> Found:
        """A report that was handed back, with its masks (n, rows, columns); the lesions of these numbers alone.

        Raises:
            CallerError: BAD_ARGUMENT, no lesion, masks of another film or size, or no lesion of such a number.
        """
        if not report.lesions or report.masks is None:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The report has no lesion with a mask.",
                "Hand over `found` of segment_lesions, or the answer of refine_lesion, as it was given.",
            )
        stack = report.masks.model_copy(update={"channel": None})
        wanted = (len(report.lesions), opened.image.rows, opened.image.columns)
        if stack.kind is not ArtefactKind.MASK or stack.shape != wanted:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The masks have the shape {stack.shape}; those of this report on this film have {wanted}.",
                "Hand the report over as it was given, with the film that it is of.",
            )
        self._of_this_film(opened.image, stack)
        found = Found(report, np.asarray(self.desk.read(stack), dtype=np.uint8))
        if any(int(mask.sum()) != one.area_px for one, mask in zip(report.lesions, found.masks, strict=True)):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The masks are not those of the report's lesions: their areas differ.",
                "Hand the report over as it was given.",
            )
        return _picked(found, numbers)


def finds(loaded: Loaded, finding: str) -> bool:
    """Whether a model's target is this finding, by any of its names."""
    target = loaded.card.target
    known = canonical_label(finding)
    return finding.strip().casefold() == target.casefold() or (known is not None and known == canonical_label(target))


def _picked(found: Found, numbers: Sequence[int]) -> Found:
    if not numbers:
        return found
    there = {one.number: place for place, one in enumerate(found.report.lesions)}
    lacking = [str(number) for number in numbers if number not in there]
    if lacking:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The report has no lesion {', '.join(lacking)}.",
            f"It has {', '.join(map(str, there))}.",
        )
    places = [there[number] for number in dict.fromkeys(numbers)]
    lesions = tuple(found.report.lesions[place] for place in places)
    return replace(found, report=found.report.model_copy(update={"lesions": lesions}), masks=found.masks[places])
