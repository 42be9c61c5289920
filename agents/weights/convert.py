"""From a pickled checkpoint to safetensors, in a process of its own: the only place that unpickles.

A pickle is a program. torchxrayvision publishes whole pickled modules, which no weights-only unpickler takes. So the
child process, under resource limits, first tries `weights_only=True` (enough for a plain state dict), and for a
pickled module falls back to an unpickler whose allow-list holds torch's tensor rebuilders alone: every class of
`torch.nn`, `torchvision` or `torchxrayvision` becomes an inert stand-in that only keeps its attributes, from which the
parameters and buffers are gathered. None of the pickled classes' code runs, and anything else is refused.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["pickle_to_tensors", "to_safetensors"]

_SECONDS = 180
_DATA_BYTES = 6 * 2**30
_FILE_BYTES = 2 * 2**30
_STAND_INS = ("torch.nn.modules.", "torchvision.models.", "torchxrayvision.")
_NESTED = ("state_dict", "model_state", "model")
_PARALLEL = "module."
_GLOBALS = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("torch", "Size"): torch.Size,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
}


class _StandIn:
    """What is left of a pickled module: its attributes."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = _GLOBALS.get((module, name))
        if known is not None:
            return known
        if module.startswith("torch") and name.endswith("Storage") and name.isalpha():
            return getattr(torch, name)
        if module.startswith(_STAND_INS) and name.isidentifier():
            return type(name, (_StandIn,), {})
        raise pickle.UnpicklingError(f"refused: {module}.{name}")


def _pickle_module() -> ModuleType:
    """What torch.load takes as its `pickle_module`, with the restricted unpickler in it."""
    module = ModuleType("restricted_pickle")

    def load(file: io.BufferedIOBase, **options: Any) -> Any:
        return _Unpickler(file, **options).load()

    module.Unpickler = _Unpickler  # type: ignore[attr-defined]
    module.load = load  # type: ignore[attr-defined]
    return module


def _gather(module: Any, prefix: str, out: dict[str, Tensor]) -> None:
    """The state dict of a pickled module, in the order and with the names that torch.nn.Module gives."""
    kept = vars(module)
    passing = kept.get("_non_persistent_buffers_set", set())
    for group in ("_parameters", "_buffers"):
        for name, value in kept.get(group, {}).items():
            if isinstance(value, Tensor) and name not in passing:
                out[prefix + name] = value
    for name, child in kept.get("_modules", {}).items():
        if isinstance(child, _StandIn):
            _gather(child, f"{prefix}{name}.", out)


def _state(loaded: dict[str, Any]) -> dict[str, Tensor]:
    """The state dict of a checkpoint, under one of the usual keys or at its top, without what DataParallel adds."""
    inner = next((loaded[key] for key in _NESTED if isinstance(loaded.get(key), dict)), loaded)
    found = {str(name): value for name, value in inner.items() if isinstance(value, Tensor)}
    wrapped = all(name.startswith(_PARALLEL) for name in found)
    return {name.removeprefix(_PARALLEL) if wrapped else name: value for name, value in found.items()}


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        loaded = torch.load(path, map_location="cpu", weights_only=False, pickle_module=_pickle_module())
    if isinstance(loaded, dict):
        out = _state(loaded)
    else:
        out = {}
        _gather(loaded, "", out)
    if not out:
        raise pickle.UnpicklingError("refused: no tensors in it")
    return {name: value.detach().clone().contiguous() for name, value in out.items()}


def _limit() -> None:
    # RLIMIT_DATA and not RLIMIT_AS: torch's CUDA libraries map tens of GB of address space that they never touch.
    for what, most in (
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_DATA, _DATA_BYTES),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        ceiling = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (ceiling, ceiling))


def to_safetensors(source: Path, target: Path) -> None:
    """Convert a checkpoint at `source` to safetensors at `target`, in a child process; `target` appears whole or not.

    Raises:
        CallerError: DAMAGED_FILE, it is no checkpoint, holds something that is refused, or went over the limits.
    """
    part = target.with_suffix(".part")
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, "-P", "-m", "wardround.agents.weights.convert", str(source), str(part)]
    hint = "Delete the download and fetch it again; if it comes from elsewhere, do not trust it."
    try:
        done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        part.unlink(missing_ok=True)
        raise CallerError(ProblemCode.DAMAGED_FILE, f"Converting '{source.name}' took too long.", hint) from error
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        try:
            reason = str(json.loads(done.stdout)["refused"])
        except (ValueError, KeyError, TypeError):
            reason = f"the converter ended with code {done.returncode}"
        raise CallerError(ProblemCode.DAMAGED_FILE, f"'{source.name}' was not converted: {reason}.", hint)
    part.replace(target)


def pickle_to_tensors(source: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, through a temporary safetensors file made by the child process.

    Raises:
        CallerError: DAMAGED_FILE, as `to_safetensors`.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "converted.safetensors"
        to_safetensors(source, target)
        return load_file(target)


def _child(source: Path, target: Path) -> int:
    _limit()
    try:
        save_file(_tensors(source), target)
    except Exception as error:
        # Whatever a hostile file raises becomes one line of data for the parent.
        text = str(error).splitlines()[0] if str(error) else ""
        print(json.dumps({"refused": f"{type(error).__name__}: {text}"[:300].replace(str(source), source.name)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_child(Path(sys.argv[1]), Path(sys.argv[2])))
