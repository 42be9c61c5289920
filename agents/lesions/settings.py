"""The configuration file of `wardround lesions fit`: what is sought, in which words, by which network, trained how.

[model]
target = "polyp"
source = "CVC-ClinicDB"
licence = "as its authors state"

[network]          # any of `NetworkOptions`
widths = [16, 32, 64, 128]

[training]         # any of `TrainingOptions`
steps = 4000
seed = 7
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.agents.weights.fit_settings import Section, known_options, read_fit_settings

__all__ = ["LesionSettings", "ModelWords", "read_settings"]

_Line = Annotated[str, Field(max_length=500)]


class ModelWords(Section):
    """What is told on the card. `longest` shrinks images to so many pixels before anything else."""

    name: Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][\w.-]*)?$")] = ""
    target: Annotated[str, Field(max_length=60)] = "lesion"
    source: _Line = ""
    licence: _Line = ""
    longest: Annotated[int, Field(ge=64, le=16_384)] | None = None
    held_out: Annotated[int, Field(ge=0, le=4)] = 0


class LesionSettings(Section):
    """One training."""

    model: ModelWords = ModelWords()
    network: NetworkOptions = NetworkOptions()
    training: TrainingOptions = TrainingOptions()

    @field_validator("network", mode="before")
    @classmethod
    def _known_network(cls, given: object) -> object:
        return known_options(given, NetworkOptions)

    @field_validator("training", mode="before")
    @classmethod
    def _known_training(cls, given: object) -> object:
        return known_options(given, TrainingOptions)


def read_settings(path: Path | None) -> LesionSettings:
    """The file's settings; all defaults without a file.

    Raises:
        CallerError: as `read_fit_settings`.
    """
    return read_fit_settings(path, LesionSettings, "lesions")
