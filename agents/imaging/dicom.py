"""One DICOM file to one canonical film: decode, modality LUT, VOI LUT or window, invert at most once, scale.

The grey scale is a table over the stored values, so that every transfer syntax of the same pixels gives the same film:
a VOI LUT is scaled by its own bit depth, a window by its ends, and without either the smallest and greatest stored
value in the picture become 0 and 1. Order: PS3.4 N.2 (modality, VOI, presentation).
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    HTJ2K,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pydicom.uid import JPEG2000 as JPEG2000Lossy

from wardround.agents.imaging.decoded import DecodedFilm, check_contrast, has_contrast
from wardround.agents.imaging.dicom_header import film_details, refuse_other_objects, text
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.origin import origin_of
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["SYNTAXES", "decode_dicom"]

# Transfer syntaxes that are read: the name that is shown, the package that brings the decoder, and pydicom's name of
# the plugin that was fastest on a film of 3.6 megapixels (the others gave the same pixels).
SYNTAXES: dict[str, tuple[str, str, str]] = {
    ImplicitVRLittleEndian: ("uncompressed", "", ""),
    ExplicitVRLittleEndian: ("uncompressed", "", ""),
    ExplicitVRBigEndian: ("uncompressed, big endian", "", ""),
    DeflatedExplicitVRLittleEndian: ("deflated", "", ""),
    RLELossless: ("RLE lossless", "pylibjpeg-rle", "pylibjpeg"),
    JPEGBaseline8Bit: ("JPEG baseline", "pillow", "pillow"),
    JPEGExtended12Bit: ("JPEG extended", "python-gdcm", "gdcm"),
    JPEGLossless: ("JPEG lossless", "python-gdcm", "gdcm"),
    JPEGLosslessSV1: ("JPEG lossless", "python-gdcm", "gdcm"),
    JPEGLSLossless: ("JPEG-LS lossless", "pyjpegls", "pyjpegls"),
    JPEGLSNearLossless: ("JPEG-LS near-lossless", "pyjpegls", "pyjpegls"),
    JPEG2000Lossless: ("JPEG 2000 lossless", "pylibjpeg-openjpeg", "pylibjpeg"),
    JPEG2000Lossy: ("JPEG 2000", "pylibjpeg-openjpeg", "pylibjpeg"),
    HTJ2KLossless: ("HTJ2K lossless", "pylibjpeg-openjpeg", "pylibjpeg"),
    HTJ2KLosslessRPCL: ("HTJ2K lossless", "pylibjpeg-openjpeg", "pylibjpeg"),
    HTJ2K: ("HTJ2K", "pylibjpeg-openjpeg", "pylibjpeg"),
}
Floats = npt.NDArray[np.float64]


def _damaged(message: str) -> CallerError:
    return CallerError(ProblemCode.DAMAGED_FILE, message, "Export or transfer the film again.")


def _read(data: bytes) -> Dataset:
    try:
        return pydicom.dcmread(io.BytesIO(data), force=True)
    except (InvalidDicomError, EOFError) as error:
        raise _damaged("The DICOM file cannot be read to its end.") from error


def _syntax(ds: Dataset) -> str:
    """The name of the transfer syntax, which is stated in the file's meta information ever after."""
    stated = ds.file_meta.get("TransferSyntaxUID")
    if stated is None:
        # PS3.10 requires it; without a header the encoding is the one in which the data set could be read.
        implicit, little = ds.original_encoding
        stated = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        ds.file_meta.TransferSyntaxUID = stated
    if stated not in SYNTAXES:
        name = stated.name if stated.type == "Transfer Syntax" else "unknown"
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            f"The DICOM file's transfer syntax ({name}) is not read.",
            "Export it uncompressed, or as RLE, JPEG, JPEG-LS or JPEG 2000.",
        )
    return SYNTAXES[stated][0]


def _stored(ds: Dataset) -> npt.NDArray[np.integer]:
    """The stored values, (rows, columns), unused bits cleared."""
    syntax = ds.file_meta.TransferSyntaxUID
    shown, package, fastest = SYNTAXES[syntax]
    plugins = get_decoder(syntax).available_plugins if syntax.is_encapsulated else ()
    if syntax.is_encapsulated and not plugins:
        raise CallerError(
            ProblemCode.MISSING_DECODER,
            f"No decoder for {shown} is installed.",
            f"Install the package {package}, or export the film uncompressed.",
        )
    if syntax == JPEGExtended12Bit and ds.get("BitsStored") != 8:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            "The film is compressed as 12 bit JPEG, which no decoder of a permissive licence reads here.",
            "Export it uncompressed, or as JPEG lossless, JPEG-LS or JPEG 2000.",
        )
    try:
        array = pixel_array(ds, index=0, raw=True, decoding_plugin=fastest if fastest in plugins else "")
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # codecs raise anything, Rust's panics even outside Exception
        raise _damaged("The DICOM file's pixels cannot be decoded: they are cut off or damaged.") from error
    if array.shape != (ds.Rows, ds.Columns) or array.dtype.kind not in "ui":
        raise _damaged("The DICOM file's pixels do not have the stated size or type.")
    stored, allocated = int(ds.BitsStored), array.dtype.itemsize * 8
    if stored < allocated and ds.get("HighBit") == stored - 1:
        if array.dtype.kind == "u":
            return np.asarray(array & array.dtype.type((1 << stored) - 1))
        return np.asarray((array << (allocated - stored)) >> (allocated - stored))
    return array


def _first(value: object) -> float:
    """The first of one or several numbers: alternative windows are listed by preference."""
    return float(value[0] if isinstance(value, MultiValue) else value)  # type: ignore[arg-type]


def _window(values: Floats, ds: Dataset) -> Floats | None:
    """A window's output from 0 to 1 (PS3.3 C.11.2.1.2 and C.11.2.1.3); None where no valid one is given."""
    try:
        centre, width = _first(ds.get("WindowCenter")), _first(ds.get("WindowWidth"))
    except (TypeError, ValueError, IndexError):
        return None
    function = text(ds, "VOILUTFunction") or "LINEAR"
    if not np.isfinite([centre, width]).all() or width < 1.0 or (function == "LINEAR" and width <= 1.0):
        return None
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0))))
    if function == "LINEAR_EXACT":
        return np.asarray(np.clip((values - centre) / width + 0.5, 0.0, 1.0))
    return np.asarray(np.clip((values - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0))


def _voi_lut(values: Floats, ds: Dataset) -> Floats | None:
    """A VOI LUT's output over its bit depth (PS3.3 C.11.2.1.1); None where no valid one is given."""
    try:
        item = ds.VOILUTSequence[0]
        entries, first, bits = (int(number) for number in item.LUTDescriptor)
        entries = entries or 1 << 16
        raw = item.LUTData
        table = np.frombuffer(raw, dtype="<u2") if isinstance(raw, bytes) else np.asarray(raw, dtype=np.int64)
    except (AttributeError, IndexError, TypeError, ValueError, OverflowError):
        return None
    if not 8 <= bits <= 16 or table.size != entries or not entries:
        return None
    if first >= 1 << 15 and float(values.min()) < 0:
        first -= 1 << 16  # the descriptor's second value is signed where the input is
    index = np.clip(np.rint(values) - first, 0, entries - 1).astype(np.int64)
    return np.asarray(np.clip(table[index] / float((1 << bits) - 1), 0.0, 1.0))


def _padding(ds: Dataset, values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Which stored values mean 'no image here' (PS3.3 C.7.5.1.1.2)."""
    value = ds.get("PixelPaddingValue")
    if not isinstance(value, int):
        return np.zeros(values.shape, dtype=np.bool_)
    limit = ds.get("PixelPaddingRangeLimit")
    low, high = sorted((value, limit if isinstance(limit, int) else value))
    return np.asarray((values >= low) & (values <= high))


def _grey(ds: Dataset, stored: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.uint16], list[str]]:
    """The film from the stored values, (rows, columns), and what was said on the way."""
    least, most = int(stored.min()), int(stored.max())
    values = np.arange(least, most + 1)
    padding = _padding(ds, values)
    present = np.zeros(values.size, dtype=np.bool_)
    for row in stored:  # by rows, to keep the wide copy small
        present[row.astype(np.int64) - least] = True
    if (padding | ~present).all():
        padding[:] = False
    try:
        real = np.asarray(apply_modality_lut(values.astype(stored.dtype), ds), dtype=np.float64)
    except Exception as error:  # a malformed LUT makes pydicom raise many things
        raise _damaged("The DICOM file's modality LUT cannot be used.") from error
    if real.shape != values.shape or not np.isfinite(real).all():
        raise _damaged("The DICOM file's modality LUT gives no usable values.")
    inside = real[present & ~padding]
    low, high = float(inside.min()), float(inside.max())
    own_range = np.clip((real - low) / max(high - low, 1e-9), 0.0, 1.0)
    invert = text(ds, "PhotometricInterpretation") == "MONOCHROME1" or text(ds, "PresentationLUTShape") == "INVERSE"

    def rendered(output: Floats) -> npt.NDArray[np.uint16]:
        shown = 1.0 - output if invert else output
        table = np.rint(np.where(padding, 0.0, shown) * 65535.0).astype(np.uint16)
        return np.asarray(table[stored.astype(np.int32) - np.int32(least)])

    chosen = _voi_lut(real, ds)
    if chosen is None:
        chosen = _window(real, ds)
    if chosen is None:
        return rendered(own_range), [
            "The file gives no window: the film was scaled by its own least and greatest value."
        ]
    film = rendered(chosen)
    if not has_contrast(film) and has_contrast(own_film := rendered(own_range)):
        return own_film, ["The file's window leaves nothing to see: the film was scaled by its own range instead."]
    return film, []


def decode_dicom(data: bytes, limits: Limits) -> DecodedFilm:
    """The canonical film of a DICOM file.

    Raises:
        CallerError: what the file is instead, or what is wrong with it; never with words from the file.
    """
    ds = _read(data)
    rows, columns = ds.get("Rows"), ds.get("Columns")
    if isinstance(rows, int) and isinstance(columns, int):
        limits.check_dimensions(rows, columns)
    refuse_other_objects(ds)
    if not isinstance(rows, int) or not isinstance(columns, int) or ds.get("BitsAllocated") not in (8, 16):
        raise _damaged("The DICOM file does not state its rows, its columns and 8 or 16 bits.")
    if text(ds, "PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2"):
        raise _damaged("The DICOM file does not state how its grey values are meant.")
    shown = _syntax(ds)
    film, warnings = _grey(ds, _stored(ds))
    check_contrast(film)
    return DecodedFilm(film, film_details(ds, f"DICOM {shown}", warnings), origin_of(ds))
