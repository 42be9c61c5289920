"""The lesions server as a client sees it, over a store that an intake filled; and what it refuses, staying alive."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from lesion_models import fitted_lesions, planted
from mcp import Client
from mcp.types import ImageContent
from PIL import Image as PillowImage

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import phantom_dataset, write_phantom_dicom
from wardround.agents.imaging.store import Store
from wardround.contracts.anatomy import Side, Structure
from wardround.contracts.base import NOTICE
from wardround.contracts.change import Change
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import EvidenceKind, LesionSearch, Polarity
from wardround.contracts.lesions import LesionChanges, LesionModels, LesionReport, SegmentationExport
from wardround.contracts.study import Artefact, ArtefactKind
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

SIZE = 320
# Planted on the film (x, y, diameter in px): in the patient's right and left lung.
RIGHT, LEFT = (100.0, 140.0, 14.0), (230.0, 130.0, 14.0)
LOW = 0.6  # a score that the model of a few steps reaches at what was planted, and elsewhere


@dataclass(frozen=True)
class House:
    """A data folder with one model, a store, and films: image words by name."""

    home: Path
    images: dict[str, dict[str, Any]]

    def handle(self, name: str) -> str:
        return str(self.images[name]["handle"])

    @property
    def store(self) -> Store:
        return Store(self.home / "store")


def _settings(home: Path) -> ServerSettings:
    return ServerSettings(home / "store", allowed=(home / "films",), home=home)


async def _opened(client: Client, path: Path, **options: Any) -> dict[str, Any]:
    result = await client.call_tool("open_study", {"paths": [str(path)], **options})
    assert not result.is_error and result.structured_content is not None, result
    image: dict[str, Any] = result.structured_content["images"][0]
    return image


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A person's film, an earlier one of theirs, one of another's, and one whose spacing is unknown."""
    home = tmp_path_factory.mktemp("home")
    fitted_lesions(home / "models" / "lesions" / "nodules")
    films = home / "films"
    films.mkdir()
    small = (*RIGHT[:2], 8.0)
    for name, seed, spots in (("now", 5, (RIGHT, LEFT)), ("prior", 5, (small, LEFT)), ("other", 7, (RIGHT,))):
        write_phantom_dicom(planted(seed, *spots, size=SIZE), films / f"{name}.dcm")
    grey = np.round(255 * make_phantom(8, size=SIZE).film).astype(np.uint8)
    PillowImage.fromarray(grey).save(films / "bare.png")

    async def story() -> dict[str, dict[str, Any]]:
        async with Client(build("intake", _settings(home))) as client:
            return {
                "now": await _opened(client, films / "now.dcm", patient={"age_years": 60, "sex": "F"}),
                "prior": await _opened(client, films / "prior.dcm", patient={"age_years": 58, "sex": "F"}),
                "other": await _opened(client, films / "other.dcm", patient={"age_years": 58, "sex": "M"}),
                "bare": await _opened(client, films / "bare.png", patient={"age_years": 58, "sex": "F"}),
            }

    return House(home, asyncio.run(story()))


def _with(house: House, story: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(build("lesions", _settings(house.home))) as client:
            return await story(client)

    return asyncio.run(run())


async def _search(client: Client, **arguments: Any) -> LesionSearch:
    result = await client.call_tool("segment_lesions", {"operating_point": LOW, **arguments})
    assert not result.is_error, result
    return LesionSearch.model_validate(result.structured_content)


def _refused(house: House, tool: str, arguments: dict[str, Any]) -> Problem:
    """The typed refusal of a call, after which the server still answers."""

    async def story(client: Client) -> Problem:
        result = await client.call_tool(tool, arguments)
        assert result.is_error, result
        assert str(house.home) not in result.model_dump_json()
        assert not (await client.call_tool("list_models", {})).is_error
        return Problem.model_validate(result.structured_content)

    problem: Problem = _with(house, story)
    assert problem.hint and not problem.is_fault
    return problem


def test_a_film_gets_its_lesions_as_evidence_with_masks_places_and_progress(house: House) -> None:
    heard: list[float] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async def story(client: Client) -> None:
        result = await client.call_tool(
            "segment_lesions",
            {"image": house.handle("now"), "operating_point": LOW, "views": 3},
            progress_callback=listen,
        )
        told = LesionSearch.model_validate(result.structured_content)
        assert NOTICE in str(result.content[0]) and told.found.lesions and told.found.synthetic
        assert len(told.items) == len(told.found.lesions) and told.found.model == "nodules"
        for item, lesion in zip(told.items, told.found.lesions, strict=True):
            assert item.kind is EvidenceKind.LESION and item.polarity is Polarity.UNCERTAIN
            assert item.subject == "Nodule" and item.value == lesion.peak >= LOW and lesion.doubt >= 0.0
            assert lesion.diameter_mm is not None and item.location == lesion.location is not None
            (mask,) = item.artefacts
            pixels = house.store.read_array(mask)
            assert pixels.shape == (SIZE, SIZE) and int(pixels.sum()) == lesion.area_px
        for spot, side in ((RIGHT, Side.RIGHT), (LEFT, Side.LEFT)):
            near = [one for one in told.found.lesions if np.hypot(*np.subtract(one.centroid, spot[:2])) < 5.0]
            assert near, "at so low a score there may be fragments; the surest comes first"
            one = near[0]
            assert one.location is not None and one.location.side is side and one.diameter_px < 25.0

    _with(house, story)
    assert heard == [0, 1, 2, 3]


def test_a_search_is_narrowed_by_side_size_and_box_and_places_nothing_on_request(house: House) -> None:
    async def story(client: Client) -> None:
        image = house.handle("now")
        every = await _search(client, image=image)
        left = await _search(client, image=image, side="left")
        assert all(one.location and one.location.side.value in ("left", "bilateral") for one in left.found.lesions)
        assert 0 < len(left.found.lesions) < len(every.found.lesions)
        none = await _search(client, image=image, minimum_size=10_000.0)
        assert not none.found.lesions and none.found.masks is None and not none.items
        bare = await _search(client, image=image, regions=False)
        assert [one.box for one in bare.found.lesions] == [one.box for one in every.found.lesions]
        assert all(one.location is None for one in bare.found.lesions)
        box = {"left": 40, "top": 60, "width": 80, "height": 90}
        boxed = (await _search(client, image=image, box=box)).found.lesions
        assert any(np.hypot(*np.subtract(one.centroid, RIGHT[:2])) < 5.0 for one in boxed)
        for one in boxed:
            assert 39 <= one.centroid[0] <= 120 and 59 <= one.centroid[1] <= 150

    _with(house, story)


def test_a_model_that_finds_something_else_says_so_and_finds_nothing(house: House) -> None:
    async def story(client: Client) -> None:
        told = await _search(client, image=house.handle("now"), finding="pleural effusion")
        assert not told.items and not told.found.lesions
        assert any("finds Nodule" in one for one in told.warnings)
        assert (await _search(client, image=house.handle("now"), finding="lung nodule")).items

    _with(house, story)


def test_unknown_spacing_gives_pixels_and_says_so(house: House) -> None:
    async def story(client: Client) -> None:
        told = await _search(client, image=house.handle("bare"))
        assert told.found.spacing_mm is None and any("in pixels" in one for one in told.warnings)
        for item in told.items:
            assert item.measurement is not None and item.measurement.unit == "{pixel}"

    _with(house, story)


def test_the_anatomy_server_s_masks_are_taken_in_place_of_outlines(house: House) -> None:
    phantom = make_phantom(5, size=SIZE)
    masks = np.array([phantom.masks[one.value] for one in Structure], dtype=np.uint8)
    stack = house.store.put_array(
        ArtefactKind.MASK, masks, tuple(one.value for one in Structure), film=house.images["now"]["film"]["digest"]
    )

    async def story(client: Client) -> None:
        told = await _search(client, image=house.handle("now"), masks=stack.model_dump(mode="json"))
        assert told.items and all(item.location for item in told.items)

    _with(house, story)


def test_a_click_and_a_box_outline_one_lesion(house: House) -> None:
    async def story(client: Client) -> None:
        for prompt in ({"click": [100, 140]}, {"box": {"left": 90, "top": 130, "width": 22, "height": 20}}):
            result = await client.call_tool("refine_lesion", {"image": house.handle("now"), **prompt})
            told = LesionReport.model_validate(result.structured_content)
            assert len(told.lesions) == 1 and told.masks is not None
            pixels = house.store.read_array(told.masks)
            assert pixels.shape == (1, SIZE, SIZE) and pixels[0, 140, 100] == 1
            assert int(pixels.sum()) == told.lesions[0].area_px

    _with(house, story)


def test_two_films_are_compared_by_search_and_by_boxes(house: House) -> None:
    async def story(client: Client) -> None:
        films = {"current": house.handle("now"), "prior": house.handle("prior"), "operating_point": LOW}
        searched = LesionChanges.model_validate((await client.call_tool("measure_change", films)).structured_content)
        assert searched.aligned_by == "lungs" and searched.view_now.value == "PA"
        shown = len(searched.now.lesions) + len(searched.before.lesions)
        assert sum((one.now is not None) + (one.before is not None) for one in searched.changes) == shown
        assert any("one patient was not checked" in one for one in searched.warnings)
        box, small = ({"left": x, "top": x + 40, "width": w, "height": w} for x, w in ((92, 17), (95, 11)))
        boxed = LesionChanges.model_validate(
            (
                await client.call_tool("measure_change", {**films, "current_boxes": [box], "prior_boxes": [small]})
            ).structured_content
        )
        (one,) = boxed.changes
        assert one.now is not None and one.before is not None and one.unit == "mm" and one.rule
        assert one.change is Change.LARGER and one.relative is not None and one.relative > 0.4
        assert boxed.now.masks is not None and boxed.before.masks is not None

    _with(house, story)


def test_lesions_are_drawn_as_one_small_picture(house: House) -> None:
    async def story(client: Client) -> None:
        image = house.handle("now")
        found = (await _search(client, image=image)).found.model_dump(mode="json")
        result = await client.call_tool("draw_lesions", {"image": image, "found": found, "numbers": [1]})
        (picture,) = [block for block in result.content if isinstance(block, ImageContent)]
        data = base64.b64decode(picture.data)
        assert data.startswith(b"\x89PNG") and 5_000 < len(data) < 700_000
        assert result.structured_content is not None and result.structured_content["size_bytes"] == len(data)
        lacking = await client.call_tool("draw_lesions", {"image": image, "found": found, "numbers": [99]})
        assert "no lesion 99" in Problem.model_validate(lacking.structured_content).message

    _with(house, story)


def test_lesions_are_written_as_a_dicom_segmentation_that_lies_on_the_film(house: House) -> None:
    films = house.home / "films"

    async def story(client: Client) -> None:
        image = house.handle("now")
        report = (await client.call_tool("refine_lesion", {"image": image, "click": [100, 140]})).structured_content
        asked = {"image": image, "found": report, "path": str(films / "now.dcm"), "out": str(films / "seg.dcm")}
        result = await client.call_tool("export_segmentation", asked)
        told = SegmentationExport.model_validate(result.structured_content)
        assert told.file == "seg.dcm" and str(house.home) not in result.model_dump_json()
        written, source = pydicom.dcmread(films / "seg.dcm"), pydicom.dcmread(films / "now.dcm")
        assert str(source.PatientID) not in result.model_dump_json()
        mask = house.store.read_array(Artefact.model_validate(LesionReport.model_validate(report).masks))
        assert np.array_equal(written.pixel_array, mask[0])
        assert (written.Rows, written.Columns) == (source.Rows, source.Columns) == (told.rows, told.columns)

        async def refused(**other: Any) -> Problem:
            return Problem.model_validate(
                (await client.call_tool("export_segmentation", {**asked, **other})).structured_content
            )

        again = await refused()
        assert "there already" in again.message
        wrong = await refused(path=str(films / "prior.dcm"), out=str(films / "b.dcm"))
        assert "its pixels differ" in wrong.message and not (films / "b.dcm").exists()
        outside = await refused(out=str(house.home / "c.dcm"))
        assert outside.code is ProblemCode.PATH_NOT_ALLOWED and not (house.home / "c.dcm").exists()
        png = await refused(image=house.handle("bare"), path=str(films / "bare.png"), out=str(films / "d.dcm"))
        assert png.code is ProblemCode.BAD_ARGUMENT

    _with(house, story)


def test_models_are_listed_and_the_default_is_the_one_that_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = house.home / "models" / "lesions" / "polyps"
    fitted_lesions(own, target="polyp")

    async def story(client: Client) -> None:
        models = LesionModels.model_validate((await client.call_tool("list_models", {})).structured_content).models
        assert {"nodules", "polyps"} <= {one.name for one in models}
        several = await client.call_tool("segment_lesions", {"image": house.handle("now")})
        assert Problem.model_validate(several.structured_content).code is ProblemCode.BAD_ARGUMENT
        by_finding = await _search(client, image=house.handle("now"), finding="Nodule")
        assert by_finding.found.model == "nodules"
        monkeypatch.setenv("WARDROUND_LESIONS_MODEL", "polyps")
        assert (await _search(client, image=house.handle("now"))).found.target == "polyp"
        assert (await _search(client, image=house.handle("now"), model="nodules")).found.target == "Nodule"
        (block,) = (await client.read_resource("card://model")).contents
        assert "polyps" in {one["name"] for one in json.loads(block.text)}  # type: ignore[union-attr]

    try:
        _with(house, story)
    finally:
        for file in own.iterdir():
            file.unlink()
        own.rmdir()


def test_an_unknown_model_is_refused(house: House) -> None:
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "model": "nobody"})
    assert refused.code is ProblemCode.NOT_FOUND and "nodules" in refused.hint


@pytest.mark.parametrize("point", ["sharp", 0.0, 1.5])
def test_an_unknown_operating_point_is_refused(house: House, point: str | float) -> None:
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "operating_point": point})
    assert refused.code is ProblemCode.BAD_ARGUMENT


def test_a_box_outside_the_film_is_refused(house: House) -> None:
    box = {"left": 310, "top": 10, "width": 40, "height": 20}
    for tool in ("segment_lesions", "refine_lesion"):
        refused = _refused(house, tool, {"image": house.handle("now"), "box": box})
        assert refused.code is ProblemCode.BAD_ARGUMENT and "320 columns" in refused.message


def test_a_click_outside_the_film_is_refused(house: House) -> None:
    refused = _refused(house, "refine_lesion", {"image": house.handle("now"), "click": [400, 10]})
    assert "outside the image" in refused.message and "0 to 319" in refused.hint


def test_a_film_that_is_unknown_is_refused(house: House) -> None:
    assert _refused(house, "segment_lesions", {"image": "im_" + "x" * 32}).code is ProblemCode.NOT_FOUND


def _stack(house: House, masks: np.ndarray[Any, Any], film: str = "now") -> dict[str, Any]:
    digest = house.images[film]["film"]["digest"]
    names = tuple(one.value for one in Structure)
    return house.store.put_array(ArtefactKind.MASK, masks, names, film=digest).model_dump(mode="json")


def test_masks_of_a_wrong_size_are_refused(house: House) -> None:
    masks = _stack(house, np.ones((5, 100, 160), dtype=np.uint8))
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "masks": masks})
    assert refused.code is ProblemCode.BAD_ARGUMENT and "160 x 100" in refused.message
    three = house.store.put_array(ArtefactKind.MASK, np.ones((3, SIZE, SIZE), dtype=np.uint8))
    arguments = {"image": house.handle("now"), "masks": three.model_dump(mode="json")}
    assert "stack of 5" in _refused(house, "segment_lesions", arguments).message


def test_empty_masks_are_refused(house: House) -> None:
    masks = _stack(house, np.zeros((5, SIZE, SIZE), dtype=np.uint8))
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "masks": masks})
    assert "empty" in refused.message


def test_masks_of_another_patient_s_film_are_refused(house: House) -> None:
    masks = np.ones((5, SIZE, SIZE), dtype=np.uint8)
    masks[:, :7] = 0
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "masks": _stack(house, masks, "other")})
    assert "another film" in refused.message


def test_lesions_of_another_patient_s_film_are_not_drawn(house: House) -> None:
    async def story(client: Client) -> Any:
        arguments = {"image": house.handle("other"), "click": [231, 187]}
        return (await client.call_tool("refine_lesion", arguments)).structured_content

    found = _with(house, story)
    refused = _refused(house, "draw_lesions", {"image": house.handle("now"), "found": found})
    assert "another film" in refused.message
    cut = {**found, "lesions": found["lesions"] * 2}
    assert "shape" in _refused(house, "draw_lesions", {"image": house.handle("other"), "found": cut}).message


def test_films_of_two_patients_are_not_compared(house: House) -> None:
    films = {"current": house.handle("now"), "prior": house.handle("other")}
    assert "two patients" in _refused(house, "measure_change", films).message
    turned = {"current": house.handle("prior"), "prior": house.handle("now")}
    assert "older" in _refused(house, "measure_change", turned).message
    same = {"current": house.handle("now"), "prior": house.handle("now")}
    assert "same film" in _refused(house, "measure_change", same).message


def test_films_of_unknown_spacing_are_compared_without_millimetres(house: House) -> None:
    box = {"left": 90, "top": 130, "width": 22, "height": 20}
    written = {"current": house.handle("bare"), "prior": house.handle("bare")}
    assert "same film" in _refused(house, "measure_change", written).message

    async def story(client: Client) -> LesionChanges:
        details = {**house.images["now"], "pixel_spacing_mm": None}
        films = {"current": house.handle("now"), "prior": house.handle("prior"), "current_details": details}
        result = await client.call_tool("measure_change", {**films, "current_boxes": [box], "prior_boxes": [box]})
        return LesionChanges.model_validate(result.structured_content)

    (one,) = _with(house, story).changes
    assert one.change is None and one.absolute_mm is None and one.unit == "1" and "spacing" in one.rule


def test_a_colour_image_is_refused(house: House) -> None:
    film = {**house.images["now"]["film"], "shape": [SIZE, SIZE, 3]}
    details = {**house.images["now"], "film": film}
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "details": details})
    assert refused.code is ProblemCode.COLOUR_IMAGE


def test_a_huge_image_is_refused_before_it_is_read(house: House) -> None:
    film = {**house.images["now"]["film"], "shape": [20_000, 20_000]}
    details = {**house.images["now"], "rows": 20_000, "columns": 20_000, "film": film}
    refused = _refused(house, "segment_lesions", {"image": house.handle("now"), "details": details})
    assert refused.code is ProblemCode.TOO_LARGE


def test_a_colour_file_and_a_huge_one_never_become_films(house: House) -> None:
    films = house.home / "films"
    colour = np.random.default_rng(0).integers(0, 255, size=(SIZE, SIZE, 3), dtype=np.uint8)
    PillowImage.fromarray(colour).save(films / "colour.png")
    header = phantom_dataset(make_phantom(5, size=SIZE))
    header.Rows = header.Columns = 40_000
    header.save_as(films / "huge.dcm", enforce_file_format=True)

    async def story() -> list[ProblemCode]:
        async with Client(build("intake", _settings(house.home))) as client:
            return [
                Problem.model_validate(
                    (await client.call_tool("open_study", {"paths": [str(films / name)]})).structured_content
                ).code
                for name in ("colour.png", "huge.dcm")
            ]

    assert asyncio.run(story()) == [ProblemCode.COLOUR_IMAGE, ProblemCode.TOO_LARGE]
