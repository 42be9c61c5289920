"""The configuration file of `wardround survival fit`: the cohort's words, units of covariates, and the model's options.

[cohort]
name = "our-lung-clinic"
endpoint = "death"
time_unit = "days"
source = "Lung clinic, 2010 to 2020, first-line chemotherapy"
licence = "internal"

[units]
age = "years"

[options]          # any of `SurvivalOptions`
seed = 7
members = 5
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.weights.fit_settings import Section, known_options, read_fit_settings

__all__ = ["CohortWords", "FitSettings", "read_settings"]

_Line = Annotated[str, Field(max_length=500)]


class CohortWords(Section):
    """What is told of the cohort on the card; `name` is the model's, too."""

    name: Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][\w.-]*)?$")] = ""
    endpoint: _Line = ""
    time_unit: Annotated[str, Field(max_length=40)] = ""
    source: _Line = ""
    licence: _Line = ""


class FitSettings(Section):
    """One fit. `folds` are held out each once for the card's figures; 0 measures none."""

    cohort: CohortWords = CohortWords()
    units: dict[str, Annotated[str, Field(max_length=40)]] = Field(default_factory=dict)
    options: SurvivalOptions = SurvivalOptions()
    folds: Annotated[int, Field(ge=0, le=20)] = 5

    @field_validator("options", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        return known_options(given, SurvivalOptions)


def read_settings(path: Path | None) -> FitSettings:
    """The file's settings; all defaults without a file.

    Raises:
        CallerError: as `read_fit_settings`.
    """
    return read_fit_settings(path, FitSettings, "survival")
