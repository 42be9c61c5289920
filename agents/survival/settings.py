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

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["CohortWords", "FitSettings", "read_settings"]

_Line = Annotated[str, Field(max_length=500)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortWords(_Section):
    """What is told of the cohort on the card; `name` is the model's, too."""

    name: Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][\w.-]*)?$")] = ""
    endpoint: _Line = ""
    time_unit: Annotated[str, Field(max_length=40)] = ""
    source: _Line = ""
    licence: _Line = ""


class FitSettings(_Section):
    """One fit. `folds` are held out each once for the card's figures; 0 measures none."""

    cohort: CohortWords = CohortWords()
    units: dict[str, Annotated[str, Field(max_length=40)]] = Field(default_factory=dict)
    options: SurvivalOptions = SurvivalOptions()
    folds: Annotated[int, Field(ge=0, le=20)] = 5

    @field_validator("options", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        # The word itself lets unknown fields pass, for neighbouring versions; a person's typing error may not pass.
        unknown = set(given) - set(SurvivalOptions.model_fields) if isinstance(given, dict) else set()
        if unknown:
            raise ValueError(f"there is no option '{sorted(map(str, unknown))[0][:60]}'")
        return given


def read_settings(path: Path | None) -> FitSettings:
    """The file's settings; all defaults without a file.

    Raises:
        CallerError: NOT_FOUND, no such file; BAD_ARGUMENT, no TOML, or it says something unknown or out of range.
    """
    if path is None:
        return FitSettings()
    try:
        return FitSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' is not a file that can be read.", "Check the path."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{path.name}' is no TOML.", "It has sections [cohort], [units] and [options]."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{path.name}' says something wrong at '{'.'.join(map(str, first['loc']))}': {first['msg']}.",
            "See 'wardround survival fit --help', and the options on any model's card.",
        ) from error
