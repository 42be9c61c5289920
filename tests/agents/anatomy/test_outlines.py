"""Outlines are drawn once for each film and set of weights, whoever asks, and those of long ago are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.network import AnatomyNet
from wardround.agents.anatomy.outlines import outlines
from wardround.agents.anatomy.segmenter import Segmentation, Segmenter, read_card
from wardround.agents.weights.device import placement

FILM: NDArray[np.float32] = np.zeros((32, 40), dtype=np.float32)
_version = count()


class _Counting(Segmenter):
    """A segmenter with weights of its own that tells how many films it drew."""

    def __init__(self) -> None:
        card = read_card().model_copy(update={"version": f"test {next(_version)}"})
        super().__init__(AnatomyNet(), card, placement("cpu"), size=32)
        self.drawn = 0

    def predict(self, films: Sequence[NDArray[np.float32]]) -> list[Segmentation]:
        self.drawn += len(films)
        return super().predict(films)


def test_a_film_is_drawn_once_and_one_without_a_name_whenever_it_is_asked_for() -> None:
    segmenter = _Counting()
    first = outlines(segmenter, [FILM, FILM], ["a", None])
    second = outlines(segmenter, [FILM, FILM, FILM], ["a", None, "b"])
    assert first[0] is second[0]
    assert first[1] is not second[1]
    assert segmenter.drawn == 4


def test_what_other_weights_drew_is_not_taken_for_ones_own() -> None:
    one, other = _Counting(), _Counting()
    drawn = [outlines(segmenter, [FILM], ["a"])[0].source for segmenter in (one, other)]
    assert drawn == [one.source, other.source]
    assert one.source != other.source


def test_the_films_of_long_ago_are_forgotten() -> None:
    segmenter = _Counting()
    names = [str(number) for number in range(40)]
    for name in names:
        outlines(segmenter, [FILM], [name])
    outlines(segmenter, [FILM], [names[-1]])
    assert segmenter.drawn == 40
    outlines(segmenter, [FILM], [names[0]])
    assert segmenter.drawn == 41


def test_many_threads_that_ask_for_the_same_films_each_get_the_one_that_they_named() -> None:
    segmenter = _Counting()
    films = {str(rows): np.zeros((rows, 40), dtype=np.float32) for rows in range(20, 60)}
    with ThreadPoolExecutor(4) as threads:
        for name, found in [
            (name, threads.submit(outlines, segmenter, [film], [name]))
            for name, film in films.items()
            for _ in range(3)
        ]:
            assert found.result()[0].masks.shape[1:] == films[name].shape
