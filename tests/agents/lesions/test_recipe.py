"""The recipe of the nodule model, on made films and for a few steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodule_films import write_films

from wardround.agents.lesions.asking import find_lesions
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.folder import load
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.recipe import nodules
from wardround.agents.lesions.recipe.films import LEVELLED_PX
from wardround.agents.lesions.recipe.nodules import fit_nodules
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.contracts.errors import CallerError


def test_the_recipe_gives_a_model_that_levels_films_and_knows_whom_it_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = NetworkOptions(widths=(8, 16), encoder=(1, 1), decoder=(1, 1), head=8, states=4)
    monkeypatch.setattr(nodules, "NETWORK", small)
    monkeypatch.setattr(nodules, "TRAINING", TrainingOptions(steps=3, batch=2, crop=32))
    write_films(tmp_path / "films")
    card = fit_nodules(tmp_path / "films", tmp_path / "made")
    learned, held = read_nodules(tmp_path / "films").split(0)
    assert card.images == len(learned) and card.held_out_images == len(held) and card.levelled_px == LEVELLED_PX
    assert len(card.learned_from) == card.patients == len(set(learned.patients))
    loaded = load(tmp_path / "made")
    assert loaded.card == card and "planted" in card.source and any("disc" in line for line in card.limits)
    found = find_lesions(loaded, held[0].image, held[0].spacing_mm)
    assert found.report.spacing_mm == held[0].spacing_mm and not found.report.calibrated
    with pytest.raises(CallerError, match="exists"):
        fit_nodules(tmp_path / "films", tmp_path / "made")
