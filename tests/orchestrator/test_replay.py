"""A run made again from its tape: the same, or else the place is named."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from small_house import small_house, study_of_film

from wardround.contracts.errors import CallerError
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.replay import Replayed, replay


def _told(folder: Path, story: Callable[[Diagnoser], Awaitable[Any]], **options: Any) -> Any:
    async def once() -> Any:
        async with small_house(folder, **options) as house:
            return await story(house)

    return asyncio.run(once())


def test_twenty_runs_come_out_the_same_in_another_process_s_house(tmp_path: Path) -> None:
    async def made(house: Diagnoser) -> list[str]:
        return [(await house.diagnose(study_of_film(n), "fever" if n % 2 else "")).run_id for n in range(20)]

    async def again(house: Diagnoser) -> list[Replayed]:
        return [await replay(house.runs, run_id) for run_id in run_ids]

    run_ids = _told(tmp_path, made)
    replayed = _told(tmp_path, again, without=("screen", "detector", "evidence"))
    assert [one.same for one in replayed] == [True] * 20
    assert not any(one.differences or one.notes for one in replayed)


def test_a_tape_that_was_changed_is_found_out_with_the_place(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> tuple[Replayed, Replayed]:
        first, second = [(await house.diagnose(study_of_film(n))).run_id for n in (1, 2)]
        connection = house.runs._connection
        # The second run's answers on the first run's tape: other evidence under the questions of the first.
        await connection.execute("DELETE FROM tapes WHERE run_id = ?", (first,))
        await connection.execute("UPDATE tapes SET run_id = ? WHERE run_id = ?", (first, second))
        return await replay(house.runs, first), await replay(house.runs, second)

    other, bare = _told(tmp_path, story)
    assert not other.same and not bare.same
    assert any("was asked something that is not on the tape" in line for line in other.differences)
    assert any("was not asked what it was asked in the run" in line for line in other.differences)
    assert any(line.startswith("/evidence") for line in bare.differences)


def test_a_run_without_a_tape_is_told(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> None:
        run_id = (await house.diagnose(study_of_film())).run_id
        await house.runs._connection.execute("DELETE FROM setups")
        with pytest.raises(CallerError, match="no tape"):
            await replay(house.runs, run_id)

    _told(tmp_path, story)
