"""The header Accept: which of the forms that there are a caller likes best."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["chosen"]


def chosen(accept: str, offered: Sequence[str]) -> str | None:
    """The offered media type with the greatest weight, the first of equals; None where none is accepted.

    A type that is named outweighs a wildcard, as RFC 9110 (12.5.1) says.
    """
    weights = {media_type: _weight(accept, media_type) for media_type in offered}
    best = max(offered, key=lambda one: weights[one])
    return best if weights[best] > 0.0 else None


def _weight(accept: str, media_type: str) -> float:
    kind = media_type.partition("/")[0]
    fits = {media_type: 3, f"{kind}/*": 2, "*/*": 1}
    found = (0, 0.0)
    for part in accept.split(","):
        told, *parameters = (one.strip().lower() for one in part.split(";"))
        if told in fits:
            found = max(found, (fits[told], _quality(parameters)))
    return found[1]


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
