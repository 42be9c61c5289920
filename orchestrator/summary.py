"""A diagnosis in plain text, for a model or a person who reads no JSON."""

from __future__ import annotations

from collections.abc import Iterable

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import Evidence
from wardround.contracts.reasoning import Reasoning
from wardround.contracts.screening import ScreenOutcome
from wardround.orchestrator.reasoning.words import finding_name, unit_name

__all__ = ["account_lines", "evidence_line", "number_kind", "reasoning_lines", "screen_line", "summary_text"]


def number_kind(calibrated: bool) -> str:
    """What a number may be called."""
    return "probability" if calibrated else "score"


def evidence_line(item: Evidence) -> str:
    """One item in one line: what, how much, where, from whom."""
    parts = [f"{item.id} {item.kind.value} '{item.subject}'"]
    if item.polarity is not None:
        parts.append(item.polarity.value)
    if item.value is not None:
        parts.append(f"{number_kind(item.source.calibrated)} {item.value:.2f}")
    if item.measurement is not None:
        unit = "" if item.measurement.unit == "1" else f" {unit_name(item.measurement.unit)}"
        parts.append(f"{item.measurement.value:.3g}{unit}")
    if item.location is not None:
        where = item.location
        parts.append(f"{where.side.value} {where.region.value} (overlap {where.overlap:.2f})")
    if item.detail:
        parts.append(item.detail)
    return f"{', '.join(parts)} [{item.source.specialist}: {item.source.model} {item.source.version}]"


def screen_line(outcomes: Iterable[ScreenOutcome]) -> str:
    """What the screen found, in one line; '' where it found nothing. Error rates are in the result and the report."""
    found = (
        f"{one.what.value} ({'refuses' if one.refuses else 'reported'}"
        + (f", score {one.score:.2f})" if one.score is not None else ")")
        for one in outcomes
    )
    return "; ".join(found)


def account_lines(account: Reasoning) -> list[str]:
    """How a language model took part: its strategy and cost, what became of its claims, and dissent."""
    tally = account.tally
    spent = f"{account.calls} calls, {account.prompt_tokens + account.completion_tokens} tokens"
    cost = f", {account.cost:.4f} {account.currency}" if account.cost is not None else ""
    lines = [
        f"Reasoned by {account.model}, {account.strategy.value} ({spent}, {account.seconds:.1f} s{cost}): of "
        f"{tally.proposed} claims {tally.supported} supported, {tally.repaired} repaired, {tally.struck} struck; "
        f"{tally.sentences_kept} of {tally.sentences} sentences kept."
    ]
    if account.problem is not None:
        lines.append(f"The language model failed, and the weigher's result stands. {account.problem}")
    if account.differential:
        lines.append(f"To be considered: {', '.join(map(finding_name, account.differential))}.")
    lines += [
        f"Dissent: {one.proposer} ({one.votes} of {one.of}) has {finding_name(one.subject)} {one.polarity.value}."
        for one in account.dissent
    ]
    return lines


def reasoning_lines(account: Reasoning) -> list[str]:
    """The account, and the sentences of the model's own prose that were kept."""
    return [*account_lines(account), *(f"  {sentence.text}" for sentence in account.narrative if sentence.kept)]


def summary_text(result: Diagnosis) -> str:
    """Conclusions with their citations, the evidence cited, what is missing, and the notice."""
    lines = [f"Run {result.run_id}: {result.status.value}."]
    if result.synthetic:
        lines.append("SYNTHETIC: this film is a computed phantom, not a person.")
    if result.refusal is not None:
        lines.append(f"Refused. {result.refusal}")
    if result.abstained:
        lines.append(f"Abstained: {result.abstention_reason}")
    if result.screen:
        lines.append(f"Screen: {screen_line(result.screen)}.")
    lines += [f"- {conclusion.text}" for conclusion in result.conclusions]
    if result.reasoning is not None:
        lines += reasoning_lines(result.reasoning)
    cited = {citation for one in result.conclusions for claim in one.claims for citation in claim.citations}
    if cited:
        lines += ["Evidence cited:", *(f"  {evidence_line(item)}" for item in result.evidence if item.id in cited)]
    for gone in result.missing:
        lines.append(f"Missing: {gone.specialist} ({gone.role}): {gone.problem}")
    for struck in result.struck:
        lines.append(f"Struck: {struck.claim.text} ({'; '.join(struck.problems)})")
    if result.warnings:
        lines += [f"Warning: {warning}" for warning in result.warnings]
    if result.not_assessed:
        lines.append(f"Not assessed: {', '.join(result.not_assessed)}.")
    lines.append(result.notice)
    return "\n".join(lines)
