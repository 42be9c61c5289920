"""The benchmark of survival models from its command to its tables, with small cohorts and short trainings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from wardround.contracts.errors import CallerError
from wardround.evals.evaluate import survival
from wardround.evals.evaluate.command import app
from wardround.evals.evaluate.survival import SurvivalSettings, evaluate_survival, planned
from wardround.evals.survival import ablation, ours
from wardround.evals.survival.ablation import Simulation
from wardround.evals.survival.datasets import fold_of, load_dataset
from wardround.evals.survival.extra import has_extra
from wardround.evals.survival.figures import SurvivalResult
from wardround.evals.survival.folds import measured_fold
from wardround.evals.survival.growth import exponent
from wardround.evals.survival.peers import PEERS
from wardround.evals.survival.splits import outer_splits
from wardround.evals.survival.tables import survival_tables

needs_extra = pytest.mark.skipif(not has_extra(), reason="scikit-survival is not installed: pip install '.[bench]'")
QUICK = ours.VARIANTS["euclidean"].model_copy(update={"epochs": 1, "members": 2, "bends": 0})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our model with two members and one epoch."""
    for name, options in ours.VARIANTS.items():
        short = {"epochs": 1, "members": 2, "bends": 0}
        monkeypatch.setitem(ours.VARIANTS, name, options.model_copy(update=short))


@needs_extra
def test_every_peer_finds_what_is_there_and_gives_curves_that_fall() -> None:
    dataset = load_dataset("veteran")
    split = outer_splits(dataset.observed.events, 3)[0]
    fold = fold_of(dataset, split)
    times = np.linspace(0.0, float(fold.observed.times.max()) * 1.2, 40)
    for name in ("constant", "ridge_cox", "coxnet", "gbsa", "deepsurv"):
        forecast = PEERS[name](fold, 0)
        curves = forecast.survival(times)
        assert curves.shape == (len(fold.test), 40) and (curves[:, 0] == 1.0).all()
        assert (np.diff(curves, axis=1) <= 1e-9).all() and curves.min() >= 0.0
        found = measured_fold(dataset, split, PEERS[name])
        assert found.harrell == 0.5 if name == "constant" else found.harrell > 0.6


@needs_extra
def test_the_forecast_of_ridge_cox_is_the_one_of_the_published_comparison() -> None:
    dataset = load_dataset("veteran")
    splits = outer_splits(dataset.observed.events, 3)
    values = [measured_fold(dataset, split, PEERS["ridge_cox"]).harrell for split in splits]
    assert np.mean(values) == pytest.approx(0.715, abs=0.001) and np.std(values) == pytest.approx(0.059, abs=0.001)


@needs_extra
def test_the_command_measures_keeps_and_tells(tmp_path: Path, quick: None) -> None:
    asked = ["survival", "--data", "veteran", "--models", "constant,ridge_cox,deepsurv,ours", "--limit-folds", "2"]
    kept = tmp_path / "kept"
    done = CliRunner().invoke(app, [*asked, "--keep", str(kept), "--json"])
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    figures = told["datasets"]["veteran"]
    assert (figures["patients"], figures["events"], figures["folds"]) == (137, 128, 2)
    assert figures["models"]["constant"]["harrell"]["value"] == 0.5
    assert figures["best_peer"] in ("ridge_cox", "deepsurv") and figures["compared"] == "ours"
    assert set(figures["differences"]["brier"]) == {"ridge_cox", "deepsurv"}
    assert sum(figures["models"]["ours"]["chosen"].values()) == 2
    assert sum(figures["models"]["ours"]["d_shares"]) == pytest.approx(1.0, abs=0.01)
    assert len(list(kept.iterdir())) == 8 and "Not for clinical use" in told["notice"]
    again = CliRunner().invoke(app, [*asked, "--keep", str(kept), "--json"])
    assert json.loads(again.stdout) == told


@needs_extra
def test_a_run_that_stopped_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SurvivalSettings(("veteran",), ("ridge_cox",), 4, tmp_path)
    steps = 0

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_survival(planned(settings), stop)
    assert len(list(tmp_path.iterdir())) == 3
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert evaluate_survival(planned(settings)).datasets["veteran"].folds == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_ablation_measures_variants_on_the_same_patients(tmp_path: Path, quick: None) -> None:
    simulation = Simulation(60, 60, (0.5,), 2, ("euclidean", "hyperbolic", "hierarchy"))
    settings = SurvivalSettings((), (), None, tmp_path, simulation)
    steps: list[None] = []
    result = evaluate_survival(planned(settings), lambda: steps.append(None))
    assert len(steps) == planned(settings).steps == 6 and len(list(tmp_path.iterdir())) == 6
    (figure,) = result.ablation
    assert set(figure.variants) == set(simulation.variants) and figure.ceiling_c and figure.ceiling_c > 0.6
    for one in figure.variants.values():
        assert one.simulations == 2 and 0.0 <= (one.coverage.value or 0.0) <= 1.0
        assert one.ordered.value is not None and 0.0 <= one.ordered.value <= 1.0
    assert set(figure.differences) == {"hyperbolic - euclidean", "hierarchy - hyperbolic"}
    assert evaluate_survival(planned(settings)) == result
    assert len(survival_tables(result)) == 2


def test_ties_of_all_embeddings_order_nothing() -> None:
    assert ablation._spearman(np.zeros(10), np.arange(10.0)) == 0.0
    assert ablation._spearman(np.arange(10.0) ** 3, np.arange(10.0)) == pytest.approx(1.0)


def test_names_that_are_unknown_are_told_with_those_there_are() -> None:
    with pytest.raises(CallerError, match="magic") as caught:
        planned(SurvivalSettings((), ("magic",)))
    assert "ours" in str(caught.value.problem) and "coxnet" in str(caught.value.problem)
    assert SurvivalSettings((), ("all", "ours")).named() == (*PEERS, "ours")
    assert "ours:full" in SurvivalSettings((), ("variants",)).named()
    done = CliRunner().invoke(app, ["survival", "--data", "none", "--ablation", "--censoring", "half"])
    assert done.exit_code != 0 and isinstance(done.exception, CallerError)


def test_what_was_measured_of_another_source_is_not_taken() -> None:
    assert ours.source() in survival._words("ours") and ours.source() in survival._words("ours:full")
    assert survival._words("rsf") == ""


def test_growth_is_the_slope_over_sizes() -> None:
    assert exponent((100, 200, 400), (1.0, 2.0, 4.0)) == 1.0
    assert exponent((100, 200, 400), (1.0, 4.0, 16.0)) == 2.0
    assert exponent((100,), (1.0,)) is None


def test_nothing_measured_is_no_table() -> None:
    assert survival_tables(SurvivalResult(datasets={}, notes=())) == ()
