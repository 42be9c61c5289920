"""The split by patient: a deterministic hash of the patient's id gives one of five folds.

Fold 0 is held out for the figures in the card; fold 1 serves for choosing (epoch, operating points).
"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["FOLDS", "HELD_OUT", "VALIDATION", "fold_of"]

FOLDS = 5
HELD_OUT = 0
VALIDATION = 1


def fold_of(patient: str) -> int:
    """The fold, 0 to 4, of a patient's id as the table writes it; all films of a patient fall into one fold."""
    return int(sha256(patient.encode()).hexdigest()[:8], 16) % FOLDS
