"""What one file may cost: caps that are checked before decoding, and what the decoder process may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Limits"]

_MEGA = 1_000_000


class Limits(Word):
    """Defaults hold any real chest film with room to spare (the largest plates have about 20 megapixels)."""

    max_file_bytes: Annotated[int, Field(gt=0)] = 256 * _MEGA
    max_side: Annotated[int, Field(gt=0)] = 12_000
    min_side: Annotated[int, Field(gt=0, description="Fewer rows or columns show no chest.")] = 64
    max_pixels: Annotated[int, Field(gt=0)] = 64 * _MEGA
    memory_bytes: Annotated[int, Field(gt=0, description="RLIMIT_AS of the decoder process.")] = 3_000 * _MEGA
    cpu_s: Annotated[int, Field(gt=0, description="Processor seconds per file.")] = 30
    wall_s: Annotated[float, Field(gt=0, description="Seconds per file before the decoder is stopped.")] = 30.0
    files_per_process: Annotated[int, Field(gt=0, description="The decoder is renewed after so many files.")] = 500

    def check_file(self, size: int) -> None:
        """
        Raises:
            CallerError: TOO_LARGE.
        """
        if size > self.max_file_bytes:
            raise CallerError(
                ProblemCode.TOO_LARGE,
                f"The file has {size / _MEGA:.0f} MB; at most {self.max_file_bytes / _MEGA:.0f} MB are read.",
                "Submit a single chest film; the limit can be raised in the configuration.",
            )

    def check_dimensions(self, rows: int, columns: int) -> None:
        """Check what a header promises before anything is decoded.

        Raises:
            CallerError: TOO_LARGE; NOT_A_CHEST_FILM, too small to show one; DAMAGED_FILE, no rows or no columns.
        """
        if rows <= 0 or columns <= 0:
            raise CallerError(
                ProblemCode.DAMAGED_FILE, "The header states no rows or no columns.", "Export the film again."
            )
        if min(rows, columns) < self.min_side:
            raise CallerError(
                ProblemCode.NOT_A_CHEST_FILM,
                f"The image has {columns} x {rows} pixels; a film has at least {self.min_side} on each side.",
                "Submit the film itself, not an icon or a strip of it.",
            )
        if max(rows, columns) > self.max_side or rows * columns > self.max_pixels:
            raise CallerError(
                ProblemCode.TOO_LARGE,
                f"The header states {columns} x {rows} pixels; at most {self.max_side} on a side and "
                f"{self.max_pixels / _MEGA:.0f} megapixels are decoded.",
                "Submit a single chest film at its usual size.",
            )
