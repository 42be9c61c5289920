"""PNG and JPEG to films: grey whatever the colour model, and bombs refused by their headers."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from wardround.agents.imaging.decoder import decode
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.phantom import Phantom
from wardround.contracts.errors import CallerError, ProblemCode


def _file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _code(data: bytes) -> ProblemCode:
    with pytest.raises(CallerError) as refused:
        decode(data, Limits())
    return refused.value.problem.code


@pytest.fixture(scope="module")
def grey(normal: Phantom) -> Image.Image:
    return Image.fromarray(np.rint(normal.film * 255).astype(np.uint8))


def test_every_colour_model_of_a_grey_picture_gives_the_same_film(grey: Image.Image) -> None:
    plain = decode(_file(grey), Limits())
    assert plain.details.source_format == "PNG, 8 bit"
    np.testing.assert_array_equal(plain.film, np.asarray(grey, np.uint16) * 257)
    twins = [grey.convert(mode) for mode in ("RGB", "RGBA", "LA")] + [grey.convert("RGB").quantize(256)]
    for twin in twins[:-1]:
        np.testing.assert_array_equal(decode(_file(twin), Limits()).film, plain.film)
    palette = decode(_file(twins[-1]), Limits()).film
    assert np.abs(palette.astype(int) - plain.film.astype(int)).max() <= 4 * 257


def test_a_jpeg_is_read_in_grey_and_in_colour_mode(grey: Image.Image) -> None:
    for picture in (grey, grey.convert("RGB")):
        done = decode(_file(picture, "JPEG", quality=92), Limits())
        assert done.details.source_format == "JPEG, 8 bit"
        assert np.abs(done.film / 257.0 - np.asarray(grey, float)).mean() < 3


def test_sixteen_bits_are_kept(normal: Phantom) -> None:
    deep = np.rint(normal.film * 65535).astype(np.uint16)
    done = decode(_file(Image.fromarray(deep)), Limits())
    np.testing.assert_array_equal(done.film, deep)
    twelve = decode(_file(Image.fromarray(deep >> 4)), Limits())
    assert np.abs(twelve.film.astype(int) - deep.astype(int)).max() <= 16
    assert any("12 bits" in warning for warning in twelve.details.warnings)


def test_transparent_parts_are_dark(grey: Image.Image) -> None:
    picture = grey.convert("RGBA")
    alpha = np.full((256, 256), 255, np.uint8)
    alpha[:40] = 0
    picture.putalpha(Image.fromarray(alpha))
    assert (decode(_file(picture), Limits()).film[:40] == 0).all()


def test_a_photograph_in_colour_is_refused() -> None:
    data = pytest.importorskip("skimage.data")
    for kind in ("PNG", "JPEG"):
        assert _code(_file(Image.fromarray(data.astronaut()), kind)) is ProblemCode.COLOUR_IMAGE


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("tail", [b"", b"\0\0\0\0IDAT" + b"\0" * 64])
def test_a_huge_png_is_refused_by_its_header(tail: bytes) -> None:
    assert _code(_png_header(40_000, 40_000) + tail) is ProblemCode.TOO_LARGE


def test_a_huge_jpeg_is_refused_by_its_header(grey: Image.Image) -> None:
    data = bytearray(_file(grey, "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    assert _code(bytes(data)) is ProblemCode.TOO_LARGE


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_truncated_picture_is_damaged(grey: Image.Image, kind: str, share: float) -> None:
    data = _file(grey, kind)
    assert _code(data[: max(20, int(len(data) * share))]) is ProblemCode.DAMAGED_FILE


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_is_refused(value: int) -> None:
    assert _code(_file(Image.new("L", (64, 64), value))) is ProblemCode.BLANK_IMAGE


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PDF", "WEBP"])
def test_other_pictures_are_refused_by_their_content(grey: Image.Image, kind: str) -> None:
    assert _code(_file(grey, kind)) is ProblemCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(
    "data", [b"", b"hello, this is a text named film.dcm\n" * 40, b"<svg/>", b"SIMPLE  =    T", b"\0" * 400]
)
def test_texts_and_noise_are_refused_with_what_is_read(data: bytes) -> None:
    with pytest.raises(CallerError) as refused:
        decode(data, Limits())
    assert refused.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT
    assert "DICOM, PNG or JPEG" in refused.value.problem.hint


def test_an_icon_is_refused_as_too_small_for_a_film(grey: Image.Image) -> None:
    buffer = io.BytesIO()
    grey.resize((40, 300)).save(buffer, "PNG")
    assert _code(buffer.getvalue()) is ProblemCode.NOT_A_CHEST_FILM
