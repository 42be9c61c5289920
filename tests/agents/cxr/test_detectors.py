"""What any detector promises: scores and maps for films of every size, whatever the batch."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch._subclasses.fake_tensor import FakeTensorMode

from wardround.agents.anatomy.zones import regions
from wardround.agents.cxr.bundled import MEMBERS, RegionDetector, open_bundled
from wardround.agents.cxr.cam import CamDetector, Preparation, Window, place_maps, relative_maps
from wardround.agents.cxr.densenet import DenseNet121
from wardround.agents.cxr.detector import GRID, Detector, Film
from wardround.agents.cxr.network import SIZE, STRIDE, RegionNet, prepare
from wardround.agents.cxr.published import centre_square, label_slots, open_published
from wardround.agents.cxr.published import prepare as prepare_published
from wardround.agents.cxr.regions import REGIONS, SIDE, region_stack
from wardround.agents.cxr.seen import fold_of_patient, mark
from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.networks.lite0 import Lite0
from wardround.agents.weights.device import Placement
from wardround.agents.weights.registry import entries, entry
from wardround.contracts.card import ModelCard
from wardround.contracts.codes import nih_labels
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Source

BOTH = ("bundled", "published_nih")
SLOTS = {"Effusion": 2, "Nodule": 0}
SOURCE = Source(model="untrained", version="0")
CARD = ModelCard(
    name="untrained",
    version="0",
    task="a test",
    licence="none",
    training_data="none",
    intended_use="a test",
    calibration="none: scores",
)
PUBLISHED = [model for model in entries() if model.source == "published" and model.task == "detect"]


@pytest.fixture(params=BOTH)
def detector(request: pytest.FixtureRequest) -> Detector:
    found: Detector = request.getfixturevalue(request.param)
    return found


def _noise(rows: int, columns: int, seed: int = 0) -> Film:
    return np.random.default_rng(seed).random((rows, columns), dtype=np.float32)


@pytest.mark.parametrize("shape", [(512, 512), (301, 97), (64, 1001), (16, 16)])
def test_a_film_of_any_size_gives_scores_and_maps_in_range(detector: Detector, shape: tuple[int, int]) -> None:
    (reading,) = detector.predict([_noise(*shape)])
    assert reading.scores.dtype == np.float32
    assert reading.scores.shape == (len(detector.labels),)
    assert ((reading.scores >= 0) & (reading.scores <= 1)).all()
    assert reading.maps.dtype == np.float16
    assert reading.maps.shape[0] == len(detector.labels)
    assert min(reading.maps.shape[1:]) >= SIZE // STRIDE
    assert ((reading.maps >= 0) & (reading.maps <= 1)).all()


def test_a_films_scores_do_not_depend_on_its_batch(detector: Detector, chest: Film) -> None:
    films = [_noise(120, 200), chest, np.ascontiguousarray(chest.T)]
    together = detector.predict(films)
    for film, reading in zip(films, together, strict=True):
        (alone,) = detector.predict([film])
        np.testing.assert_allclose(reading.scores, alone.scores, atol=1e-4)
        np.testing.assert_allclose(reading.maps, alone.maps, atol=5e-3)


def test_no_films_give_no_readings(detector: Detector) -> None:
    assert detector.predict([]) == []


def test_the_same_film_gives_the_same_scores_and_is_left_as_it_was(detector: Detector, chest: Film) -> None:
    film = chest.copy()
    film.setflags(write=False)
    first, second = detector.predict([film])[0], detector.predict([film])[0]
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(film, chest)


@pytest.mark.parametrize(
    "film",
    [
        np.zeros((3, 64, 64), dtype=np.float32),
        np.zeros((4, 64), dtype=np.float32),
        np.full((64, 64), np.nan, dtype=np.float32),
        np.full((64, 64), 255.0, dtype=np.float32),
    ],
)
def test_what_is_no_film_is_refused_by_its_place_in_the_batch(detector: Detector, film: Film) -> None:
    with pytest.raises(CallerError, match="Film 2 of 2") as caught:
        detector.predict([_noise(64, 64), film])
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT


def test_a_blank_film_gives_finite_scores(detector: Detector) -> None:
    (reading,) = detector.predict([np.full((64, 64), 0.5, dtype=np.float32)])
    assert np.isfinite(reading.scores).all()


def test_the_bundled_scores_hold_when_brightness_and_contrast_change(bundled: RegionDetector, chest: Film) -> None:
    before, after = bundled.predict([chest, 0.4 * chest + 0.3])
    np.testing.assert_allclose(before.scores, after.scores, atol=1e-3)


def test_rounding_a_film_to_eight_bits_hardly_moves_the_bundled_scores(bundled: RegionDetector, chest: Film) -> None:
    textured = np.clip(chest + 0.1 * _noise(*chest.shape), 0, 1)
    rounded = (np.round(textured * 255) / 255).astype(np.float32)
    before, after = bundled.predict([textured.astype(np.float32), rounded])
    np.testing.assert_allclose(before.scores, after.scores, atol=0.01)


def test_the_mean_of_an_activation_map_and_the_bias_are_the_logit() -> None:
    torch.manual_seed(0)
    network = Lite0(3).eval()
    x = torch.randn(2, 1, 64, 64)
    with torch.inference_mode():
        activation = torch.einsum("nchw,lc->nlhw", network.maps(x), network.classifier.weight)
        logits = activation.mean(dim=(2, 3)) + network.classifier.bias
        torch.testing.assert_close(logits, network(x))


@pytest.mark.parametrize(("row", "column"), [(40, 60), (40, 440), (460, 60), (260, 250)])
def test_a_bright_spot_moves_the_map_of_a_network_that_sums_what_it_sees(row: int, column: int) -> None:
    torch.manual_seed(0)
    network = Lite0(1).eval()
    torch.nn.init.constant_(network.classifier.weight, 1.0)
    film = torch.zeros(1, 1, 520, 520)
    film[..., row - 20 : row + 20, column - 20 : column + 20] = 1.0
    with torch.inference_mode():
        maps = relative_maps(network.maps(prepare(film)).sum(dim=1, keepdim=True))
    whole = place_maps(maps[0], Window())[0]
    peak = np.array(np.unravel_index(int(whole.argmax()), whole.shape)) + 0.5
    assert np.abs(peak / GRID - np.array([row, column]) / 520).max() < 0.13


@pytest.mark.parametrize(("rows", "columns"), [(100, 200), (300, 150), (80, 80)])
def test_a_map_of_the_central_square_lies_in_the_films_centre(rows: int, columns: int) -> None:
    window = centre_square(rows, columns)
    stack = torch.zeros(1, 8, 8)
    stack[0, 6, 1] = 1.0
    whole = place_maps(stack, window)[0]
    peak_row, peak_column = np.unravel_index(int(whole.argmax()), whole.shape)
    assert abs((peak_row + 0.5) / GRID - (window.top + window.height * 6.5 / 8)) < 1.5 / GRID
    assert abs((peak_column + 0.5) / GRID - (window.left + window.width * 1.5 / 8)) < 1.5 / GRID


def test_nothing_outside_the_central_square_lights_up(published_nih: CamDetector) -> None:
    (reading,) = published_nih.predict([_noise(100, 400)])
    assert reading.maps[:, :, : GRID * 3 // 8 - 1].max() == 0
    assert reading.maps[:, :, GRID * 5 // 8 + 1 :].max() == 0
    assert reading.maps.max() > 0


def test_no_positive_activation_gives_an_empty_map() -> None:
    assert relative_maps(torch.full((1, 1, 4, 4), -1.0)).max() == 0


def test_empty_slots_of_a_published_model_are_skipped_and_its_labels_are_the_code_tables() -> None:
    assert label_slots(entry("densenet121-res224-rsna")) == {"Pneumonia": 8, "Lung Opacity": 16}
    assert len(label_slots(entry("densenet121-res224-all"))) == 18
    for model in PUBLISHED:
        assert len(label_slots(model)) == sum(bool(name) for name in model.outputs)


def test_the_bundled_detector_knows_the_nih_labels_and_what_its_numbers_are(bundled: RegionDetector) -> None:
    assert set(bundled.labels) == set(nih_labels())
    assert not bundled.source.calibrated
    assert bundled.source.weights_digest == bundled.card.weights_digest
    assert set(bundled.training_prevalence) == set(bundled.labels)
    assert all(0 < share < 1 for share in bundled.training_prevalence.values())
    assert bundled.calibration is not None
    assert {row.label for row in bundled.calibration.labels} == set(bundled.labels)
    assert bundled.card.figures[0].value >= 0.74
    assert all(figure.floor is not None for figure in bundled.card.figures if figure.name.startswith("AUC"))


def test_the_bundled_logit_is_the_sum_over_places_and_the_bias(bundled: RegionDetector, chest: Film) -> None:
    film = prepare(torch.from_numpy(chest)[None, None])
    logits, places = bundled.forward(film, bundled.regions(chest)[None])
    bias = dict(bundled.network.named_parameters())["members.0.head.bias"]
    torch.testing.assert_close(places[0, 0].sum(dim=(1, 2)) + bias.float(), logits[0, 0])


def test_a_film_of_a_known_patient_can_be_read_by_the_member_that_did_not_learn_from_it(
    bundled: RegionDetector, chest: Film
) -> None:
    """The patients are those of the training table; their marks ship with the weights."""
    known = next(name for number in range(1, 30_806) if bundled.has_seen(name := f"nih-{number}"))
    stranger = "somebody-else"
    assert not bundled.has_seen(stranger)
    film, regions = prepare(torch.from_numpy(chest)[None, None]), bundled.regions(chest)[None]
    logits = bundled.forward(film, regions)[0][0]
    mine, theirs = bundled.predict_unseen([chest, chest], [known, stranger])
    np.testing.assert_allclose(mine.scores, logits[fold_of_patient(known)].sigmoid().numpy(), atol=1e-5)
    np.testing.assert_allclose(theirs.scores, logits.mean(dim=0).sigmoid().numpy(), atol=1e-5)
    np.testing.assert_allclose(theirs.scores, bundled.predict([chest])[0].scores, atol=1e-5)


def test_a_patients_mark_is_short_and_its_own() -> None:
    assert len({mark(f"nih-{number}") for number in range(500)}) == 500
    assert len(mark("nih-75")) == 8


def test_regions_cover_the_film_once_and_then_the_whole() -> None:
    masks = np.zeros((5, 60, 80), dtype=np.uint8)
    stack = region_stack(masks)
    assert stack.shape == (REGIONS, SIDE, SIDE)
    torch.testing.assert_close(stack[:-1].sum(dim=0), torch.ones(SIDE, SIDE))
    torch.testing.assert_close(stack[-1], torch.ones(SIDE, SIDE))


def test_a_film_without_a_plausible_chest_is_read_through_the_usual_regions(bundled: RegionDetector) -> None:
    stack = bundled.regions(np.full((100, 80), 0.5, dtype=np.float32))
    assert stack.shape == (REGIONS, SIDE, SIDE)
    assert float(stack[0].max()) > 0.1
    assert float(stack[:-1].sum(dim=0).max()) <= 1.01


def test_the_registry_holds_the_digest_that_the_card_was_measured_with() -> None:
    folder = Path(importlib.util.find_spec("wardround.agents.cxr").origin or "").parent  # type: ignore[union-attr]
    card = json.loads((folder / "cards" / "cxr-lite0.json").read_text(encoding="utf-8"))
    assert card["weights_digest"] == f"sha256:{entry('cxr-lite0').sha256}"


def test_a_published_model_that_was_not_pulled_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    with pytest.raises(CallerError, match="are not here yet") as caught:
        open_published("densenet121-res224-all")
    assert "wardround models pull densenet121-res224-all" in caught.value.problem.hint


def test_our_lite0_computes_what_timms_computes() -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False, in_chans=1, num_classes=15).eval()
    ours = Lite0(15).eval()
    ours.load_state_dict(theirs.state_dict())
    for shape in ((1, 1, 96, 96), (2, 1, 75, 101)):
        x = torch.randn(shape)
        with torch.inference_mode():
            torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-4)


def test_our_densenet_computes_what_torchxrayvisions_computes() -> None:
    torchxrayvision = pytest.importorskip("torchxrayvision")
    torch.manual_seed(0)
    theirs = torchxrayvision.models.DenseNet(num_classes=18).eval()
    ours = DenseNet121(18).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(1, 1, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs(x), atol=1e-4, rtol=1e-4)


def test_our_input_range_is_torchxrayvisions() -> None:
    torchxrayvision = pytest.importorskip("torchxrayvision")
    film = np.linspace(0, 255, 224 * 224, dtype=np.float32).reshape(224, 224)
    theirs = torchxrayvision.utils.normalize(film, 255)
    ours = prepare_published(torch.from_numpy(film / 255)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=0.1)


def _in_half_precision(build: type[Lite0] | type[DenseNet121]) -> Lite0 | DenseNet121:
    # Made in half precision, since a pretended parameter cannot be converted.
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)
    try:
        return build(3).eval()
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize(("build", "side"), [(Lite0, SIZE), (DenseNet121, 224)])
def test_every_network_runs_in_half_precision_on_a_cuda_device_that_is_only_pretended(
    build: type[Lite0] | type[DenseNet121], side: int
) -> None:
    with FakeTensorMode():
        with torch.device("cuda"):
            network = _in_half_precision(build)
        detector = CamDetector(network, SLOTS, Preparation(centre_square, prepare), CARD, SOURCE)
        scores, maps = detector.forward(torch.empty(2, 1, side, side))
        placed = place_maps(maps[0], centre_square(100, 200))
    for tensor in (scores, maps, placed):
        assert tensor.device.type == "cuda"
        assert tensor.dtype is torch.float32
    assert scores.shape == (2, 2)
    assert placed.shape == (2, GRID, GRID)


def test_the_bundled_network_runs_in_half_precision_on_a_cuda_device_that_is_only_pretended() -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)
    try:
        with FakeTensorMode(), torch.device("cuda"):
            network = RegionNet(3, MEMBERS).eval()
            logits, places = network(torch.empty(2, 1, SIZE, SIZE), torch.empty(2, REGIONS, SIDE, SIDE))
    finally:
        torch.set_default_dtype(before)
    assert logits.shape == (2, MEMBERS, 3)
    assert places.shape == (2, MEMBERS, 3, SIZE // STRIDE, SIZE // STRIDE)
    assert logits.device.type == "cuda"
    assert logits.dtype is torch.float16


def test_the_bundled_network_can_be_exported_and_computes_the_same() -> None:
    torch.manual_seed(0)
    network = RegionNet(3, 2).eval()
    inputs = torch.randn(1, 1, SIZE, SIZE), torch.rand(1, REGIONS, SIDE, SIDE)
    with torch.inference_mode():
        here = network(*inputs)
    exported = torch.export.export(network, inputs).module()
    with torch.no_grad():
        there = exported(*inputs)
    for mine, theirs in zip(here, there, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_gpu_agrees_with_the_cpu(bundled: RegionDetector, chest: Film) -> None:
    on_gpu = open_bundled(place=Placement(torch.device("cuda"), torch.float16))
    np.testing.assert_allclose(on_gpu.predict([chest])[0].scores, bundled.predict([chest])[0].scores, atol=0.02)


def test_a_film_that_the_process_has_outlined_is_read_as_one_that_it_has_not(bundled: RegionDetector) -> None:
    film = make_phantom(3, size=256).film
    (usual,) = bundled.predict([film])
    for _ in range(2):
        (named,) = bundled.predict_named([film], ["a phantom of these tests"])
        np.testing.assert_array_equal(named.scores, usual.scores)
        np.testing.assert_array_equal(named.maps, usual.maps)


@pytest.mark.parametrize("shape", [(512, 512), (384, 512), (512, 301), (100, 90)])
def test_regions_hold_the_share_of_each_cell_that_their_masks_cover(shape: tuple[int, int]) -> None:
    masks = (np.random.default_rng(7).random((5, *shape)) < 0.5).astype(np.uint8)
    named = torch.from_numpy(np.stack(list(regions(masks).values())).astype(np.float32))
    expected = F.interpolate(named[None], (SIDE, SIDE), mode="area")[0]
    torch.testing.assert_close(region_stack(masks)[: len(named)], expected, rtol=0.0, atol=1e-6)
