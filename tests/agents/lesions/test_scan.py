"""The selective scan's methods say the same, learn the same, and keep no more per token of a longer sequence."""

from __future__ import annotations

import importlib.util
import itertools
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from wardround.agents.lesions.cross_scan import to_map, to_sequences
from wardround.agents.lesions.options import Method
from wardround.agents.lesions.scan.cuda import kernel_arguments
from wardround.agents.lesions.scan.scan import selective_scan
from wardround.contracts.errors import CallerError, ProblemCode


class _Scan(NamedTuple):
    x: Tensor
    dt: Tensor
    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor

    def run(self, method: Method, chunk: int = 64) -> Tensor:
        return selective_scan(*self, method=method, chunk=chunk)


def _drawn(
    length: int,
    *,
    heads: int = 2,
    channels: int = 4,
    states: int = 5,
    per_state: bool = False,
    dtype: torch.dtype = torch.float64,
    learns: bool = False,
) -> _Scan:
    """Two samples of three sequences, with steps from 1e-3 to 1e-1 as in a network that has just been made."""
    draw = torch.Generator().manual_seed(length)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    steps = 10.0 ** (torch.rand(2, 3, length, heads, generator=draw, dtype=torch.float64) * 2.0 - 3.0)
    rates = -(1.0 + 15.0 * torch.rand(3, heads, states if per_state else 1, generator=draw, dtype=torch.float64))
    wide = heads * channels
    reads = normal(2, 3, length, states), normal(2, 3, length, states)
    parts = (normal(2, 3, length, wide), steps, rates, *reads, normal(3, wide))
    return _Scan(*(part.to(dtype).requires_grad_(learns) for part in parts))


def _error(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().norm() / other.detach().norm())


def _by_hand(scan: _Scan) -> Tensor:
    """The recurrence as it is written, one channel of one sequence at a time."""
    x, dt, a, b, c, d = scan
    y = torch.zeros_like(x)
    samples, sequences, length, wide = x.shape
    per_head = wide // dt.shape[-1]
    for i, k, channel in itertools.product(range(samples), range(sequences), range(wide)):
        head, state = channel // per_head, torch.zeros(b.shape[-1], dtype=x.dtype)
        for t in range(length):
            state = (dt[i, k, t, head] * a[k, head]).exp() * state + dt[i, k, t, head] * x[i, k, t, channel] * b[
                i, k, t
            ]
            y[i, k, t, channel] = (c[i, k, t] * state).sum() + d[k, channel] * x[i, k, t, channel]
    return y


@pytest.mark.parametrize("per_state", [False, True])
def test_the_reference_is_the_recurrence_as_it_is_written(per_state: bool) -> None:
    scan = _drawn(9, per_state=per_state)
    assert _error(scan.run("s6"), _by_hand(scan)) < 1e-14


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 300, 517])
def test_the_chunked_scan_says_what_the_reference_says(length: int) -> None:
    exact = _drawn(length)
    assert _error(exact.run("ssd"), exact.run("s6")) < 1e-10
    single = _drawn(length, dtype=torch.float32)
    assert single.run("ssd").dtype == torch.float32
    assert _error(single.run("ssd"), single.run("s6")) < 1e-5
    assert _error(single.run("ssd").double(), exact.run("s6")) < 1e-5


def test_states_are_handed_on_over_several_spans_of_chunks() -> None:
    scan = _drawn(517)
    # 173 chunks of 3 tokens, and 517 of 1, are more than one product hands on at once.
    assert all(_error(scan.run("ssd", chunk), scan.run("s6")) < 1e-10 for chunk in (1, 3))


def test_a_token_is_still_felt_thousands_of_tokens_later_where_decay_is_slow() -> None:
    scan = _drawn(5_000, heads=1, channels=2, states=2)
    slow = scan._replace(a=torch.full_like(scan.a, -1e-3))
    moved = slow._replace(x=slow.x.clone())
    moved.x[:, :, 0] += 1.0
    felt = (moved.run("ssd", 16) - slow.run("ssd", 16))[:, :, -1]
    assert _error(felt, (moved.run("s6") - slow.run("s6"))[:, :, -1]) < 1e-6
    assert float(felt.abs().max()) > 1e-5


def test_steps_that_forget_everything_leave_no_infinity_behind() -> None:
    scan = _drawn(130, dtype=torch.float32)
    scan.dt[:, :, ::7] = 1e4
    learning = _Scan(*(part.requires_grad_() for part in scan))
    y = learning.run("ssd", 32)
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert _error(y, scan.run("s6")) < 1e-4
    assert all(part.grad is not None and bool(part.grad.isfinite().all()) for part in learning)


@pytest.mark.parametrize("chunk", [1, 7, 16, 64, 1000])
def test_the_size_of_a_chunk_changes_nothing(chunk: int) -> None:
    scan = _drawn(150)
    assert _error(scan.run("ssd", chunk), scan.run("ssd", 50)) < 1e-12


@pytest.mark.parametrize(("method", "per_state"), [("ssd", False), ("s6", False), ("s6", True)])
def test_gradients_are_those_of_the_outputs(method: Method, per_state: bool) -> None:
    scan = _drawn(7, channels=2, states=2, per_state=per_state, learns=True)
    assert torch.autograd.gradcheck(lambda *parts: selective_scan(*parts, method=method, chunk=3), tuple(scan))


def test_both_methods_learn_the_same_from_a_sequence_of_several_blocks() -> None:
    scan = _drawn(517, learns=True)
    weight = torch.randn_like(scan.x)
    gradients = [torch.autograd.grad((scan.run(method) * weight).sum(), scan) for method in ("ssd", "s6")]
    assert all(_error(one, other) < 1e-10 for one, other in zip(*gradients, strict=True))


def _kept_for_learning(length: int, method: Method) -> int:
    """Bytes that a pass keeps for its gradient, each tensor's memory counted once."""
    scan = _drawn(length, heads=2, channels=32, states=16, dtype=torch.float32, learns=True)
    memory: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        memory[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        y = scan.run(method)
    assert y.shape == scan.x.shape
    return sum(memory.values())


def test_a_longer_sequence_costs_the_chunked_scan_no_more_per_token_and_less_than_the_states_of_all() -> None:
    per_token = [_kept_for_learning(length, "ssd") / length for length in (512, 2048, 8192)]
    assert max(per_token) < 1.1 * min(per_token)
    samples, sequences, channels, states, bytes_each = 2, 3, 64, 16, 4
    assert max(per_token) < samples * sequences * channels * states * bytes_each
    assert max(per_token) < _kept_for_learning(512, "s6") / 512 / 2


def test_half_precision_is_computed_in_single() -> None:
    scan = _drawn(200, dtype=torch.bfloat16)
    single = _Scan(*(part.float() for part in scan))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = scan.run("ssd")
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, single.run("ssd").bfloat16())


def test_rates_per_state_are_refused_by_the_chunked_scan() -> None:
    with pytest.raises(CallerError, match="one rate per head, and 5 were given") as raised:
        _drawn(4, per_state=True).run("ssd")
    assert "'s6'" in raised.value.problem.hint


def test_heads_must_share_the_channels_out() -> None:
    scan = _drawn(4)
    with pytest.raises(CallerError, match="8 channels do not divide into 3 heads"):
        scan._replace(dt=scan.dt.new_ones(2, 3, 4, 3)).run("s6")


@pytest.mark.skipif(importlib.util.find_spec("mamba_ssm") is not None, reason="mamba-ssm is installed")
def test_without_mambas_package_its_kernel_is_refused_with_what_to_do() -> None:
    with pytest.raises(CallerError, match="mamba-ssm, which is not installed") as raised:
        _drawn(4).run("cuda")
    assert raised.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert "'ssd'" in raised.value.problem.hint


@pytest.mark.parametrize("per_state", [False, True])
def test_mambas_kernel_is_asked_for_the_same_recurrence(per_state: bool) -> None:
    scan = _drawn(6, per_state=per_state)
    u, delta, a, b, c = kernel_arguments(*scan[:5])
    samples, rows, length = u.shape
    per_group = rows // b.shape[1]
    y, state = torch.zeros_like(u), u.new_zeros(samples, rows, a.shape[-1])
    for t in range(length):
        step = delta[:, :, t, None]  # (B, K · D, 1)
        group_b, group_c = (part[..., t].repeat_interleave(per_group, dim=1) for part in (b, c))  # (B, K · D, N)
        state = (step * a).exp() * state + step * u[:, :, t, None] * group_b
        y[:, :, t] = (state * group_c).sum(dim=-1)
    found = torch.unflatten(y, 1, (3, -1)).transpose(2, 3) + scan.d[:, None] * scan.x
    assert _error(found, scan.run("s6")) < 1e-12
    assert all(part.is_contiguous() for part in (u, delta, a, b, c))


@pytest.mark.gpu
@pytest.mark.parametrize("per_state", [False, True])
def test_mambas_kernel_says_what_the_reference_says(per_state: bool) -> None:
    pytest.importorskip("mamba_ssm")
    scan = _Scan(*(part.cuda() for part in _drawn(300, per_state=per_state, dtype=torch.float32)))
    assert _error(scan.run("cuda"), scan.run("s6")) < 1e-5


def test_a_map_is_read_by_row_by_column_and_both_from_the_end() -> None:
    rows = to_sequences(torch.arange(6).reshape(1, 2, 3, 1))[0, ..., 0]
    assert rows.tolist() == [[0, 1, 2, 3, 4, 5], [0, 3, 1, 4, 2, 5], [5, 4, 3, 2, 1, 0], [5, 2, 4, 1, 3, 0]]


def test_each_direction_comes_back_to_its_place() -> None:
    x = torch.randn(2, 3, 5, 4)
    sequences = to_sequences(x)
    for direction in range(4):
        only = torch.zeros_like(sequences)
        only[:, direction] = sequences[:, direction]
        assert torch.equal(to_map(only, 3, 5), x)
    assert torch.allclose(to_map(sequences, 3, 5), 4.0 * x)


def test_the_way_back_is_the_transpose_of_the_way_there() -> None:
    x, y = torch.randn(2, 3, 5, 4, dtype=torch.float64), torch.randn(2, 4, 15, 4, dtype=torch.float64)
    assert torch.isclose((to_sequences(x) * y).sum(), (x * to_map(y, 3, 5)).sum())


def test_a_turned_map_has_the_same_sequences_in_another_order() -> None:
    x = torch.randn(1, 4, 6, 2)
    upright, mirrored = to_sequences(x), to_sequences(x.transpose(1, 2))
    assert torch.equal(mirrored, upright[:, [1, 0, 3, 2]])
    assert torch.equal(to_sequences(x.flip(1, 2)), upright[:, [2, 3, 0, 1]])
