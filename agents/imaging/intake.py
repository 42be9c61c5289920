"""Takes files in: opens them, has them decoded apart, keeps the film and the few typed facts, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wardround.agents.imaging.decoded import DecodedFilm
from wardround.agents.imaging.identifiers import Identifiers
from wardround.agents.imaging.paths import open_allowed, shown_name
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.agents.imaging.store import Store, new_image_handle, new_study_handle
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError, error_from
from wardround.contracts.study import ArtefactKind, Image, Patient, Sex, Study

__all__ = ["MAX_FILES", "Intake"]

MAX_FILES = 16


class Intake:
    """The one way into the store. `allowed` are the folders that may be read; None: whatever the caller's shell may."""

    def __init__(
        self,
        store: Store,
        decoder: SandboxedDecoder,
        allowed: tuple[Path, ...] | None,
        identifiers: Identifiers | None = None,
    ) -> None:
        """
        Args:
            identifiers: where original identifiers are sealed for a later export; None keeps none.
        """
        self._store = store
        self._decoder = decoder
        self._allowed = allowed
        self._identifiers = identifiers

    def open_study(self, paths: Sequence[str], patient: Patient | None = None) -> Study:
        """Read the films of one study, keep them, and return what is known of them.

        Age and sex come from the files; where `patient` states them, the caller's word stands. Identifiers, names,
        dates and free text of a file are never returned, or quoted in an error; the identifiers that an export needs
        are kept in the encrypted map alone.

        Raises:
            CallerError: BAD_ARGUMENT, no paths or more than 16; or what is wrong with a file, by its name alone.
            Fault: DECODER_CRASHED, TIMEOUT.
        """
        if not 1 <= len(paths) <= MAX_FILES:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"A study has from 1 to {MAX_FILES} films; {len(paths)} were given.",
                "Give the paths of one examination's frontal films.",
            )
        films = [self.decoded(path) for path in paths]
        images = tuple(self._kept(film) for film in films)
        study = Study(
            handle=new_study_handle(),
            images=images,
            patient=_merged(patient, [film.details.patient for film in films]),
            synthetic=all(image.synthetic for image in images),
        )
        self._store.save_study(study)
        if self._identifiers is not None:
            pairs = zip(images, films, strict=True)
            self._identifiers.keep(study.handle, {one.handle: film.origin for one, film in pairs if film.origin})
        return study

    def decoded(self, path: str) -> DecodedFilm:
        """One file's film, without keeping anything of it.

        Raises:
            CallerError: what is wrong with the file, by its name alone.
            Fault: DECODER_CRASHED, TIMEOUT.
        """
        with open_allowed(path, self._allowed) as file:
            data = file.read(self._decoder.limits.max_file_bytes + 1)
        try:
            return self._decoder.decode(data)
        except WardroundError as error:
            named = error.problem.model_copy(update={"message": f"'{shown_name(path)}': {error.problem.message}"})
            raise error_from(named) from None

    def _kept(self, decoded: DecodedFilm) -> Image:
        details = decoded.details
        rows, columns = decoded.film.shape
        return Image(
            handle=new_image_handle(),
            film=self._store.put_array(ArtefactKind.FILM, decoded.film),
            rows=rows,
            columns=columns,
            pixel_spacing_mm=details.pixel_spacing_mm,
            spacing_source=details.spacing_source,
            view=details.view,
            laterality_marker=details.laterality_marker,
            source_format=details.source_format,
            synthetic=details.synthetic,
            warnings=details.warnings,
        )


def _merged(told: Patient | None, read: Sequence[Patient]) -> Patient:
    """The caller's word first, then the first file that states it."""
    sources = [*([told] if told else []), *read]
    age = next((source.age_years for source in sources if source.age_years is not None), None)
    sex = next((source.sex for source in sources if source.sex is not Sex.UNKNOWN), Sex.UNKNOWN)
    return Patient(age_years=age, sex=sex)
