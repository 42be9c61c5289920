"""What `wardround doctor` asks of this room: is there a decoder for every transfer syntax that films come in?"""

from __future__ import annotations

from pydicom.pixels import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from wardround.contracts.health import Check, Health

__all__ = ["checks"]

# PS3.6 Annex A; uncompressed syntaxes need no decoder. The second entry names the package that brings one.
_SYNTAXES: dict[UID, str] = {
    RLELossless: "pylibjpeg-rle",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "python-gdcm",
    JPEGLossless: "python-gdcm",
    JPEGLosslessSV1: "python-gdcm",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg-openjpeg",
    JPEG2000: "pylibjpeg-openjpeg",
    HTJ2KLossless: "pylibjpeg-openjpeg",
    HTJ2K: "pylibjpeg-openjpeg",
}


def checks() -> list[Check]:
    """One line for each compressed transfer syntax."""
    found = []
    for syntax, package in _SYNTAXES.items():
        available = get_decoder(syntax).is_available
        found.append(
            Check(
                name=f"decoder {syntax.name.split('(')[0].strip()}",
                health=Health.OK if available else Health.WARN,
                detail=str(syntax),
                fix="" if available else f"pip install {package}",
            )
        )
    return found
