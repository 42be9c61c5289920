"""The bench of one large film tells time and memory of both networks, and their ratio."""

from __future__ import annotations

import pytest

from wardround.agents.lesions.options import NetworkOptions
from wardround.contracts.errors import CallerError
from wardround.evals.lesions import film_bench, jsrt


def test_both_networks_are_timed_on_one_film(monkeypatch: pytest.MonkeyPatch) -> None:
    small = NetworkOptions(widths=(8, 16), encoder=(1, 1), decoder=(1, 1), head=8, states=4)
    monkeypatch.setattr(jsrt, "NETWORK", small)
    monkeypatch.setattr(film_bench, "_ROUNDS", 1)
    monkeypatch.setattr(film_bench, "_elsewhere", film_bench._one)  # a process of its own takes seconds to start
    bench = film_bench.measured(side=256)
    assert [one.network for one in bench.timings] == ["ours", "unet"] and bench.ratio > 0.0
    assert all(one.warm_s > 0.0 and one.megabytes > 10.0 for one in bench.timings)
    assert "Not for clinical use" in bench.notice


def test_a_film_that_is_no_size_and_a_model_that_is_not_there_are_told() -> None:
    with pytest.raises(CallerError, match="side"):
        film_bench.measured(side=10)
    with pytest.raises(CallerError, match="model of that name"):
        film_bench.measured("nobody")
