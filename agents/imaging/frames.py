"""Messages between a server and its decoder process: a JSON header and a body, both with their length first."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

__all__ = ["PREFIX", "lengths", "pack_prefix", "read_message"]

_LENGTHS = struct.Struct(">IQ")
PREFIX = _LENGTHS.size
_MAX_HEADER = 1 << 20


def pack_prefix(header: dict[str, Any], body_size: int) -> bytes:
    """Everything of a message that comes before its body."""
    encoded = json.dumps(header).encode()
    return _LENGTHS.pack(len(encoded), body_size) + encoded


def lengths(prefix: bytes, max_body: int) -> tuple[int, int]:
    """The sizes of header and body.

    Raises:
        ValueError: larger than a message may be.
    """
    header, body = _LENGTHS.unpack(prefix)
    if header > _MAX_HEADER or body > max_body:
        raise ValueError("the message is larger than it may be")
    return header, body


def read_message(read: Callable[[int], bytes], max_body: int) -> tuple[dict[str, Any], bytes] | None:
    """One message from `read`, which gives exactly as many bytes as asked or fewer at the end; None at the end."""
    prefix = read(PREFIX)
    if len(prefix) < PREFIX:
        return None
    header_size, body_size = lengths(prefix, max_body)
    header, body = read(header_size), read(body_size)
    if len(header) < header_size or len(body) < body_size:
        return None
    return json.loads(header), body
