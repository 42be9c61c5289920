"""`wardround doctor`: looks at everything a run needs and says, line by line, what is wrong and what mends it.

Each room registers its own checks as `wardround.checks` entry points: functions that return a list of `Check`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points, version
from typing import Annotated

import typer
from rich.table import Table

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import WardroundError
from wardround.contracts.health import Check, Health
from wardround.contracts.home import private_folder
from wardround.contracts.own_version import own_version
from wardround.contracts.roles import DIAGNOSIS_ROLES, Role
from wardround.orchestrator.cli import EXIT_FAULT
from wardround.orchestrator.config import Configuration, load_configuration
from wardround.orchestrator.console import data
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.providers.unopened import Unopened

__all__ = ["doctor", "own_checks"]

_COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}
_NEEDED = (Role.INTAKE, Role.KEEP, Role.RENDER, *DIAGNOSIS_ROLES)


async def _specialists(configuration: Configuration) -> list[Check]:
    from wardround.orchestrator.composition import open_house

    async with open_house(configuration, None) as house:
        players, silent = await house.directory.players()
        reasoner = house.reasoner
    checks = [
        Check(
            name=f"role {role.value}",
            health=Health.OK if players[role] else Health.FAIL,
            detail=", ".join(f"{player.specialist} ({player.tool})" for player in players[role]) or "nobody",
            fix="" if players[role] else "Enable a specialist that offers it in [specialists] of wardround.toml.",
        )
        for role in _NEEDED
    ]
    checks.append(_language_model(reasoner))
    return checks + [
        Check(name=f"specialist {one.specialist}", health=Health.FAIL, detail=str(one.problem), fix=one.problem.hint)
        for one in silent
    ]


def _language_model(reasoner: Reasoner | None) -> Check:
    """Whether the configured model could be opened; nobody is asked anything, for that may cost money."""
    if reasoner is None:
        return Check(name="language model", health=Health.OK, detail="none: the weigher's result is worded")
    if isinstance(reasoner.model, Unopened):
        problem = reasoner.model.error.problem
        return Check(name="language model", health=Health.FAIL, detail=problem.message, fix=problem.hint)
    return Check(
        name="language model", health=Health.OK, detail=f"{reasoner.model.name}, {reasoner.options.strategy.value}"
    )


def own_checks() -> list[Check]:
    """The orchestrator's own: interpreter, configuration, data folder, specialists, language model."""
    python = sys.version_info
    checks = [
        Check(name="wardround", health=Health.OK, detail=own_version()),
        Check(
            name="Python",
            health=Health.OK if python >= (3, 11) else Health.FAIL,
            detail=f"{python.major}.{python.minor}.{python.micro}",
            fix="" if python >= (3, 11) else "Install Python 3.11 or newer.",
        ),
        Check(name="mcp", health=Health.OK, detail=version("mcp")),
    ]
    try:
        configuration = load_configuration()
        private_folder(configuration.home, "WARDROUND_HOME")
        private_folder(configuration.store, "WARDROUND_STORE")
    except WardroundError as error:
        return [*checks, Check(name="configuration", health=Health.FAIL, detail=str(error), fix=error.problem.hint)]
    checks.append(Check(name="data folder", health=Health.OK, detail=str(configuration.home)))
    return [*checks, *asyncio.run(_specialists(configuration))]


def doctor(json_: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False) -> None:
    """Check decoders, weights, devices, folders and specialists; exit code 1 where something fails."""
    checks: list[Check] = []
    for point in sorted(entry_points(group="wardround.checks"), key=lambda one: one.name):
        look: Callable[[], list[Check]] = point.load()
        checks += look()
    well = all(check.health is not Health.FAIL for check in checks)
    if json_:
        found = {"ok": well, "checks": [check.model_dump(mode="json") for check in checks], "notice": NOTICE}
        typer.echo(json.dumps(found, indent=2))
    else:
        table = Table("what", "", "found", "to mend it")
        for check in checks:
            colour = _COLOURS[check.health]
            table.add_row(check.name, f"[{colour}]{check.health.value}[/]", check.detail, check.fix)
        data().print(table)
        data().print(NOTICE)
    raise typer.Exit(0 if well else EXIT_FAULT)
