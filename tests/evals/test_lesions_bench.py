"""Networks compared on planted films: kept, resumed, paired; and what learns nothing beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.data.synthetic import small_lesions
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.evals.lesions.aggregate import Judge, cut_at
from wardround.evals.lesions.bench import Bench, run_bench
from wardround.evals.lesions.floors import blobs, everywhere, radii, random_marks
from wardround.evals.lesions.measured import measured
from wardround.evals.lesions.seen import Detections, seen
from wardround.evals.lesions.source import learning_modules
from wardround.evals.lesions.synthetic import Planted, synthetic_bench
from wardround.evals.lesions.variants import ABLATED, OURS, VARIANTS

SMALL = NetworkOptions(widths=(8, 16), encoder=(1, 1), decoder=(1, 1), head=8, states=4)
SHORT = TrainingOptions(steps=3, batch=2, crop=32, averaging=0.5)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return synthetic_bench(SMALL, SHORT, (OURS, "vm-unet"), (0, 1), Planted(4, 4, 128))


def _disc(x: float, y: float, radius: float) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    down, across = np.mgrid[:64, :64]
    return np.asarray((down - y) ** 2 + (across - x) ** 2 <= radius**2)


def test_every_variant_is_another_network_of_about_as_many_weights() -> None:
    sizes = {}
    for name, variant in VARIANTS.items():
        network = variant.network(NetworkOptions(widths=(16, 32, 64), encoder=(1, 1, 1), decoder=(1, 1, 1)), 0)
        sizes[name] = sum(one.numel() for one in network.parameters())
        assert variant.training(SHORT, 5).seed == 5
    assert max(sizes["unet"], sizes["attention-unet"]) < 1.2 * sizes[OURS]
    assert sizes["vm-unet"] < min(sizes[name] for name in ABLATED[:2]) < sizes[OURS] == sizes["without curriculum"]
    assert (
        not VARIANTS["without curriculum"].training(SHORT, 0).curriculum
        and VARIANTS[OURS].training(SHORT, 0).curriculum
    )


def test_a_stopped_training_goes_on_and_ends_where_it_would_have(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardround.evals.lesions.measured._EVERY", 1)
    whole = measured(bench.plan, OURS, 0, bench.films)
    ticks = 0

    def stop() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(bench.plan, OURS, 0, bench.films, tmp_path, stop)
    assert [path.name.split(".")[0] for path in tmp_path.iterdir()] == ["training"]
    later: list[None] = []
    again = measured(bench.plan, OURS, 0, bench.films, tmp_path, lambda: later.append(None))
    for one, other in zip(whole.seen, again.seen, strict=True):
        np.testing.assert_allclose(one.matched.false, other.matched.false, atol=1e-6)
    assert len(later) == SHORT.steps + len(bench.films.tested)
    (kept,) = tmp_path.glob("lesions.*.json")
    told = json.loads(kept.read_text())
    assert told["variant"] == OURS and told["seed"] == 0 and told["source"] and told["plan"]["window"] == 64


def test_what_was_kept_is_given_back_unless_it_is_torn_or_of_another_plan(bench: Bench, tmp_path: Path) -> None:
    first = measured(bench.plan, "vm-unet", 0, bench.films, tmp_path)
    (path,) = tmp_path.glob("lesions.*.json")
    again = measured(bench.plan, "vm-unet", 0, bench.films, tmp_path)
    for one, other in zip(first.seen, again.seen, strict=True):
        np.testing.assert_array_equal(one.matched.found, other.matched.found)
        np.testing.assert_array_equal(one.hausdorff, other.hausdorff)
    path.write_text(path.read_text()[:100])
    assert len(measured(bench.plan, "vm-unet", 0, bench.films, tmp_path).seen) == len(first.seen)
    measured(replace(bench.plan, window=128), "vm-unet", 0, bench.films, tmp_path)
    assert len(list(tmp_path.glob("lesions.*.json"))) == 2


def test_networks_are_told_beside_floors_with_paired_differences(bench: Bench, tmp_path: Path) -> None:
    ticks: list[None] = []
    done = run_bench(bench, tmp_path, lambda: ticks.append(None))
    assert len(ticks) == bench.steps
    figure = done.figure
    assert set(figure.models) == {OURS, "vm-unet"} and set(figure.floors) == {"blobs", "random marks"}
    assert set(figure.differences) == {"full - vm-unet"}
    gap = figure.differences["full - vm-unet"]["below 8 px"]["mean"]
    ours, theirs = (figure.models[name].by_seed["below 8 px"] for name in (OURS, "vm-unet"))
    assert gap.by_seed == pytest.approx([(a or 0.0) - (b or 0.0) for a, b in zip(ours, theirs, strict=True)], abs=1e-3)
    assert gap.value == pytest.approx(np.mean([one or 0.0 for one in gap.by_seed]), abs=1e-3)


def test_only_what_a_network_learns_and_finds_by_counts_as_its_source() -> None:
    modules = learning_modules()
    assert {"network", "tcma", "training", "data.patches", "scan.ssd", "instances"} <= set(modules)
    assert not {"command", "asking", "overlay"} & set(modules)
    assert all("Everything that can be chosen" not in parsed for parsed in modules.values())


def test_a_bright_disc_is_a_blob_where_one_may_be() -> None:
    draw = np.random.default_rng(0)
    image = (0.3 + 0.4 * _disc(20.0, 40.0, 5.0) + 0.02 * draw.standard_normal((64, 64))).astype(np.float32)
    sample = Sample(np.clip(image, 0.0, 1.0), _disc(20.0, 40.0, 5.0).astype(np.uint8), "p", "film")
    found = blobs(sample, everywhere(sample), radii(3.0, 10.0))
    assert found.centres[0] == pytest.approx((20.0, 40.0), abs=1.5)
    film = seen(sample, found)
    assert film.finders.tolist() == [0] and film.matched.dice[0] > 0.7 and film.hausdorff[0] < 3.0
    elsewhere = np.zeros((64, 64), dtype=np.bool_)
    elsewhere[:, 40:] = True
    assert all(x >= 39.0 for x, _ in blobs(sample, elsewhere, radii(3.0, 10.0)).centres)
    assert all(x >= 39.0 for x, _ in random_marks(sample, elsewhere, radii(3.0, 10.0), 1).centres)
    assert not random_marks(sample, np.zeros((64, 64), dtype=np.bool_), (3.0,), 1).scores


def test_of_detections_that_score_alike_the_one_on_the_lesion_found_it() -> None:
    mask = (_disc(16.0, 16.0, 5.0) | _disc(48.0, 48.0, 5.0)).astype(np.uint8)
    sample = Sample(np.zeros((64, 64), dtype=np.float32), mask, "p", "film", 0.5)
    labels = np.zeros((64, 64), dtype=np.int32)
    for number, (x, y) in enumerate(((48.0, 47.0), (16.0, 17.0), (50.0, 10.0)), start=1):
        labels[_disc(x, y, 4.0)] = number
    film = seen(sample, Detections(labels, (0.5, 0.5, 0.5), ((48.0, 47.0), (16.0, 17.0), (50.0, 10.0))))
    assert film.finders.tolist() == [1, 0] and film.matched.false.tolist() == [0.5]


def test_sizes_are_in_millimetres_where_films_have_a_spacing_and_that_is_asked_for() -> None:
    sample = Sample(np.zeros((64, 64), dtype=np.float32), _disc(32.0, 32.0, 8.0).astype(np.uint8), "p", "f", 1.0, 3)
    labels = _disc(33.0, 32.0, 8.0).astype(np.int32)
    film = seen(sample, Detections(labels, (0.9,), ((33.0, 32.0),)))
    in_mm = Judge([film], True, 20)
    assert in_mm.lesions["10 to 20 mm"] == 1 and Judge([film], False, 20).lesions["8 to 16 px"] == 1
    dice, distance = in_mm.outlines([[film]], [cut_at([film], 2.0)])
    assert 0.8 < (dice.value or 0.0) < 1.0 and (distance.value or 9.0) <= 1.5
    assert in_mm.froc([in_mm.curves([film])], "all")["all"]["0.25"].value == 1.0


def test_planted_films_of_both_sides_are_of_other_phantoms() -> None:
    first, second = ({one.patient for one in small_lesions(8, 128, seed)} for seed in (1, 2))
    assert not first & second
