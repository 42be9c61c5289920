"""A real small language model plays encounters: the own cases and labelled ones, scored; and what it breaks on the way.

    python -P tests/llm_encounters.py own ../shared/data/cases/agentclinic_medqa.jsonl --out out/encounters.json

It ends with 1 where an encounter does not come to an end, cites what is not there, or names a dose.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from model_endpoints import Endpoint
from schema_filler import fills_the_form
from small_model import small_model

from wardround.contracts.encounter import EncounterMode, EncounterStatus
from wardround.evals.encounter.play import Played, play, read_set, scored
from wardround.orchestrator.config import ReasonerConfig, load_configuration
from wardround.orchestrator.encounter.checks import faults_of
from wardround.orchestrator.encounter.notebook import Notebook

# So small a model fills every list that it may: short answers keep an encounter within a minute.
MAX_TOKENS = 160
_ENDS = (EncounterStatus.FINISHED, EncounterStatus.ABSTAINED, EncounterStatus.ESCALATED)


def _wrong(one: Played) -> list[str]:
    encounter = one.encounter
    book = Notebook(encounter.facts, encounter.decisions, encounter.opening)
    wrong = [f"{one.case.case_id}: {fault}" for decision in encounter.decisions for fault in faults_of(decision, book)]
    if encounter.status not in _ENDS:
        wrong.append(f"{one.case.case_id}: it is {encounter.status.value}")
    return wrong


def _tell(source: str, of: int, number: Iterator[int]) -> None:
    print(f"{source}: {next(number)} of {of}", flush=True)


@contextmanager
def _served(scripted: bool) -> Iterator[tuple[str, str]]:
    if scripted:
        with Endpoint.running(fills_the_form) as endpoint:
            yield endpoint.url, "scripted"
    else:
        with small_model() as served:
            yield served.base_url, served.model


def main() -> None:
    """Plays, prints the score tables, and ends with 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", help="A folder or file of cases, or 'own'.")
    parser.add_argument("--mode", type=EncounterMode, default=EncounterMode.SINGLE, choices=list(EncounterMode))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--scripted", action="store_true", help="A scripted model that fills in every form at random.")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    wrong: list[str] = []
    told: dict[str, object] = {}
    with _served(arguments.scripted) as (url, model):
        reasoner = ReasonerConfig(provider="openai", base_url=url, model=model, max_tokens=MAX_TOKENS, timeout_s=300)
        for source in arguments.sources:
            with tempfile.TemporaryDirectory() as folder:
                cases = read_set(source, Path(folder), arguments.limit)
                base = load_configuration(environment={"WARDROUND_HOME": folder})
                bounds = base.encounter.model_copy(
                    update={"max_questions": 2, "max_orders": 1, "max_rounds": 1, "cases": 3}
                )
                configuration = base.model_copy(update={"reasoner": reasoner, "encounter": bounds})
                tick = partial(_tell, source, len(cases.cases), count(1))
                played = asyncio.run(play(configuration, cases, arguments.mode, fed=False, tick=tick))
            wrong += [fault for one in played for fault in _wrong(one)]
            figures = scored(played)
            told[source] = figures.model_dump(mode="json")
            for name, column in figures.columns.items():
                print(f"{name.value}\t{column.value}\t{column.low}\t{column.high}\t{column.random}\t{column.majority}")
            stand_in = sum(one.source == "case votes" for p in played for one in p.encounter.decisions)
            print(f"decisions by case votes in the model's place: {stand_in}; {figures.totals.model_dump(mode='json')}")
            if arguments.out:
                arguments.out.parent.mkdir(parents=True, exist_ok=True)
                arguments.out.write_text(json.dumps({"figures": told, "wrong": wrong}, indent=1), encoding="utf-8")
    for fault in wrong:
        print("WRONG", fault)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
