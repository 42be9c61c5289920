"""What a fitted model says of one patient: curve, median, restricted mean, risk group, what is missing, how far off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.survival.curves import crossing, restricted_mean, thinned
from wardround.agents.survival.distance import Floats, Place, doubtful_values
from wardround.agents.survival.folder import Loaded
from wardround.agents.survival.learning.cohort import Bag, Patients
from wardround.agents.survival.reference import slide_vector
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import Modality, RiskGroup, SurvivalEstimate, SurvivalInput

__all__ = ["Prepared", "estimate", "prepared"]

_SHOWN = 8
_FEW_GENES = 0.5
_SCALE = 1.3  # by which a slide's resolutions may differ: what an objective is named is not what it measures
_LARGEST_EXPRESSION = 1e30
_THIRDS = ((1.0 / 3.0, RiskGroup.LOW), (2.0 / 3.0, RiskGroup.MIDDLE), (1.0, RiskGroup.HIGH))


@dataclass(frozen=True)
class Prepared:
    """One patient as a model reads it: `patients` of length 1, what was used, what was missing, and where it lies."""

    patients: Patients
    used: tuple[Modality, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    place: Place


def _refused(message: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, hint)


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def prepared(loaded: Loaded, patient: SurvivalInput, bags: tuple[Bag, ...] = ()) -> Prepared:
    """The patient as the model reads it.

    Args:
        bags: what the patient's `bags` refer to, coarse to fine.

    Raises:
        CallerError: BAD_ARGUMENT, a value that the model cannot read, nothing that it reads, or a patient so far from
            the cohort that an estimate would be invented.
    """
    card, reference = loaded.card, loaded.reference
    missing: list[str] = []
    warnings: list[str] = []
    encoded: dict[Modality, Floats] = {}
    lacking: dict[Modality, int] = {}

    clinical = np.full((1, len(loaded.encoding.names)), np.nan, dtype=np.float32)
    absent = loaded.encoding.missing([patient.clinical])[0]
    unread = [name for name in patient.clinical if name not in {one.name for one in card.covariates}]
    if unread:
        warnings.append(f"not read by this model: {_listed(unread)}.")
    missing += [one.name for one, gone in zip(card.covariates, absent, strict=True) if gone]
    if not absent.all():
        clinical = loaded.encoding.apply([patient.clinical])
        encoded[Modality.CLINICAL], lacking[Modality.CLINICAL] = clinical[0].astype(np.float64), int(absent.sum())
        warnings += doubtful_values(patient.clinical, card.covariates)

    genes = None
    if card.genes:
        genes = _genes(patient, card.genes)
        gone = int(np.isnan(genes).sum())
        if patient.genes and gone == len(card.genes):
            raise _refused(
                "None of the genes given is one that the model reads.",
                f"It reads {len(card.genes)} genes by the names on its card, for example '{card.genes[0]}'.",
            )
        if gone:
            missing.append("genes" if gone == len(card.genes) else f"{gone} of {len(card.genes)} genes")
        if gone < len(card.genes):
            apart = reference.genes_apart(genes.astype(np.float64))[0]
            encoded[Modality.GENES], lacking[Modality.GENES] = apart, gone
            if gone > _FEW_GENES * len(card.genes):
                warnings.append("more than half of the genes are missing.")
    elif patient.genes:
        warnings.append("this model reads no genes; those given were not used.")

    if reference.resolutions:
        if bags:
            encoded[Modality.HISTOLOGY] = _slide(loaded, bags)
        else:
            missing.append("histology")
    elif bags or patient.bags:
        warnings.append("this model reads no slides; the bags given were not used.")

    if not encoded:
        raise _refused(
            "Nothing is known of this patient that the model reads.",
            f"It reads {_listed([one.name for one in card.covariates]) or 'genes and slides'}.",
        )
    place = reference.space.place(encoded, lacking)
    if place.refused:
        suspect = " ".join(one for one in warnings if "unit" in one)
        raise _refused(
            f"The patient lies at {place.distance:.1f} from the cohort, where about 1 is usual: no estimate is given. "
            f"{suspect}".strip(),
            "Check the units of the values against the ranges on the model's card; genes must be on its scale.",
        )
    if not place.in_cohort:
        warnings.append("the patient lies further from the cohort than 99 % of it: the estimate may mean nothing.")
    patients = Patients(
        times=np.zeros(1),
        events=np.zeros(1, dtype=np.bool_),
        clinical=clinical,
        genes=genes,
        bags=(bags,) if reference.resolutions else None,
        covariates=loaded.encoding.names,
        gene_names=card.genes,
    )
    return Prepared(patients, tuple(encoded), tuple(missing), tuple(warnings), place)


def _genes(patient: SurvivalInput, names: tuple[str, ...]) -> NDArray[np.float32]:
    values = np.array([[patient.genes.get(name, np.nan) for name in names]], dtype=np.float64)
    beyond = np.flatnonzero(np.abs(values[0]) > _LARGEST_EXPRESSION)
    if len(beyond):
        raise _refused(
            f"The gene '{names[beyond[0]]}' has a value that no expression has.",
            "Give expression values on the scale of the model's card, or leave the gene out.",
        )
    return values.astype(np.float32)


def _slide(loaded: Loaded, bags: tuple[Bag, ...]) -> Floats:
    reference = loaded.reference
    shapes = [mean.shape for mean in reference.patch_means]
    ratios = [bag.microns_per_pixel / one for bag, one in zip(bags, reference.resolutions, strict=False)]
    fits = all(1.0 / _SCALE <= ratio <= _SCALE for ratio in ratios)
    if not fits or [bag.features.shape[1:] for bag in bags] != shapes:
        raise _refused(
            f"The slide's bags do not fit: the model reads {len(shapes)} of {shapes[0][0]} features each, "
            f"at {', '.join(f'{one:g}' for one in reference.resolutions)} microns per pixel.",
            "Give one bag for each resolution, from coarse to fine, from the same encoder of patches.",
        )
    return slide_vector(bags)


def estimate(loaded: Loaded, patient: SurvivalInput, bags: tuple[Bag, ...] = ()) -> SurvivalEstimate:
    """The model's estimate; see `prepared` for what is refused.

    The median's bounds are where the band's bounds reach one half; the horizon is the 90th percentile of the cohort's
    times.
    """
    ready = prepared(loaded, patient, bags)
    card, reference = loaded.card, loaded.reference
    told = loaded.fitted.predict(ready.patients)
    risk = float(told.risk[0])
    curve = thinned(told.times, told.survival[0], told.low[0], told.high[0], reference.horizon)
    percentile = reference.percentile(risk)
    return SurvivalEstimate(
        model=card.name,
        version=card.version,
        calibrated=card.calibrated,
        cohort=card.cohort,
        curve=curve,
        median=crossing(curve.times, curve.survival),
        median_low=crossing(curve.times, curve.low),
        median_high=crossing(curve.times, curve.high),
        restricted_mean=restricted_mean(curve.times, curve.survival),
        horizon=reference.horizon,
        risk=risk,
        risk_low=float(told.risk_low[0]),
        risk_high=float(told.risk_high[0]),
        percentile=percentile,
        group=next(group for bound, group in _THIRDS if percentile <= bound),
        used=ready.used,
        missing=ready.missing,
        distance=ready.place.distance,
        distance_percentile=ready.place.percentile,
        in_cohort=ready.place.in_cohort,
        warnings=ready.warnings,
    )
