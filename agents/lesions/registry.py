"""Which lesion models there are."""

from __future__ import annotations

from pathlib import Path

from wardround.agents.weights.model_shelf import ModelShelf

__all__ = ["SHELF"]

SHELF = ModelShelf("lesions", Path(__file__).parent / "models")
