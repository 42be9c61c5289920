"""Arrays as artefact bytes and back: NumPy format 1.0, no pickles, checked against the artefact's kind."""

from __future__ import annotations

import io
from math import prod

import numpy as np
import numpy.typing as npt

from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.study import Artefact, ArtefactKind

__all__ = ["channel_of", "npy_bytes", "parse_npy"]

# The dimensions and the stored type of each kind (contracts.study.ArtefactKind).
_LAYOUT: dict[ArtefactKind, tuple[int, str]] = {
    ArtefactKind.FILM: (2, "<u2"),
    ArtefactKind.HEATMAP: (3, "<f2"),
    ArtefactKind.MASK: (3, "|u1"),
}
_MAX_HEADER = 1024


def _wrong(message: str) -> Fault:
    return Fault(ProblemCode.WRONG_SHAPE, message, "The specialist that made it is at fault; its evidence is left out.")


def npy_bytes(
    kind: ArtefactKind, array: npt.NDArray[np.generic], channel_count: int = 0
) -> tuple[bytes, tuple[int, ...]]:
    """The bytes of an array as an artefact of a kind, and its shape. The same values always give the same bytes.

    Raises:
        Fault: WRONG_SHAPE, wrong dimensions, type, range, or number of channel names.
    """
    dimensions, dtype = _LAYOUT[kind]
    if array.ndim != dimensions or array.size == 0:
        raise _wrong(f"An artefact of kind {kind.value} has {dimensions} dimensions and is not empty.")
    if channel_count and (dimensions != 3 or channel_count != array.shape[0]):
        raise _wrong("A stack has as many channel names as channels.")
    fits = {
        ArtefactKind.FILM: array.dtype == np.uint16,
        ArtefactKind.HEATMAP: array.dtype.kind == "f",
        ArtefactKind.MASK: array.dtype in (np.dtype(np.uint8), np.dtype(np.bool_)),
    }[kind]
    if not fits:
        raise _wrong(f"An artefact of kind {kind.value} cannot be of type {array.dtype.name}.")
    stored = np.ascontiguousarray(array, dtype=np.dtype(dtype))
    _check_range(kind, stored)
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, stored, version=(1, 0), allow_pickle=False)
    return buffer.getvalue(), tuple(stored.shape)


def _check_range(kind: ArtefactKind, array: npt.NDArray[np.generic]) -> None:
    if kind is ArtefactKind.HEATMAP:
        values = array.astype(np.float32)
        if not (np.isfinite(values).all() and values.min() >= 0.0 and values.max() <= 1.0):
            raise _wrong("A heat map has values from 0 to 1.")
    if kind is ArtefactKind.MASK and array.astype(np.uint8).max() > 1:
        raise _wrong("A mask has only the values 0 and 1.")


def parse_npy(data: bytes, artefact: Artefact) -> npt.NDArray[np.generic]:
    """The whole array in an artefact's bytes, whichever channel is meant.

    Raises:
        Fault: WRONG_SHAPE, the bytes are not an array of the stated kind and shape.
    """
    dimensions, dtype = _LAYOUT[artefact.kind]
    buffer = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(buffer) != (1, 0):
            raise _wrong("An artefact is a NumPy file of format 1.0.")
        shape, fortran, stored = np.lib.format.read_array_header_1_0(buffer, max_header_size=_MAX_HEADER)
    except ValueError as error:
        raise _wrong("The artefact's bytes are not a NumPy file.") from error
    body = memoryview(data)[buffer.tell() :]
    expected = (len(shape) == dimensions, stored == np.dtype(dtype), not fortran, shape == artefact.shape)
    if not all(expected) or len(body) != prod(shape) * stored.itemsize or prod(shape) == 0:
        raise _wrong(f"The artefact is not a {artefact.kind.value} of the stated shape and type.")
    array: npt.NDArray[np.generic] = np.frombuffer(body, dtype=stored).reshape(shape)
    _check_range(artefact.kind, array)
    return array


def channel_of(array: npt.NDArray[np.generic], artefact: Artefact) -> npt.NDArray[np.generic]:
    """An artefact's array, or for a stack with `artefact.channel` that channel of it, as (h, w).

    Raises:
        CallerError: NOT_FOUND, the stack has no such channel.
    """
    if artefact.channel is None:
        return array
    if artefact.channel not in artefact.channels or len(artefact.channels) != array.shape[0]:
        raise CallerError(
            ProblemCode.NOT_FOUND, "The stack has no channel of that name.", "Use one of the artefact's `channels`."
        )
    return np.asarray(array[artefact.channels.index(artefact.channel)])
