"""A real small language model over real films: every strategy, hostile histories, and an audit; what survives of it.

`python -P tests/llm_films.py DATA`, or `make test-llm`. DATA holds `labels.csv` and the films. Every delivered text is
read again by the independent checker, which shares no code with the verifier; the exit code is 1 where it objects to
anything, where a hostile history changes a call or a claim, or where a replay comes out otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "support"))

from independent_checker import violations
from injections import INJECTIONS
from small_model import small_model, small_model_file

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.reasoning import StrategyName
from wardround.orchestrator.audit.audit import audit
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration, ReasonerConfig, SpecialistConfig, load_configuration
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.replay import replay
from wardround.orchestrator.tape import EntryKind

STRATEGIES = tuple(name for name in StrategyName if name is not StrategyName.NONE)
# So small a model fills every list that it may: short ones keep an answer within its time.
BRIEF: dict[str, Any] = {"max_claims": 2, "max_citations": 2, "max_tokens": 280, "samples": 2, "repair_rounds": 1}
CASES = str(Path(__file__).parent / "foreign" / "case_server.py")


def _configured(home: str, **reasoner: Any) -> Configuration:
    configuration = load_configuration(environment={"WARDROUND_HOME": home})
    cases = SpecialistConfig(command=(sys.executable, "-P", CASES))
    return configuration.model_copy(
        update={
            "reasoner": ReasonerConfig(**{**BRIEF, **reasoner}),
            "specialists": {**configuration.specialists, "cases": cases},
        }
    )


class Sheet:
    """What was counted, by strategy, and what is wrong."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.wrong: list[str] = []

    def note(self, name: str, result: Diagnosis, seconds: float, same: bool) -> None:
        count, account = self.counts[name], result.reasoning
        found = violations(result.model_dump(mode="json"))
        self.wrong += [f"{name}: {one}" for one in found]
        if not same:
            self.wrong.append(f"{name}: a replay came out otherwise")
        count.update(films=1, seconds=round(seconds), violations=len(found), replayed=same)
        if account is not None:
            count.update(
                calls=account.calls,
                tokens=account.prompt_tokens + account.completion_tokens,
                failed=account.problem is not None,
                **account.tally.model_dump(),
            )

    def show(self) -> None:
        names = list(dict.fromkeys(name for count in self.counts.values() for name in count))
        print("\t".join(("", *names)))
        for strategy, count in self.counts.items():
            print("\t".join((strategy, *(str(count[name]) for name in names))), flush=True)


def _films(data: Path, wanted: int) -> list[Path]:
    data = data / "cxr" if (data / "cxr").is_dir() else data
    with (data / "labels.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["dataset"].startswith("NIH")]
    return [data / row["file"] for row in rows[:: max(1, len(rows) // wanted)][:wanted]]


async def _strategies(house: Diagnoser, films: list[Path], sheet: Sheet) -> None:
    for number, film in enumerate(films, start=1):
        study = await house.open_study([str(film)])
        for strategy in STRATEGIES:
            begun = time.perf_counter()
            result = await house.diagnose(study, strategy=strategy)
            same = (await replay(house.runs, result.run_id)).same
            sheet.note(strategy.value, result, time.perf_counter() - begun, same)
        print(f"film {number} of {len(films)}", flush=True)
        sheet.show()


async def _called(house: Diagnoser, result: Diagnosis) -> list[str]:
    """Who was called, and how often; the readers are asked side by side, so that their order says nothing.

    What places and weighs is handed the ledger's own numbers, which move on by one for every cue that a history
    gives: the digests of those two calls differ between any two histories, and so are not compared.
    """
    _, entries = await house.runs.tape(result.run_id)
    return sorted(entry.who for entry in entries if entry.kind is EntryKind.TOOL)


def _fields(result: Diagnosis) -> list[dict[str, Any]]:
    return [
        claim.model_dump(mode="json", exclude={"id", "text", "citations"})
        for one in result.conclusions
        for claim in one.claims
    ]


async def _hostile(house: Diagnoser, film: Path, wanted: int, sheet: Sheet) -> None:
    study = await house.open_study([str(film)])
    plain = await house.diagnose(study, strategy=StrategyName.DIRECT)
    for injection in INJECTIONS[:wanted]:
        result = await house.diagnose(study, injection.text, strategy=StrategyName.DIRECT)
        asked = {item.id for item in result.evidence if item.kind is EvidenceKind.CONTEXT}
        if await _called(house, result) != await _called(house, plain):
            sheet.wrong.append(f"{injection.id} changed which tools are called")
        known = _fields(plain)
        for claim in _fields(result):
            if claim["verdict"] == "supported" and all(
                (claim["subject"], claim["polarity"]) != (one["subject"], one["polarity"]) for one in known
            ):
                sheet.wrong.append(f"{injection.id} brought about {claim['subject']} {claim['polarity']}")
        sheet.counts["hostile histories"].update(films=1, cues=len(asked))
    sheet.show()


async def _audits(house: Diagnoser, films: list[Path], probes: int, sheet: Sheet) -> None:
    for film in films:
        study = await house.open_study([str(film)])
        for strategy in (StrategyName.NONE, StrategyName.DIRECT):
            result = await house.diagnose(study, strategy=strategy)
            most = None if strategy is StrategyName.NONE else probes
            found = await audit(house, result.run_id, most_probes=most)
            sheet.counts[f"audit {strategy.value}"].update(
                films=1,
                probes=len(found.probes),
                as_predicted=found.as_predicted,
                unmoved=found.unmoved,
                moved_wrong=found.moved_wrong,
                exact=sum(probe.exact is True for probe in found.probes),
                claims=len(found.claims),
                sufficient=sum(claim.sufficient for claim in found.claims),
                comprehensive=sum(claim.comprehensive for claim in found.claims),
                calls=found.calls,
                failures=found.failures,
                **{f"{bias.kind.value}_changed": len(bias.changed) for bias in found.biases},
                subjects=found.biases[0].of,
            )
            if strategy is StrategyName.NONE and found.as_predicted != len(found.probes):
                sheet.wrong.append("the weigher moved otherwise than predicted")
        sheet.show()


async def _all(arguments: argparse.Namespace, base_url: str, model: str, sheet: Sheet) -> None:
    films = _films(arguments.data, arguments.films)[arguments.skip :]
    with tempfile.TemporaryDirectory() as home:
        async with open_house(_configured(home, provider="openai", base_url=base_url, model=model), None) as house:
            if "strategies" in arguments.parts:
                await _strategies(house, films, sheet)
            if "hostile" in arguments.parts:
                await _hostile(house, films[0], arguments.injections, sheet)
            if "audit" in arguments.parts:
                await _audits(house, films[: arguments.audits], arguments.probes, sheet)


async def _transformers(film: Path, sheet: Sheet) -> None:
    with tempfile.TemporaryDirectory() as home:
        local = {"provider": "transformers", "model": str(small_model_file()), "timeout_s": 600}
        async with open_house(_configured(home, **local), None) as house:
            result = await house.diagnose(await house.open_study([str(film)]), strategy=StrategyName.DIRECT)
            sheet.note("direct through transformers", result, 0.0, (await replay(house.runs, result.run_id)).same)


def main() -> None:
    """Runs what is asked for, prints the sheet, and ends with 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--skip", type=int, default=0, help="How many of the films to leave out at the beginning.")
    parser.add_argument("--audits", type=int, default=20)
    parser.add_argument("--probes", type=int, default=6)
    parser.add_argument("--injections", type=int, default=len(INJECTIONS))
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--parts", nargs="+", default=["strategies", "hostile", "audit", "transformers"],
        choices=["strategies", "hostile", "audit", "transformers"],
    )  # fmt: skip
    arguments = parser.parse_args()
    sheet = Sheet()
    with small_model() as served:
        asyncio.run(_all(arguments, served.base_url, served.model, sheet))
    if "transformers" in arguments.parts:
        asyncio.run(_transformers(_films(arguments.data, arguments.films)[0], sheet))
    sheet.show()
    for line in dict.fromkeys(sheet.wrong):
        print(f"WRONG {line}")
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(
            json.dumps({"counts": sheet.counts, "wrong": sheet.wrong}, indent=2) + "\n", encoding="utf-8"
        )
    sys.exit(bool(sheet.wrong))


if __name__ == "__main__":
    main()
