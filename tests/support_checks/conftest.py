"""Fixtures of the support's own tests: results of phantom films, random ledgers, and small results around claims."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from ledgers import random_ledger

from wardround.agents.imaging.phantom import make_phantom, plant_named
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.anatomy import Side
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import BUILT_IN, Configuration, SpecialistConfig

PLANTS = ("", "effusion", "cardiomegaly", "pneumothorax", "nodule")


@pytest.fixture(scope="session")
def real_results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the real house says of ten phantom films, as JSON."""
    folder = tmp_path_factory.mktemp("phantoms")
    configuration = Configuration.model_validate(
        {
            "home": folder / "home",
            "store": folder / "store",
            "specialists": {name: SpecialistConfig() for name in BUILT_IN},
        }
    )

    async def all_of_them() -> list[dict[str, Any]]:
        results = []
        async with open_house(configuration, None) as diagnoser:
            for seed in range(10):
                name, film = PLANTS[seed % len(PLANTS)], folder / f"{seed}.dcm"
                plants = (plant_named(name, Side.LEFT if seed < 5 else Side.RIGHT),) if name else ()
                write_phantom_dicom(make_phantom(seed + 1, plants, 256), film)
                study = await diagnoser.open_study([str(film)], None)
                results.append((await diagnoser.diagnose(study)).model_dump(mode="json"))
        return results

    return asyncio.run(all_of_them())


@pytest.fixture(scope="session")
def random_items() -> Callable[[int], tuple[Evidence, ...]]:
    """A full random ledger's items from a seed, some of its weighings being calibrated."""

    def make(seed: int) -> tuple[Evidence, ...]:
        rng = random.Random(seed)
        return tuple(
            item.model_copy(update={"source": item.source.model_copy(update={"calibrated": True})})
            if item.kind is EvidenceKind.WEIGHING and rng.random() < 0.5
            else item
            for item in random_ledger(seed).items
        )

    return make


@pytest.fixture(scope="session")
def as_result() -> Callable[..., dict[str, Any]]:
    """The least result that delivers claims, as JSON of a draft, and a narrative."""

    def make(items: Sequence[Evidence], claims: Sequence[Mapping[str, Any]], narrative: str = "") -> dict[str, Any]:
        made = [{"calibrated": False, "verdict": "supported", **claim, "id": f"C{n}"} for n, claim in enumerate(claims)]
        kept = {"text": narrative, "claims": ["C0"], "problems": []}
        return {
            "evidence": [item.model_dump(mode="json") for item in items],
            "conclusions": [{"subject": one["subject"], "text": one["text"], "claims": [one]} for one in made],
            "reasoning": {"narrative": [kept] if narrative else []},
        }

    return make
