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
    "CLAUSE_END",
    "DENIED_AFTER",
    "DENIED_BEFORE",
    "DOUBTED_AFTER",
    "DOUBTED_BEFORE",
    "DURATIONS",
    "FAMILY",
    "SCOPE_END",
    "SEXES",
    "UNIT_DAYS",
    "names",
    "synonyms",
]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


CLAUSE_END = re.compile(r"[.;!\n](?=\s|$)|\n")
# What ends the reach of a trigger within its clause.
SCOPE_END = _any(
    "but", "however", "except", "although", "though", "yet", "apart from", "aside from", "other than", "which", "who",
    "presents? with", "presenting with", "presented with", "reports?", "complains? of", "complaining of", "now has",
    "positive for", "developed", "has had", "because of", "due to",
)  # fmt: skip

# 'no change in' and 'not only' deny nothing, nor does 'no better'.
DENIED_BEFORE = re.compile(
    r"(?<![\w-])(?:no(?! (?:change|increase|better|worse|relief|improvement|longer))"
    r"|not(?! (?:only|just|better|relieved))|denies|denied|denying|without|negative for|free of|absence of"
    r"|never(?: had)?|nil|non-|neither|nor|ruled out for)(?![\w])",
    re.IGNORECASE,
)
DENIED_AFTER = re.compile(
    r"^[^.;,]{0,12}?(?<![\w-])(?:(?:was|were|is|are|has been|have been) )?"
    r"(?:ruled out|excluded|absent|denied|negative|not present|not seen)(?![\w-])",
    re.IGNORECASE,
)
DOUBTED_BEFORE = re.compile(
    r"\?\s*$|(?<![\w-])(?:possible|possibly|probable|query|r/o|rule out|to exclude|exclude|suspected|suspicion of"
    r"|suspicious for|concern for|concerns? about|evaluate for|assess for|rule-out|maybe"
    r"|may have|might have|likely)(?![\w])",
    re.IGNORECASE,
)
DOUBTED_AFTER = re.compile(
    r"^\s*\?|^[^.;,]{0,12}?(?<![\w-])(?:is |was )?(?:suspected|possible|questioned|cannot be excluded)(?![\w-])",
    re.IGNORECASE,
)
FAMILY = _any(
    "family history(?: of)?", "fhx?", "mother", "father", "brother", "sister", "son", "daughter", "uncle", "aunt",
    "grandmother", "grandfather", "parents?", "wife", "husband", "siblings?", "family members?", "relatives?",
)  # fmt: skip

# Whole patterns for an age, its number and unit named, and in the short form the sex.
AGES = (
    re.compile(r"(?<![\w.])(?P<n>\d{1,3})[\s-]?(?P<unit>year|yr|month|week|day)s?[\s-]?old(?![\w])", re.IGNORECASE),
    re.compile(r"(?<![\w.])(?P<n>\d{1,3})\s?(?P<unit>y)/?o(?![\w])", re.IGNORECASE),
    re.compile(r"(?<![\w])(?:aged?|age of)\s(?P<n>\d{1,3})(?![\w.%])(?P<unit>)", re.IGNORECASE),
    re.compile(r"(?<![\w.])(?P<n>\d{1,3})\s?(?P<unit>)(?P<sex>[FM])(?![\w])"),
)
SEXES = (
    ("F", _any("woman", "female", "girl", "lady", "she", "her")),
    ("M", _any("man", "male", "boy", "gentleman", "he", "his", "him")),
)
UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}
_COUNT = r"(?P<n>\d{1,3}|(?:a )?few|an?|one|two|three|four|five|six|seven|eight|nine|ten|several)"
_UNIT = r"(?P<unit>hour|day|week|month|year)s?"
DURATIONS = (
    re.compile(
        rf"(?<![\w])(?:for(?: the)?(?: past| last)?|over(?: the)?(?: past| last)?|since|x)\s?{_COUNT}[\s-]{_UNIT}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<![\w]){_COUNT}[\s-]{_UNIT}['’]?s?\s(?:history\s)?of(?![\w])", re.IGNORECASE),
    re.compile(rf"(?<![\w]){_COUNT}[\s-]{_UNIT}\s(?:ago|duration)(?![\w])", re.IGNORECASE),
    re.compile(r"(?<![\w])(?:since|from)\s(?P<yesterday>yesterday)(?P<n>)(?P<unit>)", re.IGNORECASE),
)


@cache
def synonyms() -> dict[str, tuple[CueKind, str]]:
    """Every spelling, in lower case, to its cue's kind and name."""
    table: dict[str, tuple[CueKind, str]] = {}
    with files(__package__).joinpath("cues.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for spelling in (row["name"], *row["synonyms"].split("|")):
                if spelling:
                    table[spelling.casefold()] = (CueKind(row["kind"]), row["name"])
    return table


@cache
def names() -> re.Pattern[str]:
    """Finds any spelling of the vocabulary; the longest that fits."""
    spelled = "|".join(re.escape(one).replace(r"\ ", r"\s+") for one in sorted(synonyms(), key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{spelled})(?![\w-])", re.IGNORECASE)
