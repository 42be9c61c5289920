"""`wardround audit RUN`: whether a finished run's claims follow from the evidence that they cite."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from wardround.contracts.audit import Audit
from wardround.contracts.reasoning import StrategyName
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data, talk

__all__ = ["audit"]


async def _audited(run_id: str, strategy: StrategyName | None, probes: int | None, config: Path | None) -> Audit:
    from wardround.orchestrator.audit.audit import audit as examine
    from wardround.orchestrator.composition import open_house

    async with open_house(load_configuration(config), None) as house:
        return await examine(house, run_id, strategy=strategy, most_probes=probes)


def audit(
    run_id: Annotated[str, typer.Argument(help="As 'wardround runs list' prints it.")],
    strategy: Annotated[
        StrategyName | None,
        typer.Option(
            help="Audit the language model under this strategy; 'none' audits the weigher. Else the run's own."
        ),
    ] = None,
    probes: Annotated[
        int | None, typer.Option(min=1, help="Counterfactuals at most; each asks the language model again. Else all.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the whole audit as JSON.")] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Remove, flip and weaken what a run's claims cite, reason again, and see whether the claims follow.

    Example: wardround audit run_Qx3… --probes 12
    """
    with talk().status("auditing"):
        found = asyncio.run(_audited(run_id, strategy, probes, config))
    if json_:
        typer.echo(found.model_dump_json(indent=2))
        return
    out = data()
    for line in (
        f"{found.as_predicted} of {len(found.probes)} counterfactuals went as predicted,",
        f"{found.unmoved} moved nothing, {found.moved_wrong} went the other way",
        f"({found.calls} questions to a language model, {found.failures} without a usable answer).",
    ):
        out.print(line, markup=False, soft_wrap=True)
    table = Table("claim", "polarity", "mean change", "citations suffice", "falls without them")
    for claim in found.claims:
        table.add_row(
            claim.subject,
            claim.polarity.value,
            f"{claim.sensitivity:.2f}",
            str(claim.sufficient),
            str(claim.comprehensive),
        )
    out.print(table)
    for bias in found.biases:
        changed = f": {', '.join(bias.changed)}" if bias.changed else ""
        out.print(f"{bias.kind.value}: {len(bias.changed)} of {bias.of} claimed otherwise{changed}", markup=False)
    out.print(found.notice)
