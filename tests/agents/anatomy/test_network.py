"""The network runs on whatever device and precision it is put on."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from wardround.agents.anatomy.network import CHANNELS, STRIDE, AnatomyNet


@pytest.mark.parametrize("size", [(256, 256), (STRIDE, 3 * STRIDE)])
def test_logits_have_the_films_size_and_one_channel_per_structure(size: tuple[int, int]) -> None:
    with torch.inference_mode():
        logits = AnatomyNet().eval()(torch.zeros(2, 1, *size))
    assert logits.shape == (2, len(CHANNELS), *size)


def test_no_tensor_stays_behind_when_the_network_moves_to_cuda_in_half_precision() -> None:
    net = AnatomyNet().eval()
    kinds = {name: (tensor.shape, tensor.is_floating_point()) for name, tensor in net.state_dict().items()}
    with FakeTensorMode(), torch.inference_mode():
        weights = {
            name: torch.empty(shape, device="cuda", dtype=torch.float16 if floating else torch.int64)
            for name, (shape, floating) in kinds.items()
        }
        films = torch.empty(2, 1, 256, 256, device="cuda", dtype=torch.float16)
        logits = torch.func.functional_call(net, weights, (films,))
    assert (logits.device.type, logits.dtype, tuple(logits.shape)) == ("cuda", torch.float16, (2, 5, 256, 256))


def test_the_weights_take_less_than_eight_megabytes_in_half_precision() -> None:
    assert sum(tensor.numel() * 2 for tensor in AnatomyNet().state_dict().values()) < 8_000_000
