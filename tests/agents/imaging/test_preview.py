"""Preview pictures: small enough for a message, and layers where they belong."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from wardround.agents.imaging.phantom import Phantom
from wardround.agents.imaging.preview import COLOURS, Layer, render, render_layer
from wardround.contracts.errors import CallerError
from wardround.contracts.render import LayerStyle


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_film_is_shown_with_its_proportions_and_no_side_over_the_limit() -> None:
    film = np.linspace(0, 1, 600 * 300, dtype=np.float32).reshape(600, 300)
    picture = _opened(render(film, max_side=200))
    assert picture.size == (100, 200) and picture.mode == "L"
    shown = np.asarray(picture)
    assert shown[0].mean() < 5 and shown[-1].mean() > 250


def test_a_small_film_is_not_blown_up() -> None:
    assert _opened(render(np.zeros((40, 50), np.float32))).size == (50, 40)


@pytest.mark.parametrize("max_bytes", [700_000, 60_000, 8_000])
def test_even_noise_stays_under_the_cap(max_bytes: int) -> None:
    noise = np.random.default_rng(0).random((1500, 1400), dtype=np.float32)
    data = render(noise, max_side=1024, max_bytes=max_bytes)
    assert len(data) <= max_bytes
    assert _opened(data).format in ("PNG", "JPEG")


def test_a_cap_that_nothing_fits_under_is_a_clear_error() -> None:
    with pytest.raises(CallerError):
        render(np.random.default_rng(0).random((200, 200), dtype=np.float32), max_bytes=100)


def test_a_mask_of_any_resolution_colours_its_own_side(left_effusion: Phantom) -> None:
    mask = left_effusion.masks["Effusion"][::4, ::4]
    shown = np.asarray(_opened(render(left_effusion.film, (Layer(mask, LayerStyle.MASK, "green"),))).convert("RGB"))
    tint = shown[..., 1].astype(int) - shown[..., 0]
    assert tint[:, 128:].max() > 30 and tint[:, :118].max() <= 0


def test_a_heat_map_alone_is_transparent_where_it_is_cold() -> None:
    heat = np.zeros((8, 8), np.float16)
    heat[6, 6] = 1.0
    picture = np.asarray(_opened(render_layer(Layer(heat, LayerStyle.HEAT, opacity=0.5), (400, 400))))
    assert picture.shape == (400, 400, 4)
    assert picture[20, 20, 3] == 0 and picture[325, 325, 3] > 100


def test_an_outline_marks_the_border_only() -> None:
    mask = np.zeros((100, 100), bool)
    mask[30:70, 30:70] = True
    picture = np.asarray(_opened(render_layer(Layer(mask, LayerStyle.OUTLINE, "white", 1.0), (100, 100))))
    assert picture[30, 50, 3] == 255 and picture[50, 50, 3] == 0 and picture[10, 10, 3] == 0


@pytest.mark.parametrize(
    "layer", [Layer(np.zeros(4), LayerStyle.MASK), Layer(np.zeros((2, 2)), LayerStyle.MASK, "mauve")]
)
def test_a_layer_that_cannot_be_shown_is_refused(layer: Layer) -> None:
    with pytest.raises(CallerError) as refused:
        render(np.zeros((64, 64), np.float32), (layer,))
    assert all(name in refused.value.problem.hint for name in COLOURS)
