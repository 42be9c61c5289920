"""Each moment of a run is a forward pass, waiting for the disk, or everything else, and is counted once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.evals.clock import Activity, Clock, Span, shared_out
from wardround.evals.latency import OVERHEAD, measure

LOOP, MODELS, DATABASE = 1, 2, 3
PARTS = ("forward", "disk", "everything else")


def _span(activity: Activity, thread: int, begin: float, end: float) -> Span:
    return Span(activity, "", thread, begin, end)


@pytest.mark.parametrize(
    ("spans", "forward", "disk"),
    [
        ([], 0.0, 0.0),
        ([_span(Activity.FORWARD, MODELS, 1.0, 3.0), _span(Activity.FORWARD, LOOP, 2.0, 5.0)], 4.0, 0.0),
        ([_span(Activity.FORWARD, MODELS, -5.0, 1.0), _span(Activity.FORWARD, MODELS, 9.0, 20.0)], 2.0, 0.0),
        ([_span(Activity.DISK, DATABASE, 1.0, 3.0)], 0.0, 2.0),
        ([_span(Activity.DISK, DATABASE, 1.0, 3.0), _span(Activity.WORK, LOOP, 0.0, 2.5)], 0.0, 0.5),
        ([_span(Activity.DISK, LOOP, 1.0, 3.0), _span(Activity.WORK, LOOP, 0.0, 10.0)], 0.0, 2.0),
        ([_span(Activity.DISK, LOOP, 1.0, 3.0), _span(Activity.FORWARD, MODELS, 2.0, 4.0)], 2.0, 1.0),
    ],
)
def test_a_moment_counts_once_and_as_disk_only_where_nothing_else_is_done(
    spans: list[Span], forward: float, disk: float
) -> None:
    parts = shared_out(spans, 0.0, 10.0)
    assert parts == pytest.approx({"forward": forward, "disk": disk, "everything else": 10.0 - forward - disk})


def test_the_writes_of_a_database_are_timed_and_its_reads_are_not(tmp_path: Path) -> None:
    clock = Clock()
    with clock.installed():
        with sqlite3.connect(tmp_path / "some.db") as connection:
            connection.execute("CREATE TABLE note (text TEXT)")
            connection.cursor().executemany("INSERT INTO note VALUES (?)", [("one",), ("two",)])
        connection.commit()
        written = len(clock.spans)
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (2,)
        connection.close()
    assert written >= 3
    assert len(clock.spans) == written
    assert {(span.activity, span.thread) for span in clock.spans} == {(Activity.DISK, threading.get_ident())}


def test_what_the_loop_does_and_what_it_lends_to_threads_is_work() -> None:
    clock = Clock()

    async def story() -> dict[str, float]:
        async with clock.run() as taken:
            await asyncio.to_thread(sum, range(1000))
        return taken

    with asyncio.Runner(loop_factory=clock.loop) as runner:
        taken = runner.run(story())
    assert {span.name for span in clock.spans} == {"loop", "lent thread"}
    assert taken["everything else"] == pytest.approx(taken["run"])


@pytest.mark.slow
def test_the_parts_of_a_measured_run_add_up_to_it(tmp_path: Path) -> None:
    film = tmp_path / "film.dcm"
    write_phantom_dicom(make_phantom(0, size=256), film)
    taken = measure([film])
    assert sum(taken[part][0] for part in PARTS) == pytest.approx(taken["run"][0])
    assert all(taken[part][0] > 0.0 for part in PARTS)
    models = [name for name in taken if name.startswith("forward ")]
    assert sum(taken[name][0] for name in models) >= taken["forward"][0] > 0.0
    assert {name.replace("forward", "alone") for name in models} <= taken.keys()
    share = taken["everything else"][0] / (taken["run"][0] - taken["disk"][0])
    assert taken[OVERHEAD][0] == pytest.approx(share)
