"""The micro-batching worker: batches, refuses when full, survives a failing model, drops what nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from wardround.contracts.errors import Fault, ProblemCode
from wardround.servers.worker import Worker


def test_questions_that_wait_together_share_a_forward_pass() -> None:
    batches: list[int] = []
    gate = threading.Event()

    def run(batch: Sequence[int]) -> list[int]:
        gate.wait()
        batches.append(len(batch))
        return [question * 2 for question in batch]

    async def ask() -> list[int]:
        async with Worker(run, name="double", max_batch=8) as worker:
            asking = [asyncio.create_task(worker.ask(number)) for number in range(9)]
            await asyncio.sleep(0)
            gate.set()
            return list(await asyncio.gather(*asking))

    assert asyncio.run(ask()) == [number * 2 for number in range(9)]
    assert sum(batches) == 9
    assert len(batches) <= 3


def test_a_full_queue_says_busy_and_the_others_are_still_answered() -> None:
    gate = threading.Event()

    def run(batch: Sequence[int]) -> list[int]:
        gate.wait()
        return list(batch)

    async def ask() -> tuple[list[int], list[BaseException]]:
        async with Worker(run, name="slow", max_batch=1, max_queue=2) as worker:
            asking = [asyncio.create_task(worker.ask(number)) for number in range(8)]
            while not any(task.done() for task in asking):
                await asyncio.sleep(0)
            gate.set()
            answers = await asyncio.gather(*asking, return_exceptions=True)
        good = [answer for answer in answers if isinstance(answer, int)]
        return good, [answer for answer in answers if isinstance(answer, BaseException)]

    good, refused = asyncio.run(ask())
    assert good and refused
    assert all(isinstance(one, Fault) and one.problem.code is ProblemCode.BUSY for one in refused)


def test_a_failing_batch_reaches_its_askers_and_the_worker_goes_on() -> None:
    def run(batch: Sequence[int]) -> list[int]:
        if 13 in batch:
            raise ArithmeticError("unlucky")
        return list(batch)

    async def ask() -> int:
        async with Worker(run, name="superstitious") as worker:
            with pytest.raises(ArithmeticError):
                await worker.ask(13)
            return await worker.ask(14)

    assert asyncio.run(ask()) == 14


def test_a_bad_question_does_not_fail_those_that_shared_its_batch() -> None:
    gate = threading.Event()

    def run(batch: Sequence[int]) -> list[int]:
        gate.wait()
        if 13 in batch:
            raise ArithmeticError("unlucky")
        return list(batch)

    async def ask() -> list[int | BaseException]:
        async with Worker(run, name="superstitious", max_batch=8) as worker:
            asking = [asyncio.create_task(worker.ask(number)) for number in (12, 13, 14)]
            await asyncio.sleep(0)
            gate.set()
            return await asyncio.gather(*asking, return_exceptions=True)

    before, bad, after = asyncio.run(ask())
    assert (before, after) == (12, 14)
    assert isinstance(bad, ArithmeticError)


def test_a_question_whose_asker_left_is_not_run() -> None:
    seen: list[int] = []
    gate = threading.Event()

    def run(batch: Sequence[int]) -> list[int]:
        gate.wait()
        seen.extend(batch)
        return list(batch)

    async def ask() -> None:
        async with Worker(run, name="patient", max_batch=1) as worker:
            first = asyncio.create_task(worker.ask(1))
            gone = asyncio.create_task(worker.ask(2))
            last = asyncio.create_task(worker.ask(3))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            gate.set()
            await asyncio.gather(first, last)

    asyncio.run(ask())
    assert seen == [1, 3]


def test_the_models_of_a_process_compute_one_after_the_other() -> None:
    at_once, most = 0, 0

    def run(batch: Sequence[int]) -> list[int]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        sum(range(10_000))
        at_once -= 1
        return list(batch)

    async def ask() -> list[int]:
        async with Worker(run, name="one", max_batch=1) as one, Worker(run, name="other", max_batch=1) as other:
            return list(await asyncio.gather(*(worker.ask(n) for n in range(20) for worker in (one, other))))

    assert asyncio.run(ask()) == [n for n in range(20) for _ in range(2)]
    assert most == 1
