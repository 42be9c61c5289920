"""The split by patient that the recipe trains and measures by: five folds by a hash of the patient's id."""

from __future__ import annotations

from wardround.agents.cxr.seen import FOLDS, fold_of_patient

__all__ = ["FOLDS", "fold_of"]

fold_of = fold_of_patient
