"""The published segmenters compute what torchxrayvision's own modules compute, and draw our five structures."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from wardround.agents.anatomy.cxas import CxasNet, own_names
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.published import (
    BUNDLED,
    FiveStructures,
    open_segmenter,
    published_network,
    segmenter_card,
    segmenter_names,
)
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.weights.device import placement
from wardround.agents.weights.fetch import pull
from wardround.agents.weights.lock import Pin, pin
from wardround.agents.weights.registry import entry, folder, weights_path
from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, Fault, ProblemCode

PSPNET, CXAS = "chestx-det-pspnet", "cxas-unet-resnet50"
SIDE = 96
SHAPE = (96, 128)  # at an eighth no multiple of each of the pyramid's grids


def _unsettle(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)


def _picture() -> Tensor:
    return torch.rand(1, 3, *SHAPE, generator=torch.Generator().manual_seed(0))


def _place(name: str, tensors: dict[str, Tensor]) -> None:
    """Weights as they lie once pulled and pinned."""
    path = weights_path(entry(name))
    save_file(tensors, path)
    pin(name, Pin(url="", download_sha256="", sha256=sha256(path.read_bytes()).hexdigest()))


@pytest.fixture(scope="module")
def their_pspnet_logits(home: Path) -> Tensor:
    """What torchxrayvision's own network says of the picture, with random weights that are then ours too."""
    module = pytest.importorskip("torchxrayvision.baseline_models.chestx_det.ptsemseg.pspnet")
    torch.manual_seed(0)
    network = module.pspnet(14).eval()
    _unsettle(network)
    _place(PSPNET, network.state_dict())
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setattr(F, "upsample", F.interpolate)  # its deprecated name warns
        logits: Tensor = network(_picture())
    return logits


@pytest.fixture(scope="module")
def pspnet(their_pspnet_logits: Tensor) -> FiveStructures:
    return published_network(entry(PSPNET), placement("cpu"))


@pytest.fixture(scope="module")
def their_cxas_logits(home: Path) -> Tensor:
    """The same of the other network, its checkpoint pulled from the downloads folder as anyone would."""
    module = pytest.importorskip("torchxrayvision.baseline_models.chestx_anatomy")
    torch.manual_seed(0)
    network = module.UNetResNet50(weights=False)
    _unsettle(network)
    parallel = {f"module.{name}": value for name, value in network.state_dict().items()}
    torch.save({"model": parallel, "epoch": 1}, folder() / "downloads" / entry(CXAS).url.rsplit("/", 1)[-1])
    pull(CXAS)
    with torch.inference_mode():
        logits: Tensor = network._forward(_picture())["logits"]
    return logits


@pytest.fixture(scope="module")
def cxas(their_cxas_logits: Tensor) -> FiveStructures:
    return published_network(entry(CXAS), placement("cpu"))


def _film(rows: int = 80, columns: int = 110) -> NDArray[np.float32]:
    return np.random.default_rng(0).random((rows, columns), dtype=np.float32)


@pytest.mark.parametrize(("ours", "theirs"), [("pspnet", "their_pspnet_logits"), ("cxas", "their_cxas_logits")])
def test_our_network_computes_what_torchxrayvisions_computes(
    ours: str, theirs: str, request: pytest.FixtureRequest
) -> None:
    network, expected = request.getfixturevalue(ours).network, request.getfixturevalue(theirs)
    with torch.inference_mode():
        logits = F.interpolate(network(_picture()), SHAPE, mode="bilinear", align_corners=False)
    scale = expected.abs().max()
    torch.testing.assert_close(logits / scale, expected / scale, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("name", "ours"), [(PSPNET, "pspnet"), (CXAS, "cxas")])
def test_each_of_our_structures_is_the_publishers_channel_of_that_name(
    name: str, ours: str, request: pytest.FixtureRequest
) -> None:
    named = [entry(name).outputs[slot].lower() for slot in request.getfixturevalue(ours).slots]
    for structure, theirs in zip(CHANNELS, named, strict=True):
        assert sorted(theirs.split()) == sorted(structure.value.split())


def test_output_names_are_the_publishers() -> None:
    baselines = pytest.importorskip("torchxrayvision").baseline_models
    assert list(entry(PSPNET).outputs) == baselines.chestx_det.PSPNet.targets
    assert list(entry(CXAS).outputs) == baselines.chestx_anatomy.UNetResNet50.targets
    assert entry(CXAS).url == baselines.chestx_anatomy.WEIGHTS_URL


class _Says(nn.Module):
    """A network that says the same number of every pixel of a channel, at a quarter of the size."""

    def __init__(self, *values: float) -> None:
        super().__init__()
        self.values = torch.tensor(values).view(1, -1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.values.expand(x.shape[0], -1, x.shape[2] // 4, x.shape[3] // 4)


def test_where_the_heart_is_seen_there_is_no_lung() -> None:
    slots = [0, 1, 2, 3, 4]
    films = torch.zeros(1, 1, 32, 32)
    behind = FiveStructures(_Says(3.0, 2.0, 1.0, -1.0, -1.0), slots)(films)[0, :, 0, 0]
    beside = FiveStructures(_Says(3.0, 2.0, -5.0, -1.0, -1.0), slots)(films)[0, :, 0, 0]
    assert behind.tolist() == [-1.0, -1.0, 1.0, -1.0, -1.0]
    assert beside.tolist() == [3.0, 2.0, -5.0, -1.0, -1.0]


@pytest.mark.parametrize(("name", "ours"), [(PSPNET, "pspnet"), (CXAS, "cxas")])
def test_a_published_segmenter_gives_five_masks_their_scores_and_its_source(
    name: str, ours: str, request: pytest.FixtureRequest
) -> None:
    card = segmenter_card(entry(name))
    segmenter = Segmenter(request.getfixturevalue(ours), card, placement("cpu"), size=SIDE)
    (found,) = segmenter.predict([_film()])
    assert found.masks.shape == (len(CHANNELS), 80, 110)
    assert set(found.confidence) == set(Structure)
    assert all(0.0 <= score <= 1.0 for score in found.confidence.values())
    assert found.source.model == name
    assert found.source.weights_digest == card.weights_digest
    assert found.source.weights_digest is not None


def test_the_weights_of_cxas_load_under_either_of_the_names_that_it_is_published_with() -> None:
    torch.manual_seed(0)
    names = CxasNet(5).state_dict()
    shallow = {name.replace("backbone.backbone.", "backbone.", 1): value for name, value in names.items()}
    assert own_names(shallow | {"optimizer.step": torch.zeros(1)}).keys() == names.keys()
    assert own_names(names).keys() == names.keys()


def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    folder().mkdir(parents=True)
    _place(CXAS, {"head.out.conv.weight": torch.zeros(1)})
    with pytest.raises(Fault) as caught:
        open_segmenter(CXAS, "cpu")
    assert caught.value.problem.code is ProblemCode.WEIGHTS_MISMATCH


@pytest.mark.parametrize("name", [PSPNET, CXAS])
def test_a_segmenter_that_was_not_pulled_says_what_to_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    with pytest.raises(CallerError) as caught:
        open_segmenter(name, "cpu")
    assert caught.value.problem.code is ProblemCode.MISSING_WEIGHTS
    assert f"wardround models pull {name}" in caught.value.problem.hint


def test_a_segmenter_opens_by_name_and_the_bundled_one_without() -> None:
    assert open_segmenter(device="cpu").card.name == BUNDLED
    assert segmenter_names() == (BUNDLED, PSPNET, CXAS)
    with pytest.raises(CallerError, match="not a segmenter") as caught:
        open_segmenter("cxr-lite0")
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert PSPNET in caught.value.problem.hint


def test_cards_name_the_licence_under_which_the_weights_may_be_used() -> None:
    assert "no commercial use" in segmenter_card(entry(CXAS)).licence
    assert "none stated" in segmenter_card(entry(PSPNET)).licence
    for name in (PSPNET, CXAS):
        card = segmenter_card(entry(name))
        assert card.figures == ()
        assert "measured" in card.limits[0]
