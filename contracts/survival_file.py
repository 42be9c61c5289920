"""Reads one patient, as a survival model reads it, from a JSON file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import SurvivalInput, SurvivalQuestion

__all__ = ["read_patient", "told_survival"]

_MOST_BYTES = 8_000_000


def read_patient(path: Path) -> SurvivalInput:
    """
    Raises:
        CallerError: NOT_FOUND, TOO_LARGE or BAD_ARGUMENT: no such file, or no patient in it.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CallerError(ProblemCode.TOO_LARGE, f"'{path.name}' is too large to be one patient.")
        return SurvivalInput.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' is not a file that can be read.", "Check the path."
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{path.name}' is no patient: {first['msg']} at '{'.'.join(map(str, first['loc']))[:80]}'.",
            "'wardround survival template MODEL' prints one to be filled in.",
        ) from error


def told_survival(path: Path | None, model: str = "") -> SurvivalQuestion | None:
    """What a survival server is to be asked; None where no file was given.

    Raises:
        CallerError: as `read_patient`; BAD_ARGUMENT, a model is named and no patient.
    """
    if path is None:
        if model:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, "A survival model was named, and no patient.", "Give one with --survival."
            )
        return None
    return SurvivalQuestion(patient=read_patient(path), model=model)
