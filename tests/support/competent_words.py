"""What a competent reasoner may write: names of findings, and sentence patterns by what they say and how much.

Slots: {a} and {A} a finding with its article, {bare} without; {where} a place; {kind} 'score' or 'probability', {n} its
number; {overlap} the heat map's overlap; {cite} citations. Spellings are British; `competent` turns them American.
"""

from __future__ import annotations

__all__ = [
    "BEARING",
    "BOUNDED",
    "CONTRASTS",
    "LISTS",
    "MEASURES",
    "NAMES",
    "NORMAL",
    "NORMAL_AGAINST",
    "OUTLINED",
    "PAIRS",
    "PATTERNS",
    "QUANTITIES",
    "SPELLINGS",
]

# (with article, bare)
NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "Atelectasis": (("atelectasis",) * 2, ("collapse",) * 2, ("atelectatic change",) * 2),
    "Cardiomegaly": (
        ("cardiomegaly",) * 2,
        ("cardiac enlargement",) * 2,
        ("an enlarged heart", "enlarged heart"),
        ("an enlarged cardiac silhouette", "enlarged cardiac silhouette"),
        ("enlargement of the heart",) * 2,
    ),
    "Consolidation": (("consolidation",) * 2, ("airspace consolidation",) * 2),
    "Edema": (("pulmonary oedema",) * 2, ("oedema of the lungs", "lung oedema")),
    "Effusion": (
        ("a pleural effusion", "pleural effusion"),
        ("pleural fluid",) * 2,
        ("fluid in the pleural space",) * 2,
        ("an effusion", "effusion"),
    ),
    "Emphysema": (("emphysema",) * 2, ("pulmonary emphysema",) * 2, ("emphysematous change",) * 2),
    "Fibrosis": (("pulmonary fibrosis",) * 2, ("fibrosis of the lung",) * 2, ("fibrotic change",) * 2),
    "Hernia": (("a hiatus hernia", "hiatus hernia"), ("a hiatal hernia", "hiatal hernia")),
    "Infiltration": (("an infiltrate", "infiltrate"), ("a pulmonary infiltrate", "pulmonary infiltrate")),
    "Mass": (("a lung mass", "lung mass"), ("a pulmonary mass", "pulmonary mass"), ("a mass", "mass")),
    "Nodule": (("a lung nodule", "lung nodule"), ("a pulmonary nodule", "pulmonary nodule")),
    "Pleural_Thickening": (("pleural thickening",) * 2, ("thickening of the pleura",) * 2),
    "Pneumonia": (("pneumonia",) * 2,),
    "Pneumothorax": (
        ("a pneumothorax", "pneumothorax"),
        ("air in the pleural space",) * 2,
    ),
    "Enlarged Cardiomediastinum": (("mediastinal widening",) * 2, ("a widened mediastinum", "widened mediastinum")),
    "Fracture": (("a fracture", "fracture"),),
    "Lung Lesion": (("a lung lesion", "lung lesion"), ("a pulmonary lesion", "pulmonary lesion")),
    "Lung Opacity": (("a lung opacity", "lung opacity"), ("a pulmonary opacity", "pulmonary opacity")),
}

# By (polarity, with a place, with a number).
PATTERNS: dict[tuple[str, bool, bool], tuple[str, ...]] = {
    ("present", False, False): (
        "{A} is suspected {cite}.",
        "The detectors favour {a} {cite}.",
        "There is a suggestion of {a} {cite}.",
        "The pooled detectors raise suspicion of {a} {cite}.",
        "Suspicion of {a} is raised by the detectors {cite}.",
        "The balance of the detectors' evidence points to {a} {cite}.",
        "The evidence leans towards {a} {cite}.",
        "The models flag {a} as a suspicion {cite}.",
        "{A} may be present, going by the detectors {cite}.",
        "The film has been flagged for possible {bare} {cite}.",
        "Taken together, the detectors suggest {a} {cite}.",
        "Once the detectors are pooled, {a} comes out as suspected {cite}.",
        "The reading is suspicious for {a} {cite}.",
        "{A} is favoured by the weight of the evidence {cite}.",
    ),
    ("present", False, True): (
        "{A} is suspected, with a {kind} of {n} {cite}.",
        "The detectors raise suspicion of {a} ({kind} {n}) {cite}.",
        "With a pooled {kind} of {n}, {a} is suspected {cite}.",
        "There is a suggestion of {a}; the {kind} is {n} {cite}.",
        "At a {kind} of {n}, the evidence favours {a} {cite}.",
        "A {kind} of {n} makes {a} a matter of suspicion {cite}.",
        "The detectors favour {a}, their pooled {kind} being {n} {cite}.",
        "Possible {bare}: the detectors arrive at a {kind} of {n} {cite}.",
        "The pooled {kind} for {a} stands at {n}, enough to raise suspicion {cite}.",
        "{A} is flagged by the detectors at a {kind} of {n} {cite}.",
        "Suspicion falls on {a}, for which the {kind} is {n} {cite}.",
    ),
    ("present", True, False): (
        "{A} is suspected {where} {cite}.",
        "The detectors favour {a} {where} {cite}.",
        "There is a suggestion of {a} {where} {cite}.",
        "The evidence raises suspicion of {a} {where} {cite}.",
        "Suspicion of {a} is raised {where} {cite}.",
        "{A} is suspected, and the heat map places it {where} {cite}.",
        "The heat map for {a}, which is suspected, lies {where} {cite}.",
        "The models point to {a} {where} {cite}.",
        "{A}, suspected on the detectors' evidence, is located {where} {cite}.",
        "Possible {bare} is flagged {where} {cite}.",
        "What the detectors suggest {where} is {a} {cite}.",
    ),
    ("present", True, True): (
        "{A} is suspected {where}, with a {kind} of {n} {cite}.",
        "The detectors favour {a} {where} ({kind} {n}) {cite}.",
        "There is a suggestion of {a} {where}, at a {kind} of {n} {cite}.",
        "With a {kind} of {n}, {a} is suspected {where} {cite}.",
        "{A} is suspected {where} (heat-map overlap {overlap}), the {kind} being {n} {cite}.",
        "Suspicion of {a} is raised {where}; the pooled {kind} is {n} {cite}.",
        "The evidence points to {a} {where}: {kind} {n}, heat-map overlap {overlap} {cite}.",
        "The detectors flag {a} at a {kind} of {n} and place it {where} {cite}.",
        "Possible {bare} {where}, with an overlap of {overlap} and a {kind} of {n} {cite}.",
        "{A}, for which the {kind} is {n}, is suspected {where} {cite}.",
    ),
    ("absent", False, False): (
        "{A} is not suspected {cite}.",
        "There is no evidence of {a} in the detectors' scores {cite}.",
        "No {bare} is suspected {cite}.",
        "The detectors do not favour {a} {cite}.",
        "Nothing in the detectors' output suggests {a} {cite}.",
        "The detectors lend no support to {a} {cite}.",
        "{A} looks unlikely on these scores {cite}.",
        "The pooled evidence speaks against {a} {cite}.",
        "No suspicion of {a} is raised {cite}.",
        "The evidence falls short of any suspicion of {a} {cite}.",
        "The models see no sign of {a} {cite}.",
        "{A} is not favoured by the pooled detectors {cite}.",
        "The detectors do not point to {a} {cite}.",
        "The reading is negative for {a} {cite}.",
        "The film raises no suspicion of {a} {cite}.",
    ),
    ("absent", False, True): (
        "{A} is not suspected, with a {kind} of {n} {cite}.",
        "With a {kind} of only {n}, {a} is not suspected {cite}.",
        "No {bare} is suspected ({kind} {n}) {cite}.",
        "There is no evidence of {a} in the detectors' output: {kind} {n} {cite}.",
        "The pooled {kind} for {a} is {n}, which does not raise suspicion {cite}.",
        "The detectors do not favour {a}; their {kind} is {n} {cite}.",
        "At a {kind} of {n}, {a} is unlikely {cite}.",
        "A {kind} of {n} speaks against {a} {cite}.",
        "{A} is not supported, the {kind} being {n} {cite}.",
        "The {kind} of {a}, {n}, is too low to suggest it {cite}.",
        "Nothing suggests {a}, for which the {kind} is {n} {cite}.",
    ),
    ("uncertain", False, False): (
        "{A} remains indeterminate {cite}.",
        "{A} is undecided {cite}.",
        "Whether there is {a} cannot be decided from these scores {cite}.",
        "The detectors are equivocal about {a} {cite}.",
        "The evidence on {a} is inconclusive {cite}.",
        "{A} can be neither suspected nor dismissed {cite}.",
        "The question of {a} is left open {cite}.",
        "The detectors reach no verdict on {a} {cite}.",
        "The pooled evidence for {a} lies between the two operating points, so the matter is undecided {cite}.",
        "It is unclear whether there is {a} {cite}.",
        "The pooled detectors leave {a} unresolved {cite}.",
        "On {a}, the evidence does not allow a decision either way {cite}.",
        "There may or may not be {a} {cite}.",
    ),
    ("uncertain", False, True): (
        "{A} remains indeterminate, with a {kind} of {n} {cite}.",
        "{A} is undecided ({kind} {n}) {cite}.",
        "At a {kind} of {n}, the evidence on {a} is inconclusive {cite}.",
        "The pooled {kind} for {a} is {n}, which leaves the question open {cite}.",
        "Whether there is {a} cannot be settled: {kind} {n} {cite}.",
        "The detectors are equivocal about {a}, their {kind} being {n} {cite}.",
        "With a {kind} of {n}, {a} can be neither suspected nor dismissed {cite}.",
        "A {kind} of {n} leaves {a} undetermined {cite}.",
        "{A} stays unresolved; the {kind} is {n} {cite}.",
    ),
}

NORMAL: dict[tuple[str, bool], tuple[str, ...]] = {
    ("present", False): (
        "No abnormality is suspected by these models {cite}.",
        "The detectors favour a normal film {cite}.",
        "As far as these models can see, the film looks normal {cite}.",
        "The pooled detectors read the film as normal {cite}.",
        "Nothing abnormal is suspected on this film {cite}.",
        "The evidence points to a normal radiograph {cite}.",
    ),
    ("present", True): (
        "No abnormality is suspected, the {kind} of a normal film being {n} {cite}.",
        "The detectors favour a normal film ({kind} {n}) {cite}.",
        "With a {kind} of {n}, the film is read as normal by these models {cite}.",
        "A normal radiograph is suggested at a {kind} of {n} {cite}.",
        "The film looks normal to the detectors, with a {kind} of {n} {cite}.",
    ),
    ("absent", False): (
        "A normal film is not suspected by these models {cite}.",
        "The detectors do not favour a normal film {cite}.",
        "The film is unlikely to be normal {cite}.",
        "The pooled evidence speaks against a normal radiograph {cite}.",
        "The film is not read as normal {cite}.",
    ),
    ("absent", True): (
        "A normal film is not suspected: {kind} {n} {cite}.",
        "The detectors do not favour a normal film ({kind} {n}) {cite}.",
        "With a {kind} of only {n}, a normal film is unlikely {cite}.",
        "The {kind} of a normal radiograph is {n}, so normality is not supported {cite}.",
    ),
    ("uncertain", False): (
        "Whether the film is normal is undecided {cite}.",
        "It cannot be decided from these scores whether the film is normal {cite}.",
        "Normality of the film remains indeterminate {cite}.",
        "The detectors are equivocal about a normal radiograph {cite}.",
        "The question of a normal film is left open {cite}.",
    ),
    ("uncertain", True): (
        "Whether the film is normal is undecided, with a {kind} of {n} {cite}.",
        "At a {kind} of {n}, normality of the film remains indeterminate {cite}.",
        "It is unclear whether the film is normal ({kind} {n}) {cite}.",
        "A {kind} of {n} leaves it open whether the radiograph is normal {cite}.",
    ),
}

# The models call the film normal, and something else says otherwise: {against} is a clause.
NORMAL_AGAINST = (
    "Whether the film is normal is undecided, since {against} {cite}.",
    "Normality of the film remains indeterminate: {against} {cite}.",
    "Although its {kind} of {n} reaches the operating point, a normal film is undecided, since {against} {cite}.",
    "It cannot be decided whether the film is normal, because {against} {cite}.",
    "The film can be neither called normal nor abnormal, given that {against} {cite}.",
)

QUANTITIES: dict[str, tuple[str, ...]] = {
    "cardiothoracic ratio": ("the cardiothoracic ratio", "the CTR", "the heart-to-chest ratio"),
    "left costophrenic angle": ("the left costophrenic angle", "the costophrenic angle on the left"),
    "right costophrenic angle": ("the right costophrenic angle", "the costophrenic angle on the right"),
    "lung area ratio, left to right": ("the ratio of left to right lung area", "the left-to-right lung area ratio"),
    "left lung area": ("the left lung area", "the area of the left lung"),
    "right lung area": ("the right lung area", "the area of the right lung"),
    "left lung area as share of the film": ("the share of the film taken up by the left lung",),
    "right lung area as share of the film": ("the share of the film taken up by the right lung",),
}

# {q} and {Q} the quantity, {v} its value with the unit.
MEASURES = (
    "{Q} measures {v} {cite}.",
    "{Q} is {v} {cite}.",
    "{Q} comes to {v} {cite}.",
    "Measurement gives {q} as {v} {cite}.",
    "A value of {v} was measured for {q} {cite}.",
    "{Q} was measured at {v} {cite}.",
)

# A lesion beside a suspected finding, with and without a place: {v} is its diameter.
OUTLINED: dict[bool, tuple[str, ...]] = {
    True: (
        "{A} is suspected; the outlined candidate lies {where} and measures {v} {cite}.",
        "{A} is suspected, with an outlined candidate of {v} {where} {cite}.",
        "For {a}, which is suspected, a candidate {v} across was outlined {where} {cite}.",
        "Suspected {bare}: its outline {where} has a diameter of {v} {cite}.",
        "{A} is suspected {where}, outlined with a diameter of {v} {cite}.",
    ),
    False: (
        "{A} is suspected; the outlined candidate measures {v} {cite}.",
        "{A} is suspected, and a candidate {v} across was outlined {cite}.",
        "Suspected {bare}: its outline has a diameter of {v} {cite}.",
    ),
}

# With limits: {bounds} such as 'upper limit of 0.50', {stands} 'above' or 'within', by whether it is beyond them.
BOUNDED: dict[bool, tuple[str, ...]] = {
    True: (
        "{Q} measures {v}, beyond its {bounds} {cite}.",
        "At {v}, {q} is outside its {bounds} {cite}.",
        "{Q} is {v} and exceeds its {bounds} {cite}.",
    ),
    False: (
        "{Q} measures {v}, within its {bounds} {cite}.",
        "At {v}, {q} lies within its {bounds} {cite}.",
        "{Q} is {v} and does not exceed its {bounds} {cite}.",
        "{Q} of {v} stays inside its {bounds} {cite}.",
    ),
}

# A measurement beside the detectors' word on the finding that it bears on: by (beyond its limit, polarity).
BEARING: dict[tuple[bool, str], tuple[str, ...]] = {
    (True, "present"): (
        "{Q} of {v} exceeds its {bounds}, in keeping with the suspicion of {a} {cite}.",
        "{A} is suspected, and {q}, at {v}, is above its {bounds} {cite}.",
    ),
    (True, "absent"): (
        "{Q} of {v} is above its {bounds}, although {a} is not suspected by the detectors {cite}.",
        "The detectors do not favour {a}, yet {q} measures {v}, above its {bounds} {cite}.",
    ),
    (True, "uncertain"): (
        "{Q} of {v} is above its {bounds}, while {a} remains indeterminate by the detectors {cite}.",
        "{A} is undecided by the detectors; {q}, at {v}, exceeds its {bounds} {cite}.",
    ),
    (False, "present"): (
        "{A} is suspected by the detectors, although {q} of {v} lies within its {bounds} {cite}.",
        "{Q} measures {v}, within its {bounds}, whereas the detectors favour {a} {cite}.",
    ),
    (False, "absent"): (
        "{Q} of {v} is within its {bounds}, and {a} is not suspected {cite}.",
        "{A} is not suspected, and {q}, at {v}, does not exceed its {bounds} {cite}.",
    ),
    (False, "uncertain"): (
        "{Q} of {v} lies within its {bounds}, but the detectors leave {a} undecided {cite}.",
        "The detectors are equivocal about {a}; {q} measures {v}, within its {bounds} {cite}.",
    ),
}

# Two findings of the same polarity in one sentence; {cite1} and {cite2} are theirs, {cite} both.
PAIRS: dict[str, tuple[str, ...]] = {
    "present": (
        "{A1} and {a2} are both suspected {cite}.",
        "The detectors favour {a1} {cite1} as well as {a2} {cite2}.",
        "Suspicion is raised of {a1} {cite1} and of {a2} {cite2}.",
        "Besides {a1} {cite1}, {a2} is suspected {cite2}.",
        "Of the findings scored, {a1} and {a2} come out as suspected {cite}.",
    ),
    "absent": (
        "Neither {a1} nor {a2} is suspected {cite}.",
        "There is no evidence of {a1} {cite1} or of {a2} {cite2} in the detectors' scores.",
        "{A1} and {a2} are not suspected {cite}.",
        "The detectors favour neither {a1} nor {a2} {cite}.",
        "{A1} is not suspected {cite1}, nor is {a2} {cite2}.",
    ),
    "uncertain": (
        "{A1} and {a2} both remain indeterminate {cite}.",
        "The detectors are equivocal about {a1} {cite1} and about {a2} {cite2}.",
        "No decision can be made on {a1} or {a2} {cite}.",
        "{A1} is undecided {cite1}, as is {a2} {cite2}.",
        "The evidence leaves both {a1} and {a2} unresolved {cite}.",
    ),
}

CONTRASTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("present", "absent"): (
        "{A1} is suspected {cite1}, whereas {a2} is not {cite2}.",
        "While the detectors favour {a1} {cite1}, they do not favour {a2} {cite2}.",
        "There is a suggestion of {a1} {cite1}, but none of {a2} {cite2}.",
        "{A1} is suspected {cite1}; there is nothing to suggest {a2} {cite2}.",
        "In contrast to {a1}, which is suspected {cite1}, {a2} is not {cite2}.",
    ),
    ("present", "uncertain"): (
        "{A1} is suspected {cite1}, whereas {a2} remains indeterminate {cite2}.",
        "The detectors favour {a1} {cite1} but are equivocal about {a2} {cite2}.",
        "Suspicion is raised of {a1} {cite1}; the question of {a2} is left open {cite2}.",
    ),
    ("uncertain", "absent"): (
        "{A1} remains indeterminate {cite1}, whereas {a2} is not suspected {cite2}.",
        "Although {a1} is undecided {cite1}, {a2} is not suspected {cite2}.",
        "The evidence is inconclusive for {a1} {cite1} and speaks against {a2} {cite2}.",
    ),
}

LISTS: dict[str, tuple[str, ...]] = {
    "absent": (
        "The detectors show no evidence of {list} {cite}.",
        "No {orlist} is suspected {cite}.",
        "{List} are not suspected {cite}.",
    ),
    "uncertain": (
        "{List} remain indeterminate {cite}.",
        "The following are left undecided: {list} {cite}.",
    ),
    "present": (
        "The detectors raise suspicion of {list} {cite}.",
        "{List} are suspected {cite}.",
    ),
}

SPELLINGS = (("favour", "favor"), ("oedema", "edema"), ("judgement", "judgment"), ("whilst", "while"))
