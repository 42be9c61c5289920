"""Lesions as DICOM SEG: read again by two libraries, coded, tracked, and pixel by pixel on the source."""

from __future__ import annotations

import io
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from lesion_models import spot_finder
from pydicom.dataset import Dataset

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import phantom_dataset, write_phantom_dicom
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.agents.lesions.asking import Found, Wanted, find_lesions
from wardround.agents.lesions.films import pixel_side, source_film
from wardround.agents.lesions.refine import Prompt, refine_lesion
from wardround.agents.lesions.seg import written_seg
from wardround.contracts.errors import CallerError, ProblemCode


@pytest.fixture(scope="module", params=["phantom", "real"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A DICOM film: a phantom's, and a real one where it lies beside the project."""
    if request.param == "real":
        folder: Path = request.getfixturevalue("shared_data")
        return (folder / "dicom" / "cr_chest_pa_j2k.dcm").read_bytes()
    file = tmp_path_factory.mktemp("film") / "film.dcm"
    write_phantom_dicom(make_phantom(5, size=320), file)
    return file.read_bytes()


def _lesions(source: bytes) -> Found:
    with SandboxedDecoder() as decoder:
        film = source_film(source, decoder)
    rows, columns = film.film.shape
    first = refine_lesion(spot_finder(), film.film, film.spacing_mm, Prompt(click=(0.3 * columns, 0.4 * rows)))
    second = refine_lesion(spot_finder(), film.film, film.spacing_mm, Prompt(click=(0.71 * columns, 0.62 * rows)))
    both = (first.report.lesions[0], second.report.lesions[0].model_copy(update={"number": 2}))
    return Found(first.report.model_copy(update={"lesions": both}), np.concatenate([first.masks, second.masks]))


def test_a_segmentation_is_read_again_and_lies_on_its_source(source: bytes) -> None:
    found, image = _lesions(source), pydicom.dcmread(io.BytesIO(source))
    written, uid, segments = written_seg(found, source)

    plain = pydicom.dcmread(io.BytesIO(written))
    assert plain.SOPInstanceUID == uid and plain.Modality == "SEG" and plain.SegmentationType == "BINARY"
    assert (plain.Rows, plain.Columns) == (image.Rows, image.Columns) == found.masks.shape[1:]
    assert plain.StudyInstanceUID == image.StudyInstanceUID and plain.PatientID == image.PatientID
    assert np.array_equal(plain.pixel_array.reshape(found.masks.shape), found.masks)
    assert "Not for clinical use" in plain.ContentDescription and "FrameOfReferenceUID" not in plain
    for number, item in enumerate(plain.SegmentSequence, start=1):
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("27925004", "SCT")
        assert item.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
        assert item.AnatomicRegionSequence[0].CodeValue == "39607008"
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("spots", "1")
        assert item.SegmentAlgorithmType == "AUTOMATIC" and item.SegmentLabel == f"Nodule {number}"
        assert item.TrackingUID == segments[number - 1].tracking_uid and item.TrackingID

    typed = highdicom.seg.Segmentation.from_dataset(plain)
    pixels = typed.get_pixels_by_source_instance([image.SOPInstanceUID])
    assert np.array_equal(pixels[0].transpose(2, 0, 1), found.masks)
    assert image.SOPInstanceUID in {one[2] for one in typed.get_source_image_uids()}
    assert typed.get_tracking_ids()


def test_the_same_lesion_is_tracked_by_the_same_uid_and_files_have_their_own(source: bytes) -> None:
    found = _lesions(source)
    (_, first, one), (_, second, other) = written_seg(found, source), written_seg(found, source)
    assert first != second and one == other
    assert one[0].tracking_uid != one[1].tracking_uid


def test_a_finding_without_a_verified_code_is_a_lesion(source: bytes) -> None:
    found = _lesions(source)
    odd = Found(found.report.model_copy(update={"target": "polyp"}), found.masks)
    _, _, segments = written_seg(odd, source)
    assert {(one.code, one.coding_scheme, one.label) for one in segments} == {
        ("52988006", "SCT", "polyp 1"),
        ("52988006", "SCT", "polyp 2"),
    }


def _bytes(header: Dataset) -> bytes:
    file = io.BytesIO()
    header.save_as(file, enforce_file_format=True)
    return file.getvalue()


def test_what_a_segmentation_cannot_refer_to_is_refused() -> None:
    phantom = make_phantom(5, size=320)
    whole = _bytes(phantom_dataset(phantom))
    found = _lesions(whole)
    bare = phantom_dataset(phantom)
    del bare.StudyInstanceUID
    with pytest.raises(CallerError) as lacking:
        written_seg(found, _bytes(bare))
    assert lacking.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT and "StudyInstanceUID" in str(lacking.value)
    with pytest.raises(CallerError, match="not of the source's size"):
        written_seg(Found(found.report, found.masks[:, :-1]), whole)
    none = find_lesions(spot_finder(), np.zeros((320, 320), dtype=np.float32), None, Wanted())
    with pytest.raises(CallerError, match="no lesion"):
        written_seg(none, whole)


def test_only_dicom_is_a_source() -> None:
    with SandboxedDecoder() as decoder, pytest.raises(CallerError) as refused:
        source_film(b"\x89PNG\r\n\x1a\n" + bytes(200), decoder)
    assert refused.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT


def test_a_spacing_is_the_side_of_the_square_of_a_pixel_s_area() -> None:
    square, nothing = pixel_side((0.2, 0.2))
    assert square == pytest.approx(0.2) and not nothing
    side, told = pixel_side((0.2, 0.1), "ImagerPixelSpacing")
    assert side == pytest.approx(0.02**0.5) and len(told) == 2
    assert pixel_side(None) == (None, ()) and pixel_side((0.0, 0.0)) == (None, ())
