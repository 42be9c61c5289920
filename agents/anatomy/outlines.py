"""The outlines of the last films, drawn once in a process however many models look through the same segmenter."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.segmenter import Segmentation, Segmenter
from wardround.contracts.evidence import Source

__all__ = ["outlines"]

_KEPT = 32
_drawn: OrderedDict[tuple[Source, str], Segmentation] = OrderedDict()
_lock = Lock()


def _remembered(key: tuple[Source, str]) -> Segmentation | None:
    with _lock:
        if key in _drawn:
            _drawn.move_to_end(key)
        return _drawn.get(key)


def _remember(key: tuple[Source, str], segmentation: Segmentation) -> None:
    with _lock:
        _drawn[key] = segmentation
        while len(_drawn) > _KEPT:
            _drawn.popitem(last=False)


def outlines(
    segmenter: Segmenter, films: Sequence[NDArray[np.float32]], names: Sequence[str | None]
) -> list[Segmentation]:
    """As `Segmenter.predict`, from memory where a film of that name was drawn with the same weights before.

    `names` are the digests of the films, None for films that are not to be remembered. Safe in several threads: a film
    that two ask for at the same moment may be drawn twice, alike.

    Raises:
        CallerError: BAD_ARGUMENT, as `Segmenter.predict`.
    """
    keys = [(segmenter.source, name) if name else None for name in names]
    found = [_remembered(key) if key else None for key in keys]
    wanted = [place for place, known in enumerate(found) if known is None]
    for place, segmentation in zip(wanted, segmenter.predict([films[place] for place in wanted]), strict=True):
        key = keys[place]
        if key:
            _remember(key, segmentation)
        found[place] = segmentation
    return [known for known in found if known is not None]
