"""The default embedder: latent semantic analysis, fitted on the memory's own texts and kept with them.

Deerwester et al., Indexing by latent semantic analysis, J Am Soc Inf Sci 1990;41:391-407. Words are weighed by
(1 + log count) x inverse document frequency; a text's vector is its words' in the space of the largest singular
values, found by randomised subspace iteration (Halko, Martinsson and Tropp, SIAM Rev 2011;53:217-288, algorithm 4.4).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from wardround.agents.cases.words import WORDS_VERSION, words

__all__ = ["DIMENSIONS", "LsaEmbedder"]

# On the Indiana reports 96 to 192 differ by less than their intervals; 128 takes half of the memory that 256 would.
DIMENSIONS = 128
_SPARE = 20
_ITERATIONS = 4
_SEED = 20_241_205
_MOST_WORDS = 30_000
_COMMON_TEXTS = 1_000  # among so many texts, a word that only one of them has joins nothing
_RECIPE = f"1/{WORDS_VERSION}/{DIMENSIONS}"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Learned:
    """`places`: each word's row of `axes`, (words, dimensions), in which its inverse document frequency is included."""

    places: dict[str, int]
    axes: Floats
    digest: str


_NOTHING = _Learned({}, np.zeros((0, 0), dtype=np.float32), "")


def _normal(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    # Rounding leaves a text of unknown words with next to nothing; it has no direction.
    return np.where(lengths > 1e-6, vectors / np.maximum(lengths, 1e-6), 0.0).astype(np.float32)


def _counted(texts: Sequence[str], places: dict[str, int]) -> sp.csr_array:
    """(texts, words): 1 + log of how often each text has each word."""
    indices: list[int] = []
    values: list[int] = []
    ends = [0]
    for text in texts:
        counts = Counter(place for word in words(text) if (place := places.get(word)) is not None)
        indices += counts.keys()
        values += counts.values()
        ends.append(len(indices))
    data = 1.0 + np.log(np.array(values, dtype=np.float32))
    return sp.csr_array((data, np.array(indices, dtype=np.int32), np.array(ends)), shape=(len(texts), len(places)))


def _vocabulary(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The words to be told apart, and in how many texts each stands."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(set(words(text)))
    least = 2 if len(texts) >= _COMMON_TEXTS else 1
    kept = sorted((word for word, count in seen.items() if count >= least), key=lambda word: (-seen[word], word))
    kept = kept[:_MOST_WORDS]
    return kept, np.array([seen[word] for word in kept], dtype=np.int64)


def _axes(matrix: sp.csr_array, dimensions: int) -> Floats:
    """(words, dimensions): the right singular vectors of the largest singular values."""
    random = np.random.default_rng(_SEED)
    width = min(dimensions + _SPARE, *matrix.shape)
    basis = np.linalg.qr(matrix @ random.standard_normal((matrix.shape[1], width), dtype=np.float32))[0]
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(matrix @ np.linalg.qr(matrix.T @ basis)[0])[0]
    _, _, right = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return np.ascontiguousarray(right[:dimensions].T, dtype=np.float32)


class LsaEmbedder:
    """Knows nothing until it is fitted; what comes later is folded in with the words that it knows."""

    name = "lsa"

    def __init__(self) -> None:
        self._learned = _NOTHING

    @property
    def version(self) -> str:
        """Of the recipe, and of what was learned by it."""
        return f"1-{self._learned.digest[:12] or 'unfitted'}"

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words that it knows."""
        return frozenset(self._learned.places)

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions) of unit length; zeros for a text without a known word. Before it is fitted, (texts, 0).

        At most 128 dimensions, and fewer where it was fitted on fewer texts or words.
        """
        learned = self._learned
        if not learned.places:
            return np.zeros((len(texts), learned.axes.shape[1]), dtype=np.float32)
        return _normal(np.asarray(_counted(texts, learned.places) @ learned.axes, dtype=np.float32))

    def fit(self, texts: Sequence[str]) -> bytes:
        """Learns its space from the texts; a text without words teaches nothing."""
        told = [text for text in texts if text]
        vocabulary, seen = _vocabulary(told)
        if not vocabulary:
            return self._take(_bytes([], np.zeros((0, 0), dtype=np.float32)))
        places = {word: place for place, word in enumerate(vocabulary)}
        rarity = (1.0 + np.log((1 + len(told)) / (1 + seen))).astype(np.float32)
        weighed = _counted(told, places) @ sp.diags_array(rarity)
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        matrix = sp.csr_array(sp.diags_array((1.0 / np.maximum(lengths, 1e-6)).astype(np.float32)) @ weighed)
        axes = _axes(matrix, min(DIMENSIONS, *matrix.shape))
        return self._take(_bytes(vocabulary, axes * rarity[:, None]))

    def without(self, words: frozenset[str]) -> bytes:
        """Unlearns words; texts that lack them are embedded as before."""
        kept = [word for word in self._learned.places if word not in words]
        rows = np.array([self._learned.places[word] for word in kept], dtype=np.int64)
        return self._take(_bytes(kept, self._learned.axes[rows]))

    def restore(self, learned: bytes) -> bool:
        """Takes up what `fit` returned; False where another recipe made it, or it is damaged."""
        try:
            self._take(learned)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
            return False
        return True

    def _take(self, learned: bytes) -> bytes:
        with np.load(io.BytesIO(learned), allow_pickle=False) as file:
            if bytes(file["recipe"]).decode() != _RECIPE:
                raise ValueError("it was made by another recipe")
            vocabulary = bytes(file["words"]).decode().split("\n") if len(file["words"]) else []
            axes = file["axes"].astype(np.float32)
        if axes.ndim != 2 or len(axes) != len(vocabulary) or not np.isfinite(axes).all():
            raise ValueError("its axes do not fit its words")
        places = {word: place for place, word in enumerate(vocabulary)}
        self._learned = _Learned(places, axes, hashlib.sha256(learned).hexdigest())
        return learned


def _bytes(vocabulary: Sequence[str], axes: Floats) -> bytes:
    file = io.BytesIO()
    recipe, told = (np.frombuffer(text.encode(), np.uint8) for text in (_RECIPE, "\n".join(vocabulary)))
    np.savez(file, axes=axes, recipe=recipe, words=told)
    return file.getvalue()
