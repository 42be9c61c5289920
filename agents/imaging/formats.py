"""Tells what a file is from its first bytes, never from its name."""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Format", "sniff"]


class Format(StrEnum):
    """The formats that are read."""

    DICOM = "DICOM"
    PNG = "PNG"
    JPEG = "JPEG"


# What else a file may be, so that the refusal can say it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"II+\0", "a TIFF picture"),
    (b"BM", "a BMP picture"),
    (b"RIFF", "a RIFF file, such as WebP"),
    (b"SIMPLE  =", "a FITS file"),
    (b"%!PS", "a PostScript file"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\xff\x4f\xff\x51", "a bare JPEG 2000 stream"),
    (b"\0\0\0\x0cjP", "a JPEG 2000 picture outside DICOM"),
)
_VR = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)


def _bare_dicom(data: bytes) -> bool:
    """Whether it starts with a data element of group 0002 or 0008, as DICOM without its preamble does (PS3.5 7.1)."""
    if len(data) < 16:
        return False
    for order in ("little", "big"):
        group, element = (int.from_bytes(data[i : i + 2], order) for i in (0, 2))
        if group not in (0x0002, 0x0008) or element > 0x0100:
            continue
        if data[4:6] in _VR or int.from_bytes(data[4:8], order) <= min(len(data), 1 << 16):
            return True
    return False


def _looks_like(data: bytes) -> str:
    for magic, what in _OTHERS:
        if data.startswith(magic):
            return what
    head = data[:512]
    if not head:
        return "empty"
    if head.lstrip()[:1] == b"<":
        return "an XML, SVG or HTML text"
    textual = sum(byte in b"\t\n\r" or 32 <= byte < 127 or byte >= 128 for byte in head)
    return "a text" if textual == len(head) else "of a kind that is not known here"


def sniff(data: bytes) -> Format:
    """The format of a file's content.

    Raises:
        CallerError: UNSUPPORTED_FORMAT, naming what it seems to be and what is read.
    """
    if data[128:132] == b"DICM":
        return Format.DICOM
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if _bare_dicom(data):
        return Format.DICOM
    raise CallerError(
        ProblemCode.UNSUPPORTED_FORMAT,
        f"By its content the file is {_looks_like(data)}, whatever its name says.",
        "Submit a chest film as DICOM, PNG or JPEG.",
    )
