"""A model card: what a model is for, what it learned from, and how well it did on whom."""

from __future__ import annotations

from pydantic import Field

from wardround.contracts.base import NOTICE, Digest, Word

__all__ = ["Figure", "ModelCard"]


class Figure(Word):
    """A measured figure, beside the floor that a trivial method reaches on the same data."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    floor_name: str = ""
    n: int | None = None
    data: str = ""


class ModelCard(Word):
    """Published at `card://model` by every specialist (after Mitchell et al. 2019, Model Cards for Model Reporting)."""

    name: str
    version: str
    task: str
    weights_digest: Digest | None = None
    licence: str
    training_data: str
    intended_use: str
    limits: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    calibration: str
    training_prevalence: dict[str, float] = Field(default_factory=dict)
    notice: str = NOTICE
