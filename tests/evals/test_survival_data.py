"""Data sets, folds, the simulation and what is kept between runs are what the benchmark says they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wardround.agents.measures.survival import Observed, agreement, breslow, kaplan_meier
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.survival import extra
from wardround.evals.survival.datasets import SIX, Dataset, Fold, encoded, fold_of, load_dataset
from wardround.evals.survival.extra import extra_module, has_extra
from wardround.evals.survival.folds import Keep
from wardround.evals.survival.forecast import Forecast, constant
from wardround.evals.survival.simulation import World
from wardround.evals.survival.splits import FOLDS, Split, inner_splits, outer_splits

needs_extra = pytest.mark.skipif(not has_extra(), reason="scikit-survival is not installed: pip install '.[bench]'")
SHAPES = {  # patients, events, as the libraries carry them
    "veteran": (137, 128),
    "breast_cancer": (198, 51),
    "whas500": (500, 215),
    "gbsg2": (686, 299),
    "aids": (1151, 96),
    "flchain": (7874, 2169),
}


def _dataset(n: int = 60) -> Dataset:
    random = np.random.default_rng(0)
    values = random.normal(5.0, 3.0, size=(n, 3))
    values[::7, 1] = np.nan
    values[:, 2] = 1.0
    times = random.exponential(10.0 * np.exp(-values[:, 0] / 3.0))
    observed = Observed(times, random.uniform(size=n) < 0.6)
    return Dataset("made", values, ("a", "b", "c"), np.zeros(3, dtype=bool), observed, 3)


@needs_extra
@pytest.mark.parametrize("name", SIX)
def test_each_data_set_has_its_patients_and_events(name: str) -> None:
    dataset = load_dataset(name)
    assert (len(dataset.observed), int(dataset.observed.events.sum())) == SHAPES[name]
    assert dataset.values.shape == (len(dataset.observed), len(dataset.columns))
    assert int(dataset.genes.sum()) == (76 if name == "breast_cancer" else 0)


@needs_extra
def test_the_cause_of_death_is_not_among_the_columns() -> None:
    assert not any(column.startswith("chapter") for column in load_dataset("flchain").columns)


def test_a_level_is_dropped_and_a_missing_one_is_a_level() -> None:
    pandas = extra_module("pandas")
    kind = pandas.Categorical(["b", None, "a", "c"], categories=["a", "b", "c"])
    values, columns = encoded(pandas.DataFrame({"kind": kind, "size": [1.0, 2.0, None, 4.0]}))
    assert columns == ("kind=b", "kind=c", "kind=missing", "size")
    np.testing.assert_array_equal(values[:, :3], [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]])
    assert np.isnan(values[2, 3])


def test_medians_and_scales_are_the_training_folds() -> None:
    dataset = _dataset()
    split = outer_splits(dataset.observed.events, 1)[0]
    fold = fold_of(dataset, split)
    assert np.isfinite(fold.train).all() and np.isfinite(fold.test).all()
    np.testing.assert_allclose(fold.train.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(fold.train[:, :2].std(axis=0), 1.0)
    changed = dataset.values.copy()
    changed[split.test] *= 100.0
    other = fold_of(Dataset("made", changed, dataset.columns, dataset.genes, dataset.observed, 3), split)
    np.testing.assert_array_equal(fold.train, other.train)


def test_folds_are_the_same_in_every_run_and_share_out_events() -> None:
    events = _dataset(100).observed.events
    splits = outer_splits(events, 3)
    assert len(splits) == 3 * FOLDS and [split.repeat for split in splits[::FOLDS]] == [0, 1, 2]
    for again, split in zip(outer_splits(events, 3), splits, strict=True):
        np.testing.assert_array_equal(again.test, split.test)
    tested = np.sort(np.concatenate([split.test for split in splits[:FOLDS]]))
    np.testing.assert_array_equal(tested, np.arange(100))
    shares = [events[split.test].mean() for split in splits]
    assert max(shares) - min(shares) < 0.1


def test_choices_are_made_without_a_row_that_is_measured() -> None:
    dataset = _dataset()
    fold = fold_of(dataset, outer_splits(dataset.observed.events, 1)[0])
    for split in inner_splits(fold.observed.events, 0):
        inner = fold.within(split)
        assert len(inner.train) + len(inner.test) == len(fold.train)
        assert not set(map(tuple, inner.test.tolist())) & set(map(tuple, fold.test.tolist()))


def test_what_was_kept_is_not_measured_again_and_other_settings_are(tmp_path: Path) -> None:
    dataset = _dataset()
    split = outer_splits(dataset.observed.events, 1)[0]
    asked: list[int] = []

    def model(fold: Fold, seed: int) -> Forecast:
        asked.append(seed)
        return constant(fold, seed)

    first = Keep(tmp_path).measured(dataset, split, "made:up", model, "one")
    again = Keep(tmp_path).measured(dataset, split, "made:up", model, "one")
    assert asked == [0]
    np.testing.assert_array_equal(first.risk, again.risk)
    assert (first.harrell, first.uno, first.chosen) == (again.harrell, again.uno, again.chosen) == (0.5, 0.5, "")
    Keep(tmp_path).measured(dataset, split, "made:up", model, "two")
    Keep(tmp_path).measured(dataset, Split(1, 0, split.train, split.test), "made:up", model, "one")
    assert asked == [0, 0, 1]


def test_a_damaged_file_is_measured_again(tmp_path: Path) -> None:
    dataset = _dataset()
    split = outer_splits(dataset.observed.events, 1)[0]
    Keep(tmp_path).measured(dataset, split, "made", constant, "")
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert Keep(tmp_path).measured(dataset, split, "made", constant, "").harrell == 0.5


def test_a_baseline_without_risks_is_the_exponential_of_hazards() -> None:
    observed = _dataset(400).observed
    curve, flat = kaplan_meier(observed), breslow(observed, np.zeros(400))
    early = curve.times < np.percentile(curve.times, 80)
    np.testing.assert_allclose(flat.values[early], curve.values[early], atol=0.01)


def test_an_unknown_data_set_names_those_there_are() -> None:
    with pytest.raises(CallerError) as caught:
        load_dataset("nobody's")
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT and "breast_cancer" in str(caught.value.problem)


def test_a_missing_library_says_how_to_install_it() -> None:
    with pytest.raises(CallerError) as caught:
        extra.extra_module("no_such_library.metrics")
    assert caught.value.problem.code is ProblemCode.NOT_FOUND
    assert "wardround[bench]" in str(caught.value.problem) and "'no_such_library'" in str(caught.value.problem)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_simulation_censors_as_many_as_it_is_told(share: float) -> None:
    drawn = World(seed=1).draw(500, share, 2)
    assert abs((~drawn.patients.events).mean() - share) <= 1 / 500
    assert (drawn.patients.times <= drawn.event_times).all()
    np.testing.assert_array_equal(drawn.patients.times[drawn.patients.events], drawn.event_times[drawn.patients.events])


def test_the_simulations_truth_is_its_law() -> None:
    drawn = World(seed=3).draw(1500, 0.5, 1)
    times = np.array([0.0, 200.0, 600.0, 1500.0])
    truth = drawn.survival(times)
    assert (truth[:, 0] == 1.0).all() and (np.diff(truth, axis=1) <= 0.0).all()
    for column, at in enumerate(times):
        assert truth[:, column].mean() == pytest.approx((drawn.event_times > at).mean(), abs=0.04)
    whole = Observed(drawn.event_times, np.ones(1500, dtype=bool))
    assert 0.65 < agreement(whole, drawn.log_hazard).value < 0.85


def test_patients_drawn_with_other_seeds_live_in_the_same_world() -> None:
    world = World(seed=4)
    first, again, other = world.draw(50, 0.5, 1), world.draw(50, 0.5, 1), world.draw(50, 0.5, 2)
    np.testing.assert_array_equal(first.event_times, again.event_times)
    assert not np.array_equal(first.event_times, other.event_times)
    assert first.pathways == other.pathways and len(first.pathways) == world.pathways
    bags = first.patients.bags
    assert bags is not None and bags[0][0].parents is None
    assert bags[0][1].parents is not None and set(bags[0][1].parents.tolist()) == set(range(world.regions))


def test_a_share_that_cannot_be_censored_is_refused() -> None:
    with pytest.raises(CallerError, match=r"1\.0"):
        World().draw(50, 1.0, 1)
