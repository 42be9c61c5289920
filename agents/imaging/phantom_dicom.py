"""A phantom as a DICOM file (DX image for presentation, PS3.3 A.26) that says in many places that it is synthetic."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from wardround.agents.imaging.phantom import Phantom
from wardround.contracts.base import NOTICE

__all__ = ["PHANTOM_COMMENT", "phantom_dataset", "write_phantom_dicom"]

PHANTOM_COMMENT = "SYNTHETIC PHANTOM FILM: no person was imaged."
_DX_FOR_PRESENTATION = UID("1.2.840.10008.5.1.4.1.1.1.1")
_DATE = "20000101"  # one fixed date, so that a seed gives the same bytes


def _uid(phantom: Phantom, role: str) -> UID:
    """A UUID-derived UID (PS3.5 B.2), the same for the same phantom."""
    content = hashlib.sha256(phantom.film.tobytes())
    content.update(f"wardround phantom {phantom.seed} {role}".encode())
    return UID("2.25." + str(int.from_bytes(content.digest()[:16], "big")))


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def phantom_dataset(phantom: Phantom) -> FileDataset:
    """The DICOM object: 16 bit, MONOCHROME2, explicit little endian, window over the whole range."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = _DX_FOR_PRESENTATION
    meta.MediaStorageSOPInstanceUID = _uid(phantom, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("2.25.223416273894467345622904735520147631043")
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SyntheticData = "YES"
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.SOPClassUID = _DX_FOR_PRESENTATION
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = _uid(phantom, "study")
    ds.SeriesInstanceUID = _uid(phantom, "series")
    ds.StudyDate = ds.ContentDate = ds.AcquisitionDate = _DATE
    ds.StudyTime = ds.ContentTime = ds.AcquisitionTime = "120000"
    ds.AccessionNumber = ds.ReferringPhysicianName = ds.PatientBirthDate = ""
    ds.StudyID = ds.SeriesNumber = ds.InstanceNumber = "1"
    ds.PatientName = "PHANTOM^SYNTHETIC"
    ds.PatientID = f"PHANTOM-{phantom.seed}"
    ds.PatientAge = f"{phantom.age_years:03d}Y"
    ds.PatientSex = phantom.sex
    ds.Modality = "DX"
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.Manufacturer = "Wardround"
    ds.ManufacturerModelName = "Phantom film generator"
    ds.BodyPartExamined = "CHEST"
    ds.ViewPosition = "PA"
    ds.ViewCodeSequence = [_code("272479007", "SCT", "postero-anterior")]
    ds.AnatomicRegionSequence = [_code("816094009", "SCT", "Chest")]
    ds.PatientOrientation = ["L", "F"]
    ds.ImageLaterality = "U"
    ds.ContentQualification = "RESEARCH"
    ds.ImageComments = f"{PHANTOM_COMMENT} Planted: {', '.join(phantom.findings) or 'nothing'}. {NOTICE}"
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PresentationLUTShape = "IDENTITY"
    ds.WindowCenter, ds.WindowWidth = "32768", "65536"
    spacing = f"{phantom.pixel_spacing_mm:.6g}"
    ds.ImagerPixelSpacing = [spacing, spacing]
    ds.PixelSpacing = [spacing, spacing]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = phantom.film.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.rint(phantom.film * 65535.0).astype("<u2").tobytes()
    return ds


def write_phantom_dicom(phantom: Phantom, path: Path) -> None:
    """Write the phantom; the same phantom gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    phantom_dataset(phantom).save_as(path, enforce_file_format=True)
