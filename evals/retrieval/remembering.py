"""An embedder that makes each text's vector once, and on request keeps the vectors in a folder for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.embedders import Embedder
from wardround.contracts.home import private_folder

__all__ = ["Remembering", "remembered"]

Floats = NDArray[np.float32]


class Remembering:
    """Gives what another embedder gives; for one that does not learn."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.known: dict[str, Floats] = {}

    @property
    def name(self) -> str:
        """The other's."""
        return self._embedder.name

    @property
    def version(self) -> str:
        """The other's."""
        return self._embedder.version

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions) of unit length."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self.known}
        if new or not texts:
            made = self._embedder.embed(list(new.values()))
            self.known.update(zip(new, made, strict=True))
            if not texts:
                return made
        return np.stack([self.known[key] for key in keys])


@contextmanager
def remembered(embedder: Embedder, folder: Path | None) -> Iterator[Remembering]:
    """The embedder with the vectors that the folder has of it, which then holds all that were made.

    Vectors tell something of the texts that they are of: a folder for those of the Indiana reports is the user's own.
    """
    made = Remembering(embedder)
    if folder is None:
        yield made
        return
    path = private_folder(folder, "--vectors") / f"{embedder.name}-{embedder.version}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            made.known.update(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
    before = len(made.known)
    try:
        yield made
    finally:
        if len(made.known) > before:
            np.savez(path, keys=np.array(list(made.known)), vectors=np.stack(list(made.known.values())))
