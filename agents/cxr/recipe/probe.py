"""The linear probe that the detector must beat: logistic regression on ImageNet features averaged over the film."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.cxr.network import prepare
from wardround.agents.cxr.recipe.data import Films
from wardround.agents.cxr.seen import FOLDS
from wardround.agents.networks.imagenet import imagenet_start
from wardround.agents.networks.lite0 import Lite0

__all__ = ["probe_logits"]

_SIZE = 224  # what ImageNet's weights were trained at
_RIDGE = 0.05  # the best of 0.01, 0.05, 0.2 for the probe itself


def _features(films: Films) -> Tensor:
    """EfficientNet-Lite0's 1,280 means of each film (n, 1280)."""
    network = Lite0(len(films.labels))
    network.load_state_dict(imagenet_start(), strict=False)
    network = network.to(memory_format=torch.channels_last).eval()
    out = []
    with torch.inference_mode():
        for first in range(0, len(films), 32):
            x = prepare(films.pixels[first : first + 32].float() / 255.0, _SIZE)
            out.append(network.maps(x.contiguous(memory_format=torch.channels_last)).mean(dim=(2, 3)))
    return torch.cat(out).clone()


def probe_logits(films: Films, ridge: float = _RIDGE) -> NDArray[np.float64]:
    """Out-of-fold logits (films, labels)."""
    features, folds = _features(films), films.folds
    out = np.empty(films.targets.shape)
    for fold in range(FOLDS):
        learned, judged = torch.from_numpy(folds != fold), torch.from_numpy(folds == fold)
        mean, spread = features[learned].mean(dim=0), features[learned].std(dim=0) + 1e-4
        x, y = (features[learned] - mean) / spread, films.targets[learned]
        weight = torch.zeros(y.shape[1], x.shape[1], requires_grad=True)
        bias = y.mean(dim=0).logit().requires_grad_()
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=80, line_search_fn="strong_wolfe")

        def closure(x: Tensor = x, y: Tensor = y, weight: Tensor = weight, bias: Tensor = bias) -> Tensor:
            weight.grad = bias.grad = None
            loss = F.binary_cross_entropy_with_logits(x @ weight.T + bias, y) + ridge * weight.square().mean(0).sum()
            torch.autograd.backward(loss)
            return loss

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            out[judged.numpy()] = (((features[judged] - mean) / spread) @ weight.T + bias).double().numpy()
    return out
