"""What `wardround doctor` asks of this room: is there a decoder for every transfer syntax that films come in?"""

from __future__ import annotations

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from wardround.agents.imaging.dicom import SYNTAXES
from wardround.contracts.health import Check, Health

__all__ = ["checks"]


def checks() -> list[Check]:
    """One line for each compressed transfer syntax."""
    found = []
    for syntax, (name, package, _) in SYNTAXES.items():
        if not package:
            continue
        available = get_decoder(UID(syntax)).is_available
        found.append(
            Check(
                name=f"decoder {name}",
                health=Health.OK if available else Health.WARN,
                detail=str(syntax),
                fix="" if available else f"pip install {package}",
            )
        )
    return found
