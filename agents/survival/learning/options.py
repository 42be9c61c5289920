"""Everything that can be chosen about a survival model, in one frozen word that goes onto its card."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wardround.contracts.base import Unit, Word

__all__ = ["SurvivalOptions"]

_Weight = Annotated[float, Field(ge=0.0, le=100.0)]


class SurvivalOptions(Word):
    """Our formulation of HySurvPred's three modules, each of which can be turned off, and how it is trained.

    Modules: `hyperbolic` False puts the same network into flat space; `hierarchy` orders parents before children and
    draws cones between modalities; `arcl` ranks by angle and distance; `cuc` gives each patient a spread that depends
    on censoring. `censored` "drop" leaves censored patients out of pairs and likelihood, which is what CUC is measured
    against. `linear` and `bends` are the ridge part and its piecewise linear terms. `constant` says what becomes of a
    clinical column that does not vary: refused, or ignored, as inside folds.

    Training: `members` networks, each with another inner fold to stop by; `epochs` at most, `patience` without gain;
    batches of `batch` patients, in which risk sets and pairs are formed; `modality_dropout` is the chance that one of
    several modalities is hidden. `device` as in `agents.weights.device.placement`.
    """

    seed: int = 0
    dimensions: Annotated[int, Field(ge=2, le=256)] = 16
    width: Annotated[int, Field(ge=4, le=1024)] = 32
    curvature: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    components: Annotated[int, Field(ge=1, le=8)] = 3

    hyperbolic: bool = True
    hierarchy: bool = True
    arcl: bool = True
    cuc: bool = True
    censored: Literal["keep", "drop"] = "keep"
    linear: bool = True
    bends: Annotated[int, Field(ge=0, le=9)] = 3
    constant: Literal["refuse", "ignore"] = "refuse"
    ties: Literal["efron", "breslow"] = "efron"

    cox_weight: _Weight = 1.0
    likelihood_weight: _Weight = 0.5
    hierarchy_weight: _Weight = 0.05
    arcl_weight: _Weight = 0.1
    cuc_weight: _Weight = 0.1
    margin: Annotated[float, Field(ge=0.0, le=5.0)] = 0.1
    cone: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    temperature: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5

    epochs: Annotated[int, Field(ge=0, le=10_000)] = 100
    patience: Annotated[int, Field(ge=1)] = 20
    batch: Annotated[int, Field(ge=16)] = 512
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 3e-3
    weight_decay: Annotated[float, Field(ge=0.0, le=10.0)] = 1e-2
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.4
    modality_dropout: Unit = 0.2
    members: Annotated[int, Field(ge=1, le=20)] = 5
    device: str | None = None
