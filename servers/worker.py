"""One bounded, micro-batching worker per model: questions that arrive together share a forward pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from wardround.contracts.errors import Fault, ProblemCode

__all__ = ["Worker"]

Question = TypeVar("Question")
Answer = TypeVar("Answer")

# One thread for all models of a process: each thread that computes brings its own team of threads, and two teams on the
# same cores wait for each other at every layer (measured on two cores: a forward pass took 190 ms in place of 105).
_MODELS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="models")


class Worker(Generic[Question, Answer]):
    """Runs `run(batch)` on the thread that all workers of the process share, at most `max_batch` questions at a time.

    A full queue answers BUSY at once instead of growing. A question whose asker has gone is dropped before it is
    run; one that is already in a forward pass cannot be interrupted, and its answer is thrown away.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Question]], Sequence[Answer]],
        *,
        name: str,
        max_batch: int = 8,
        max_queue: int = 64,
    ) -> None:
        self._run = run
        self._name = name
        self._max_batch = max_batch
        self._queue: asyncio.Queue[tuple[Question, asyncio.Future[Answer]]] = asyncio.Queue(max_queue)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Worker[Question, Answer]:
        self._task = asyncio.create_task(self._serve(), name=f"worker-{self._name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while not self._queue.empty():
            self._queue.get_nowait()[1].cancel()

    async def ask(self, question: Question) -> Answer:
        """The answer to one question.

        Raises:
            Fault: BUSY where the queue is full.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((question, future))
        except asyncio.QueueFull:
            raise Fault(
                ProblemCode.BUSY,
                f"The model '{self._name}' has {self._queue.maxsize} questions waiting.",
                "Ask again in a few seconds.",
            ) from None
        return await future

    async def _serve(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._max_batch and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            waiting = [(question, future) for question, future in batch if not future.done()]
            try:
                if not await self._settle(waiting) and len(waiting) > 1:
                    # One bad question must not fail those that happened to share its batch.
                    for one in waiting:
                        await self._settle([one])
            except asyncio.CancelledError:
                for _, future in waiting:
                    future.cancel()
                raise

    async def _settle(self, waiting: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> bool:
        """Runs a batch and hands out its answers; a failure is handed out only where the batch is a single question."""
        if not waiting:
            return True
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(_MODELS, self._run, [question for question, _ in waiting])
        except Exception as error:  # whatever a model raises belongs to its asker, and must not end the worker
            if len(waiting) == 1 and not waiting[0][1].done():
                waiting[0][1].set_exception(error)
            return False
        for (_, future), answer in zip(waiting, answers, strict=True):
            if not future.done():
                future.set_result(answer)
        return True
