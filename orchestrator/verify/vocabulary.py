"""The words that the verifier reads in a text: polarity, sides, regions, over-certainty and comparison."""

from __future__ import annotations

import re

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.evidence import Polarity

__all__ = [
    "COMPARISON",
    "FURTHER_FINDINGS",
    "OVERCERTAIN",
    "POLARITIES",
    "PROBABILITY",
    "REGIONS",
    "SIDES",
    "UNBORNE_PLACES",
]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


# Read in this order, the first that occurs in a clause holds: 'undecided, not pooled' is undecided.
POLARITIES = (
    (
        Polarity.UNCERTAIN,
        _any("undecided", "uncertain", "possibl[ey]", "indeterminate", "equivocal", "unclear", "may", "might"),
    ),
    (Polarity.ABSENT, _any("no", "not", "without", "absent", "absence", "unlikely", "negative", "free of", "lacks?")),
    (
        Polarity.PRESENT,
        _any(
            "suspected", "present", "presence", "likely", "seen", "found", "visible", "shows?", "shown", "evident",
            "suggest(?:s|ed|ing|ive)?", "consistent with", "compatible with", "there (?:is|are)",
        ),
    ),
)  # fmt: skip

SIDES = (
    (Side.LEFT, _any("left(?:-sided)?")),
    (Side.RIGHT, _any("right(?:-sided)?")),
    (Side.BILATERAL, _any("bilateral(?:ly)?", "both (?:sides|lungs|(?:upper|middle|lower) zones)")),
    (Side.MIDLINE, _any("midline")),
)

# In this order, each taken out of the text before the next is looked for.
REGIONS = (
    (Region.OUTSIDE, _any("outside the lungs and mediastinum")),
    (Region.UPPER_ZONE, _any("upper zones?")),
    (Region.MIDDLE_ZONE, _any("mid(?:dle)? zones?")),
    (Region.LOWER_ZONE, _any("lower zones?")),
    (Region.HEART, _any("heart")),
    (Region.MEDIASTINUM, _any("mediastinum", "mediastinal")),
    (Region.LUNG, _any("lungs?")),
)

# Places that no evidence here can bear, so that naming one is an invention.
UNBORNE_PLACES = _any(
    "lobes?", "lobar", "ap(?:ex|ices)", "apical", "bas(?:e|es|al|ilar)", "(?:peri)?hil(?:um|a|ar)", "costophrenic",
    "retrocardiac", "lingula(?:r)?", "(?:hemi)?diaphragm", "fissures?", "subpleural", "peripheral", "central",
)  # fmt: skip

OVERCERTAIN = _any(
    "definite(?:ly)?", "certain(?:ly)?", "undoubted(?:ly)?", "without (?:a )?doubt", "no doubt",
    "prov(?:e|es|ed|en|ing)",
    "confirm(?:s|ed|ing|ation)?", "diagnostic of", "diagnos(?:e|es|ed|is)", "pathognomonic", "conclusive(?:ly)?",
    "unequivocal(?:ly)?", "unmistakabl[ey]", "guaranteed?", "surely", "clearly", "obvious(?:ly)?", "must (?:be|have)",
    "rule[sd]? out", "exclude[sd]?", "undeniabl[ey]", "absolute(?:ly)?",
)  # fmt: skip

COMPARISON = _any(
    "increas(?:e|es|ed|ing)", "decreas(?:e|es|ed|ing)", "wors(?:e|en|ens|ened|ening)", "improv(?:e|es|ed|ing|ement)",
    "new(?:ly)?", "unchanged", "stable", "progress(?:ed|ing|ion|ive)", "regress(?:ed|ing|ion)", "resolv(?:ed|ing)",
    "interval", "previous(?:ly)?", "prior (?:stud|film|exam|image|imaging|radiograph|x-ray|chest)\\w*", "earlier",
    "compared (?:with|to)", "(?:larger|smaller|more|less) than (?:before|on)", "again", "persist(?:s|ent|ing)",
    "since (?:the )?(?:last|\\d+)\\w*", "formerly", "no longer", "follow-up",
)  # fmt: skip

PROBABILITY = _any("probabilit(?:y|ies)", "chance", "likelihood")

# Findings that the code table does not have, so that naming one is seen as naming a finding.
FURTHER_FINDINGS = (
    "aneurysm", "asbestosis", "bronchiectasis", "bronchitis", "calcification", "cancer", "carcinoma", "cavitation",
    "cavity", "COPD", "COVID-19", "embolism", "empyema", "foreign body", "granuloma", "heart failure", "hemothorax",
    "infarction", "lymphadenopathy", "lymphoma", "malignancy", "mesothelioma", "metastasis", "pericardial effusion",
    "pneumomediastinum", "pneumoperitoneum", "sarcoidosis", "scoliosis", "silicosis", "tuberculosis", "tumour", "tumor",
)  # fmt: skip
