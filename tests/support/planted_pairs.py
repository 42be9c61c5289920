"""Phantom films with planted lesions as a folder of pictures, and settings under which a fit takes a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from wardround.agents.lesions.data.synthetic import small_lesions

__all__ = ["SETTINGS", "write_pairs"]

SETTINGS = """
[model]
name = "planted"
target = "planted lesion"
[network]
widths = [8, 16]
encoder = [1, 1]
decoder = [1, 1]
head = 8
states = 4
[training]
steps = 3
batch = 2
crop = 32
"""


def write_pairs(root: Path, count: int = 12, size: int = 128) -> None:
    """`images/filmN.png` and `masks/filmN.png`."""
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    for number, sample in enumerate(small_lesions(count, size=size, seed=5)):
        grey = np.round(255 * sample.image).astype(np.uint8)
        Image.fromarray(grey).save(root / "images" / f"film{number}.png")
        Image.fromarray(255 * sample.mask).save(root / "masks" / f"film{number}.png")
