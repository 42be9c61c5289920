"""What a text tells of the patient now: named cues that are affirmed and not over, and vital signs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from wardround.contracts.cue import CueKind, Told
from wardround.orchestrator.encounter.red_flags.vitals import vitals_in
from wardround.orchestrator.history.reader import told_at
from wardround.orchestrator.history.rules import CLAUSE_END, SCOPE_END, folded, names, synonyms

__all__ = ["Sign", "known_names", "signs_in"]

# Between the words of a pattern that '~' parts stand at most this many others, of the same clause and without denial.
_GAP = r"(?:[^\w.,;\n]+(?!(?:no|not|nor|without|denies|denied|but|never)\b)[\w'’/%-]+){0,5}[^\w.,;\n]+"
_PARTED = " ~ "
_BELIEVED = {False: frozenset({Told.YES}), True: frozenset({Told.YES, Told.UNSURE})}
_REACH = 160
_VOCABULARY = frozenset({CueKind.SYMPTOM, CueKind.SIGN})
_COUNT = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|many|few)"
_LONG = r"(?:years?|months?|yrs?|decades?)"
# Before a cue in its clause: it is over, it is another's, or it is only talked about.
_SEASON = (
    r"last (?:year|winter|summer|autumn|spring)|as an? (?:\w+ )?(?:child|toddler|infant|baby|teenager|boy|girl|student)"
)
_OVER_BEFORE = re.compile(
    r"(?<![\w-])(?:(?<!day )(?<!days )(?<!hour )(?<!hours )(?<!week )(?<!weeks )(?<!month )(?<!minute )(?<!-)"
    r"(?:past |prior |previous |known |remote |old )?(?:medical )?(?:history of|h/o|hx of)|previous(?:ly)?|prior"
    rf"|formerly|in the past|past|childhood|{_SEASON}"
    rf"|(?:in|since) (?:19|20)\d\d|{_COUNT} {_LONG} ago|{_LONG} ago|{_COUNT} {_LONG} (?:earlier|before)|used to"
    r"|recovered from|(?:told|advised|warned|asked|instructed|counsell?ed|to return|return) (?:\w+ ){0,4}(?:if|for"
    r"|about|to (?:return|watch))|leaflet|read (?:about|that)|heard (?:about|of)|friend|neighbou?r|colleague|roommate"
    r"|classmate|teammate|screened for|vaccinated against|leads? to|can cause|prevent\w*)(?![\w-])",
    re.IGNORECASE,
)
_OVER_AFTER = re.compile(
    rf"^[^.;\n]{{0,60}}?(?<![\w-])(?:(?<!for )(?<!began )(?<!started ){_COUNT} {_LONG} (?:ago|earlier|before)"
    rf"|(?:in|during) (?:19|20)\d\d|{_SEASON}"
    r"|in (?:childhood|the past)|(?:none|not|never) since|(?:has |have |had )?(?:since )?(?:fully |completely )?"
    r"(?:resolved|recovered|healed|settled)(?! (?:and|but) (?:returned|came back))"
    r"|at (?:the )?age (?:of )?\d+)(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sign:
    """A cue by name, or a vital sign with its value."""

    name: str
    value: float | None = None


@lru_cache(maxsize=2048)
def signs_in(text: str, past: bool = False) -> frozenset[Sign]:
    """The signs of a text. Denied, doubted and other people's are left out, and so is what is over.

    Cues that count ever (a known disease, a medicine) do so wherever they lie in time. `past` says that the whole text
    tells of the past: then they alone are read. What must not be missed counts where it is only feared, too.
    """
    text = folded(text)
    found = {Sign(name) for name, parts in _cues(text) if _counts(text, name, parts, past)}
    return frozenset(found if past else {*found, *(Sign(name, value) for name, value in vitals_in(text))})


@cache
def known_names() -> frozenset[str]:
    """Every cue that a rule may ask for: those of the table, and symptoms and signs of histories."""
    return frozenset({*_table(), *(name for kind, name in synonyms().values() if kind in _VOCABULARY)})


def _counts(text: str, name: str, parts: Sequence[tuple[int, int]], past: bool) -> bool:
    row = _table().get(name)
    if past and (row is None or not row.ever):
        return False
    believed = _BELIEVED[row is not None and row.doubted]
    if not all(told_at(text, start, end) in believed for start, end in parts):
        return False
    return (row is not None and row.ever) or not _over(text, parts[0][0], parts[-1][1])


def _over(text: str, start: int, end: int) -> bool:
    begin = max(0, start - _REACH)
    for pattern in (CLAUSE_END, SCOPE_END):
        for match in pattern.finditer(text, begin, start):
            begin = match.end()
    return (
        _OVER_BEFORE.search(text, begin, start) is not None or _OVER_AFTER.match(text[end : end + _REACH]) is not None
    )


def _cues(text: str) -> Iterator[tuple[str, Sequence[tuple[int, int]]]]:
    """Each cue with its places: of a parted pattern every part, since each may be denied on its own."""
    for name, row in _table().items():
        for match in row.pattern.finditer(text):
            starts = sorted({match.start(), *(place for place, _ in match.regs if place >= 0)})
            yield name, [(start, match.end()) for start in starts]
    for match in names().finditer(text):
        kind, name = synonyms()[" ".join(match.group().casefold().split())]
        if kind in _VOCABULARY and name not in _table():
            yield name, [match.span()]


@dataclass(frozen=True)
class _Row:
    """`ever`: it counts wherever it lies in time; `doubted`: also where it is only feared."""

    ever: bool
    doubted: bool
    pattern: re.Pattern[str]


@cache
def _table() -> dict[str, _Row]:
    with files(__package__).joinpath("cues.csv").open(encoding="utf-8") as lines:
        return {
            row["name"]: _Row(
                ever=row["counts"] == "ever",
                doubted=row["counts"] == "doubted",
                pattern=_compiled(row["pattern"]),
            )
            for row in csv.DictReader(lines)
        }


def _compiled(pattern: str) -> re.Pattern[str]:
    """A cue's pattern: a blank stands for any, '~' for a gap, after which an empty group marks where a part begins."""
    spaced = pattern.replace(" ?", r"\s*").replace(_PARTED, f"{_GAP}()").replace(" ", r"\s+")
    return re.compile(rf"(?<![\w-])(?:{spaced})(?!\w)", re.IGNORECASE)
