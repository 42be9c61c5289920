"""The strategies by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from wardround.contracts.reasoning import StrategyName
from wardround.orchestrator.reasoning.session import Proposal, Session
from wardround.orchestrator.reasoning.strategies import adaptive, chain, consistency, direct, panel, retrieval

__all__ = ["STRATEGIES", "Strategy"]

Strategy = Callable[[Session], Awaitable[Proposal]]

STRATEGIES: Mapping[StrategyName, Strategy] = {
    StrategyName.DIRECT: direct.run,
    StrategyName.CHAIN: chain.run,
    StrategyName.CONSISTENCY: consistency.run,
    StrategyName.RETRIEVAL: retrieval.run,
    StrategyName.PANEL: panel.run,
    StrategyName.ADAPTIVE: adaptive.run,
}
