"""Everything that can be chosen about the lesion network, in one frozen word that goes onto its card."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from wardround.contracts.base import Word

__all__ = ["Method", "NetworkOptions"]

Method = Literal["ssd", "s6", "cuda"]

_Width = Annotated[int, Field(ge=4, le=2048)]
_Depth = Annotated[int, Field(ge=1, le=32)]


class NetworkOptions(Word):
    """A VM-UNet (Ruan and Xiang 2024) of any size, with our formulation of S3-Mamba's parts, which can be turned off.

    Shape: `widths` are the channels of the encoder's stages from fine to coarse, and the decoder's in reverse; the two
    depths are blocks per stage in the order in which they are passed. `patch` pixels a side become one token.

    Parts: `enhanced` adds the channel feature block to every block (EnVSS in place of VSS), `tcma` the multi-scale
    attention to every skip. `drop_path` is the share of blocks left out in training, rising with depth.

    Directions: in "every" each of the four scans reads all channels, as in VM-UNet; in "split" each reads a quarter of
    them, which costs less than half as much.

    Scan: `decay` "head" has one rate for `head` channels (Mamba-2), "state" one for each channel and state (Mamba).
    Where a direction has fewer channels than `head`, they are one head.
    `scan` says how it is computed, and not what: chunked matrix products, which know "head" alone, the sequential
    reference, or Mamba's own CUDA kernel. Weights fit every `scan` of the same `decay`. `chunk` is in tokens.
    """

    channels_in: Annotated[int, Field(ge=1, le=16)] = 1
    classes: Annotated[int, Field(ge=1, le=64)] = 1
    widths: Annotated[tuple[_Width, ...], Field(min_length=2, max_length=5)] = (32, 64, 128, 256)
    encoder: tuple[_Depth, ...] = (2, 2, 2, 2)
    decoder: tuple[_Depth, ...] = (2, 2, 2, 1)
    patch: Literal[2, 4] = 4
    drop_path: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.2

    enhanced: bool = True
    tcma: bool = True

    directions: Literal["every", "split"] = "every"
    scan: Method = "ssd"
    decay: Literal["head", "state"] = "head"
    states: Annotated[int, Field(ge=1, le=256)] = 16
    head: Annotated[int, Field(ge=1, le=256)] = 32
    chunk: Annotated[int, Field(ge=1, le=1024)] = 64

    @model_validator(mode="after")
    def _fits_together(self) -> NetworkOptions:
        if not len(self.widths) == len(self.encoder) == len(self.decoder):
            raise ValueError(
                f"widths, encoder and decoder name {len(self.widths)}, {len(self.encoder)} and {len(self.decoder)} "
                "stages; give each the same number"
            )
        if self.scan == "ssd" and self.decay == "state":
            raise ValueError("scan 'ssd' knows one rate per head only; choose decay 'head', or scan 's6' or 'cuda'")
        parts = 4 if self.directions == "split" else 1
        for read in (2 * width // parts for width in self.widths if self.decay == "head"):
            if read % min(self.head, read):
                raise ValueError(f"the {read} channels of a direction do not divide into heads of {self.head}")
        if any(2 * width % parts for width in self.widths):
            raise ValueError("twice each width must divide into four where the directions share the channels")
        return self

    @property
    def stride(self) -> int:
        """Pixels a side of one token of the coarsest stage; a picture is padded to a multiple of it."""
        return int(self.patch * 2 ** (len(self.widths) - 1))
