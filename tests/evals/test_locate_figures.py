"""Heat maps are measured against boxes, beside the label's usual place on other patients and a random point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from shade_detectors import ShadeDetector, TwoMemberDetector

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.contracts.errors import CallerError
from wardround.evals.evaluate.locate import evaluate_locate, prior_boxes
from wardround.evals.evaluate.plots import locate_plots
from wardround.evals.evaluate.tables import Table, read_table

_HeatMap = Callable[[NDArray[np.float32], str, str], NDArray[np.floating]]


def _oracle(table: Table) -> _HeatMap:
    boxes = {row.patient: row.boxes[0] for row in table.rows if row.boxes}

    def heat(film: NDArray[np.float32], label: str, patient: str) -> NDArray[np.floating]:
        box, (high, wide) = boxes[patient], film.shape
        out = np.zeros(film.shape, dtype=np.float32)
        rows = slice(round(box.top * high), round((box.top + box.height) * high))
        out[rows, round(box.left * wide) : round((box.left + box.width) * wide)] = 1.0
        middle = round((box.top + box.height / 2) * high), round((box.left + box.width / 2) * wide)
        out[middle] = 1.5
        return out

    return heat


def _nothing(film: NDArray[np.float32], label: str, patient: str) -> NDArray[np.floating]:
    return np.zeros(film.shape, dtype=np.float32)


def test_an_oracle_points_always_a_blank_map_never_and_the_mask_names_the_region(
    phantoms: Path, tmp_path: Path
) -> None:
    table = read_table(phantoms)
    methods = {"oracle": _oracle(table), "blank": _nothing}
    result = evaluate_locate(ShadeDetector(), table, methods=methods, segmenter=bundled_segmenter())
    assert (result.n, result.films, result.patients) == (6, 6, 6)
    oracle, blank = result.methods["oracle"], result.methods["blank"]
    assert oracle.pointing.value == 1.0
    assert oracle.overlap.value == pytest.approx(1.0, abs=0.01)
    assert (blank.pointing.value, blank.overlap.value) == (0.0, 0.0)
    assert oracle.labels["Effusion"].n == 6
    assert result.chance_pointing < 0.3
    assert oracle.pointing_over_chance.low is not None and oracle.pointing_over_chance.low > 0.5
    assert oracle.regions is not None and oracle.regions.n == 6
    assert blank.regions is not None and blank.regions.agreed == 0.0
    assert {picture.name for picture in locate_plots(result, tmp_path)} == {
        "pointing.png",
        "regions_oracle.png",
        "regions_blank.png",
    }


def test_the_detectors_own_maps_are_the_default_and_read_fairly(phantoms: Path) -> None:
    table = read_table(phantoms).with_boxes()
    result = evaluate_locate(TwoMemberDetector(frozenset({"p0", "p4"})), table)
    assert list(result.methods) == ["detector"]
    assert result.fresh == 2
    assert result.methods["detector"].regions is None


def test_the_prior_is_of_the_same_label_on_other_patients_else_of_all_labels() -> None:
    left, right, odd = (0.0, 0.0, 0.2, 0.2), (0.8, 0.8, 0.2, 0.2), (0.4, 0.4, 0.2, 0.2)
    priors = prior_boxes(["a", "a", "b", "c"], ["X", "X", "X", "Y"], [left, left, right, odd])
    assert priors[0] == pytest.approx(right) and priors[1] == pytest.approx(right)
    assert priors[2] == pytest.approx(left)
    assert priors[3] == pytest.approx((0.8 / 3, 0.8 / 3, 0.2, 0.2))
    assert prior_boxes(["a"], ["X"], [left]) == [(0.0, 0.0, 1.0, 1.0)]


def test_films_without_boxes_are_refused_in_words(shades: Path) -> None:
    with pytest.raises(CallerError, match="box"):
        evaluate_locate(ShadeDetector(), read_table(shades))
