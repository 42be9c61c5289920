"""Configuration files of fits: TOML read into sections that let no typing error pass."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Section", "known_options", "read_fit_settings"]


class Section(BaseModel):
    """Frozen, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Settings = TypeVar("Settings", bound=Section)


def known_options(given: object, options: type[Word]) -> object:
    """What was given, if each of its names is a field of `options`; words themselves let unknown fields pass.

    Raises:
        ValueError: there is no such option, for pydantic to tell.
    """
    unknown = set(given) - set(options.model_fields) if isinstance(given, dict) else set()
    if unknown:
        raise ValueError(f"there is no option '{sorted(map(str, unknown))[0][:60]}'")
    return given


def read_fit_settings(path: Path | None, settings: type[Settings], kind: str) -> Settings:
    """The file's settings; all defaults without a file.

    Args:
        kind: of model, which names its command.

    Raises:
        CallerError: NOT_FOUND, no such file; BAD_ARGUMENT, no TOML, or it says something unknown or out of range.
    """
    if path is None:
        return settings()
    sections = ", ".join(f"[{name}]" for name in settings.model_fields)
    try:
        return settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' is not a file that can be read.", "Check the path."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallerError(ProblemCode.BAD_ARGUMENT, f"'{path.name}' is no TOML.", f"It may say {sections}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{path.name}' says something wrong at '{'.'.join(map(str, first['loc']))}': {first['msg']}.",
            f"See 'wardround {kind} fit --help', and the options on any model's card.",
        ) from error
