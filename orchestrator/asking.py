"""Asks one player one question and turns whatever comes back, or does not, into data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from langgraph.config import get_stream_writer
from pydantic import ValidationError

from wardround.contracts.base import Word
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.orchestrator.directory import Player

__all__ = ["Asked", "ask"]

Report = TypeVar("Report", bound=Word)


@dataclass(frozen=True)
class Asked(Generic[Report]):
    """Exactly one of `report` and `problem` is None."""

    report: Report | None
    problem: Problem | None
    seconds: float


async def ask(player: Player, arguments: Mapping[str, Any], returns: type[Report]) -> Asked[Report]:
    """The player's report, or the problem that stands in its place, and the seconds it took.

    Progress goes into the graph's custom stream as `{specialist, role, done, total, message}`.
    """
    emit = get_stream_writer()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        emit(
            {
                "specialist": player.specialist,
                "role": player.role.value,
                "done": progress,
                "total": total,
                "message": message or "",
            }
        )

    begun = time.perf_counter()
    emit({"specialist": player.specialist, "role": player.role.value, "done": 0.0, "total": 1.0, "message": "asked"})
    try:
        result = await player.call(arguments, on_progress)
        report = returns.model_validate(result.structured_content)
    except WardroundError as error:
        return Asked(None, error.problem, time.perf_counter() - begun)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        problem = Problem(
            code=ProblemCode.WRONG_SHAPE,
            message=f"The specialist '{player.specialist}' answered '{player.tool}' in a wrong shape: "
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}.",
            hint="Its evidence is left out. The schema is written by 'python -m wardround.contracts.schemas'.",
        )
        return Asked(None, problem, time.perf_counter() - begun)
    return Asked(report, None, time.perf_counter() - begun)
