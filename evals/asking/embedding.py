"""Sentence vectors of the study, each text embedded once and kept in a file between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.embedders import Embedder

__all__ = ["Kept"]


class Kept:
    """An embedder whose vectors are remembered, and written to a file if one is named."""

    def __init__(self, embedder: Embedder, file: Path | None = None) -> None:
        self._embedder = embedder
        self._file = file
        self._known: dict[str, NDArray[np.float32]] = {}
        if file is not None and file.is_file():
            with np.load(file) as kept:
                if str(kept["made_by"]) == self.name:
                    self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    @property
    def name(self) -> str:
        """Which embedder, and which version of it."""
        return f"{self._embedder.name} {self._embedder.version}"

    def learn(self, texts: Sequence[str]) -> None:
        """Embeds what is not known yet, all at once, and writes the file."""
        new = sorted({text for text in texts if _key(text) not in self._known})
        if new:
            self._known.update(zip(map(_key, new), self._embedder.embed(new), strict=True))
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                keys = np.array(list(self._known))
                np.savez(
                    self._file, keys=keys, vectors=np.stack(list(self._known.values())), made_by=np.array(self.name)
                )

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions), unit length."""
        self.learn(texts)
        return np.stack([self._known[_key(text)] for text in texts])


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
