"""The published classifiers compute what torchxrayvision's own modules compute, from weights pulled as anyone pulls."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from wardround.agents.cxr.cam import CamDetector
from wardround.agents.cxr.detector import GRID
from wardround.agents.cxr.jfhealthcare import JfHealthcare, PooledActivation
from wardround.agents.cxr.published import FAMILIES, open_published, prepare, published_card
from wardround.agents.networks.resnet import ResNet50
from wardround.agents.weights.device import placement
from wardround.agents.weights.fetch import pull
from wardround.agents.weights.lock import Pin, pin
from wardround.agents.weights.registry import entries, entry, folder, weights_path
from wardround.contracts.errors import CallerError, Fault, ProblemCode

RESNET, JF, ENSEMBLE = "resnet50-res512-all", "jfhealthcare-chexpert", "chexpert-densenet121-ensemble"


def _download(name: str) -> Path:
    return folder() / "downloads" / entry(name).url.rsplit("/", 1)[-1]


def _place(name: str, tensors: dict[str, Tensor]) -> None:
    """Weights as they lie once pulled and pinned."""
    path = weights_path(entry(name))
    save_file(tensors, path)
    pin(name, Pin(url="", download_sha256="", sha256=sha256(path.read_bytes()).hexdigest()))


def _unsettle(network: nn.Module) -> None:
    """Running averages as after training, so that a normalisation that were left out would show."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)


@pytest.fixture(scope="module")
def their_resnet(home: Path) -> Any:
    """torchxrayvision's own ResNet, from random weights laid where it looks for the published ones."""
    torchxrayvision = pytest.importorskip("torchxrayvision")
    torch.manual_seed(0)
    body = torchxrayvision.models.torchvision.models.resnet50(num_classes=18, weights=None)
    body.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    _unsettle(body)
    with torch.inference_mode():
        # Random weights make huge logits, in which no score would tell one network from another.
        body.fc.weight.div_(body.eval()(torch.full((1, 1, 64, 64), 1024.0)).abs().max())
    torch.save(body.state_dict(), _download(RESNET))
    return torchxrayvision.models.ResNet(weights=RESNET, cache_dir=str(folder() / "downloads"))


@pytest.fixture(scope="module")
def our_resnet(their_resnet: Any) -> CamDetector:
    _place(RESNET, their_resnet.model.state_dict())
    return open_published(RESNET, placement("cpu"))


@pytest.fixture(scope="module")
def their_jf(home: Path) -> nn.Module:
    """torchxrayvision's own network of JF Healthcare, built without its download of ImageNet weights."""
    baseline = pytest.importorskip("torchxrayvision.baseline_models.jfhealthcare")
    config = json.loads((Path(baseline.__file__).parent / "config" / "example.json").read_text(encoding="utf-8"))
    torch.manual_seed(0)
    network: nn.Module = baseline.classifier.Classifier(SimpleNamespace(**config | {"pretrained": False})).eval()
    _unsettle(network)
    torch.save(network.state_dict(), _download(JF))
    return network


@pytest.fixture(scope="module")
def our_jf(their_jf: nn.Module) -> CamDetector:
    pull(JF)
    return open_published(JF, placement("cpu"))


def _logits(detector: CamDetector, prepared: Tensor) -> Tensor:
    return detector.forward(prepared)[0].logit()


def test_our_resnet_computes_what_torchxrayvisions_computes(our_resnet: CamDetector, their_resnet: Any) -> None:
    x = torch.rand(2, 1, 96, 96) * 2048 - 1024
    with torch.inference_mode():
        theirs = their_resnet.model(x)[:, [slot for slot, name in enumerate(entry(RESNET).outputs) if name]]
    torch.testing.assert_close(_logits(our_resnet, x), theirs, atol=1e-3, rtol=1e-3)


def test_our_jf_healthcare_network_computes_what_torchxrayvisions_computes(
    our_jf: CamDetector, their_jf: nn.Module
) -> None:
    x = torch.rand(2, 1, 256, 128) * 4 - 2
    with torch.inference_mode():
        theirs = torch.cat(their_jf(x.repeat(1, 3, 1, 1))[0], dim=1)
    torch.testing.assert_close(_logits(our_jf, x), theirs, atol=1e-4, rtol=1e-3)


def test_the_jf_healthcare_maps_average_to_the_logit_that_its_own_head_computes() -> None:
    torch.manual_seed(0)
    network = JfHealthcare(5).eval()
    _unsettle(network)
    pooled = PooledActivation(network).eval()
    x = torch.randn(2, 1, 128, 256)
    with torch.inference_mode():
        torch.testing.assert_close(
            pooled.maps(x).mean(dim=(2, 3)) + pooled.classifier.bias, network(x), atol=1e-4, rtol=1e-3
        )


def test_the_mean_of_a_resnets_activation_map_and_the_bias_are_the_logit() -> None:
    torch.manual_seed(0)
    network = ResNet50(3).eval()
    x = torch.randn(1, 1, 96, 64)
    with torch.inference_mode():
        activation = torch.einsum("nchw,lc->nlhw", network.maps(x), network.classifier.weight)
        torch.testing.assert_close(activation.mean(dim=(2, 3)) + network.classifier.bias, network(x))


@pytest.mark.parametrize("fixture", ["our_resnet", "our_jf"])
def test_a_published_classifier_reads_a_film_of_any_shape(fixture: str, request: pytest.FixtureRequest) -> None:
    detector: CamDetector = request.getfixturevalue(fixture)
    (reading,) = detector.predict([np.random.default_rng(0).random((90, 200), dtype=np.float32)])
    assert reading.scores.shape == (len(detector.labels),)
    assert ((reading.scores >= 0) & (reading.scores <= 1)).all()
    assert reading.maps.shape == (len(detector.labels), GRID, GRID)


def test_labels_stand_where_the_publisher_has_them_and_untrained_outputs_are_left_out(
    our_resnet: CamDetector, our_jf: CamDetector
) -> None:
    torchxrayvision = pytest.importorskip("torchxrayvision")
    published = torchxrayvision.models.model_urls[RESNET]
    trained = [not np.isnan(threshold) for threshold in published["op_threshs"]]
    assert entry(RESNET).url == published["weights_url"]
    named = [name if known else "" for name, known in zip(published["labels"], trained, strict=True)]
    assert list(entry(RESNET).outputs) == named
    assert our_resnet.labels == tuple(name for name in named if name)
    assert list(our_jf.labels) == torchxrayvision.baseline_models.jfhealthcare.DenseNet.targets
    assert list(entry(ENSEMBLE).outputs) == torchxrayvision.baseline_models.chexpert.DenseNet.targets


def test_films_are_fed_in_the_range_that_each_network_learned() -> None:
    films = torch.stack([torch.zeros(1, 40, 60), torch.ones(1, 40, 60)])
    for size, reach in ((224, 1024.0), (512, 1024.0), (512, 2.0)):
        prepared = prepare(films, size, reach)
        assert prepared.shape == (2, 1, size, size)
        assert prepared.amin() == -reach
        assert prepared.amax() == pytest.approx(reach)


@pytest.mark.parametrize("fixture", ["our_resnet", "our_jf"])
def test_a_published_classifiers_card_names_its_digest_licence_and_that_its_numbers_are_scores(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    card = request.getfixturevalue(fixture).card
    model = entry(card.name)
    assert card.weights_digest is not None
    assert card.licence == model.licence
    assert card.training_data == model.training_data
    assert card.calibration == "none: scores"
    assert card.training_prevalence == {}


def test_every_published_classifier_has_a_card() -> None:
    for model in entries():
        if model.source == "published" and model.task == "detect":
            assert published_card(model).licence
            assert model.family in FAMILIES or not model.pullable


@pytest.mark.parametrize("name", [RESNET, JF])
def test_weights_of_another_network_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    folder().mkdir(parents=True)
    _place(name, nn.Linear(2, 2).state_dict())
    with pytest.raises(Fault) as caught:
        open_published(name)
    assert caught.value.problem.code is ProblemCode.WEIGHTS_MISMATCH


def test_the_chexpert_ensemble_says_why_it_cannot_be_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    with pytest.raises(CallerError, match="cannot be loaded") as caught:
        pull(ENSEMBLE)
    assert caught.value.problem.code is ProblemCode.MISSING_WEIGHTS
    assert "torrent" in caught.value.problem.hint
    assert not weights_path(entry(ENSEMBLE)).exists()
    with pytest.raises(CallerError, match="not a published classifier") as refused:
        open_published(ENSEMBLE)
    assert "torrent" in refused.value.problem.hint
