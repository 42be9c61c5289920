"""The pictures of a report and the file that it is written to."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from mcp.types import CallToolResult, ImageContent

from wardround.agents.imaging.phantom import Phantom, make_phantom
from wardround.agents.imaging.preview import Layer, render, render_layer
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.evidence import Evidence
from wardround.contracts.render import LayerStyle
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.report.build import write_report
from wardround.orchestrator.report.pictures import MAX_HEATMAPS, Pictures, fetch_pictures

_Arguments = Mapping[str, Any]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(3, size=256)


class _Intake:
    """Answers as an intake does, with a phantom film; `trouble` may raise for some of the questions."""

    def __init__(self, phantom: Phantom, trouble: Callable[[_Arguments], None] = lambda _: None) -> None:
        self._phantom = phantom
        self._trouble = trouble
        self.asked: list[_Arguments] = []
        self.media_type = "image/png"

    async def render(self, arguments: _Arguments) -> CallToolResult:
        self.asked.append(arguments)
        self._trouble(arguments)
        data = self._drawn(arguments)
        preview = {"media_type": self.media_type, "width": 256, "height": 256, "size_bytes": len(data)}
        content = ImageContent(type="image", data=base64.b64encode(data).decode("ascii"), mime_type=self.media_type)
        return CallToolResult(content=[content], structured_content=preview)

    def _drawn(self, arguments: _Arguments) -> bytes:
        if arguments["film"]:
            return render(self._phantom.film, (), arguments["max_side"])
        (layer,) = arguments["layers"]
        if layer["style"] == "outline":
            drawn = Layer(self._phantom.masks["heart"], LayerStyle.OUTLINE, layer["colour"], layer["opacity"])
        else:
            drawn = Layer(np.linspace(0, 1, 64).reshape(8, 8), LayerStyle.HEAT, opacity=layer["opacity"])
        return render_layer(drawn, (256, 256), arguments["max_side"])


def _fetch(intake: _Intake, result: Diagnosis) -> Pictures:
    return asyncio.run(fetch_pictures(cast(Diagnoser, intake), result))


def _write(intake: _Intake, result: Diagnosis, path: Path) -> None:
    asyncio.run(write_report(cast(Diagnoser, intake), result, path))


def test_the_report_is_one_file_with_the_film_its_outlines_and_its_heat_maps(
    phantom: Phantom, complete: Diagnosis, tmp_path: Path
) -> None:
    _write(_Intake(phantom), complete, tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 1 + 2 + 2
    assert len(page) < 3_000_000


def test_layers_are_asked_for_without_the_film_and_at_its_size(phantom: Phantom, complete: Diagnosis) -> None:
    intake = _Intake(phantom)
    _fetch(intake, complete)
    film, *layers = intake.asked
    assert film["film"] and not film["layers"]
    assert all(not asked["film"] and len(asked["layers"]) == 1 for asked in layers)
    assert len({asked["max_side"] for asked in intake.asked}) == 1


def test_suspected_findings_come_first_among_the_heat_maps(phantom: Phantom, partial: Diagnosis) -> None:
    heat = _fetch(_Intake(phantom), partial).of_style(LayerStyle.HEAT)
    assert [layer.subject for layer in heat] == ["Effusion", "Nodule"]
    assert heat[0].label == "pleural effusion"


def test_no_more_heat_maps_than_the_limit_are_fetched(phantom: Phantom, complete: Diagnosis) -> None:
    finding = next(item for item in complete.evidence if item.id == "E4")

    def further(number: int) -> Evidence:
        return finding.model_copy(update={"id": f"E{number}", "subject": f"label {number}"})

    result = complete.model_copy(update={"evidence": (*complete.evidence, *map(further, range(10, 30)))})
    heat = _fetch(_Intake(phantom), result).of_style(LayerStyle.HEAT)
    assert len(heat) == MAX_HEATMAPS
    assert heat[0].subject == "Effusion"


def test_a_picture_that_cannot_be_had_is_named_and_the_report_still_written(
    phantom: Phantom, complete: Diagnosis, tmp_path: Path
) -> None:
    def trouble(arguments: _Arguments) -> None:
        if arguments["film"]:
            raise CallerError(ProblemCode.NOT_FOUND, "The film was erased.", "Open the study again.")

    _write(_Intake(phantom, trouble), complete, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Film: The film was erased. Open the study again." in page
    assert page.count('src="data:image/png;base64,') == 2 + 2


def test_an_intake_that_is_down_is_asked_once(phantom: Phantom, complete: Diagnosis) -> None:
    def trouble(_: _Arguments) -> None:
        raise Fault(ProblemCode.SPECIALIST_DOWN, "The intake is down.")

    intake = _Intake(phantom, trouble)
    pictures = _fetch(intake, complete)
    assert len(intake.asked) == 1
    assert not pictures.film and not pictures.layers
    assert len(pictures.missing) == 5


def test_a_picture_in_another_format_is_not_put_into_the_page(phantom: Phantom, complete: Diagnosis) -> None:
    intake = _Intake(phantom)
    intake.media_type = "image/svg+xml"
    pictures = _fetch(intake, complete)
    assert not pictures.film and not pictures.layers
    assert pictures.missing[0].startswith("Film: ")


def test_a_run_without_a_film_has_no_pictures_and_says_so(phantom: Phantom, refused: Diagnosis) -> None:
    pictures = _fetch(_Intake(phantom), refused.model_copy(update={"study": None}))
    assert pictures.missing == ("Film: this run has none.",)


def test_a_file_that_cannot_be_written_is_the_callers_error_and_leaves_nothing(
    phantom: Phantom, refused: Diagnosis, tmp_path: Path
) -> None:
    with pytest.raises(CallerError, match=r"'report\.html' cannot be written") as caught:
        _write(_Intake(phantom), refused, tmp_path / "nowhere" / "report.html")
    assert str(tmp_path) not in str(caught.value.problem)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(CallerError):
        _write(_Intake(phantom), refused, tmp_path / "folder.html")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]
