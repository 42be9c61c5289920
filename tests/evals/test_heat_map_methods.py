"""Kinds of heat map are chosen by name, measured side by side on the same boxes, and refused where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from region_detectors import averaging_network, members_of, region_detector, spot
from shade_detectors import ShadeDetector
from typer.testing import CliRunner

from wardround.agents.cxr import ensemble, heat_maps
from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.cxr.regions import REGIONS
from wardround.agents.cxr.seen import FOLDS, fold_of_patient, mark
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.command import app
from wardround.evals.evaluate.locate import DetectorMaps, evaluate_locate
from wardround.evals.evaluate.methods import all_methods, named_methods
from wardround.evals.evaluate.tables import read_table

EVERY = ["detector", "contributions", "grad-cam", "hirescam", "hirescam-trunk", "occlusion"]


@pytest.fixture(scope="module")
def by_regions() -> RegionDetector:
    """Takes what is bright for an effusion; three of the phantoms' patients are known to it."""
    return region_detector(
        averaging_network([[1.0] * REGIONS], members=FOLDS), seen=frozenset({mark("p0"), mark("p2"), mark("p4")})
    )


def test_the_detectors_own_map_comes_first_and_a_list_keeps_its_order(by_regions: RegionDetector) -> None:
    assert list(all_methods(by_regions)) == list(named_methods(by_regions, "all")) == EVERY
    assert list(named_methods(by_regions, " Occlusion,detector,occlusion")) == ["occlusion", "detector"]


@pytest.mark.parametrize("wanted", ["lime", "detector,lime", "all,lime"])
def test_an_unknown_method_is_refused_and_the_known_ones_are_told(by_regions: RegionDetector, wanted: str) -> None:
    with pytest.raises(CallerError, match="'lime'") as caught:
        named_methods(by_regions, wanted)
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert ", ".join(EVERY) in caught.value.problem.hint


def test_a_list_of_nothing_is_refused(by_regions: RegionDetector) -> None:
    with pytest.raises(CallerError, match="No kind of heat map"):
        named_methods(by_regions, " , ")


def test_a_detector_that_has_its_own_map_only_says_so() -> None:
    assert list(named_methods(ShadeDetector(), "all")) == ["detector"]
    with pytest.raises(CallerError, match="'shades' has no heat map called 'grad-cam'") as caught:
        named_methods(ShadeDetector(), "grad-cam")
    assert caught.value.problem.hint.endswith(": detector.")


def test_films_of_known_patients_are_counted_whatever_is_measured(phantoms: Path, by_regions: RegionDetector) -> None:
    table = read_table(phantoms).with_boxes(4)
    result = evaluate_locate(by_regions, table, methods=named_methods(by_regions, "grad-cam"))
    assert list(result.methods) == ["grad-cam"]
    assert (result.films, result.fresh) == (4, 3)


def test_the_own_map_of_one_film_is_read_anew_when_it_is_said_to_be_another_patients() -> None:
    """Only the member that did not learn from the known patient sees anything; of a stranger the mean is asked."""
    network = averaging_network([[1.0] * REGIONS], members=FOLDS)
    for fold, member in enumerate(members_of(network)):
        if fold != fold_of_patient("known"):
            member.head.weight.data.fill_(-1.0)
    own = DetectorMaps(region_detector(network, seen=frozenset({mark("known")})))
    film = spot(0.4, 0.4)
    assert own(film, "Effusion", "known").max() == 1.0
    assert own(film, "Effusion", "stranger").max() == 0.0


def test_the_command_measures_methods_side_by_side_in_json_table_and_pictures(
    phantoms: Path, tmp_path: Path, by_regions: RegionDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "open_detector", lambda name: by_regions)
    monkeypatch.setattr(heat_maps, "_CELLS", 4)
    asked = ["locate", str(phantoms), "--dataset", "Phantoms", "--limit", "1"]
    runner = CliRunner()
    plain = json.loads(runner.invoke(app, [*asked, "--json"]).stdout)
    assert list(plain["methods"]) == ["detector"]
    told = json.loads(runner.invoke(app, [*asked, "--methods", "all", "--plots", str(tmp_path), "--json"]).stdout)
    assert list(told["methods"]) == EVERY
    assert told["methods"]["detector"] == plain["methods"]["detector"]
    for method in told["methods"].values():
        assert method["labels"]["Effusion"]["n"] == method["regions"]["n"] == told["n"] == 1
        assert 0.0 <= method["overlap"]["value"] <= 1.0
    assert {path.name for path in tmp_path.iterdir()} == {"pointing.png", *(f"regions_{name}.png" for name in EVERY)}
    shown = runner.invoke(app, [*asked, "--methods", "detector,grad-cam"]).stdout
    assert "grad-cam" in shown and "occlusion" not in shown
    refused = runner.invoke(app, [*asked, "--methods", "lime"])
    assert isinstance(refused.exception, CallerError)
