"""The list of every model, read from `registry.toml`, and the folder where a user's weights lie."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home

__all__ = ["ModelEntry", "entries", "entry", "folder", "shown", "weights_path"]


class ModelEntry(Word):
    """One model. `sha256` is of its safetensors file, `download_sha256` of what its address serves; empty: not known.

    `file` is relative to the package's `agents` folder and set for bundled models, `url` for published ones.
    `pullable` is false where what is published is no single checkpoint, so that `get` alone says how it can be had.
    `outputs` are the model's own label names in the order of its outputs, with '' for a slot it was not trained on.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    task: Literal["detect", "segment", "retrieve", "survive"]
    family: str
    source: Literal["bundled", "published"]
    file: str = ""
    url: str = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    download_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    size_bytes: Annotated[int, Field(ge=0)] = 0
    max_bytes: Annotated[int, Field(ge=0)] = 0
    pullable: bool = True
    licence: str
    format: str
    training_data: str
    outputs: tuple[str, ...] = ()
    get: str


@lru_cache(maxsize=1)
def _table() -> dict[str, ModelEntry]:
    raw = tomllib.loads(files("wardround.agents.weights").joinpath("registry.toml").read_text(encoding="utf-8"))
    return {row["name"]: ModelEntry.model_validate(row) for row in raw["model"]}


def entries() -> tuple[ModelEntry, ...]:
    """Every model, in the registry's order."""
    return tuple(_table().values())


def entry(name: str) -> ModelEntry:
    """One model by name.

    Raises:
        CallerError: NOT_FOUND, naming the models that there are.
    """
    try:
        return _table()[name]
    except KeyError:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"There is no model named '{name[:60]}'.", f"Known models: {', '.join(_table())}."
        ) from None


def folder() -> Path:
    """Where downloaded and converted weights lie: `$WARDROUND_HOME/weights`, else the user's data folder."""
    return data_home() / "weights"


def shown(path: Path) -> str:
    """A path as a message may show it: from the home folder or `$WARDROUND_HOME` on, never in full."""
    roots = (("$WARDROUND_HOME", os.environ.get("WARDROUND_HOME")), ("~", str(Path.home())))
    for name, root in roots:
        if root and path.is_relative_to(root):
            return str(Path(name) / path.relative_to(root))
    return str(Path("...") / path.name)


def weights_path(model: ModelEntry) -> Path:
    """Where the model's safetensors file is, or would be."""
    if model.source == "bundled":
        return Path(str(files("wardround.agents"))) / model.file
    return folder() / f"{model.name}.safetensors"
