"""Lesions as a DICOM Segmentation of their film: coded, tracked, pixel by pixel on the source. Not for clinical use.

A projection has no place in space: the segmentation states no frame of reference, spacing or thickness of its own, has
the source's rows and columns, and refers to it by its UID ('spatial locations preserved').
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import highdicom as hd
import numpy as np
import pydicom
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from highdicom.sr.coding import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.uid import UID, generate_uid

from wardround.agents.lesions.asking import Found
from wardround.contracts.codes import canonical_label, finding_codes
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import ExportedSegment, Lesion, LesionReport
from wardround.contracts.own_version import own_version

__all__ = ["CONTENT_DESCRIPTION", "written_seg"]

CONTENT_DESCRIPTION = "Not for clinical use. Research software, scores only."
"""Content Description (0070,0081), at most 64 characters."""
_SERIES = "Lesions, not for clinical use"
_SERIES_NUMBER = 9_001  # beyond the numbers that acquisitions have
_LUNG = ("39607008", "Lung")  # SNOMED CT, PS3.16 CID 4030
# What would make a reader look for a place in space that a projection has not.
_GEOMETRY = (
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImageOrientationPatient",
    "ImagePositionPatient",
)
_IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


def _header(source: bytes) -> Dataset:
    try:
        header = pydicom.dcmread(io.BytesIO(source), stop_before_pixels=True, force=True)
    except (InvalidDicomError, EOFError, ValueError) as error:
        raise _no_source("The source cannot be read as DICOM.") from error
    lacking = [keyword for keyword in _IDENTITY if not header.get(keyword)]
    if lacking:
        raise _no_source(f"The source is no DICOM film that can be referred to: it lacks {', '.join(lacking)}.")
    for keyword in _GEOMETRY:
        if keyword in header:
            delattr(header, keyword)
    return header


def _no_source(message: str) -> CallerError:
    return CallerError(
        ProblemCode.UNSUPPORTED_FORMAT, message, "A segmentation belongs to a DICOM image: give the film as DICOM."
    )


def _coded(target: str) -> tuple[CodedConcept, list[CodedConcept]]:
    """The type of what was segmented and where by its definition it lies; 'lesion' where no code was verified."""
    row = finding_codes().get(canonical_label(target) or "")
    if row is None or not row.snomed:
        return CodedConcept.from_code(codes.SCT.Lesion), []
    site = [CodedConcept(_LUNG[0], "SCT", _LUNG[1])] if row.snomed_site == _LUNG[0] else []
    return CodedConcept(row.snomed, "SCT", row.name), site


def _tracked(report: LesionReport, lesion: Lesion, source: Dataset) -> UID:
    """The same lesion of the same film by the same model has the same UID whenever it is written."""
    box = lesion.box
    grown = (report.model, report.version, box.left, box.top, box.width, box.height, lesion.area_px)
    return UID(generate_uid(entropy_srcs=[str(source.SOPInstanceUID), *map(str, grown)]))


def _descriptions(report: LesionReport, header: Dataset) -> list[SegmentDescription]:
    kind, sites = _coded(report.target)
    algorithm = hd.AlgorithmIdentificationSequence(
        name=report.model[:64], family=codes.cid7162.ArtificialIntelligence, version=report.version[:64]
    )
    return [
        SegmentDescription(
            segment_number=number,
            segment_label=f"{report.target} {lesion.number}"[:64],
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=kind,
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            tracking_uid=_tracked(report, lesion, header),
            tracking_id=f"{report.model} {lesion.number}"[:64],
            anatomic_regions=sites or None,
        )
        for number, lesion in enumerate(report.lesions, start=1)
    ]


def _made(header: Dataset, masks: NDArray[np.uint8], descriptions: Sequence[SegmentDescription]) -> Segmentation:
    made = Segmentation(
        source_images=[header],
        pixel_array=np.ascontiguousarray(masks.transpose(1, 2, 0)[None]),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=hd.UID(),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="Wardround",
        manufacturer_model_name="lesions",
        software_versions=own_version(),
        device_serial_number="none",
        content_label="LESIONS",
        content_description=CONTENT_DESCRIPTION,
        series_description=_SERIES,
        omit_empty_frames=False,
    )
    assert isinstance(made, Segmentation)
    return made


def written_seg(found: Found, source: bytes) -> tuple[bytes, UID, tuple[ExportedSegment, ...]]:
    """The DICOM file of a segmentation, its SOP Instance UID, and what its segments say.

    Patient and study are the source's: the file holds what identifies a person wherever the source does.

    Args:
        found: lesions with masks (n, rows, columns) of the film.
        source: the film's DICOM file.

    Raises:
        CallerError: BAD_ARGUMENT, no lesion, or masks of another size; UNSUPPORTED_FORMAT, the source lacks what a
            segmentation must refer to.
    """
    report = found.report
    if not report.lesions:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "There is no lesion to write.", "Write those of a report that has some."
        )
    header = _header(source)
    if found.masks.shape[1:] != (header.get("Rows"), header.get("Columns")):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The masks are not of the source's size.",
            "Give the file from which the film was opened.",
        )
    descriptions = _descriptions(report, header)
    try:
        made = _made(header, found.masks, descriptions)
        file = io.BytesIO()
        made.save_as(file)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _no_source("The source lacks what a segmentation must take over from it.") from error
    kind, _ = _coded(report.target)
    told = tuple(
        ExportedSegment(
            number=number,
            label=str(one.segment_label),
            code=kind.value,
            coding_scheme=kind.scheme_designator,
            tracking_uid=str(one.tracking_uid),
        )
        for number, one in enumerate(descriptions, start=1)
    )
    return file.getvalue(), UID(made.SOPInstanceUID), told
