"""A drawn chest with round numbers, an image's particulars, and the bundled segmenter, loaded once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter
from wardround.contracts.study import Artefact, ArtefactKind, Image, ViewPosition


@pytest.fixture
def drawn_chest() -> NDArray[np.uint8]:
    """Masks (5, 200, 200) in the order of Structure.

    Lungs: rows 40 to 159, so each zone is 40 rows; right on columns 30 to 79, left on 120 to 169 and below row 100 from
    130 on. Heart: rows 100 to 159, columns 80 to 129. Between the lungs above the heart: columns 80 to 119.
    """
    masks = np.zeros((5, 200, 200), dtype=np.uint8)
    left_lung, right_lung, heart, left_clavicle, right_clavicle = masks
    right_lung[40:160, 30:80] = 1
    left_lung[40:100, 120:170] = 1
    left_lung[100:160, 130:170] = 1
    heart[100:160, 80:130] = 1
    left_clavicle[45:50, 110:160] = 1
    right_clavicle[45:50, 40:90] = 1
    return masks


@pytest.fixture
def mirrored() -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Masks as they stand on a film turned left to right, each structure keeping the side that it now lies on."""
    return lambda masks: np.ascontiguousarray(masks[[1, 0, 2, 4, 3], :, ::-1])


@pytest.fixture
def image_of() -> Callable[..., Image]:
    """An image of 400 x 400 pixels with a spacing and a view as asked."""

    def make(spacing: tuple[float, float] | None = None, view: ViewPosition = ViewPosition.PA) -> Image:
        film = Artefact(kind=ArtefactKind.FILM, digest="sha256:" + "0" * 64, shape=(400, 400))
        return Image(
            handle="im_" + "a" * 22,
            film=film,
            rows=400,
            columns=400,
            pixel_spacing_mm=spacing,
            view=view,
            source_format="drawn",
        )

    return make


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    """The segmenter that ships with the package, on the CPU."""
    return bundled_segmenter("cpu")
