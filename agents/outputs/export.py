"""One result to one file of a stated format, bound to the film that it speaks of."""

from __future__ import annotations

import hashlib

from wardround.agents.imaging.decoded import DecodedFilm
from wardround.agents.imaging.npy import npy_bytes
from wardround.agents.imaging.origin import Origin
from wardround.agents.outputs.fhir import written_fhir
from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.sr import written_sr
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.agents.outputs.told import told
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.exports import BoundBy, Exported, ExportFormat
from wardround.contracts.study import ArtefactKind, Image

__all__ = ["check_source", "export_file", "film_of"]

_MEDIA_TYPES = {ExportFormat.SR: "application/dicom", ExportFormat.FHIR: "application/fhir+json"}
_READERS = {ExportFormat.SR: sr_problems, ExportFormat.FHIR: fhir_problems}


def film_of(result: Diagnosis) -> Image:
    """The film that a result speaks of: the study's first.

    Raises:
        CallerError: BAD_ARGUMENT, the result names no film.
    """
    if result.study is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "The result names no film, so that there is nothing to bind it to.", ""
        )
    return result.study.images[0]


def check_source(film: Image, source: DecodedFilm) -> None:
    """Holds a file against the film that was read.

    Raises:
        CallerError: BAD_ARGUMENT, its pixels are others.
    """
    data, _ = npy_bytes(ArtefactKind.FILM, source.film)
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != film.film.digest:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The source is not the film that the result speaks of: its pixels are others.",
            "Give the file from which the film was opened.",
        )


def export_file(
    result: Diagnosis, origin: Origin | None, bound_by: BoundBy, wanted: ExportFormat
) -> tuple[bytes, Exported]:
    """The file, and what may be said of it aloud.

    Raises:
        CallerError: UNSUPPORTED_FORMAT, a structured report is wanted and the film is of no DICOM file that can be
            referred to; BAD_ARGUMENT, the result names no film.
        Fault: INTERNAL, our own reader finds something wrong with the file.
    """
    film_of(result)
    assert result.study is not None
    said = told(result)
    if wanted is ExportFormat.FHIR:
        data = written_fhir(said, result.study.patient, origin)
    elif origin is not None:
        data = written_sr(said, origin)
    else:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            "A structured report belongs to a DICOM image, and no DICOM identifiers of this film are known.",
            "Name the film's DICOM file as the source, or export the result as FHIR.",
        )
    if _READERS[wanted](data):
        # What a reader says may quote the file, hence no word of it here.
        raise Fault(
            ProblemCode.INTERNAL,
            "The file does not pass our own check of its format, and is not handed out.",
            "Report it; the result itself is whole: 'wardround runs show RUN --json'.",
        )
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return data, Exported(
        format=wanted,
        media_type=_MEDIA_TYPES[wanted],
        digest=digest,
        size_bytes=len(data),
        bound_by=bound_by,
        synthetic=result.synthetic,
    )
