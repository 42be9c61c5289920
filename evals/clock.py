"""Says of each moment of a run what it was spent on: a model's forward pass, writing to disk, or everything else.

Nothing of it is in the product: `installed` wraps what is to be timed, in this process, for as long as it lasts.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from enum import Enum
from typing import Any, NamedTuple, Self, TypeVar, TypeVarTuple
from unittest.mock import patch

from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.imaging import store

__all__ = ["Activity", "Clock", "Span", "shared_out"]

Given = TypeVarTuple("Given")
Returned = TypeVar("Returned")


class Activity(Enum):
    """What a thread does; the first two are parts of its work, but for threads that do nothing but write."""

    FORWARD = "forward"
    DISK = "disk"
    WORK = "work"


class Span(NamedTuple):
    """From when to when, in seconds of `time.perf_counter`, a thread did something; `name` says with what."""

    activity: Activity
    name: str
    thread: int
    begin: float
    end: float


def _moment(active: set[tuple[Activity, int]]) -> str:
    if any(activity is Activity.FORWARD for activity, _ in active):
        return "forward"
    writing = {thread for activity, thread in active if activity is Activity.DISK}
    working = {thread for activity, thread in active if activity is Activity.WORK}
    return "disk" if writing and working <= writing else "everything else"


def shared_out(spans: Sequence[Span], begin: float, end: float) -> dict[str, float]:
    """Seconds between two moments by what they were spent on: `forward`, `disk` and `everything else`.

    A moment is `forward` where any thread is in a forward pass, however many are. It is `disk` only where no thread
    does anything but write: a write in the background of other work is not what the run waits for. All the rest is
    `everything else`, waiting for nothing at all included.
    """
    edges = []
    for span in spans:
        first, last = max(span.begin, begin), min(span.end, end)
        if first < last:
            what = span.activity, span.thread
            edges += [(first, 1, what), (last, -1, what)]
    parts = {"forward": 0.0, "disk": 0.0, "everything else": 0.0}
    active: Counter[tuple[Activity, int]] = Counter()
    before = begin
    for at, step, what in sorted(edges, key=lambda edge: edge[0]):
        parts[_moment(set(+active))] += at - before
        active[what] += step
        before = at
    parts[_moment(set(+active))] += end - before
    return parts


class Clock:
    """Gathers spans from all threads of the process."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._within = threading.local()

    @contextmanager
    def span(self, activity: Activity, name: str) -> Iterator[None]:
        """Times what is done within, unless this thread is in a span of the same activity already."""
        if getattr(self._within, activity.name, False):
            yield
            return
        setattr(self._within, activity.name, True)
        begin = time.perf_counter()
        try:
            yield
        finally:
            setattr(self._within, activity.name, False)
            self.spans.append(Span(activity, name, threading.get_ident(), begin, time.perf_counter()))

    @asynccontextmanager
    async def run(self) -> AsyncIterator[dict[str, float]]:
        """Fills, once what is done within has ended, the dict that it gives: `run` and its parts as `shared_out`.

        `forward NAME` are the seconds of each model's own passes.
        """
        taken: dict[str, float] = defaultdict(float)
        self.spans.clear()
        begin = time.perf_counter()
        yield taken
        end = time.perf_counter()
        await asyncio.sleep(0)  # lets the loop end its present round, and so the span of it
        taken |= {"run": end - begin, **shared_out(self.spans, begin, end)}
        for span in self.spans:
            if span.activity is Activity.FORWARD:
                taken[f"forward {span.name}"] += span.end - span.begin

    def loop(self) -> asyncio.AbstractEventLoop:
        """An event loop whose work is timed: its own between two waits, and that of the threads that it lends."""
        return _Loop(self)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Times the bundled models' forward passes, and all that is written to artefacts and databases."""

        def forward(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def timed(model: Any, *args: Any) -> Any:
                with self.span(Activity.FORWARD, model.source.model):
                    return function(model, *args)

            return timed

        def written(*args: Any) -> None:
            with self.span(Activity.DISK, "artefact"):
                write_whole(*args)

        write_whole = store.write_whole
        connect = functools.partial(sqlite3.connect, factory=_timed_connection(self))
        with ExitStack() as stack:
            for model in (Segmenter, RegionDetector):
                stack.enter_context(patch.object(model, "forward", forward(model.forward)))
            stack.enter_context(patch.object(store, "write_whole", written))
            stack.enter_context(patch.object(sqlite3, "connect", connect))
            yield


def _timed_connection(clock: Clock) -> type[sqlite3.Connection]:
    """A connection whose statements that change the database are timed, and its commits."""

    @contextmanager
    def writing(sql: str) -> Iterator[None]:
        with ExitStack() as stack:
            if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA")):
                stack.enter_context(clock.span(Activity.DISK, "database"))
            yield

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = (), /) -> Self:
            with writing(sql):
                return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> Self:
            with writing(sql):
                return super().executemany(sql, parameters)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            with writing(sql):
                return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
            with writing(sql):
                return super().executemany(sql, parameters)

        def commit(self) -> None:
            with clock.span(Activity.DISK, "database"):
                super().commit()

    return Connection


class _Selector(selectors.DefaultSelector):
    """Tells a clock when the loop has work: from the end of one wait to the beginning of the next."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._awake: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._awake is not None:
            span = Span(Activity.WORK, "loop", threading.get_ident(), self._awake, time.perf_counter())
            self._clock.spans.append(span)
        ready = super().select(timeout)
        self._awake = time.perf_counter()
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: Clock) -> None:
        super().__init__(_Selector(clock))
        self._clock = clock

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Given], Returned], *args: *Given
    ) -> asyncio.Future[Returned]:
        def timed() -> Returned:
            with self._clock.span(Activity.WORK, "lent thread"):
                return func(*args)

        return super().run_in_executor(executor, timed)
