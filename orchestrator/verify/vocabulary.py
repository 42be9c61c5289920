"""The words that the verifier reads in a text: polarity, places, degrees, certainty, comparison, and other findings."""

from __future__ import annotations

import re

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.change import Change
from wardround.contracts.evidence import Degree, EvidenceKind, Polarity

__all__ = [
    "CHANGES",
    "COMPARISON",
    "CONTRAST",
    "DEGREES",
    "DOUBLE_NEGATION",
    "FURTHER_FINDINGS",
    "NEGATION",
    "NEUTRAL",
    "OVERCERTAIN",
    "POLARITIES",
    "PROBABILITY",
    "REGIONS",
    "SIDES",
    "SOURCES",
    "SPOKEN_NAMES",
    "STRENGTHS",
    "UNBORNE_PLACES",
    "UNCHECKED",
    "WEAK",
]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


# Phrases whose words would else be read as places, polarities or comparisons.
NEUTRAL = _any(
    "(?:upper|lower|middle) (?:limits?|bounds?|cuts?|thresholds?|operating points?|end|reference)",
    "(?<!between the )(?<!between the two )(?<!between its )operating points?", "heat[ -]maps?",
    "left(?= (?:open|undecided|undetermined|unresolved))", "not pooled",
    "(?:un)?calibrated", "these models?", "limits? of normal", "not for clinical use", "normal (?:range|limits?)",
    "upper normal", "film(?:s)? of the chest", "chest (?:film|radiograph|x-ray)s?",
    "this says nothing of what they cannot see",
)  # fmt: skip

# A bare negation turns the words for presence that follow it in its clause into absence.
NEGATION = _any("no", "not", "without", "neither", "nor", "none", "nothing", "cannot", "n't", "never")

# Where denying and affirming cannot be told apart by rule, so that nothing is taken from it.
DOUBLE_NEGATION = _any(
    "not only", "not just", "not merely", "not without", "no less", "no small", "nothing (?:short|less) (?:of|than)",
    "(?:no|not|without) (?:absen(?:t|ce)|unlikely|lack(?:ing)?|improbable|negative)",
)  # fmt: skip

# Words that carry a polarity by themselves. What is undecided is looked for first: 'not certain' denies nothing.
POLARITIES = (
    (
        Polarity.UNCERTAIN,
        _any(
            "undecided", "uncertain(?:ty)?", "possibl[ey]", "possibility", "indeterminate", "inconclusive",
            "equivocal", "unclear", "unresolved", "undetermined", "ambiguous", "borderline", "doubtful", "in doubt",
            "questionable", "may", "might", "could", "leaves? (?:\\w+ ){0,3}open",
            "(?:do|does|did) not (?:allow|permit)",
            "neither (?:called|suspected|favou?red|raised|suggested|supported|read) [^.;]{0,40}?nor",
            "(?:remains?|stays?|leaves?(?: it)?) open", "open (?:question|point)", "question",
            "neither (?:suspected|favou?red|raised|suggested|supported) nor", "not (?:settled|decided|clear|certain)",
            "(?:cannot|can not|could not) (?:yet )?be (?:decided|settled|told|called|resolved|determined|judged)",
            "no (?:clear |firm )?(?:decision|verdict|answer)", "neither way", "either way", "to be considered",
            "between (?:the |its )(?:two )?operating points",
        ),
    ),
    (
        Polarity.ABSENT,
        _any(
            "there (?:is|are|was|were) (?:no|not|little|nothing)", "absent", "absence", "unlikely", "negative",
            "free (?:of|from)", "lacks?", "lacking", "against", "low suspicion",
            "little (?:evidence|support|suspicion|to suggest)",
            "favou?r(?:s|ed|ing)? (?:neither|no|none)", "unremarkable for", "unsuspected",
            "(?:falls?|stays?|remains?|lies?|sits?|is|are|well) (?:well )?(?:below|short of)", "fails? to reach",
            "(?:rais|shows?|gives?|finds?|see[sn]?|offers?|provid|lends?|makes?|carr)(?:es|e|ies|y)? (?:no|little)",
            "too (?:low|weak|small|faint)", "unsupported", "discounted", "improbable",
            "(?:not|never) (?:raised|reached)",
        ),
    ),
    (
        Polarity.PRESENT,
        _any(
            "suspected", "suspicious", "suspicion", "suspects?", "present", "presence", "likely", "probabl[ey]",
            "seen", "found", "visible", "shows?", "shown", "showing", "evident", "apparent", "noted", "identified",
            "detected", "suggest(?:s|ed|ing|ive|ion|ions)?", "consistent with", "compatible with", "in keeping with",
            "there (?:is|are)", "favou?r(?:s|ed|ing)?", "rais(?:e|es|ed|ing)", "point(?:s|ed|ing)? to(?:wards?)?",
            "indicat(?:e|es|ed|ing|ion|ions|ive)", "flag(?:s|ged|ging)?", "concern(?:s|ing)?(?: for)?",
            "reach(?:es|ed|ing)?", "support(?:s|ed|ing|ive)?", "evidence (?:of|for)", "signs? of",
            "hint(?:s|ed)?(?: of| at)?", "picked up", "exceed(?:s|ed|ing)?", "leans? to(?:wards?)?", "above",
            "enlarged", "pick(?:s)? up", "call(?:s|ed)?", "positive", "demonstrat(?:e|es|ed)", "clears?", "cleared",
            "passes", "crosses", "meets?", "met", "appears?",
        ),
    ),
)  # fmt: skip

# What begins a clause of its own, with a polarity of its own.
CONTRAST = _any(
    "but", "whereas", "while", "whilst", "although", "though", "however", "yet", "by contrast", "in contrast",
    "on the other hand", "conversely", "unlike", "despite", "except", "rather than", "instead",
)  # fmt: skip

SIDES = (
    (Side.LEFT, _any("left(?:-sided)?")),
    (Side.RIGHT, _any("right(?:-sided)?")),
    (Side.BILATERAL, _any("bilateral(?:ly)?", "both (?:sides|lungs|(?:upper|middle|mid|lower) (?:lung )?zones)")),
    (Side.MIDLINE, _any("midline")),
)

# In this order, each taken out of the text before the next is looked for.
REGIONS = (
    (Region.OUTSIDE, _any("outside (?:of )?the lungs and(?: the)? mediastinum")),
    (Region.UPPER_ZONE, _any("upper (?:lung )?zones?")),
    (Region.MIDDLE_ZONE, _any("mid(?:dle)?[ -](?:lung )?zones?")),
    (Region.LOWER_ZONE, _any("lower (?:lung )?zones?")),
    (Region.HEART, _any("heart")),
    (Region.MEDIASTINUM, _any("mediastinum", "mediastinal")),
    (Region.LUNG, _any("lungs?", "hemithora(?:x|ces)")),
)

# Places that no evidence here can bear, so that naming one is an invention.
UNBORNE_PLACES = _any(
    "lobes?", "lobar", "ap(?:ex|ices)", "apical", "bas(?:e|es|al|ilar)", "bibasal", "(?:peri)?hil(?:um|a|ar)",
    "costophrenic", "retrocardiac", "lingula(?:r)?", "(?:hemi)?diaphragm(?:s|atic)?", "fissures?", "subpleural",
    "peripheral(?:ly)?", "central(?:ly)?", "segment(?:s|al)?", "subsegmental", "paratracheal", "subcarinal", "carina",
    "aort(?:a|ic)", "trachea(?:l)?", "medial(?:ly)?", "lateral(?:ly)?", "posterior(?:ly)?", "anterior(?:ly)?",
    "inferior(?:ly)?", "superior(?:ly)?", "(?:upper|lower|middle|mid)(?! lob)", "spine", "ribs?", "clavicles?",
    "shoulder", "abdom(?:en|inal)", "chest wall", "zones?",
)  # fmt: skip

# Below, at and above what is usual; 'small', 'large' and their like are read as degrees, since they say the same.
DEGREES = (
    (
        Degree.MILD,
        _any("mild(?:ly)?", "slight(?:ly)?", "small", "tiny", "minimal(?:ly)?", "minor", "trace", "subtle", "early"),
    ),
    (Degree.MODERATE, _any("moderate(?:ly)?", "moderate-sized", "medium(?:-sized)?")),
    (
        Degree.SEVERE,
        _any(
            "severe(?:ly)?", "large", "marked(?:ly)?", "gross(?:ly)?", "massive(?:ly)?", "extensive(?:ly)?", "huge",
            "advanced", "tension", "substantial(?:ly)?", "considerable", "diffuse(?:ly)?", "widespread", "dense(?:ly)?",
        ),
    ),
)  # fmt: skip

OVERCERTAIN = _any(
    "definite(?:ly)?", "definitive(?:ly)?", "certain(?:ly)?", "undoubted(?:ly)?", "without (?:a )?doubt", "no doubt",
    "beyond (?:any )?doubt", "prov(?:e|es|ed|en|ing)", "confirm(?:s|ed|ing|ation)?", "diagnostic of",
    "diagnos(?:e|es|ed|is)", "pathognomonic", "conclusive(?:ly)?", "unequivocal(?:ly)?", "unmistakabl[ey]",
    "guarantee[sd]?", "surely", "clearly", "obvious(?:ly)?", "must (?:be|have)", "rule[sd]? out", "exclude[sd]?",
    "undeniabl[ey]", "absolute(?:ly)?", "unquestionabl[ey]", "incontrovertibl[ey]", "establish(?:es|ed)", "always",
    "impossible", "classic(?:al|ally)?", "typical(?:ly)?(?: of| for)?",
)  # fmt: skip

# Words of certainty and the least belief that carries them; from 0.9 on only a calibrated one does. After the
# five-level scale of Shinagare et al., J Am Coll Radiol 2019 ('consistent with' stands for above 90 %).
STRENGTHS = (
    (
        0.9,
        _any(
            "consistent with", "compatible with",
            "(?:very|highly|most|extremely|overwhelmingly) (?:likely|probabl[ey])",
            "strong(?:ly)? (?:suspect(?:ed)?|suggest(?:s|ed|ive)?|suspicion|evidence)",
            "strong(?:ly)? (?:support(?:s|ed)?|indicat(?:es|ed|ive))",
            "highly (?:suspicious|suggestive)", "high (?:probability|likelihood|confidence|certainty)",
            "confident(?:ly)?", "almost", "virtually", "nearly",
        ),
    ),
    (
        0.5,
        _any(
            "likely", "probabl[ey]", "more likely than not", "in all likelihood", "strong(?:ly)?", "firm(?:ly)?",
            "high(?:ly)?(?! end)",
        ),
    ),
)  # fmt: skip

# What makes a belief sound smaller than one that is at least a half.
WEAK = _any("low (?:scores?|beliefs?|probabilit(?:y|ies)|confidence)", "weak(?:ly)?", "only weak(?:ly)?")

# Only a calibrated number may be called so.
CALIBRATED = re.compile(r"(?<![\w-])(?<!not )(?<!nor )calibrated(?![\w-])", re.IGNORECASE)

# Words for one part of the evidence being at odds with another.
CONFLICT = _any(
    "disagree(?:s|d|ment)?", "conflict(?:s|ing|ed)?", "contradict(?:s|ed|ing|ory)?", "at odds", "discordant",
    "inconsistent", "discrepan(?:t|cy)",
)  # fmt: skip

# Words for a kind of evidence, and the kinds one of which must then be cited.
SOURCES = (
    (_any("observ(?:e|es|ed|er|ers|ation|ations)"), frozenset({EvidenceKind.OBSERVATION})),
    (_any("heat[ -]?maps?"), frozenset({EvidenceKind.LOCATION})),
    (_any("candidates?"), frozenset({EvidenceKind.LESION})),
    (_any("measurements?", "measured"), frozenset({EvidenceKind.MEASUREMENT, EvidenceKind.COMPARISON})),
    (
        _any("segment(?:er|ation|ations)", "outline[sd]?", "masks?"),
        frozenset({EvidenceKind.SEGMENTATION, EvidenceKind.MEASUREMENT, EvidenceKind.LESION}),
    ),
)

# Statements that no claim can carry: one finding as another's cause or as more than another, words on all findings at
# once, a place or a score that is denied. A finding's name is masked by '§' where these are looked for.
_THEN_A_FINDING = r"\s+(?:[a-z]+\s+){0,2}§"
UNCHECKED = re.compile(
    r"(?<![\w-])(?:"
    r"(?:(?:due|owing|secondary|thanks) to|because of"
    r"|(?:caus|explain|produc|accompani|complicat)(?:es|ed|ing|s)?(?: by)?"
    r"|(?:result|stem|aris|follow|deriv)(?:s|ed|es|ing|en|ming|med)? (?:from|in|of)|leads? to|as a result of"
    rf"|than|ahead of|outweighs?|agree(?:s|d|ing|ment)? with){_THEN_A_FINDING}"
    r"|nothing but|alone|(?:only|just|solely) (?:an? )?(?=§)"
    r"|further (?:images?|imaging|films?|radiographs?|stud(?:y|ies))"
    r"|(?:no|any) other|(?:nothing|everything|none|all) (?:else|other|others)|the (?:rest|others?|remaining|remainder)"
    r"|(?:only|one) (?:finding|suspicion|feature|sign)"
    r"|(?:both|other|another|all|each|every|many|several|most|next|separate|different) (?:of the )?(?:[a-z]+ )?"
    r"(?:films?|images?|views?|radiographs?|stud(?:y|ies)|examinations?|patients?|detectors?|models?|networks?|readers?"
    r"|specialists?|algorithms?|classifiers?)"
    r"|(?:not|never|nowhere|nor|rather than|instead of|other than|away from) (?:in|on|over|at|within) "
    r"(?:the |an? |both |either )?(?=left|right|both|either|upper|middle|mid|lower|lung|heart|mediast)"
    r"|(?:scor(?:e|es|ed)|probability|confidence|belief|overlap)\W+(?:[a-z]+\W+){0,2}?"
    r"(?:not|above|below|over|under|at least|at most|(?:more|less|greater|higher|lower) than|exceeding|up to)"
    r"\W+(?:of )?(?=\d)"
    r")",
    re.IGNORECASE,
)

# A measured value held against its limits or against a number: which way, and against what.
BOUNDS = re.compile(
    r"(?<![\w-])(?:(?P<up>above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|over"
    r"|(?:greater|higher|larger|wider|more) than)|(?P<out>outside|beyond)"
    r"|(?P<within>within|inside)|(?P<down>below|under|beneath|short of|(?:less|lower|smaller) than))\s+(?:of\s+)?"
    r"(?:(?:the|its|this|that|their|an?|both)\s+)?(?:(?P<number>\d*\.?\d+)"
    r"|(?:(?:stated|usual|normal|reference|expected|upper|(?P<lower>lower))\s+)*(?:(?P<range>range|limits)|limit|bound))"
    r"|(?<![\w-])(?P<raised>raised|elevated|abnormal|enlarged|increased|too (?:large|high|wide))(?![\w-])",
    re.IGNORECASE,
)

# What a comparison with an earlier film is said to have shown; None: that there was one.
CHANGES: tuple[tuple[Change | None, re.Pattern[str]], ...] = (
    (
        Change.GONE,
        _any("resolv(?:ed|ing)", "resolution", "no longer", "disappear(?:s|ed)?", "cleared since", "gone", "vanished"),
    ),
    (
        Change.LARGER,
        _any(
            "increas(?:e|es|ed|ing)", "wors(?:e|en|ens|ened|ening)", "progress(?:ed|ing|ion|ive|es)?", "larger",
            "bigger", "grow(?:n|s|ing|th)?", "grew", "enlarging", "deteriorat(?:ed|ing|ion|es)", "more extensive",
            "expand(?:s|ed|ing)", "spread(?:s|ing)?",
        ),
    ),
    (
        Change.SMALLER,
        _any(
            "decreas(?:e|es|ed|ing)", "improv(?:e|es|ed|ing|ement)", "regress(?:ed|ing|ion|es)?", "smaller", "shrunk",
            "shrink(?:s|ing)?", "reduc(?:ed|ing|tion)", "diminish(?:ed|ing)", "less extensive", "better",
        ),
    ),
    (
        Change.UNCHANGED,
        _any(
            "unchanged", "stable", "persist(?:s|ent|ing|ed)", "again", "remains? (?:the same|as before)", "static",
            "no (?:interval )?change", "still", "stationary", "unaltered", "ongoing", "chronic",
        ),
    ),
    (Change.NEW, _any("new(?:ly)?", "developed", "recent(?:ly)?", "acute(?:ly)?", "onset", "appeared")),
    (
        None,
        _any(
            "interval", "previous(?:ly)?", "prior (?:stud|film|exam|image|imaging|radiograph|x-ray|chest)\\w*",
            "earlier", "compared (?:with|to)", "in comparison", "(?:larger|smaller|more|less) than (?:before|on)",
            "before", "since (?:the )?(?:last|\\d+)\\w*", "formerly", "follow-up",
            "last (?:film|study|examination|time)", "yesterday",
            "(?:as|to|from|with|than|like) (?:the |a )?prior", "(?:days?|weeks?|months?|years?) ago", "baseline",
            "now",
        ),
    ),
)  # fmt: skip
COMPARISON = re.compile("|".join(pattern.pattern for _, pattern in CHANGES), re.IGNORECASE)

PROBABILITY = _any("probabilit(?:y|ies)", "chances?", "likelihood", "per ?cent", "percentage")

# Findings that the code table does not have, so that naming one is seen as naming a finding.
FURTHER_FINDINGS = (
    "abscess", "adenopathy", "aneurysm", "asbestosis", "aspiration", "asthma", "bronchiectasis", "bronchitis", "bulla",
    "bullae", "calcification", "cancer", "carcinoma", "cardiac failure", "cavitation", "cavity", "COPD", "COVID-19",
    "cyst", "device", "dissection", "embolism", "empyema", "foreign body", "free air", "granuloma", "haemorrhage",
    "heart failure", "hemorrhage", "hemothorax", "haemothorax", "infarction", "infection", "lung cancer",
    "lymphadenopathy", "lymphoma", "malignancy", "mesothelioma", "metastasis", "metastases", "pacemaker",
    "pericardial effusion", "pericarditis", "pneumomediastinum", "pneumoperitoneum", "pulmonary embolism",
    "sarcoidosis", "scarring", "scoliosis", "sepsis", "silicosis", "TB", "tuberculosis", "tumour", "tumor", "ARDS",
    "interstitial lung disease", "pulmonary hypertension", "catheter", "endotracheal tube", "central line",
    "chest drain", "nasogastric tube", "interstitial markings", "hyperinflation", "air bronchogram", "Kerley line",
    "vascular congestion",
)  # fmt: skip

# Plain names of the code table's findings that it does not list itself.
SPOKEN_NAMES = {
    "airspace opacification": "Consolidation",
    "airspace opacity": "Consolidation",
    "air in the pleural space": "Pneumothorax",
    "collapse": "Atelectasis",
    "emphysematous change": "Emphysema",
    "emphysematous changes": "Emphysema",
    "fibrotic change": "Fibrosis",
    "fibrotic changes": "Fibrosis",
    "fluid in the pleural space": "Effusion",
    "cardiac enlargement": "Cardiomegaly",
    "heart enlargement": "Cardiomegaly",
    "enlargement of the heart": "Cardiomegaly",
    "enlarged cardiac silhouette": "Cardiomegaly",
    "atelectatic change": "Atelectasis",
    "atelectatic changes": "Atelectasis",
    "fibrosis of the lung": "Fibrosis",
    "fibrosis of the lungs": "Fibrosis",
    "edema of the lungs": "Edema",
    "oedema of the lungs": "Edema",
    "lung edema": "Edema",
    "lung oedema": "Edema",
    "thickening of the pleura": "Pleural_Thickening",
    "thickened pleura": "Pleural_Thickening",
    "CTR": "cardiothoracic ratio",
    "heart-to-chest ratio": "cardiothoracic ratio",
    "normality": "No Finding",
    "hydrothorax": "Effusion",
    "pleural fluid": "Effusion",
    "volume loss": "Atelectasis",
}
