"""A fitted survival model as a folder: its tensors, its card, and what it needs to read a patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import ValidationError

from wardround.agents.survival.encoding import TableEncoding
from wardround.agents.survival.learning.fitted import Fitted
from wardround.agents.survival.reference import Reference
from wardround.agents.weights.model_folder import damaged, packed, read_model, write_model
from wardround.contracts.survival import SurvivalModelCard

__all__ = ["Loaded", "load", "save"]

_FORMAT, _KIND = "wardround survival 1", "survival"
_NETWORK, _REFERENCE = "fitted/", "reference/"


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked. `sets` are the genes of each pathway, by the names on the card."""

    card: SurvivalModelCard
    encoding: TableEncoding
    fitted: Fitted
    reference: Reference
    sets: dict[str, tuple[str, ...]]


def save(
    fitted: Fitted,
    folder: Path,
    card: SurvivalModelCard,
    encoding: TableEncoding,
    reference: Reference,
    sets: dict[str, tuple[str, ...]] | None = None,
) -> SurvivalModelCard:
    """Writes a new folder, whole or not at all; gives the card with the digest and the version that it got.

    Raises:
        CallerError: BAD_ARGUMENT, the folder exists already or cannot be written.
    """
    arrays, words = fitted.saved()
    weights, digest = packed(
        {
            **{f"{_NETWORK}{name}": array for name, array in arrays.items()},
            **{f"{_REFERENCE}{name}": array for name, array in reference.arrays().items()},
        }
    )
    card = card.model_copy(update={"weights_digest": digest, "version": f"1-{digest[7:15]}"})
    told = {
        "card": card.model_dump(mode="json"),
        "encoding": encoding.model_dump(mode="json"),
        "fitted": words,
        "sets": {name: list(members) for name, members in (sets or {}).items()},
    }
    write_model(folder, _FORMAT, weights, told)
    return card


def load(folder: Path) -> Loaded:
    """The model of a folder, after both digests were checked.

    Raises:
        CallerError, Fault: as `read_model`.
    """
    told, arrays = read_model(folder, _FORMAT, _KIND)
    try:
        return Loaded(
            card=SurvivalModelCard.model_validate(told["card"]),
            encoding=TableEncoding.model_validate(told["encoding"]),
            fitted=Fitted.restored(_within(arrays, _NETWORK), told["fitted"]),
            reference=Reference.restored(_within(arrays, _REFERENCE)),
            sets={name: tuple(members) for name, members in told["sets"].items()},
        )
    except (LookupError, TypeError, ValueError, AttributeError, ValidationError, RuntimeError) as error:
        raise damaged(folder.name, _KIND) from error


def _within(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
