"""The survival server as a client sees it, with the bundled model and one of the user's own; and what it refuses."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import Client
from mcp.types import ImageContent
from simulated_survival import fitted_folder

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.survival import Comparison, Explanation, SurvivalEstimate, SurvivalModels
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

LUNG = "ncctg-lung"
PATIENT: dict[str, Any] = {
    "patient_id": "secret-17",
    "clinical": {"age": 68, "sex": "male", "ecog": 1, "karnofsky_physician": 80, "karnofsky_patient": 70},
}


def _with(home: Path, story: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        settings = ServerSettings(home / "store", allowed=(home / "slides",), home=home)
        async with Client(build("survival", settings)) as client:
            return await story(client)

    return asyncio.run(run())


async def _problem(client: Client, tool: str, arguments: dict[str, Any]) -> Problem:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert "secret-17" not in result.model_dump_json()
    return Problem.model_validate(result.structured_content)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the user has a model of their own, of table, genes and slides."""
    folder = tmp_path_factory.mktemp("home")
    fitted_folder(folder / "models" / "survival" / "own")
    return folder


def test_a_patient_gets_a_curve_with_a_band_and_all_that_bounds_it(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        heard: list[str | None] = []

        async def listen(progress: float, total: float | None, message: str | None) -> None:
            heard.append(message)

        result = await client.call_tool("predict_survival", {"patient": PATIENT}, progress_callback=listen)
        told = SurvivalEstimate.model_validate(result.structured_content)
        assert heard and NOTICE in str(result.content[0]) and "secret-17" not in result.model_dump_json()
        assert told.model == LUNG and told.version and told.cohort.patients == 228 and told.cohort.time_unit == "days"
        curve = told.curve
        assert curve.survival[0] == 1.0 and list(curve.survival) == sorted(curve.survival, reverse=True)
        for low, middle, high in zip(curve.low, curve.survival, curve.high, strict=True):
            assert low <= middle <= high
        assert told.median is not None and told.median_low is not None and told.median_low < told.median
        assert told.risk_low < told.risk < told.risk_high
        assert set(told.missing) == {"meal_calories", "weight_loss_6_months"}
        assert told.in_cohort and told.distance > 0

        fitter = {**PATIENT, "clinical": {"age": 60, "sex": "female", "ecog": 0, "karnofsky_physician": 100}}
        better = SurvivalEstimate.model_validate(
            (await client.call_tool("predict_survival", {"patient": fitter})).structured_content
        )
        assert better.risk < told.risk and better.restricted_mean > told.restricted_mean

    _with(tmp_path, story)


def test_a_risk_is_explained_and_the_parts_add_up(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        told = Explanation.model_validate(
            (await client.call_tool("explain_risk", {"patient": PATIENT, "model": LUNG})).structured_content
        )
        assert abs(sum(one.value for one in told.attributions) - told.total) <= told.completeness_error + 1e-6
        assert told.completeness_error < 0.02
        assert {"age", "sex", "ecog"} <= {one.name for one in told.attributions}

    _with(tmp_path, story)


def test_patients_are_compared_and_drawn_over_the_cohort(tmp_path: Path) -> None:
    patients = [PATIENT, {"clinical": {"age": 50, "ecog": 0}}]

    async def story(client: Client) -> None:
        arguments = {"patients": patients, "model": LUNG}
        compared = Comparison.model_validate((await client.call_tool("compare_patients", arguments)).structured_content)
        assert len(compared.estimates) == 2
        drawn = await client.call_tool("draw_survival", arguments)
        (picture,) = [block for block in drawn.content if isinstance(block, ImageContent)]
        data = base64.b64decode(picture.data)
        assert data.startswith(b"\x89PNG") and 10_000 < len(data) < 700_000

    _with(tmp_path, story)


def test_a_user_s_own_model_reads_genes_and_slides_of_allowed_folders(home: Path) -> None:
    slides = home / "slides"
    slides.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    np.save(slides / "coarse.npy", random.normal(size=(2, 5)).astype(np.float32))
    np.save(slides / "fine.npy", random.normal(size=(6, 5)).astype(np.float32))
    np.save(slides / "parents.npy", np.repeat(np.arange(2), 3))
    np.save(home / "elsewhere.npy", np.zeros((2, 5), dtype=np.float32))

    def bags(first: str) -> list[dict[str, Any]]:
        return [
            {"microns_per_pixel": 4.0, "path": first},
            {"microns_per_pixel": 1.0, "path": str(slides / "fine.npy"), "parents": str(slides / "parents.npy")},
        ]

    async def story(client: Client) -> None:
        models = SurvivalModels.model_validate((await client.call_tool("list_models", {})).structured_content).models
        own = next(one for one in models if one.name == "own")
        assert {one.name for one in models} == {LUNG, "own"}
        genes = dict.fromkeys(own.genes, 0.0)
        patient = {"clinical": {"age": 0.3}, "genes": genes, "bags": bags(str(slides / "coarse.npy"))}
        whole = SurvivalEstimate.model_validate(
            (await client.call_tool("predict_survival", {"patient": patient, "model": "own"})).structured_content
        )
        assert set(whole.used) == {"clinical", "genes", "histology"}
        without = SurvivalEstimate.model_validate(
            (
                await client.call_tool("predict_survival", {"patient": {"clinical": {"age": 0.3}}, "model": "own"})
            ).structured_content
        )
        assert set(without.used) == {"clinical"} and "genes" in without.missing and "histology" in without.missing
        parts = Explanation.model_validate(
            (await client.call_tool("explain_risk", {"patient": patient, "model": "own"})).structured_content
        )
        assert parts.pathways and {one.modality for one in parts.attributions} == {"clinical", "genes", "histology"}

        outside = {**patient, "bags": bags(str(home / "elsewhere.npy"))}
        refused = await _problem(client, "predict_survival", {"patient": outside, "model": "own"})
        assert refused.code is ProblemCode.PATH_NOT_ALLOWED and str(home) not in refused.message

        several = await _problem(client, "predict_survival", {"patient": PATIENT})
        assert several.code is ProblemCode.BAD_ARGUMENT and LUNG in several.hint

    _with(home, story)


@pytest.mark.parametrize(
    ("clinical", "said"),
    [
        ({"age": "old"}, "age"),
        ({"sex": "M"}, "sex"),
        ({"age": 68e3, "ecog": 1, "sex": "male"}, "unit"),
        ({"weight_loss_6_months": 9000, "ecog": 1}, "unit"),
        ({}, "Nothing is known"),
        ({"shoe_size": 43}, "Nothing is known"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(clinical: dict[str, Any], said: str, tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        patient = {"patient_id": "secret-17", "clinical": clinical}
        refused = await _problem(client, "predict_survival", {"patient": patient})
        assert refused.code is ProblemCode.BAD_ARGUMENT and not refused.is_fault
        assert said in refused.message and refused.hint

    _with(tmp_path, story)


def test_an_unknown_model_and_a_damaged_one_are_told_apart(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "models" / "survival" / "broken"
    own.mkdir(parents=True)
    for file in (home / "models" / "survival" / "own").iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    weights = bytearray((own / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (own / "weights.safetensors").write_bytes(weights)

    async def story(client: Client) -> None:
        unknown = await _problem(client, "predict_survival", {"patient": PATIENT, "model": "nobody"})
        assert unknown.code is ProblemCode.NOT_FOUND
        broken = await _problem(client, "predict_survival", {"patient": PATIENT, "model": "broken"})
        assert broken.code is ProblemCode.WEIGHTS_MISMATCH and broken.is_fault
        listed = (await client.call_tool("list_models", {})).structured_content
        assert [one["name"] for one in listed["models"]] == [LUNG], "what cannot be read is not offered"
        whole = json.dumps(unknown.model_dump(mode="json")) + json.dumps(broken.model_dump(mode="json"))
        assert str(tmp_path) not in whole

    _with(tmp_path, story)
