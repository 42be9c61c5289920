"""The words by which the rule reader tells denied, doubtful and other people's cues apart, and reads ages and times.

Negation by trigger and scope after NegEx (Chapman et al., Journal of Biomedical Informatics 2001); the tables are ours.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from wardround.contracts.cue import CueKind

__all__ = [
    "AGES",
    "ASSERTED_AFTER",
    "CLAUSE_END",
    "DENIED_AFTER",
    "DENIED_BEFORE",
    "DOUBTED_AFTER",
    "DOUBTED_BEFORE",
    "DURATIONS",
    "DURATION_LEADING",
    "FAMILY",
    "FAMILY_AFTER",
    "JOINED",
    "OWN_AGAIN",
    "SCOPE_END",
    "SEXES",
    "UNIT_DAYS",
    "folded",
    "names",
    "synonyms",
]


# Letters beyond ASCII that a pattern without regard to case takes for i, s and k, and `casefold` does not.
_LOOKALIKES = str.maketrans("ıİſ\u212a", "iIsK")


def folded(text: str) -> str:
    """The text, as long as before, with the letters that only look to a pattern like those of its tables."""
    return text.translate(_LOOKALIKES)


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


CLAUSE_END = re.compile(r"[.;!\n](?=\s|$)|\n")
_NOT_DENIED = r"(?<!not )(?<!n['’]t )"
# What ends the reach of a trigger within its clause.
SCOPE_END = _any(
    "but", "however", "except", "although", "though", "(?<!not )yet", "apart from", "aside from", "other than",
    "which", "who", "presents? with", "presenting with", "presented with", rf"{_NOT_DENIED}(?:reports?|complains? of)",
    "complaining of", "now has", "positive for", rf"{_NOT_DENIED}developed", "has had", "because of", "due to",
    # A comma and a verb begin a new statement: 'no allergies, was a smoker'.
    r"(?<=,) (?:and |then )?(?:is|was|has|had|with|now|known|current|currently|on|s/p)",
)  # fmt: skip

# 'no change in', 'not only' and 'no better' deny nothing; 'not sure if' and 'did not exclude' are doubt.
DENIED_BEFORE = re.compile(
    r"(?<![\w-])(?:no(?! (?:change|increase|better|worse|relief|improvement|doubt))"
    r"|(?:not|\w{2,6}n['’]t)"
    r"(?! (?:only|just|better|relieved?|exclude|rule|sure|certain|improved?|resolved?|respond))"
    r"|denies|denied(?!\s*[,:])|denying|without(?! (?:change|improvement|relief))|negative for|free of|absence of"
    r"|never(?: had)?|nil|non-?$|neither|nor|ruled out for|resolution of|resolved $|(?<!\w)a$"
    r"|(?<!not )(?<!be )(?<!been )(?<!was )(?<!were )(?:ruled out|rules out|excludes) (?:an? |any |acute )?$)(?!\w)",
    re.IGNORECASE,
)
DENIED_AFTER = re.compile(
    r"^\s*(?:\(-\)|-negative(?!\w)|[:=]\s*(?:no|none|nil|negative|denie[sd]|absent)(?!\w))"
    r"|^(?:(?!(?<!\w)(?:not|cannot|never|and|or|but|with)(?!\w)|n['’]t)[^.;,]){0,12}?"
    r"(?<![\w-])(?:(?:was|were|is|are|has|have|has been|have been) )?"
    r"(?:ruled out|excluded|absent|denied|negative|not present|not seen|no longer present|resolved)(?![\w-])",
    re.IGNORECASE,
)
DOUBTED_BEFORE = re.compile(
    r"(?<![\w)])\?\s*(?:[\w -]{0,30}(?:/|\bor\b)\s*)?$"
    r"|(?<![\w-])(?:possible|possibly|probable|query|r/o|rule out|to exclude|exclude|suspected|suspicion of"
    r"|suspicious for|concern for|concerns? about|worr(?:y|ied) about|afraid of|fear of|risk of|risk for"
    r"|screen(?:ing)? for|evaluate for|assess for|rule-out|maybe"
    r"|may (?:have|be|represent|reflect)|might (?:have|be|represent)|could (?:be|represent)|likely|check for"
    r"|versus|vs\.?|if|whether|against)(?!\w)",
    re.IGNORECASE,
)
DOUBTED_AFTER = re.compile(
    r"^\s*\?|^\s+(?:vs\.?|versus)(?!\w)"
    r"|^[^.;,]{0,12}?(?<![\w-])(?:is |was )?(?:suspected|possible|questioned|unlikely)(?![\w-])"
    r"|^[^.;,]{0,16}?(?:(?<!\w)(?:not|never)|cannot|n['’]t)(?: yet)?(?: be| been)? (?:excluded|ruled out)(?![\w-])",
    re.IGNORECASE,
)
# 'No fever, cough for 3 days': what has lasted is not denied by a word beyond a comma.
ASSERTED_AFTER = re.compile(
    r"^ (?:for|since|x) ?(?:the |a |an |last |past )*(?:\d|yesterday|few|two|three)", re.IGNORECASE
)

_RELATIVE = (
    r"(?:mother|father|brother|sister|son|daughter|uncle|aunt|cousin|grandmother|grandfather|parent|wife|husband|sibling"
    r"|family member|relative)s?"
)
# A relative who tells of the patient, brings the patient or shares a home is not the one who is ill.
FAMILY = re.compile(
    r"(?<![\w-])(?:family history|fhx?(?!\w)"
    r"|(?<!by )(?<!by his )(?<!by her )(?<!by the )(?<!with )(?<!with his )(?<!with her )"
    rf"{_RELATIVE}(?!\w)(?!,? (?:also |has )?(?:reports?|reported|says|said|states?|stated|noticed|noted|describes?"
    r"|brought|denie[sd]|worrie[sd]|is worried))"
    rf"|{_RELATIVE} who(?!\w))",
    re.IGNORECASE,
)
FAMILY_AFTER = re.compile(rf"^\s+(?:in|of)\s+(?:(?:his|her|the|a|one)\s+)?{_RELATIVE}(?!\w)", re.IGNORECASE)
# Where a clause that began with a relative comes back to the patient.
OWN_AGAIN = _any(
    "patient", "pt", "presents? with", "presenting with", "presented with", "complains? of", "complaining of",
    "(?<=, )(?:and |but |while )?(?:he|she)",
)  # fmt: skip

# Whole patterns for an age, its number and unit named, and in the short forms the sex.
_THING = r"(?:fracture|injury|wound|scar|bruise|scan|film|x-ray|radiograph|infarct|stroke|pacemaker|stent|graft)"
_OF_WHOM = rf"(?!\s+(?:{_RELATIVE}|child|children|twins?|{_THING})(?!\w))"
_SEX = r"(?:,?\s?(?P<sex>(?-i:[FM]))(?!\w))?"
AGES = (
    re.compile(
        rf"(?<![\w.])(?P<n>\d{{1,3}})[\s-]?(?P<unit>year|yr|month|week|day|hour)s?[\s-]?(?:old|of age)(?!\w)"
        rf"{_OF_WHOM}{_SEX}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<![\w.])(?P<n>\d{{1,3}})[\s-]?(?P<unit>y)[/.]?o(?!\w)\.?{_OF_WHOM}{_SEX}", re.IGNORECASE),
    # 'Smoker since age 15' and 'at the age of 12' tell another time.
    re.compile(
        r"(?<!at )(?<!since )(?<!from )(?<!the )(?<!until )(?<!\w)"
        r"(?:aged?|age of)[\s:]\s?(?P<n>\d{1,3})(?![\w%]|\.\d)(?:\s?(?P<unit>year|month|week|day|hour)s?)?(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\w)(?:fe)?male,?\s(?P<n>\d{1,3})(?P<unit>)(?=\s?(?:y(?:ea)?rs?)?(?:[,.;]|$))", re.IGNORECASE
    ),
    # From 95 on it is a temperature in Fahrenheit, before a tube its size in French.
    re.compile(
        r"(?<![\w.])(?P<n>[1-8]?\d|9[0-4])[\s/]?y?\s?(?P<unit>)(?P<sex>[FM])(?!\w)"
        r"(?!\s(?:chest|drain|tube|catheter|pigtail|sheath|Fr))"
    ),
)  # fmt: skip
SEXES = (
    ("F", _any("woman", "female", "girl", "lady", "she", "her", "sex: ?f")),
    ("M", _any("man", "male", "boy", "gentleman", "he", "his", "him", "sex: ?m")),
)

# '3/7', '2/52' and '6/12' are days, weeks and months in British notes.
UNIT_DAYS = {
    "hour": 1 / 24, "hr": 1 / 24, "h": 1 / 24, "day": 1.0, "d": 1.0, "7": 1.0, "week": 7.0, "wk": 7.0, "52": 7.0,
    "month": 30.0, "mo": 30.0, "12": 30.0, "year": 365.0, "yr": 365.0, "yesterday": 1.0,
}  # fmt: skip
_COUNT = (
    r"(?P<n>\d{1,3}(?:\.\d)?|(?:a )?few|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|(?:a )?couple of)"
    r"(?:\s?(?:-|–|to|or)\s?\d{1,3})?"
)
_UNIT = r"(?P<unit>hour|hr|day|week|wk|month|mo|year|yr)s?(?!\w)"
_FOR = r"(?<!\w)(?:(?:for|over|in|during)(?: the)?(?: past| last)?|the (?:past|last)|since|x)\s?"
DURATION_LEADING = re.compile(
    rf"(?<![\w.]){_COUNT}[\s-]{_UNIT}['’]?s?\s(?:(?:history\s|hx\s)?of|h/o)(?!\w)", re.IGNORECASE
)

DURATIONS = (
    re.compile(rf"{_FOR}{_COUNT}[\s-]?{_UNIT}(?!\s(?:history\s)?of(?!\w))", re.IGNORECASE),
    re.compile(r"(?<!\w)(?:for|over|x)\s?(?P<n>\d{1,2})/(?P<unit>7|52|12)(?![\w/])", re.IGNORECASE),
    re.compile(rf"(?<!\w){_COUNT}[\s-]{_UNIT}\s(?:ago|duration)(?!\w)", re.IGNORECASE),
    re.compile(r"(?<=\w )(?P<n>\d{1,2})/(?P<unit>52)(?![\w/])"),
    re.compile(rf"\(\s?{_COUNT}[\s-]?{_UNIT}\s?\)", re.IGNORECASE),
    re.compile(r"(?<!\w)(?P<n>)(?:since|from)\s(?P<unit>yesterday)(?!\w)", re.IGNORECASE),
)
# What may stand between two names of one list.
JOINED = re.compile(r"[\s,/&]*(?:(?:and|or|with|plus)\s+)?(?:[a-z]{1,12}\s+)?", re.IGNORECASE)


@cache
def synonyms() -> dict[str, tuple[CueKind, str]]:
    """Every spelling, in lower case, to its cue's kind and name."""
    return {spelling.casefold(): row for spelling, row in _spellings()}


@cache
def names() -> re.Pattern[str]:
    """Finds any spelling of the vocabulary; the longest that fits.

    A short form that the table has in capitals is found only in capitals ('AIDS', not 'hearing aids').
    """
    spelled = "|".join(_spelled(one) for one, _ in sorted(_spellings(), key=lambda pair: len(pair[0]), reverse=True))
    before = r"(?<![\w-])|(?<=(?<!\w)non-)|(?<=(?<!\w)non)|(?<=(?<!\w)a)(?=febrile|pyrexial)"
    return re.compile(rf"(?:{before})(?:{spelled})(?!\w|-(?!positive|negative))", re.IGNORECASE)


def _spelled(one: str) -> str:
    words = re.escape(one).replace(r"\ ", r"\s+")
    if len(one) == 2:
        words += r"(?!:)"  # 'PE:' heads the physical examination
    return f"(?-i:{words})" if one.isupper() and one.isalpha() else words


@cache
def _spellings() -> tuple[tuple[str, tuple[CueKind, str]], ...]:
    with files(__package__).joinpath("cues.csv").open(encoding="utf-8") as lines:
        return tuple(
            (spelling, (CueKind(row["kind"]), row["name"]))
            for row in csv.DictReader(lines)
            for spelling in (row["name"], *row["synonyms"].split("|"))
            if spelling
        )
