"""Reads a case file through the case memory's server, which knows its forms, and finds the films that lie beside it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from wardround.contracts.case import Case, CaseFile
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.roles import Role
from wardround.orchestrator.diagnose import Diagnoser

__all__ = ["films_beside", "read_case_file"]


async def read_case_file(house: Diagnoser, path: Path, case_id: str = "") -> tuple[Case, ...]:
    """The cases of a file, or the one that is named.

    Raises:
        CallerError: the file cannot be read as cases, or may not be opened; NOT_FOUND, it holds no such case.
        Fault: nobody reads case files.
    """
    players, _ = await house.directory.players()
    if not players[Role.CASE_FILE]:
        raise Fault(ProblemCode.SPECIALIST_DOWN, "No specialist reads case files.", "Look at 'wardround doctor'.")
    player = players[Role.CASE_FILE][0]
    result = await player.call({"path": str(path)})
    try:
        found = CaseFile.model_validate(result.structured_content).cases
    except ValidationError as error:
        raise Fault(
            ProblemCode.WRONG_SHAPE, f"The specialist '{player.specialist}' gave cases in a wrong shape."
        ) from error
    named = tuple(case for case in found if case_id in ("", case.case_id))
    if not named:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"The file holds no case '{case_id[:80]}'.",
            f"It holds {', '.join(case.case_id for case in found[:8])}.",
        )
    return named


def films_beside(case: Case, path: Path) -> dict[str, Path]:
    """The case's films by name: files in the folder of its own file, wherever they turn out to be missing."""
    return {image.file: path.parent / image.file for image in case.images}
