"""The screen's small heads ship with their cuts, sources and error rates, and say nothing where a film says nothing."""

from __future__ import annotations

import json
import math
from importlib.resources import files

import numpy as np
import pytest

from wardround.agents.anatomy.features import features_of
from wardround.agents.anatomy.heads import AP, MIRRORED, PAEDIATRIC, TABLE_NAME, Head, error_rate, head
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.recipe.screen_heads import fit, mirrored
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.contracts.evidence import Source
from wardround.contracts.screening import ScreenFinding

SOURCE = Source(model="drawn", version="1")


@pytest.mark.parametrize("name", [AP, PAEDIATRIC, MIRRORED])
def test_every_head_names_features_that_a_film_has(name: str, drawn_chest: np.ndarray) -> None:
    film = np.linspace(0, 1, 40_000, dtype=np.float32).reshape(200, 200)
    found = features_of(film, Segmentation(drawn_chest, dict.fromkeys(CHANNELS, 0.9), SOURCE))
    assert set(head(name).features) <= found.keys()
    assert 0.0 <= head(name).score(found) <= 1.0


@pytest.mark.filterwarnings("error")
def test_features_of_a_film_without_outlines_are_missing_and_do_not_fail() -> None:
    empty = Segmentation(np.zeros((5, 60, 50), np.uint8), dict.fromkeys(CHANNELS, 0.0), SOURCE)
    found = features_of(np.full((60, 50), 0.5, np.float32), empty)
    assert math.isnan(found["heart width"])
    assert all(math.isfinite(head(name).score(found)) for name in (AP, PAEDIATRIC, MIRRORED))


def test_a_head_says_yes_no_or_nothing_by_its_cuts() -> None:
    tiny = Head(("x",), (0.0,), (1.0,), (2.0,), 0.0, yes_from=0.8, no_up_to=0.2)
    assert [tiny.says({"x": x}) for x in (3.0, 0.0, -3.0)] == [True, None, False]
    assert tiny.score({"x": math.nan}) == 0.5


def test_the_recipe_learns_a_plain_difference() -> None:
    features = [{"x": float(n), "y": 1.0} for n in range(40)]
    learned = fit(features, np.arange(40) >= 20, ["x", "y"])
    assert learned.score(features[0]) < 0.2 < 0.8 < learned.score(features[-1])


def test_mirrored_outlines_keep_each_lung_on_its_side(drawn_chest: np.ndarray) -> None:
    turned = mirrored(Segmentation(drawn_chest, dict.fromkeys(CHANNELS, 0.9), SOURCE))
    assert np.flatnonzero(turned.masks[1].any(axis=0)).mean() < np.flatnonzero(turned.masks[0].any(axis=0)).mean()


def test_error_rates_name_their_data_or_say_that_they_were_not_measured() -> None:
    table = json.loads(files("wardround.agents.anatomy").joinpath(TABLE_NAME).read_text(encoding="utf-8"))
    assert "NIH" in table["source"]
    assert "NIH" in error_rate(ScreenFinding.VIEW_AP)
    assert error_rate(ScreenFinding.LATERAL) == "not measured"
