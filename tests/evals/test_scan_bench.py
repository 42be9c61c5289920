"""The bench of scans measures what it says: mambapy's recurrence and ours are one, and without it that is told."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
import torch

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.lesions import scan_bench
from wardround.evals.memory import peak_megabytes

needs_mambapy = pytest.mark.skipif(find_spec("mambapy") is None, reason="mambapy is missing: pip install '.[bench]'")


@needs_mambapy
def test_both_scan_the_same() -> None:
    given = scan_bench._inputs(8, 32, per_state=True)
    theirs, ours = scan_bench._mambapy(given)(), scan_bench._ours("s6", given)()[0]
    torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-4)


@needs_mambapy
def test_ratios_are_of_one_run_and_growth_is_told_for_each_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_bench, "MAPS", ((8, 32),))
    monkeypatch.setattr(scan_bench, "_GROWN", ((8, 32), (16, 32)))
    bench = scan_bench.measured(rounds=1)
    assert [one.method for one in bench.timings] == ["mambapy", "s6", "ssd"]
    assert bench.timings[0].forward_ratio == bench.timings[0].both_ratio == 1.0
    assert all(one.forward_ms > 0.0 and one.both_ms > 0.0 for one in bench.timings)
    assert [one.tokens for one in bench.growth] == [64, 256] and "Not for clinical use" in bench.notice


def test_without_mambapy_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mambapy.pscan", None)
    with pytest.raises(CallerError, match="mambapy") as refused:
        scan_bench._mambapy(scan_bench._inputs(4, 32, per_state=True))
    assert refused.value.problem.code is ProblemCode.NOT_FOUND and "bench" in refused.value.problem.hint


def test_a_process_knows_its_own_largest_memory() -> None:
    before = peak_megabytes()
    assert 10.0 < before < 100_000.0
    held = bytearray(256 * 1024 * 1024)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_megabytes() >= before
