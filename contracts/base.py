"""The base of every word that crosses a process boundary, and the notice that every output carries."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NOTICE", "Digest", "Handle", "Unit", "Word"]

NOTICE = (
    "Not for clinical use. Research software: not a medical device, not reviewed by a clinician, "
    "and not to be used for diagnosis or treatment."
)

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="SHA-256 of the content.")]
Handle = Annotated[str, Field(pattern=r"^(st|im)_[0-9a-zA-Z_-]{22,64}$", description="Random, unguessable name.")]
Unit = Annotated[float, Field(ge=0.0, le=1.0, description="A fraction in [0, 1].")]


class Word(BaseModel):
    """Frozen model; NaN and infinity are refused, since JSON has no word for them.

    Unknown fields are dropped, not refused, so that servers of neighbouring versions understand each other.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
