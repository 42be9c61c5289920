"""What a screen can find on a picture: each a typed outcome with the error rate that was measured for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word
from wardround.contracts.study import ViewPosition

__all__ = ["VIEW_SEEN", "ScreenFinding", "ScreenOutcome"]


class ScreenFinding(StrEnum):
    """Everything that a screen may say of a picture. Rotations are clockwise, and are told, never undone."""

    VIEW_PA = "view PA"
    VIEW_AP = "view AP"
    VIEW_DISAGREES = "view at odds with the one told"
    LATERAL = "lateral view"
    ROTATED_90 = "rotated by 90 degrees"
    ROTATED_180 = "rotated by 180 degrees"
    ROTATED_270 = "rotated by 270 degrees"
    MIRRORED = "mirrored left to right"
    INVERTED = "grey scale inverted"
    BLANK = "blank"
    CLIPPED = "clipped"
    FEW_LEVELS = "too few grey levels"
    NOISE = "noise"
    PAEDIATRIC = "paediatric likely"
    LUNG_NOT_OUTLINED = "one lung not outlined"
    NOT_A_CHEST_FILM = "not a frontal chest film"


# How a screen says which view it saw.
VIEW_SEEN = {ViewPosition.PA: ScreenFinding.VIEW_PA, ViewPosition.AP: ScreenFinding.VIEW_AP}


class ScreenOutcome(Word):
    """One thing that the screen found. What `refuses` keeps the models away from the picture; the rest is reported.

    `score` is how sure the screen is, in [0, 1]: a score, not a calibrated probability. `error_rate` says in words how
    often the finding is wrong or missed, on how many films of which data, or that this was not measured.
    """

    what: ScreenFinding
    refuses: bool
    score: Unit | None = None
    error_rate: Annotated[str, Field(max_length=300)] = "not measured"
    detail: Annotated[str, Field(max_length=500)] = ""
