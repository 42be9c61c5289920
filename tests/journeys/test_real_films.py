"""Real films, and phantoms with known truth, through the whole embedded house."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from wardround.agents.imaging.phantom import Plant, make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.anatomy import Side
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.evidence import Polarity
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration


def _all(configuration: Configuration, films: list[Path]) -> list[Diagnosis]:
    async def run() -> list[Diagnosis]:
        async with open_house(configuration, None) as house:
            return [await house.diagnose(await house.open_study([str(film)])) for film in films]

    return asyncio.run(run())


def _sound(result: Diagnosis) -> None:
    known = {item.id for item in result.evidence}
    claims = [claim for one in result.conclusions for claim in one.claims]
    assert all(claim.citations and set(claim.citations) <= known for claim in claims)
    assert not result.struck, "templates say only what the evidence says"
    assert Diagnosis.model_validate_json(result.model_dump_json()) == result
    if result.status is not Status.REFUSED:
        assert result.status is Status.COMPLETE, result.missing
        assert claims or result.abstained


def _real_films(shared_data: Path, count: int) -> list[Path]:
    folder = shared_data / "cxr"
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        files = [folder / row["file"] for row in csv.DictReader(lines)]
    return files[:: max(1, len(files) // count)][:count]


def test_real_films_give_valid_results_whose_claims_cite_existing_evidence(
    house: Callable[..., Configuration], shared_data: Path
) -> None:
    films = [shared_data / "dicom" / "cr_chest_pa_j2k.dcm", *_real_films(shared_data, 8)]
    results = _all(house(), films)
    for result in results:
        _sound(result)
    assert results[0].status is Status.COMPLETE
    assert sum(result.status is Status.REFUSED for result in results) <= 1


@pytest.mark.slow
def test_a_hundred_real_films_give_valid_results(house: Callable[..., Configuration], shared_data: Path) -> None:
    results = _all(house(), _real_films(shared_data, 100))
    for result in results:
        _sound(result)
    assert sum(result.status is Status.REFUSED for result in results) <= 3


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_is_claimed_of_a_phantom_is_never_on_the_wrong_side(
    house: Callable[..., Configuration], tmp_path: Path, side: str
) -> None:
    film = tmp_path / "phantom.dcm"
    write_phantom_dicom(
        make_phantom(3, (Plant.model_validate({"finding": "Effusion", "side": side, "volume_ml": 1500.0}),), 512), film
    )
    (result,) = _all(house(), [film])
    _sound(result)
    assert result.synthetic and all(item.synthetic for item in result.evidence)
    sides = {
        claim.side
        for one in result.conclusions
        for claim in one.claims
        if claim.subject == "Effusion" and claim.polarity is Polarity.PRESENT and claim.side is not None
    }
    assert sides <= {Side(side), Side.BILATERAL}


def test_several_runs_at_once_do_not_disturb_each_other(house: Callable[..., Configuration], tmp_path: Path) -> None:
    films = [tmp_path / f"{seed}.dcm" for seed in range(4)]
    for seed, film in enumerate(films):
        write_phantom_dicom(make_phantom(seed, size=256), film)
    configuration = house()

    async def at_once() -> list[Diagnosis]:
        async with open_house(configuration, None) as diagnoser:
            studies = [await diagnoser.open_study([str(film)]) for film in films]
            return list(await asyncio.gather(*(diagnoser.diagnose(study) for study in studies)))

    def claims(result: Diagnosis) -> list[tuple[str, Polarity, Side | None]]:
        return [(claim.subject, claim.polarity, claim.side) for one in result.conclusions for claim in one.claims]

    for together, alone in zip(asyncio.run(at_once()), _all(configuration, films), strict=True):
        _sound(together)
        assert claims(together) == claims(alone)
