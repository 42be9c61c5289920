"""Tries again what may pass: exponential backoff with jitter, an endpoint's own Retry-After, within one deadline."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from wardround.contracts.errors import WardroundError

__all__ = ["Passing", "Patience", "retried"]

Result = TypeVar("Result")

_FIRST_S = 0.5
_LONGEST_S = 30.0


class Passing(Exception):
    """A failure that may pass. `error` is what it becomes where it does not; `wait_s` is the endpoint's own wish."""

    def __init__(self, error: WardroundError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


@dataclass(frozen=True)
class Patience:
    """How often to try again, and how the waiting is done; `jitter` gives numbers in [0, 1)."""

    retries: int = 2
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def pause(self, failures: int, wished: float | None) -> float:
        """Seconds to wait after so many failures (1 or more): what the endpoint wishes, else 0.5 s doubled each time.

        Half of an own pause is random, so that clients that failed together do not come back together; no pause is
        longer than 30 s.
        """
        if wished is not None:
            return min(max(wished, 0.0), _LONGEST_S)
        return min(_FIRST_S * 2.0 ** (failures - 1), _LONGEST_S) * (0.5 + 0.5 * self.jitter())


async def retried(attempt: Callable[[], Awaitable[Result]], patience: Patience, deadline: float) -> Result:
    """The attempt's result; `deadline` is a time of the running loop's clock that no pause may pass.

    Raises:
        WardroundError: what the last failure stands for, once the tries or the time are spent.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except Passing as passing:
            failures += 1
            pause = patience.pause(failures, passing.wait_s)
            if failures > patience.retries or asyncio.get_running_loop().time() + pause >= deadline:
                raise passing.error from None
        await patience.wait(pause)
