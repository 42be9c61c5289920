"""The models of a shelf as a server holds them: read when first asked for, and again when their folder has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from wardround.agents.weights.model_folder import CARD
from wardround.agents.weights.model_shelf import ModelShelf
from wardround.contracts.errors import WardroundError

__all__ = ["OpenModels"]

Loaded = TypeVar("Loaded")


class OpenModels(Generic[Loaded]):
    """Models by name; asked from one thread at a time."""

    def __init__(self, shelf: ModelShelf, load: Callable[[Path], Loaded], environment: Mapping[str, str]) -> None:
        self._shelf, self._load, self._environment = shelf, load, environment
        self._read: dict[Path, tuple[int, Loaded]] = {}

    def named(self, name: str) -> Loaded:
        """
        Raises:
            CallerError: NOT_FOUND, no such model; BAD_ARGUMENT, none is named and there are several.
            Fault: WEIGHTS_MISMATCH, it is not what was written.
        """
        return self._loaded(self._shelf.the_one(name, self._environment))

    def every(self) -> tuple[Loaded, ...]:
        """All that can be read."""
        found = []
        for folder in self._shelf.folders(self._environment).values():
            try:
                found.append(self._loaded(folder))
            except WardroundError:
                continue
        return tuple(found)

    def _loaded(self, folder: Path) -> Loaded:
        try:
            written = (folder / CARD).stat().st_mtime_ns
        except OSError:
            written = -1
        kept = self._read.get(folder)
        if kept is None or kept[0] != written:
            kept = self._read[folder] = written, self._load(folder)
        return kept[1]
