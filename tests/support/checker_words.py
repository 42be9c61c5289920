"""The independent checker's own words: how people name findings, places, measurements, and how they overstate."""

from __future__ import annotations

from wardround.contracts.codes import NO_FINDING, finding_codes

__all__ = [
    "ABOVE",
    "ABSENT",
    "BEARS_ON",
    "CASE_WORDS",
    "CHANGES",
    "CHRONICITY",
    "COPULA",
    "DEGREES",
    "DIAGNOSES",
    "FILM_WORDS",
    "FOREIGN_PLACES",
    "HARD",
    "HEDGES",
    "INERT",
    "INVERSE",
    "LIMIT_OF_NORMAL",
    "META",
    "NUMBER",
    "NUMBER_KEYS",
    "OBSERVER_WORDS",
    "ORDERS",
    "OUTSIDE",
    "OVERSURE",
    "PATIENT",
    "PLACES",
    "PRESENT",
    "QUANTITIES",
    "SOFT",
    "SWEEPING",
    "UNASSESSED",
    "UNCERTAIN",
    "WITHIN",
    "finding_forms",
]

# Regular expressions throughout, matched in lower-case text at word boundaries.
_FORMS: dict[str, str] = {
    "Atelectasis": r"(?:(?:sub)?segmental |lobar |linear |plate |partial |lung |pulmonary )?(?:atelectas[ie]s|"
    r"collapse)|atelectatic (?:change|area|band|lung)s?|(?:volume loss|loss of (?:lung )?volume)|collapsed lung",
    "Cardiomegaly": r"cardiomegaly|enlarged (?:heart|cardiac (?:silhouette|shadow|outline|contour))|heart enlargement|"
    r"cardiac enlargement|enlargement of the (?:heart|cardiac (?:silhouette|shadow|outline|contour))|enlarged",
    "Consolidation": r"(?:lung |pulmonary )?(?:air-?space )?consolidations?|consolidati(?:ve|ng) (?:change|process|"
    r"opacit)(?:s|y|ies|es)?|consolidated lung|air-?space (?:disease|shadowing|change)s?",
    "Edema": r"(?:pulmonary |lung |alveolar |interstitial )?o?edema(?:tous change)?s?|fluid in the (?:lungs|"
    r"air ?spaces)",
    "Effusion": r"(?:pleural )?effusions?|pleural (?:fluid|collection)s?|hydrothorax|"
    r"fluid (?:in|within) the pleura(?:l (?:space|cavity|cavities)s?)?",
    "Emphysema": r"(?:pulmonary )?emphysema(?:tous (?:change|lung)s?)?",
    "Fibrosis": r"(?:pulmonary |lung )?fibrosis(?: of the lungs?| of lungs?)?|fibrotic (?:change|lung|scarring)s?|"
    r"(?:lung |pulmonary )?scarring",
    "Hernia": r"(?:hiat(?:al|us) )?hernias?",
    "Infiltration": r"(?:lung |pulmonary )?infiltrat(?:e|es|ion|ions)|infiltrative changes?",
    "Mass": r"(?:lung |pulmonary )?mass(?:es)?|mass-like (?:lesion|opacity|change)",
    "Nodule": r"(?:lung |pulmonary )?nodul(?:e|es|arity)|nodular (?:lesion|change|shadow|opacity)s?",
    "Pleural_Thickening": r"pleural thickening|thickened pleura|thickening of the pleura",
    "Pneumonia": r"(?:broncho)?pneumonias?|pneumonic (?:change|process)e?s?",
    "Pneumothorax": r"pneumothora(?:x|ces)|ptx|(?:free |pleural )?air (?:in|within) the pleural (?:space|cavity)|"
    r"pleural air",
    "Enlarged Cardiomediastinum": r"enlarged (?:cardio)?mediastinum|widened mediastinum|mediastinal widening|"
    r"widening of the mediastinum|enlarged cardiomediastinal silhouette|broadened mediastinum",
    "Fracture": r"(?:rib )?fractures?|fractured ribs?|broken ribs?",
    "Lung Lesion": r"(?:lung |pulmonary )?lesions?",
    "Lung Opacity": r"(?:lung |pulmonary )?opaci(?:ty|ties|fication|fications)|shadowing",
    NO_FINDING: r"normality|normal(?:-looking)?|unremarkable|clear (?:lungs?|lung fields|chest)|"
    r"(?:lungs?|lung fields|chest) (?:is|are|appears?|looks?) clear",
}

# What says the opposite of a label: a heart of normal size is no cardiomegaly, an abnormality no normal film.
INVERSE: dict[str, str] = {
    NO_FINDING: r"abnormal(?:ity|ities)?(?: findings?)?|(?<=\bno )findings?|pathology",
    "Cardiomegaly": r"normal(?:-sized| sized| size of the| size)? (?:heart(?: size)?|cardiac (?:silhouette|size))|"
    r"heart of normal size|normal in size",
}

BEARS_ON: dict[str, str] = {"cardiothoracic ratio": "Cardiomegaly"}

# Quantities under other names than the ledger's own; SIDE stands for a side that is part of the quantity.
QUANTITIES: dict[str, str] = {
    "cardiothoracic ratio": r"cardio-?thoracic (?:ratio|index|quotient)|ctr|heart-to-(?:chest|thorax) ratio|"
    r"ratio of (?:the )?heart to (?:the )?(?:chest|thorax)|heart-to-(?:chest|thorax) width",
    "SIDE costophrenic angle": r"SIDE[- ](?:sided )?costophrenic angle|costophrenic angle (?:on|at) the SIDE(?: side)?",
    "lung area ratio, left to right": r"lung area ratio,? left to right|left-to-right (?:lung )?(?:area )?ratio"
    r"(?: of (?:the )?lung areas?)?|(?:lung area )?ratio of (?:the )?left to (?:the )?right lung(?: area)?",
    "SIDE lung area as share of the film": r"SIDE lung area as (?:a )?share of the film|share of the film (?:taken up|"
    r"covered|occupied) by the SIDE lung",
    "SIDE lung area": r"SIDE lung area|area of the SIDE lung",
    "heart width": r"heart width|cardiac (?:width|diameter)|thoracic (?:width|diameter)|lung volume|heart volume",
}

# Words that carry no polarity of a finding though they look as if they did.
INERT = (
    r"(?:not|no|never|rather than|instead of) (?:(?:to be )?(?:read|"
    r"taken) as )?(?:an? )?(?:calibrated )?(?:probabilit\w+|calibrated)|not (?:been )?(?:pooled|calibrated)|not only|"
    r"(?:no|not|nothing) (?:more|higher|larger|greater|less|lower) than|not (?:above|beyond|over|outside)|"
    r"does not (?:exceed|reach|pass)|nothing of what they cannot see|what they cannot see|"
    r"not (?:been )?(?:taken|told)|whether or not"
)

UNCERTAIN = (
    r"undecided|indeterminate|uncertain(?:ty)?|unclear|equivocal(?:ly)?|inconclusive|unresolved|undetermined|"
    r"unsettled|ambiguous|borderline|either way|may or may not|in doubt|question (?:is |remains )?open|remains? open|"
    r"(?:leaves?|left|leaving) (?:it |this |the (?:question|matter) )?open|open question|be neither called|"
    r"(?:for|against) (?:or|and|nor) (?:for|against)|"
    r"(?:cannot|can't|can not|could not|not) (?:\w+ )?(?:be )?(?:decided?|settled?|judged?|determined?|resolved?|"
    r"called?|confirmed?|excluded?|ruled? out|told|tell|classified)|(?:no|neither|nor|not) (?:\w+ )?(?:firm |clear |"
    r"confident |definite )?(?:decision|verdict|conclusion|call|judge?ment|"
    r"answer)|neither\b[^.;#]{0,60}\bnor\b[^.;,#]{0,30}?(?:rejected|excluded|dismissed|discounted|against|ruled out|"
    r"refuted|absent|not suspected|deny it|below)|too close to call|between the (?:two )?(?:cuts|thresholds|"
    r"operating points)|grey area|gray area|middle ground|sits? on the fence"
)
ABSENT = (
    r"no|not|\w+n't|cannot|without|absen(?:t|ce)|neither|nor|none|nothing|never|negative|unlikely|improbable|"
    r"lack(?:s|ing)?|free of|against|fail(?:s|ed)? to|ruled out|excluded?|excludes|rules out|unsuspected|short of|"
    r"too low to|resolved|gone|disappeared|little to (?:suggest|support)|hardly|disfavou?r(?:s|ed)?|"
    r"discount(?:s|ed)?|below (?:its|their|the) (?:operating points?|thresholds?)|remains? unsupported|unsupported|"
    r"dismiss(?:ed|es)?|reject(?:ed|s)?|den(?:y|ies|ied)"
)
PRESENT = (
    r"suspect(?:ed|s)?|suspicion|suspicious|suggest(?:s|ed|ion|ive|ing)?|favou?r(?:s|ed|ing)?|rais(?:e|es|ed|ing)|"
    r"point(?:s|ed|ing)? (?:to|towards?)|likely|probabl[ey]|possib(?:le|ly|ility)|may|might|could|present|presence|"
    r"consistent with|compatible with|in keeping with|seen|shows?|shown|indicat(?:e|es|ed|ing|ive)|noted|"
    r"detect(?:ed|s)|flag(?:s|ged)?|lean(?:s|ing)? towards?|concern(?:s|ing)?|pick(?:s|ed)? (?:out|up)|"
    r"support(?:s|ed)?|identif(?:y|ies|ied)|visible|demonstrat(?:e|es|ed)|reach(?:es|ed)|clears?|entertained|query|"
    r"worth bearing in mind|cannot be dismissed|in question"
)
# Verbs that make a statement without saying which way it goes.
COPULA = r"is|are|was|were|has|have|does|do|remains?|looks?|comes?|stands?"
UNASSESSED = (
    r"not (?:been )?(?:assessed|evaluated|examined|looked for|covered)|"
    r"(?:cannot|could not) be (?:assessed|seen|evaluated)|outside (?:the scope|what)|beyond what"
)

OVERSURE = (
    r"definite(?:ly)?|certain(?:ly|ty)?|confirm(?:s|ed|ing|ation)?|prove[sdn]?|proving|proof|diagnostic (?:of|for)|"
    r"pathognomonic|conclusive(?:ly)?|undoubted(?:ly)?|(?:no|without(?: any)?|beyond(?: any)?(?: reasonable)?) doubt|"
    r"unequivocal(?:ly)?|unquestionabl[ey]|unmistakabl[ey]|obvious(?:ly)?|clearly|evidently|manifestly|surely|"
    r"diagnos(?:ed|es)|diagnosis (?:of|is)|establish(?:es|ed)|guarante\w+|must (?:be|have)|indisputabl[ey]|"
    r"rules? out|ruled out|excludes?|has been excluded|is excluded|are excluded|categorically|"
    r"indicative of nothing else"
)

# Each change of the contract with the words that claim it; '' is any change at all.
CHANGES: dict[str, str] = {
    "new": r"new|newly|new-onset",
    "gone": r"resolved|resolution|disappeared|cleared up|no longer|vanished|gone",
    "larger": r"larger(?! than (?:its|the|an?) )|has grown|increas(?:e|ed|es|ing)|wors(?:e|ened|ening)|progress(?:ed|"
    r"ion|ive|ing)|bigger|enlarging|more (?:marked|pronounced|extensive) than|grew|risen",
    "smaller": r"smaller(?! than (?:its|the|an?) )|decreas(?:e|ed|es|ing)|improv(?:ed|ement|ing)|regress(?:ed|ion)|"
    r"shrunk|shrinking|fallen|less (?:marked|pronounced|extensive) than",
    "unchanged": r"unchanged|stable|no (?:interval )?change|unaltered|static",
    "": r"previous(?:ly)?|prior|earlier|interval|compar(?:ed|ison)(?! (?:with|to|against) (?:its|the|an?) (?:upper|"
    r"lower|normal|usual|"
    r"limit))|since (?:the )?(?:last|\w+ film)|persist(?:s|ent|ing)?|again|follow(?:ing)? the last|formerly|"
    r"still (?:present|seen|visible)|last (?:film|study|radiograph|examination)|recurr(?:ent|ence)|over time|"
    r"evolv(?:ed|ing)",
}
CHRONICITY = (
    r"acute(?:ly)?|chronic(?:ally)?|subacute|long-?standing|(?<!year-)(?<!years )old|recent(?:ly)?|healed|active"
)

DEGREES: dict[str, str] = {
    "mild": r"mild(?:ly)?|minimal(?:ly)?|slight(?:ly)?|trace|tiny|small|minor|subtle|low-grade",
    "moderate": r"moderate(?:ly)?(?:-sized)?|medium-sized|moderate-sized",
    "severe": r"severe(?:ly)?|large|massive|marked(?:ly)?|gross(?:ly)?|extensive|huge|advanced|big|tension",
}

ORDERS = (
    r"recommend\w*|advis(?:e|ed|able|es)|should|suggest(?:ed)? (?:follow-?up|further|a (?:ct|repeat|chest))|"
    r"follow-?up|refer(?:ral|red)?|(?:needs?|requires?|warrants?|necessitates?) |clinical(?:ly)? correlat\w+|"
    r"correlate|antibiotics?|diuretics?|treat(?:ment|ed|ing)?|therap(?:y|eutic)|drain(?:age|ed)|thoracentesis|"
    r"biops\w+|bronchoscop\w+|steroids?|admi(?:t|ssion)|hospitali[sz]\w*|surg(?:ery|ical)|urgent(?:ly)?|emergen\w+|"
    r"immediate(?:ly)?|"
    r"(?:repeat|further|additional) (?:film|imaging|study|studies|radiograph|views?|evaluation|investigation|"
    r"work-?up)s?|consider (?:a |"
    r"an )?\w+|(?:chest )?ct|mri|echocardiogra\w+|ultrasound|oxygen|prescri\w+|medication|dose|monitor(?:ing)?"
)

# Named things that only an evidence item of that very name can bear.
OUTSIDE = (
    r"(?:central |venous |pacing )?(?:catheters?|(?<!in )lines?|wires?)|pacing leads?|"
    r"(?:endotracheal |nasogastric |chest |tracheostomy )?tubes?|pacemakers?|defibrillators?|prosthes[ie]s|implants?|"
    r"clips?|sternotomy|stents?|ports?|drains?|picc|devices?|foreign bod(?:y|ies)|valves?|scoliosis|kyphosis|"
    r"osteo\w+|degenerative \w+|dislocations?|calcifi\w+|granulom\w+|tubercul\w+|tb|covid(?:-19)?|coronavirus|"
    r"sars\w*|cancers?|carcinoma\w*|malignan\w+|metasta\w+|tumou?rs?|neoplas\w+|lymphoma\w*|sarcoma\w*|embol\w+|"
    r"aneurysms?|dissections?|abscess(?:es)?|cavit(?:y|ies|ation|ary)|bronchiectas\w+|bronchi(?:ti|oliti)s|asthma|"
    r"sarcoid\w*|lymphadenopathy|adenopathy|lymph nodes?|hil(?:ar|um|a)\b(?: \w+)?|"
    r"interstitial (?:\w+ )?(?:disease|change|marking|pattern|thickening)s?|ground-glass(?: \w+)?|reticul\w+|"
    r"honeycomb\w*|kerley\w*(?: b lines?)?|septal lines?|air bronchograms?|pneumomediastinum|pneumoperitoneum|"
    r"free air|subcutaneous emphysema|surgical emphysema|hyperinflat\w+|flattened diaphragms?|"
    r"trache(?:a|al)(?: deviation)?|mediastinal shift|pericardial effusions?|hydropneumothora\w+|empyema|"
    r"ha?emothorax|chylothorax|inguinal hernias?|diaphragmatic hernias?|brain edema|cerebral o?edema|"
    r"aort(?:ic|a)(?: \w+)?|atheroma\w*|vascular congestion|pulmonary congestion|cephali[sz]ation|"
    r"vascular redistribution|situs inversus|sepsis|septic|ards|aspiration|respiratory failure|"
    r"pulmonary hypertension|infarct\w*|contusions?|pneumonitis|cardiomyopathy|myocard\w+|pericarditis|"
    r"(?:mitral|aortic|valvular) \w+|renal failure|kidney\w*|liver\w*|spleen|cirrhosis|vertebra\w*|spin(?:e|al)|"
    r"ribs?|shoulders?|breast\w*|diaphragm\w*|pleurisy|silicosis|asbestos\w*|pneumoconiosis|"
    r"[a-z]{3,}(?:itis|oma|omas|a?emia|opathy|ectomy|ostomy|otomy|plasty|plegia|algia|rrhage|rrhoea|stenosis|ectasia)"
)
# Diagnoses that two suspected findings of these may together raise, in hedged words.
DIAGNOSES: dict[str, tuple[str, frozenset[str]]] = {
    "heart failure": (
        r"(?:congestive |left |cardiac )?(?:heart|cardiac|ventricular) failure|chf|cardiac decompensation|"
        r"(?:fluid|volume) overload",
        frozenset({"Cardiomegaly", "Edema", "Effusion"}),
    ),
    "chest infection": (
        r"(?:lower respiratory tract |respiratory |chest |lung |pulmonary )?infecti(?:on|ous process|ve process)s?",
        frozenset({"Pneumonia", "Consolidation", "Infiltration"}),
    ),
    "chronic obstructive pulmonary disease": (
        r"copd|chronic obstructive (?:pulmonary|lung|airways) disease",
        frozenset({"Emphysema", "Fibrosis", "Pneumothorax"}),
    ),
}
PATIENT: dict[str, str] = {
    "sex": r"wom[ae]n|female|lady|girl|m[ae]n|male|gentleman|boy",
    "history": r"smok\w+|fever\w*|febrile|cough\w*|dyspn\w+|breathless\w*|shortness of breath|chest pain|ha?emoptysis|"
    r"weight loss|night sweats|wheez\w+|diabet\w+|hypertens\w+|hiv|immunosuppress\w+|chemotherap\w+|trauma|"
    r"history of|symptom\w*|hypox\w+|leu[ck]ocytosis|sputum|chills",
}

# Evidence speaks of zones, lungs, heart and mediastinum; these places it cannot bear.
FOREIGN_PLACES = (
    r"(?:upper|middle|lower|left|right) lobes?|lobes?|lobar|lingula\w*|bas(?:e|es|al|ilar|ally)|bibasal|bibasilar|"
    r"api(?:x|ces|cal|cally)|apex|perihilar|retrocardiac|peripher(?:y|al|ally)|subpleural|costophrenic|cardiophrenic|"
    r"fissur\w+|paratracheal|infrahilar|suprahilar|hemidiaphragm\w*"
)
FILM_WORDS = r"films?|radiographs?|x-?rays?|stud(?:y|ies)|examination|images?|chest|appearances?|picture|it"
OBSERVER_WORDS = r"observ\w+|reader|looked at|vision|second opinion|separate(?:ly)?|another model|disagrees?"
CASE_WORDS = r"(?:similar |retrieved |past )?cases?|precedents?"
# All findings at once.
SWEEPING = r"(?:all|every|each|none) (?:of )?(?:the |these )?(?:\d+ |scored |possible )?findings?"
META = (
    r"models?|detectors?|scores?|probabilit\w+|evidence|films?|radiographs?|measurements?|reader|observation|"
    r"heat[- ]maps?|limits?|findings?|it|this|that|these|they|both|all|neither|none|weigh\w*|place|side|picture|"
    r"impression|conclusions?"
)


# Where a sentence turns to something else, and where a list goes on.
HARD = (
    r";|—|–|\.(?=\s|$)|"
    r"\b(?:whereas|while|whilst|but|although|though|however|yet|(?:by|in) contrast|on the other hand|conversely|"
    r"even so|nonetheless|nevertheless)\b"
)
SOFT = r",|:|\(|\)|\b(?:which|without|and|or|nor|with|plus|as well as|alongside|as (?:is|are|does|do)|so (?:is|are))\b"

_SIDES = r"(?P<side>left|right|both|bilateral|either|each)"
_ZONE = r"(?P<zone>upper|mid(?:dle)?|lower)"
_ZONES = r"(?:lung )?(?:zone|field)s?\b"
_ON = r"\b(?:over|overlying|at|in|within|behind|onto|on|across) (?:the )?"
PLACES = (
    rf"\b{_SIDES}[- ](?:sided )?{_ZONE}[- ]{_ZONES}",
    rf"\b{_ZONE}[- ]{_SIDES}[- ]{_ZONES}",
    rf"\b{_ZONE}[- ]{_ZONES},? (?:(?:on|of|in) )?(?:the )?{_SIDES}\b(?: (?:sides?|lungs?|hemithorax))?",
    rf"\b{_ZONE}[- ]{_ZONES} (?P<side>bilaterally)\b",
    rf"\b{_ZONE} third of the {_SIDES} lung\b",
    rf"\b{_ZONE}[- ]{_ZONES}",
    rf"\b{_SIDES} (?P<lung>lung)s?(?: fields?)?\b",
    rf"{_ON}(?P<heart>heart|cardiac (?:region|area|shadow|silhouette))\b",
    rf"{_ON}(?P<mediastinum>mediastin(?:um|al (?:region|area)))\b",
    r"\b(?P<outside>outside (?:of )?the lungs(?: and (?:the )?mediastinum)?)\b",
    r"\b(?P<side>left(?! (?:open|un\w+|in |indeterminate|to |as |aside|out))|right|both|bilateral|either|each|"
    r"midline|bilaterally)(?:[- ]sided)?\b(?: (?:sides?|hemithorax|hemithoraces|chest))?",
)

NUMBER = (
    r"(?<![\w.])(?P<number>\d+(?:\.\d+)?)(?:\s*(?P<unit>%|percent\b|per cent\b|deg(?:rees?)?\b|°|cm2\b|cm²|mm\b|cm\b|"
    r"px\b|ml\b|square cent\w+|litres?\b|liters?\b|kg\b|m\b))?(?!\w)"
)
NUMBER_KEYS = (
    r"(?P<limit>above|\bover\b|exceed\w*|below|under|beyond|than|limits?|range|bounds?|thresholds?|ceiling|"
    r"cut-?offs?|normal|reference)|(?P<overlap>overlap\w*|"
    r"share of (?:its|the) heat[- ]map)|(?P<probability>probabilit\w+|likelihood|chances?|odds|"
    r"risk)|(?P<score>scores?|scoring|scored|values?|confidence|belief|reading)|(?P<measure>measur\w+|ratio of|"
    r"angle of|at)"
)
ABOVE = (
    r"(?P<not>(?:\bnot|\bno|n't|\bnever|\bwithout|\bnor|\bneither)\s+(?:\w+\s+)?)?\b(?:above|over|exceed(?:s|ing|"
    r"ed)?|beyond|(?:higher|greater|larger|more|wider) than|past|in excess of|surpass(?:es|"
    r"ing)?|outside)\s+(?:\w+\s+){0,3}?(?:limits?|range|thresholds?|normal|bounds?|ceiling|\d)"
)
WITHIN = (
    r"\b(?:within|inside|below|under|beneath|short of|(?:less|lower|smaller) than|at)\s+(?:\w+\s+){0,3}?(?:limits?|"
    r"range|thresholds?|normal|bounds?|ceiling)"
)
LIMIT_OF_NORMAL = (
    r"(?:limits?|range|bounds?|ceiling) of (?:the )?normal|"
    r"normal (?:upper |lower )?(?:limits?|range|bounds?|value|ceiling)|"
    r"(?:above|below|beyond|within|exceeds?|over) normal"
)
HEDGES = (
    r"may|might|could|possib\w+|suggest\w*|suspect\w*|suspicion|consistent|compatible|rais\w+|query|question\w*|"
    r"conceivabl\w+|would fit|in keeping"
)


def finding_forms() -> dict[str, str]:
    """One expression per label of the code table: its label, name and synonyms, and the plain words for it."""
    forms: dict[str, str] = {}
    for label, row in finding_codes().items():
        own = {name.lower().replace("_", "[ _]") for name in (label, row.name, *row.synonyms)}
        if label == NO_FINDING:
            own = set()
        forms[label] = "|".join([_FORMS.get(label, label.lower()), *sorted(own, key=len, reverse=True)])
    return forms
