"""A site's own shares of films per finding, read from whoever wrote them, by any of a finding's names."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from wardround.contracts.codes import canonical_label, finding_codes
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["site_priors"]


def site_priors(given: Mapping[str, object]) -> dict[str, float]:
    """The shares, each strictly between 0 and 1, by the code table's label.

    Args:
        given: name of a finding (its label, name or a synonym, in any case) to the share of films that show it.

    Raises:
        CallerError: BAD_ARGUMENT; a name is not in the code table or names a finding again, or a value is no share.
    """
    found: dict[str, float] = {}
    for name, value in given.items():
        label = canonical_label(name)
        if label is None:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, f"'priors.{name[:60]}' names no finding that Wardround knows.", _known(name)
            )
        if label in found:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"'priors.{name}' gives a second share for '{label}'.",
                "Keep one of the two.",
            )
        found[label] = _share(name, value)
    return found


def _share(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < 1.0:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'priors.{name}' is {str(value)[:40]}, which is not a number strictly between 0 and 1.",
            "Give the share of this site's films that show it, for example 0.013, or leave it out.",
        )
    return float(value)


def _known(name: str) -> str:
    labels = tuple(finding_codes())
    close = get_close_matches(name, labels, n=1)
    return (f"Did you mean '{close[0]}'? " if close else "") + f"Known are {', '.join(labels)}, and their synonyms."
