"""DICOM files to films: one grey scale whatever the encoding, and typed refusals of all that is no chest film."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import compress
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from wardround.agents.imaging.decoder import decode
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.phantom import Phantom
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Sex, ViewPosition

Write = Callable[[FileDataset], bytes]


def _film(data: bytes) -> np.ndarray:
    return decode(data, Limits()).film


def _code(data: bytes) -> ProblemCode:
    with pytest.raises(CallerError) as refused:
        decode(data, Limits())
    return refused.value.problem.code


def test_a_phantom_file_comes_back_as_its_film_with_its_facts(
    film_file: FileDataset, normal: Phantom, as_bytes: Write
) -> None:
    done = decode(as_bytes(film_file), Limits())
    np.testing.assert_allclose(done.film / 65535.0, normal.film, atol=2e-5)
    details = done.details
    assert details.synthetic and any("Synthetic" in warning for warning in details.warnings)
    assert details.view is ViewPosition.PA
    assert details.pixel_spacing_mm == pytest.approx((normal.pixel_spacing_mm,) * 2, rel=1e-5)
    assert details.spacing_source == "PixelSpacing"
    assert details.patient.age_years == normal.age_years
    assert details.patient.sex.value == normal.sex
    assert details.source_format == "DICOM uncompressed"


def _implicit(ds: FileDataset) -> None:
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def _deflated(ds: FileDataset) -> None:
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian


def _big_endian(ds: FileDataset) -> None:
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    ds["PixelData"].VR = "OW"


@pytest.mark.parametrize("change", [_implicit, _deflated, _big_endian])
def test_uncompressed_twins_give_the_same_film(
    film_file: FileDataset, as_bytes: Write, change: Callable[[FileDataset], None]
) -> None:
    plain = _film(as_bytes(film_file))
    change(film_file)
    buffer = io.BytesIO()
    syntax = film_file.file_meta.TransferSyntaxUID
    pydicom.dcmwrite(
        buffer,
        _without_encoding(film_file),
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )
    np.testing.assert_array_equal(_film(buffer.getvalue()), plain)


def _without_encoding(ds: FileDataset) -> FileDataset:
    """A data set that pydicom writes in any byte order: one that was not read in any."""
    return FileDataset("", Dataset(ds), file_meta=ds.file_meta, preamble=b"\0" * 128)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_losslessly_compressed_twins_give_the_same_film(film_file: FileDataset, as_bytes: Write, syntax: UID) -> None:
    plain = _film(as_bytes(film_file))
    compress(film_file, syntax)
    packed = as_bytes(film_file)
    assert len(packed) < 2 * plain.nbytes
    np.testing.assert_array_equal(_film(packed), plain)


def test_the_monochrome1_twin_gives_the_same_film(film_file: FileDataset, as_bytes: Write) -> None:
    plain = _film(as_bytes(film_file))
    film_file.PhotometricInterpretation = "MONOCHROME1"
    film_file.PixelData = (65535 - np.frombuffer(film_file.PixelData, "<u2")).tobytes()
    for shape in ("INVERSE", "IDENTITY", None):
        film_file.PresentationLUTShape = shape
        twin = _film(as_bytes(film_file))
        assert np.abs(twin.astype(int) - plain.astype(int)).max() <= 1


def test_a_window_a_voi_lut_and_their_twins_with_rescale_agree(film_file: FileDataset, as_bytes: Write) -> None:
    film_file.WindowCenter, film_file.WindowWidth = 30000, 40000
    film_file.VOILUTFunction = "LINEAR_EXACT"
    windowed = _film(as_bytes(film_file))
    film_file.RescaleSlope, film_file.RescaleIntercept = "2", "-100"
    film_file.WindowCenter, film_file.WindowWidth = 59900, 80000
    assert np.abs(_film(as_bytes(film_file)).astype(int) - windowed.astype(int)).max() <= 1
    film_file.RescaleSlope, film_file.RescaleIntercept = "1", "0"
    lut = Dataset()
    ramp = np.clip((np.arange(65536) - 10000) / 40000, 0, 1)
    lut.LUTDescriptor = [0, 0, 16]
    lut.LUTData = np.rint(ramp * 65535).astype("<u2").tobytes()
    lut["LUTData"].VR = "OW"
    lut["LUTDescriptor"].VR = "US"
    film_file.VOILUTSequence = [lut]
    assert np.abs(_film(as_bytes(film_file)).astype(int) - windowed.astype(int)).max() <= 1


def test_signed_twelve_bit_pixels_are_read_in_order(film_file: FileDataset, as_bytes: Write) -> None:
    plain = np.frombuffer(film_file.PixelData, "<u2").reshape(256, 256)
    film_file.BitsStored, film_file.HighBit, film_file.PixelRepresentation = 12, 11, 1
    film_file.PixelData = ((plain >> 4).astype(np.int16) - 2048).astype("<i2").tobytes()
    del film_file.WindowCenter, film_file.WindowWidth
    done = decode(as_bytes(film_file), Limits())
    assert np.corrcoef(done.film.ravel(), plain.ravel())[0, 1] > 0.999
    assert done.film.max() == 65535 and done.film.min() == 0
    assert any("window" in warning for warning in done.details.warnings)


def test_a_window_that_shows_nothing_is_put_aside(film_file: FileDataset, as_bytes: Write) -> None:
    film_file.RescaleIntercept = "-200000"
    done = decode(as_bytes(film_file), Limits())
    assert np.ptp(done.film) == 65535
    assert any("window" in warning for warning in done.details.warnings)


def test_padding_does_not_stretch_the_scale_and_is_dark(film_file: FileDataset, as_bytes: Write) -> None:
    del film_file.WindowCenter, film_file.WindowWidth
    pixels = np.frombuffer(film_file.PixelData, "<u2").reshape(256, 256) // 16 + 1000
    pixels[:20] = 0
    film_file.PixelData = pixels.astype("<u2").tobytes()
    film_file.PhotometricInterpretation = "MONOCHROME1"
    film_file.PixelPaddingValue = 0
    film_file["PixelPaddingValue"].VR = "US"
    film = _film(as_bytes(film_file))
    assert (film[:20] == 0).all()
    assert film[20:].min() == 0 and film[20:].max() == 65535


def test_a_header_without_preamble_is_read(film_file: FileDataset, as_bytes: Write) -> None:
    data = as_bytes(film_file)
    np.testing.assert_array_equal(_film(data[132:]), _film(data))


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("ViewPosition", "LL", ProblemCode.LATERAL_VIEW),
        ("ViewPosition", "LATERAL", ProblemCode.LATERAL_VIEW),
        ("Modality", "MG", ProblemCode.NOT_A_CHEST_FILM),
        ("Modality", "CT", ProblemCode.NOT_A_CHEST_FILM),
        ("BodyPartExamined", "HAND", ProblemCode.NOT_A_CHEST_FILM),
        ("NumberOfFrames", "2", ProblemCode.MULTI_FRAME),
        ("SamplesPerPixel", 3, ProblemCode.COLOUR_IMAGE),
        ("PhotometricInterpretation", "PALETTE COLOR", ProblemCode.COLOUR_IMAGE),
        ("PhotometricInterpretation", "NONSENSE", ProblemCode.DAMAGED_FILE),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.104.1", ProblemCode.NOT_AN_IMAGE),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.66.4", ProblemCode.NOT_AN_IMAGE),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.11.1", ProblemCode.NOT_AN_IMAGE),
        ("Rows", 60000, ProblemCode.TOO_LARGE),
        ("Rows", 257, ProblemCode.DAMAGED_FILE),
        ("Rows", 0, ProblemCode.DAMAGED_FILE),
        ("BitsAllocated", 64, ProblemCode.DAMAGED_FILE),
    ],
)
def test_what_is_no_single_frontal_chest_film_is_refused(
    film_file: FileDataset, as_bytes: Write, keyword: str, value: object, code: ProblemCode
) -> None:
    setattr(film_file, keyword, value)
    if keyword == "SOPClassUID":
        film_file.file_meta.MediaStorageSOPClassUID = UID(str(value))
    assert _code(as_bytes(film_file)) is code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CT_small.dcm", ProblemCode.NOT_A_CHEST_FILM),
        ("MR_small_RLE.dcm", ProblemCode.NOT_A_CHEST_FILM),
        ("test-SR.dcm", ProblemCode.NOT_AN_IMAGE),
        ("reportsi.dcm", ProblemCode.NOT_AN_IMAGE),
        ("liver_1frame.dcm", ProblemCode.NOT_AN_IMAGE),
        ("rtplan.dcm", ProblemCode.NOT_AN_IMAGE),
        ("waveform_ecg.dcm", ProblemCode.NOT_AN_IMAGE),
        ("examples_ybr_color.dcm", ProblemCode.MULTI_FRAME),
        ("SC_rgb_jpeg.dcm", ProblemCode.COLOUR_IMAGE),
        ("examples_palette.dcm", ProblemCode.COLOUR_IMAGE),
        ("README.txt", ProblemCode.UNSUPPORTED_FORMAT),
    ],
)
@pytest.mark.filterwarnings("ignore")  # pydicom's remarks on its own odd files; the decoder process ignores them too
def test_files_of_other_kinds_are_refused_by_what_they_are(pydicom_files: Path, name: str, code: ProblemCode) -> None:
    assert _code((pydicom_files / name).read_bytes()) is code


@pytest.mark.parametrize(
    "name",
    ["JPEG2000.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "693_J2KI.dcm"],
)
def test_each_codec_decodes_when_the_object_calls_itself_a_chest_film(pydicom_files: Path, name: str) -> None:
    ds = pydicom.dcmread(pydicom_files / name)
    ds.Modality, ds.BodyPartExamined = "CR", "CHEST"
    ds.NumberOfFrames = 1
    buffer = io.BytesIO()
    ds.save_as(buffer)
    assert np.ptp(_film(buffer.getvalue())) > 10000


def test_twelve_bit_jpeg_is_refused_as_such_and_not_as_damage(pydicom_files: Path) -> None:
    ds = pydicom.dcmread(pydicom_files / "JPGExtended.dcm")
    ds.Modality, ds.BodyPartExamined, ds.NumberOfFrames = "CR", "CHEST", 1
    buffer = io.BytesIO()
    ds.save_as(buffer)
    assert _code(buffer.getvalue()) is ProblemCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_file_is_damaged(film_file: FileDataset, as_bytes: Write, share: float, packed: bool) -> None:
    if packed:
        compress(film_file, JPEG2000Lossless)
    data = as_bytes(film_file)
    assert _code(data[: int(len(data) * share)]) is ProblemCode.DAMAGED_FILE


def test_a_blank_film_is_refused(film_file: FileDataset, as_bytes: Write) -> None:
    film_file.PixelData = np.full((256, 256), 7, "<u2").tobytes()
    assert _code(as_bytes(film_file)) is ProblemCode.BLANK_IMAGE


def test_spacing_at_the_detector_is_brought_to_the_patient(film_file: FileDataset, as_bytes: Write) -> None:
    del film_file.PixelSpacing
    film_file.ImagerPixelSpacing = ["0.2", "0.3"]
    film_file.EstimatedRadiographicMagnificationFactor = "1.25"
    details = decode(as_bytes(film_file), Limits()).details
    assert details.pixel_spacing_mm == pytest.approx((0.16, 0.24))
    assert details.spacing_source == "ImagerPixelSpacing"


@pytest.mark.parametrize("spacing", [["0", "0"], ["-1", "1"], ["999", "999"]])
def test_an_implausible_spacing_gives_no_millimetres(
    film_file: FileDataset, as_bytes: Write, spacing: list[str]
) -> None:
    film_file.PixelSpacing = film_file.ImagerPixelSpacing = spacing
    details = decode(as_bytes(film_file), Limits()).details
    assert details.pixel_spacing_mm is None
    assert any("spacing" in warning for warning in details.warnings)


@pytest.mark.parametrize(
    ("age", "years"), [("045Y", 45), ("089Y", 89), ("112Y", 90), ("018M", 1), ("010D", 0), ("old", None), ("", None)]
)
def test_ages_are_whole_years_up_to_ninety(
    film_file: FileDataset, as_bytes: Write, age: str, years: int | None
) -> None:
    film_file["PatientAge"]._value = age
    assert decode(as_bytes(film_file), Limits()).details.patient.age_years == years


def test_what_the_file_does_not_say_stays_unknown_with_a_warning(film_file: FileDataset, as_bytes: Write) -> None:
    for keyword in ("Modality", "BodyPartExamined", "ViewPosition", "ViewCodeSequence", "PatientSex", "SyntheticData"):
        delattr(film_file, keyword)
    film_file.BurnedInAnnotation = "YES"
    details = decode(as_bytes(film_file), Limits()).details
    assert details.view is ViewPosition.UNKNOWN and details.patient.sex is Sex.UNKNOWN and not details.synthetic
    for word in ("modality", "body part", "view", "burned"):
        assert any(word in warning for warning in details.warnings)


def test_the_view_is_also_taken_from_its_code(film_file: FileDataset, as_bytes: Write) -> None:
    film_file.ViewPosition = ""
    assert decode(as_bytes(film_file), Limits()).details.view is ViewPosition.PA
    film_file.ViewCodeSequence[0].CodeValue = "399173006"
    assert _code(as_bytes(film_file)) is ProblemCode.LATERAL_VIEW


def test_a_missing_decoder_is_named_by_its_package(
    film_file: FileDataset, as_bytes: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress(film_file, JPEG2000Lossless)
    decoder = get_decoder(JPEG2000Lossless)
    monkeypatch.setattr(decoder, "_available", {})
    with pytest.raises(CallerError) as missing:
        decode(as_bytes(film_file), Limits())
    assert missing.value.problem.code is ProblemCode.MISSING_DECODER
    assert "pylibjpeg-openjpeg" in missing.value.problem.hint


def test_a_real_film_is_read_and_turned(shared_data: Path, decoder: SandboxedDecoder) -> None:
    done = decoder.decode((shared_data / "dicom" / "cr_chest_pa_j2k.dcm").read_bytes())
    assert done.film.shape == (1955, 1841)
    assert done.details.source_format == "DICOM JPEG 2000"
    assert done.details.view is ViewPosition.PA
    heart_and_spine, left_lung = done.film[1000:1300, 850:1000].mean(), done.film[500:800, 1200:1450].mean()
    assert left_lung < heart_and_spine


def test_a_jpeg_baseline_film_is_read_close_to_its_original(film_file: FileDataset, as_bytes: Write) -> None:
    original = _film(as_bytes(film_file))
    eight_bit = (film_file.pixel_array >> (film_file.BitsStored - 8)).astype(np.uint8)
    jpeg = io.BytesIO()
    Image.fromarray(eight_bit).save(jpeg, "JPEG", quality=95)
    film_file.BitsAllocated, film_file.BitsStored, film_file.HighBit = 8, 8, 7
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword in film_file:
            delattr(film_file, keyword)
    film_file.PixelData = encapsulate([jpeg.getvalue()])
    film_file["PixelData"].is_undefined_length = True
    film_file.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    read = _film(as_bytes(film_file))
    assert read.shape == original.shape
    assert np.corrcoef(read.ravel(), original.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("syntax", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1"])
def test_a_jpeg_lossless_twin_gives_the_same_film(
    film_file: FileDataset, as_bytes: Write, tmp_path: Path, syntax: str
) -> None:
    original = as_bytes(film_file)
    (tmp_path / "raw.dcm").write_bytes(original)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(tmp_path / "raw.dcm"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "packed.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    packed = (tmp_path / "packed.dcm").read_bytes()
    assert "JPEG lossless" in decode(packed, Limits()).details.source_format
    assert np.array_equal(_film(packed), _film(original))
