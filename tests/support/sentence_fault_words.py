"""The words that are planted in true sentences: what a film cannot show, and how to say the reverse of what is said."""

from __future__ import annotations

import re

from wardround.contracts.evidence import Polarity

__all__ = [
    "DEGREES",
    "DEVICES",
    "FLIPS",
    "HISTORIES",
    "LOBES",
    "ORDERS",
    "OTHERS",
    "SIGNS",
    "STRONG",
    "SURE",
    "SWEEPS",
    "TAKEN_BACK",
    "WHENS",
    "WITNESSES",
]

DEGREES = (
    "large",
    "small",
    "mild",
    "moderate",
    "severe",
    "massive",
    "tiny",
    "extensive",
    "marked",
    "minimal",
    "gross",
)
SURE = ("definitely", "certainly", "clearly", "undoubtedly", "obviously", "unequivocally", "conclusively", "surely")
STRONG = ("highly likely", "very probably present", "almost certain", "strongly suspected", "virtually proven")
OTHERS = (
    "tuberculosis", "a rib fracture", "lymphadenopathy", "a pleural plaque", "bronchiectasis", "pulmonary embolism",
    "lung cancer", "sarcoidosis", "heart failure", "an abscess", "free air", "a granuloma", "scarring", "COVID-19",
    "metastases", "hyperinflation", "degenerative change of the spine", "a cavity", "ground-glass change",
)  # fmt: skip
DEVICES = (
    "an endotracheal tube in place", "a pacemaker in place", "a central line", "sternal wires", "a chest drain",
    "ECG leads", "a port catheter", "a nasogastric tube",
)  # fmt: skip
ORDERS = (
    "; a CT is recommended", "; follow-up is advised", ", and antibiotics are needed", "; consider drainage",
    "; clinical correlation is required", ", so treatment should be started", "; refer to cardiology",
    "; a biopsy is needed", ", and surgery is indicated", "; repeat the film", "; further images should be taken",
)  # fmt: skip
WHENS = (
    " and is new", ", larger than before", ", unchanged", ", which has worsened", " since the last film", " again",
    ", as on the previous film", ", now improved", ", which persists", " and has progressed", " of recent onset",
    ", stable over months", ", which is increasing", ", compared with the prior radiograph", ", as before",
    ", resolved since yesterday", ", the same as prior",
)  # fmt: skip
HISTORIES = (
    " in a smoker", " in this man with fever", ", in keeping with the history of cough", ", as the patient has pain",
    " after surgery", ", the patient being elderly", " in a child", ", given the known asthma",
)  # fmt: skip
WITNESSES = (
    ", as two independent detectors confirm", ", on which three detectors agree", ", as the radiologist says",
    ", seen on CT as well", ", as the biopsy shows", ", which seven models support", ", as the lateral view shows",
    ", as an expert confirmed", ", which twelve networks share", ", and an observation agrees",
    ", on which all models agree", ", as both detectors say", ", as seen on both films", ", as on the AP view",
)  # fmt: skip
SWEEPS = (
    "; no other finding is suspected", "; nothing else is suspected", "; all other findings are absent",
    ", and the rest of the film is normal", ", the only finding", "; everything else is not suspected",
    ", and the remaining lung is clear", ", the leading finding", ", the most suspicious of all",
    ", more than anything else", ", the only suspicion",
)  # fmt: skip
SIGNS = (
    "spiculated", "cavitating", "calcified", "loculated", "lobulated", "malignant", "benign", "infectious", "multiple",
    "several", "malignant-looking", "tense", "encapsulated", "solitary", "nodular", "two",
)  # fmt: skip
LOBES = (
    "in the left lower lobe", "at the right base", "at the apex", "in the perihilar region", "in the lingula",
    "behind the heart", "at the costophrenic angle", "in the right middle lobe", "in the posterior segment",
    "along the fissure", "under the diaphragm", "in the aortic arch", "in both apices", "at the left hilum",
)  # fmt: skip
TAKEN_BACK = {
    Polarity.PRESENT: (", but this is unlikely", ", though it is not suspected", "; however, it is absent",
                       ", yet the evidence speaks against it", "; it is undecided"),
    Polarity.ABSENT: (", but it is suspected", "; it may be present", ", yet the evidence points to it",
                      "; it is seen all the same", "; it is undecided"),
    Polarity.UNCERTAIN: (", but it is suspected", "; it is not suspected", ", yet it is unlikely", "; it is seen"),
}  # fmt: skip
# What a sentence says, and how to say the reverse; the first that fits is used.
FLIPS = tuple(
    (re.compile(before), after)
    for before, after in (
        (r"^(.*, )?[Nn]o (.*?) is suspected", r"\1a \2 is suspected"),
        (r"^Neither (.*?) nor (.*?) is suspected", r"Both \1 and \2 are suspected"),
        (r"favou?r neither (.*?) nor", r"favour both \1 and"),
        (r"Whether (.*?) is undecided", r"That \1 is suspected"),
        (r"(is|are) not suspected", r"\1 suspected"),
        (r"whereas (.*?) is not( \[|\.)", r"whereas \1 is too\2"),
        (r"(is|are) (both )?suspected", r"\1 not suspected"),
        (r"(is|are) undecided", r"\1 suspected"),
        (r"(remains?|stays?) (both )?(indeterminate|unresolved)", r"is suspected"),
        (r"(do|does) not (favou?r|point to)", r"\2"),
        (r"There is no evidence of", "There is evidence of"),
        (r"There is a suggestion of", "There is no suggestion of"),
        (r"lend no support", "lend support"),
        (r"speaks against", "speaks for"),
        (r"raise suspicion", "raise no suspicion"),
        (r"raises suspicion", "raises no suspicion"),
        (r"raises no suspicion", "raises suspicion"),
        (r"unlikely", "likely"),
        (r"is not (favou?red|supported)", r"is \1"),
        (r"is (favou?red|flagged|raised)", r"is not \1"),
        (r"points to", "does not point to"),
        (r"point to", "do not point to"),
        (r"is negative for", "is positive for"),
        (r"see no sign", "see signs"),
        (r"Nothing (.*?) suggests", r"The film \1 suggests"),
        (r"is suspicious for", "is negative for"),
        (r"are equivocal about", "point to"),
        (r"favou?r", "do not favour"),
        (r"cannot be decided", "is likely"),
        (r"is inconclusive", "is favourable"),
        (r"leaves? (\w+ )*?open", "is answered"),
    )
)
