"""Adds up what a language model was asked: calls, tokens, seconds, and their cost where prices are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wardround.contracts.language import Usage
from wardround.providers.settings import ProviderSettings
from wardround.providers.typed import Exchange

__all__ = ["Meter", "Prices", "Spent"]

_MILLION = 1_000_000


@dataclass(frozen=True)
class Prices:
    """Per million tokens of prompt and of completion; without both, no cost is told."""

    per_million_in: float | None = None
    per_million_out: float | None = None
    currency: str = ""

    @classmethod
    def of(cls, settings: ProviderSettings) -> Prices:
        """The settings' prices."""
        return cls(settings.price_in, settings.price_out, settings.currency)

    def cost(self, usage: Usage) -> float | None:
        """What the tokens cost, in `currency`; None without prices."""
        if self.per_million_in is None or self.per_million_out is None:
            return None
        tokens = usage.prompt_tokens * self.per_million_in + usage.completion_tokens * self.per_million_out
        return tokens / _MILLION


@dataclass(frozen=True)
class Spent:
    """What some calls came to. `cost` is None and `currency` empty where no price is configured.

    A call that failed counts as a call; its tokens are those the provider told of, usually none.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    currency: str = ""


class Meter:
    """A running sum over exchanges; `seconds` adds up calls that ran side by side."""

    def __init__(self, prices: Prices | None = None) -> None:
        self._prices = prices or Prices()
        self._usage = Usage()
        self._calls = 0
        self._seconds = 0.0

    def note(self, exchanges: Iterable[Exchange]) -> None:
        """Adds the exchanges of one question."""
        for exchange in exchanges:
            self._calls += 1
            self._seconds += exchange.seconds
            self._usage = Usage(
                prompt_tokens=self._usage.prompt_tokens + exchange.usage.prompt_tokens,
                completion_tokens=self._usage.completion_tokens + exchange.usage.completion_tokens,
            )

    @property
    def spent(self) -> Spent:
        """The sum so far."""
        cost = self._prices.cost(self._usage)
        return Spent(
            calls=self._calls,
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
            seconds=self._seconds,
            cost=cost,
            currency=self._prices.currency if cost is not None else "",
        )
