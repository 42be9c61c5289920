"""The short form of a survival model's card, as servers show it."""

from __future__ import annotations

import pytest
from survival_study import Study

from wardround.agents.survival.card import model_card


def test_a_model_s_card_tells_its_cohort_and_that_nothing_was_measured(study: Study) -> None:
    card = model_card(study.loaded.card)
    assert card.calibration == "not measured" and card.figures == ()
    assert card.task == "Survival without death from clinical, genes, histology"
    assert "100 patients" in card.training_data


@pytest.mark.parametrize(("p", "calibrated", "says"), [(0.4, True, "p 0.400"), (0.001, False, "the curves are scores")])
def test_a_measured_model_s_card_puts_figures_beside_ridge_cox(
    study: Study, p: float, calibrated: bool, says: str
) -> None:
    measured = {"harrell_c": 0.7, "integrated_brier": 0.15, "d_calibration_p": p, "folds": 5.0}
    card = model_card(
        study.loaded.card.model_copy(
            update={"figures": measured, "floors": {"harrell_c": 0.68}, "calibrated": calibrated}
        )
    )
    told = {figure.name: figure for figure in card.figures}
    assert set(told) == {"harrell_c", "integrated_brier", "d_calibration_p"}
    assert (told["harrell_c"].floor, told["harrell_c"].floor_name) == (0.68, "ridge Cox")
    assert told["integrated_brier"].floor is None and "5 folds" in told["harrell_c"].data
    assert says in card.calibration
