"""Puts the house together: links to every configured specialist, the embedded ones built here and nowhere else.

This is the one module of the orchestrator that may import servers, and it does so only when one is to be embedded.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mcp import StdioServerParameters

from wardround.contracts.errors import WardroundError
from wardround.orchestrator.config import BUILT_IN, Configuration, ReasonerConfig, SpecialistConfig
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.directory import Directory
from wardround.orchestrator.encounter.costs import list_prices, read_prices
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.encounter.store import EncounterStore
from wardround.orchestrator.link import Link, Target, http_target
from wardround.orchestrator.reasoning.reasoner import Reasoner, ReasonerOptions
from wardround.orchestrator.runs import RunStore
from wardround.providers.metering import Prices
from wardround.providers.open import open_model
from wardround.providers.unopened import Unopened

if TYPE_CHECKING:
    from wardround.servers.settings import ServerSettings

__all__ = ["open_encounters", "open_house"]

# Only what a specialist needs is handed on to its process: keys and tokens stay here.
_PASSED = (
    *("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "CUDA_VISIBLE_DEVICES"),
    *("WARDROUND_ANATOMY_MODEL", "WARDROUND_CXR_MODELS", "WARDROUND_DEVICE", "WARDROUND_THREADS"),
    *("WARDROUND_CASES_FILE", "WARDROUND_CASES_EMBEDDER", "WARDROUND_CASES_WEIGHTS", "WARDROUND_CASES_URL"),
    *("WARDROUND_CASES_MODEL", "WARDROUND_CASES_KEY_FILE", "WARDROUND_CASES_TIMEOUT_S"),
    *("WARDROUND_OBSERVER_PROVIDER", "WARDROUND_OBSERVER_URL", "WARDROUND_OBSERVER_MODEL"),
    *("WARDROUND_OBSERVER_KEY_FILE", "WARDROUND_OBSERVER_TIMEOUT_S"),
)


def _embedded(name: str, settings: ServerSettings) -> Target:
    from wardround.servers.catalogue import build

    return partial(build, name, settings)


def _stdio(config: SpecialistConfig, shared: Mapping[str, str]) -> Target:
    assert config.command is not None
    command, *arguments = config.command
    passed = {key: os.environ[key] for key in _PASSED if key in os.environ}
    parameters = StdioServerParameters(command=command, args=arguments, env={**passed, **shared, **config.env})
    return lambda: parameters


def _reasoner(config: ReasonerConfig) -> Reasoner | None:
    """The configured reasoner, whose model nobody has asked yet; None where none is configured.

    A model that cannot be opened (no key, an unknown provider) costs its runs the reasoning and nothing else.
    """
    try:
        model = open_model(config)
    except WardroundError as error:
        model = Unopened(f"{config.provider}:{config.model.rpartition('/')[2]}", error)
    if model is None:
        return None
    options = ReasonerOptions(**{field.name: getattr(config, field.name) for field in fields(ReasonerOptions)})
    return Reasoner(model, options, Prices.of(config))


@asynccontextmanager
async def open_house(configuration: Configuration, allowed: tuple[Path, ...] | None) -> AsyncIterator[Diagnoser]:
    """A diagnoser with all its connections, for as long as the context lasts.

    Args:
        allowed: folders from which an embedded intake may open films; None where the caller is the shell's own user.

    Raises:
        CallerError: the configuration cannot be served.
    """
    from wardround.servers.serving import artefact_server
    from wardround.servers.settings import ServerSettings

    settings = ServerSettings(
        store_folder=configuration.store,
        home=configuration.home,
        allowed=allowed,
        artefact_hosts=configuration.artefact_hosts,
    )
    folders = os.pathsep.join(
        str(folder) for folder in (allowed if allowed is not None else configuration.intake.allow)
    )
    shared = {
        "WARDROUND_HOME": str(configuration.home),
        "WARDROUND_STORE": str(configuration.store),
        "WARDROUND_ALLOW": folders,
    }
    async with AsyncExitStack() as stack:
        if configuration.artefacts.serve is not None:
            settings = stack.enter_context(artefact_server(settings, configuration.artefacts.serve))
        links: dict[str, Link] = {}
        for name, config in configuration.specialists.items():
            if not config.enabled:
                continue
            if config.url is not None:
                target = http_target(config.url)
            elif config.command is not None:
                target = _stdio(config, shared)
            else:
                target = _embedded(name, settings)
            links[name] = Link(name, target, connect_timeout_s=config.patience_s, timeout_s=config.timeout_s)
        directory = Directory(links, configuration.specialists)
        runs = await stack.enter_async_context(RunStore.opened(configuration.home / "runs.db"))
        await directory.start()
        stack.push_async_callback(directory.stop)
        trusted = frozenset(
            name for name, one in configuration.specialists.items() if name in BUILT_IN or one.calibrated
        )
        reasoner = _reasoner(configuration.reasoner)
        if reasoner is not None:
            stack.push_async_callback(reasoner.model.close)
        yield Diagnoser(
            directory,
            runs,
            trusted,
            priors=configuration.priors,
            answer_share=configuration.selective.coverage,
            reasoner=reasoner,
        )


@asynccontextmanager
async def open_encounters(configuration: Configuration, allowed: tuple[Path, ...] | None) -> AsyncIterator[Encounters]:
    """The encounters of a house, with the house's connections, for as long as the context lasts.

    Args:
        allowed: as for `open_house`.

    Raises:
        CallerError: the configuration cannot be served, or its price table cannot be read.
    """
    own = configuration.encounter.prices
    prices = read_prices(own) if own is not None else list_prices()
    async with (
        open_house(configuration, allowed) as house,
        EncounterStore.opened(configuration.home / "encounters.db") as store,
    ):
        yield Encounters(house, store, prices, configuration.encounter)
