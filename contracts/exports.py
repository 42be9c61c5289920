"""What an intake server is asked to write for clinicians' systems, and what it says of the file that it wrote."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import NOTICE, Digest, Word

__all__ = ["BoundBy", "ExportFormat", "Exported"]


class ExportFormat(StrEnum):
    """In which form a result leaves the house."""

    SR = "sr"  # DICOM Comprehensive SR, TID 1500
    FHIR = "fhir"  # a FHIR R4B Bundle as JSON


class BoundBy(StrEnum):
    """By what a file is bound to the original study."""

    SOURCE = "source"  # the DICOM file that was named beside it
    MAP = "map"  # the intake's encrypted map of identifiers
    NOTHING = "nothing"  # no original identifiers are known: the file names neither patient nor study


class Exported(Word):
    """The file that accompanies this word as an embedded resource, whole.

    The file may name the patient; this word does not.
    """

    format: ExportFormat
    media_type: str
    digest: Digest
    size_bytes: Annotated[int, Field(gt=0)]
    bound_by: BoundBy
    synthetic: bool = False
    notice: str = NOTICE
