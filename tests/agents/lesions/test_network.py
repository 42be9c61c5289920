"""The lesion network: what goes in and comes out, what each switch changes, and that it learns."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F

from wardround.agents.lesions.enhanced import EnCF
from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.tcma import edges
from wardround.agents.lesions.vss import drop_path

# Small, yet with every part: two stages, and heads of which each has several channels.
SMALL = NetworkOptions(widths=(16, 32), encoder=(1, 1), decoder=(1, 1), states=8, head=16, drop_path=0.0)


def _net(**changes: object) -> LesionNetwork:
    torch.manual_seed(0)
    return LesionNetwork(NetworkOptions.model_validate({**SMALL.model_dump(), **changes})).eval()


def _count(net: torch.nn.Module) -> int:
    return sum(weights.numel() for weights in net.parameters())


def _pictures(side: int = 32, samples: int = 2) -> Tensor:
    return torch.rand(samples, 1, side, side, generator=torch.Generator().manual_seed(1))


def _disc(side: int, row: int, column: int, radius: float) -> Tensor:
    place = torch.arange(side)
    return ((place[:, None] - row) ** 2 + (place - column) ** 2 <= radius**2).float()[None, None]


@pytest.mark.parametrize("size", [(64, 32), (33, 70), (5, 9)])
@pytest.mark.parametrize("patch", [2, 4])
def test_logits_have_the_pictures_size_whatever_it_is(size: tuple[int, int], patch: int) -> None:
    with torch.inference_mode():
        logits = _net(patch=patch, channels_in=3, classes=2)(torch.rand(2, 3, *size))
    assert logits.shape == (2, 2, *size)
    assert bool(logits.isfinite().all())


def test_padding_is_cut_off_again() -> None:
    net, pictures = _net(), _pictures(30)
    with torch.inference_mode():
        whole = net(F.pad(pictures, (0, 2, 0, 2), mode="replicate"))
        assert torch.equal(net(pictures), whole[..., :30, :30])


def test_a_picture_is_seen_alike_alone_and_in_company() -> None:
    net, pictures = _net(), _pictures()
    with torch.inference_mode():
        assert torch.allclose(net(pictures)[1:], net(pictures[1:]), atol=1e-5)


def test_the_same_seed_makes_the_same_network_and_the_same_answer() -> None:
    pictures = _pictures()
    with torch.inference_mode():
        assert torch.equal(_net()(pictures), _net()(pictures))


@pytest.mark.parametrize("changes", [{}, {"enhanced": False}, {"tcma": False}, {"enhanced": False, "tcma": False}])
def test_every_weight_has_a_say(changes: dict[str, object]) -> None:
    net, pictures = _net(**changes).train(), _pictures()
    (net(pictures) * torch.rand(2, 1, 32, 32)).sum().backward()
    silent = [name for name, part in net.named_parameters() if part.grad is None or not part.grad.any()]
    assert silent == []


def test_each_switch_takes_its_part_away_and_leaves_the_others_alone() -> None:
    whole = dict(_net().named_parameters())
    for switch, names in {"tcma": ("skips.",), "enhanced": ("local.", "norm_local.", ".scale")}.items():
        without = dict(_net(**{switch: False}).named_parameters())
        gone = set(whole) - set(without)
        assert gone == {name for name in whole if any(part in name for part in names)}
        assert gone and all(whole[name].shape == part.shape for name, part in without.items())


def test_each_part_changes_the_answer_of_the_same_weights() -> None:
    pictures, whole = _pictures(), _net()
    with torch.inference_mode():
        answer = whole(pictures)
        for switch in ("tcma", "enhanced"):
            other = _net(**{switch: False})
            other.load_state_dict(whole.state_dict(), strict=False)
            assert not torch.allclose(other(pictures), answer, atol=1e-3)


def test_the_plain_network_has_as_many_weights_as_vm_unet() -> None:
    # 7C² + 426C per block; at VM-UNet's own widths 27.43 M, as its authors publish.
    plain = {"scan": "s6", "decay": "state", "enhanced": False, "tcma": False, "channels_in": 3}
    with torch.device("meta"):
        assert _count(LesionNetwork(NetworkOptions.model_validate(plain))) == 3_586_297
        wide = LesionNetwork(NetworkOptions.model_validate({**plain, "widths": (96, 192, 384, 768)}))
        assert _count(wide) == pytest.approx(27.43e6, rel=1e-3)
        whole = _count(LesionNetwork(NetworkOptions()))
    assert 3.3e6 < whole < 3.7e6


def test_the_same_weights_give_the_same_answer_by_either_method() -> None:
    pictures, chunked, in_turn = _pictures(), _net(), _net(scan="s6")
    in_turn.load_state_dict(chunked.state_dict())
    with torch.inference_mode():
        assert torch.allclose(chunked(pictures), in_turn(pictures), rtol=1e-4, atol=1e-5)


def test_rates_that_all_states_share_make_the_two_models_one() -> None:
    pictures, tied, free = _pictures(), _net(), _net(scan="s6", decay="state")
    weights = dict(tied.state_dict())
    for name, part in free.state_dict().items():
        shared = weights[name]
        axis = 1 if name.endswith("a_log") else -1
        if shared.shape != part.shape:  # (4, H, 1) to (4, D, N), (4, R, H) to (4, R, D), (4, H) to (4, D)
            weights[name] = shared.repeat_interleave(part.shape[axis] // shared.shape[axis], dim=axis).expand_as(part)
    free.load_state_dict(weights)
    with torch.inference_mode():
        assert torch.allclose(tied(pictures), free(pictures), rtol=1e-4, atol=1e-5)


def test_the_chunk_changes_rounding_alone() -> None:
    pictures, whole, small = _pictures(), _net(), _net(chunk=5)
    with torch.inference_mode():
        assert torch.allclose(whole(pictures), small(pictures), rtol=1e-4, atol=1e-5)


def test_a_planted_disc_is_learned_by_heart() -> None:
    net = _net(patch=2).train()
    masks = torch.cat([_disc(32, 9, 20, 3.0), _disc(32, 22, 8, 2.0)])
    pictures = 0.5 * masks + 0.5 * _pictures()
    optimiser = torch.optim.AdamW(net.parameters(), 4e-3)
    for _ in range(55):
        logits = net(pictures)
        share = logits.sigmoid()
        overlap = (2.0 * (share * masks).sum() + 1.0) / (share.sum() + masks.sum() + 1.0)
        loss = F.binary_cross_entropy_with_logits(logits, masks) + 1.0 - overlap
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.inference_mode():
        found = (net.eval()(pictures) > 0.0).float()
    assert float(2.0 * (found * masks).sum() / (found.sum() + masks.sum())) > 0.85


def test_blocks_are_left_out_in_training_alone_and_whole_in_the_mean() -> None:
    torch.manual_seed(0)
    x = torch.ones(4_000, 2, 3)
    assert drop_path(x, 0.2, training=False) is x
    dropped = drop_path(x, 0.2, training=True)
    assert bool(((dropped == 0.0) | (dropped == 1.25)).all())
    assert bool((dropped == dropped[:, :1, :1]).all())
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.03)


def test_edges_stand_at_a_step_and_do_not_depend_on_contrast() -> None:
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1.0
    across, down, length = edges(step)[0]
    assert length[0].tolist() == pytest.approx([0.0, 0.0, 0.0, 4.0, 4.0, 0.0, 0.0, 0.0], abs=1e-4)
    assert torch.allclose(across, length, atol=1e-4) and not down.any()
    assert torch.allclose(edges(0.05 * step + 0.3), edges(step), atol=1e-2)
    assert float(edges(torch.full((1, 1, 8, 8), 0.7)).abs().max()) < 0.02


def test_a_channels_emphasis_raises_that_channel_alone() -> None:
    torch.manual_seed(0)
    part, x = EnCF(8), torch.rand(1, 4, 4, 8)
    with torch.inference_mode():
        before = part(x)
        part.emphasis[3] = 5.0
        ratio = part(x) / before
    assert torch.allclose(ratio[..., [0, 1, 2, 4, 5, 6, 7]], torch.ones(()), atol=1e-5)
    assert bool((ratio[..., 3] > 1.5).all())


def test_no_tensor_stays_behind_when_the_network_moves_to_cuda_in_half_precision() -> None:
    shapes = {name: tensor.shape for name, tensor in _net().state_dict().items()}
    net = _net()
    with FakeTensorMode(), torch.inference_mode():
        weights = {name: torch.empty(shape, device="cuda", dtype=torch.float16) for name, shape in shapes.items()}
        pictures = torch.empty(2, 1, 40, 32, device="cuda", dtype=torch.float16)
        logits = torch.func.functional_call(net, weights, (pictures,))
    assert (logits.device.type, logits.dtype, tuple(logits.shape)) == ("cuda", torch.float16, (2, 1, 40, 32))


def test_peers_are_of_like_size_and_answer_alike() -> None:
    pytest.importorskip("monai")
    from wardround.agents.lesions.peers import PEERS, count, peer

    options = NetworkOptions(classes=2)
    ours = count(LesionNetwork(options))
    for name in PEERS:
        net = peer(name, options).eval()
        assert count(net) == pytest.approx(ours, rel=0.1)
        with torch.inference_mode():
            assert net(_pictures(64, 1)).shape == (1, 2, 64, 64)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"encoder": (1, 1, 1)}, "2, 3 and 2 stages"),
        ({"scan": "ssd", "decay": "state"}, "one rate per head only"),
        ({"head": 24}, "the 32 channels of a direction do not divide into heads of 24"),
        ({"patch": 3}, "2 or 4"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkOptions.model_validate({**SMALL.model_dump(), **wrong})
