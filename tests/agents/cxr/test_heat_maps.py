"""What each kind of heat map shows of networks whose answer is known, and whom it asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from region_detectors import LABELS, averaging_network, members_of, random_network, region_detector, spot

from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.cxr import heat_maps as module
from wardround.agents.cxr.bundled import RegionDetector, gathered
from wardround.agents.cxr.detector import Film
from wardround.agents.cxr.heat_maps import METHODS, ask, heat_maps, hirescam, hirescam_at_trunk, occlusion
from wardround.agents.cxr.network import SIZE, STRIDE
from wardround.agents.cxr.regions import REGIONS
from wardround.agents.cxr.seen import FOLDS, fold_of_patient, mark
from wardround.contracts.errors import CallerError, ProblemCode


@dataclass(frozen=True)
class Answered:
    """What was asked of a detector: maps by method and label, and how many films it outlined for them."""

    detector: RegionDetector
    film: Film
    maps: dict[tuple[str, str], NDArray[np.float32]]
    outlined: int


SIDE = SIZE // STRIDE
CELLS = 6
WHOLE_ONLY = [*[0.0] * (REGIONS - 1), 1.0]


def _own(detector: RegionDetector, film: Film) -> NDArray[np.float32]:
    """The detector's own map of its first label."""
    (reading,) = detector.predict([film])
    own: NDArray[np.float32] = reading.maps[0].astype(np.float32)
    return own


def _lies_on_spot(heat: NDArray[np.floating], row: float, column: float, size: float = 0.25) -> bool:
    peak = np.array(np.unravel_index(int(heat.argmax()), heat.shape)) + 0.5
    return bool((np.abs(peak / np.array(heat.shape) - (row, column)) < size / 2).all())


def _halves() -> torch.Tensor:
    """Regions of which the first is the film's left half, and the second its right."""
    regions = torch.zeros(REGIONS, SIDE, SIDE)
    regions[0, :, : SIDE // 2] = 1.0
    regions[1, :, SIDE // 2 :] = 1.0
    return regions


@pytest.fixture(scope="module", autouse=True)
def few_windows() -> Iterator[None]:
    """Occlusion with windows of a third of the side: a fifth of the work, and coarse enough for what is asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CELLS", CELLS)
        yield


@pytest.fixture(scope="module")
def of_known_patient() -> dict[str, NDArray[np.float32]]:
    """All methods' maps of a square on the film of a patient whom all members know but one, and these are spoiled."""
    network = averaging_network([WHOLE_ONLY], members=FOLDS)
    for fold, member in enumerate(members_of(network)):
        if fold != fold_of_patient("known"):
            member.head.weight.data.fill_(float("nan"))
    detector, film = region_detector(network, seen=frozenset({mark("known")})), spot(0.3, 0.7)
    return {name: heat_map(film, "Effusion", "known") for name, heat_map in heat_maps(detector).items()}


@pytest.mark.parametrize("method", METHODS)
def test_the_peak_lies_on_the_square_that_drives_the_label(
    method: str, of_known_patient: dict[str, NDArray[np.float32]]
) -> None:
    assert _lies_on_spot(of_known_patient[method], 0.3, 0.7)


@pytest.mark.parametrize("method", METHODS)
def test_members_that_learned_from_a_patient_are_not_asked(
    method: str, of_known_patient: dict[str, NDArray[np.float32]]
) -> None:
    assert np.isfinite(of_known_patient[method]).all()


def test_one_film_is_asked_about_anew_when_it_is_said_to_be_another_patients() -> None:
    """Of a stranger every member is asked, so the spoiled one shows."""
    network = averaging_network([WHOLE_ONLY], members=FOLDS)
    members_of(network)[(fold_of_patient("known") + 1) % FOLDS].head.weight.data.fill_(float("nan"))
    film, heat_map = spot(0.3, 0.6), heat_maps(region_detector(network, frozenset({mark("known")})))["grad-cam"]
    assert np.isfinite(heat_map(film, "Effusion", "known")).all()
    assert np.isnan(heat_map(film, "Effusion", "stranger")).any()


@pytest.mark.parametrize(("row", "column"), [(0.3, 0.7), (0.8, 0.2), (0.15, 0.15)])
def test_the_detectors_own_peak_lies_there_too(row: float, column: float) -> None:
    assert _lies_on_spot(_own(region_detector(averaging_network([WHOLE_ONLY])), spot(row, column)), row, column)


@pytest.fixture(scope="module")
def answered(chest: Film) -> Answered:
    """All methods' maps of a read-only film for both labels, from a network of random weights."""
    film = chest.copy()
    film.setflags(write=False)
    regions = torch.rand(REGIONS, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    detector = region_detector(random_network(0, regions, members=1))
    outline, outlined = Segmenter.predict, []

    def counted(self: Segmenter, films: Any) -> Any:
        outlined.extend(films)
        return outline(self, films)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Segmenter, "predict", counted)
        maps = {
            (name, label): heat_map(film, label, "anybody")
            for name, heat_map in heat_maps(detector).items()
            for label in LABELS
        }
    return Answered(detector, film, maps, len(outlined))


def test_a_map_lies_between_zero_and_one_and_its_strongest_place_if_any_is_one(answered: Answered) -> None:
    for heat in answered.maps.values():
        assert heat.ndim == 2 and heat.dtype == np.float32
        assert heat.min() >= 0.0 and heat.max() in (0.0, pytest.approx(1.0))


def test_labels_have_maps_of_their_own(answered: Answered) -> None:
    for method in METHODS:
        assert not np.allclose(answered.maps[method, LABELS[0]], answered.maps[method, LABELS[1]], atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_film_gives_the_same_map(method: str, answered: Answered) -> None:
    again = heat_maps(answered.detector)[method](answered.film, "Effusion", "anybody")
    np.testing.assert_array_equal(again, answered.maps[method, "Effusion"])


def test_a_film_is_outlined_once_for_all_methods_and_labels(answered: Answered) -> None:
    assert answered.outlined == 1


def test_neither_the_film_nor_the_network_is_changed(answered: Answered, chest: Film) -> None:
    np.testing.assert_array_equal(answered.film, chest)
    assert all(parameter.grad is None for parameter in answered.detector.network.parameters())


def test_where_the_whole_film_is_the_only_region_grad_cam_and_hirescam_are_the_contributions() -> None:
    detector = region_detector(random_network(1))
    film = np.random.default_rng(0).random((200, 260), dtype=np.float32)
    maps = heat_maps(detector)
    own = maps["contributions"](film, "Effusion", "anybody")
    for method in ("grad-cam", "hirescam"):
        np.testing.assert_allclose(maps[method](film, "Effusion", "anybody"), own, atol=1e-3)


def test_the_own_map_gathers_contributions_over_a_window_as_large_as_a_lung_zone() -> None:
    places = torch.zeros(1, 1, SIDE, SIDE)
    places[0, 0, 10, 10] = 25.0
    places[0, 0, 3, 3:8] = torch.tensor([-9.0, 9.0, 9.0, 9.0, 9.0])
    found = gathered(places)[0, 0]
    assert found[10, 10] == found[8, 12] == 1.0
    assert found[10, 13] == 0.0
    assert divmod(int(found.argmax()), SIDE)[0] in range(1, 6), "many together outweigh one alone"


def test_grad_cam_cannot_tell_regions_that_weigh_against_each_other_and_maps_by_place_can() -> None:
    for_left_against_right = [1.0, -1.0, *[0.0] * (REGIONS - 2)]
    detector = region_detector(averaging_network([for_left_against_right], _halves()))
    film = np.maximum(spot(0.5, 0.25), spot(0.5, 0.75))
    maps = heat_maps(detector)
    assert maps["grad-cam"](film, "Effusion", "anybody").max() < 1e-3
    assert _lies_on_spot(_own(detector, film), 0.5, 0.25)
    for name in ("hirescam", "hirescam-trunk"):
        assert _lies_on_spot(maps[name](film, "Effusion", "anybody"), 0.5, 0.25), name


def test_hirescam_is_the_own_map_measured_from_zero_so_they_differ_by_a_map_of_the_regions_alone() -> None:
    network = random_network(2, _halves())
    with torch.no_grad():
        for member in members_of(network):
            member.usual.normal_(std=10.0)
    detector = region_detector(network)
    random = np.random.default_rng(0)
    differences = []
    for _ in range(2):
        film = random.random((240, 240), dtype=np.float32)
        _, places = detector.forward(*detector.prepared(film))
        differences.append(hirescam(ask(detector, film, "anybody"), 0) - places[0, :, 0].mean(dim=0))
    torch.testing.assert_close(differences[0], differences[1], atol=1e-4, rtol=1e-3)
    left, right = differences[0][:, 1 : SIDE // 2 - 1], differences[0][:, SIDE // 2 + 1 : -1]  # away from the borders
    assert max(left.std(), right.std()) < 0.01 * (left.mean() - right.mean()).abs()


def test_hirescam_adds_up_to_the_logit_where_the_head_is_linear() -> None:
    detector = region_detector(averaging_network([[1.0, -0.5, *[0.0] * (REGIONS - 2)]], _halves(), members=2))
    film = np.maximum(spot(0.5, 0.25), spot(0.5, 0.75))
    logits, _ = detector.forward(*detector.prepared(film))
    assert logits.abs().min() > 1.0
    total = hirescam(ask(detector, film, "anybody"), 0).sum()
    torch.testing.assert_close(total, logits[0, :, 0].mean(), rtol=1e-4, atol=0.0)


def test_hirescam_at_the_trunk_adds_up_to_what_fading_the_trunks_output_does_to_the_logit() -> None:
    """The sum of activation times gradient is the derivative along the activation, by the chain rule."""
    detector = region_detector(averaging_network([[1.0, -0.5, *[0.0] * (REGIONS - 2)]], _halves(), members=2))
    question = ask(detector, np.maximum(spot(0.5, 0.25), spot(0.5, 0.75)), "anybody")
    with torch.no_grad():
        more, less = question.logits(torch.cat([1.01 * question.trunk, 0.99 * question.trunk]))[:, 0]
    torch.testing.assert_close(hirescam_at_trunk(question, 0).sum(), (more - less) / 0.02, rtol=1e-3, atol=0.0)


def test_hiding_parts_of_a_blank_film_changes_nothing_so_its_occlusion_map_is_empty() -> None:
    detector = region_detector(random_network(4, members=1))
    heat = heat_maps(detector)["occlusion"](np.full((200, 260), 0.5, dtype=np.float32), "Effusion", "anybody")
    assert heat.max() == 0.0


def test_occlusion_says_what_the_logit_loses_under_a_window() -> None:
    """A square as large as a window is hidden whole by one, and in halves and quarters by its neighbours.

    So of the four windows over each of its places one hides all, two hide half, and one a quarter.
    """
    detector = region_detector(averaging_network([WHOLE_ONLY]))
    film = spot(4 / CELLS, 2 / CELLS, size=2 / CELLS, shape=(SIZE, SIZE))
    whole = float(detector.forward(*detector.prepared(film))[0][0, 0, 0])
    falls = occlusion(ask(detector, film, "anybody"), 0)
    assert float(falls.max()) == pytest.approx((1 + 1 / 2 + 1 / 2 + 1 / 4) / 4 * whole, rel=0.05)
    assert _lies_on_spot(falls.numpy(), 4 / CELLS, 2 / CELLS, size=2 / CELLS)
    assert float(falls[:2].abs().max()) < 0.01 * whole


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_film_and_a_label_that_is_not_known_are_refused_in_words(method: str, chest: Film) -> None:
    heat_map = heat_maps(region_detector(random_network(0)))[method]
    with pytest.raises(CallerError, match="outside"):
        heat_map(np.full((64, 64), 255.0, dtype=np.float32), "Effusion", "anybody")
    with pytest.raises(CallerError, match="Measles") as caught:
        heat_map(chest, "Measles", "anybody")
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert "Effusion, Nodule" in caught.value.problem.hint
