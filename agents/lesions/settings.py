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

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["LesionSettings", "ModelWords", "read_settings"]

_Line = Annotated[str, Field(max_length=500)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelWords(_Section):
    """What is told on the card. `longest` shrinks images to so many pixels before anything else."""

    name: Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][\w.-]*)?$")] = ""
    target: Annotated[str, Field(max_length=60)] = "lesion"
    source: _Line = ""
    licence: _Line = ""
    longest: Annotated[int, Field(ge=64, le=16_384)] | None = None
    held_out: Annotated[int, Field(ge=0, le=4)] = 0


class LesionSettings(_Section):
    """One training."""

    model: ModelWords = ModelWords()
    network: NetworkOptions = NetworkOptions()
    training: TrainingOptions = TrainingOptions()

    @field_validator("network", "training", mode="before")
    @classmethod
    def _known(cls, given: object, info: object) -> object:
        # Words let unknown fields pass, for neighbouring versions; a person's typing error may not pass.
        kinds: dict[str, type[Word]] = {"network": NetworkOptions, "training": TrainingOptions}
        fields = kinds[info.field_name].model_fields  # type: ignore[attr-defined]
        unknown = set(given) - set(fields) if isinstance(given, dict) else set()
        if unknown:
            raise ValueError(f"there is no option '{sorted(map(str, unknown))[0][:60]}'")
        return given


def read_settings(path: Path | None) -> LesionSettings:
    """The file's settings; all defaults without a file.

    Raises:
        CallerError: NOT_FOUND, no such file; BAD_ARGUMENT, no TOML, or it says something unknown or out of range.
    """
    if path is None:
        return LesionSettings()
    try:
        return LesionSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' is not a file that can be read.", "Check the path."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{path.name}' is no TOML.", "It has sections [model], [network] and [training]."
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{path.name}' says something wrong at '{'.'.join(map(str, first['loc']))}': {first['msg']}.",
            "See 'wardround lesions fit --help', and the options on any model's card.",
        ) from error
