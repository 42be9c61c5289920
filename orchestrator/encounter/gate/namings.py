"""All the ways in which a diagnosis may be named: without qualifiers, in parts, by other names and short forms."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from wardround.contracts.cue import CueKind
from wardround.orchestrator.encounter.gate.words import spelt, tokens
from wardround.orchestrator.history.rules import synonyms

__all__ = ["SKIPPED", "Naming", "namings", "root"]

# Words that may stand between the words of a name.
SKIPPED = frozenset({"a", "an", "the", "of", "in"})
_PARTED = re.compile(
    r"[(),;:/\[\]，；（）]|\s[-–—]\s|(?<!\w)(?:with|without|due to|secondary to|caused by|complicated by"
    r"|complicating|associated with|because of|and|or|versus|vs)(?!\w)",
    re.IGNORECASE,
)
# What tells of degree, course, side or place, and not which illness it is.
_QUALIFYING = """
acute subacute chronic recurrent relapsing remitting early late advanced mild moderate severe massive submassive
minor major stable unstable active inactive old new onset first second third episode exacerbation flare relapse
suspected possible probable likely confirmed presumed primary secondary idiopathic spontaneous tension traumatic
uncomplicated complicated simple complex perforated ruptured bacterial viral fungal community acquired hospital
left right bilateral unilateral sided upper lower middle lobe lobar zone anterior posterior lateral medial distal
proximal inferior superior large small extensive diffuse focal multiple multifocal generalized localized stage
grade type congenital juvenile adult childhood infantile neonatal pediatric symptomatic asymptomatic
decompensated compensated untreated treated typical atypical classic classical i ii iii iv v high low risk side open
closed solitary benign allergic paroxysmal persistent plaque
"""
# What says too little to stand for a diagnosis alone.
_COMMON = """
disease syndrome disorder infection injury failure deficiency attack lesion condition reaction pain mass tumor
illness complication insufficiency dysfunction abnormality trauma bleeding hemorrhage ulcer pregnancy obstruction
"""
_QUALIFIERS, _GENERIC = frozenset(_QUALIFYING.split()), frozenset(_COMMON.split())
_EPONYM = re.compile(r"(?<!\w)([A-Z][\w-]{2,})(?:['’]s|s['’])(?!\w)")
_SHORT_FORM = re.compile(r"[A-Z][A-Z0-9-]{1,6}")
# One form for a noun, its adjective and its participle: (ending, form).
_KINDRED = (
    ("iatic", "iasis"), ("bolism", "bolus"), ("bolic", "bolus"), ("thrombotic", "thrombosis"),
    ("thrombus", "thrombosis"), ("otic", "osis"), ("emic", "emia"), ("itic", "itis"), ("matic", "ma"),
    ("betic", "bete"), ("leptic", "lepsy"), ("ction", "ct"), ("cted", "ct"), ("tured", "ture"), ("ated", "ation"),
    ("natal", "nate"),
)  # fmt: skip
_LEAST_KINDRED = 7
_PLACED = re.compile(r"(?<!\w)(?:of|in|at|on)(?!\w)", re.IGNORECASE)
# A single word of so many letters is the name of an illness rather than of what may happen to any part.
_TELLING = 8
# An abbreviation made of so many first letters is taken for one even where no table has it.
_LEAST_INITIALS = 3


@dataclass(frozen=True)
class Naming:
    """One name: the roots of its words in order, or a short form that is heeded in this case of letters alone."""

    roots: tuple[str, ...] = ()
    short: str = ""


@lru_cache(maxsize=20_000)
def root(word: str) -> str:
    """A word in one spelling, with one form for noun, adjective and participle ('embolic', 'embolus'; 'renal')."""
    plain = spelt(word)
    if plain in _organs():
        return _organs()[plain]
    if len(plain) >= _LEAST_KINDRED:
        for ending, form in _KINDRED:
            if plain.endswith(ending):
                return plain.removesuffix(ending) + form
    return plain


def namings(diagnosis: str) -> frozenset[Naming]:
    """Every naming of a diagnosis that is known here; of an empty one, none."""
    names = {diagnosis}
    for part in _PARTED.split(diagnosis):
        names |= {part, *_bared(part), *_placeless(part)}
    names |= {match.group(1) for match in _EPONYM.finditer(diagnosis)}
    names |= {other for name in tuple(names) for other in _others(name)}
    whole = _roots(diagnosis)
    found = {Naming(whole)} if whole else set()
    for name in names:
        found |= set(_naming(name, whole))
    return frozenset(found)


def _naming(name: str, whole: tuple[str, ...]) -> Iterator[Naming]:
    stripped = name.strip()
    if _SHORT_FORM.fullmatch(stripped):
        yield Naming(short=stripped)
        return
    roots = _roots(name)
    if len(stripped) <= 2 and stripped.isascii():
        if stripped:
            yield Naming(short=stripped.upper())
    elif roots and roots != whole and not _says_little(roots, stripped):
        yield Naming(roots)
    initials = "".join(one.raw[0] for one in tokens(name) if one.raw.casefold() not in SKIPPED).upper()
    if len(initials) >= _LEAST_INITIALS and initials.isascii() and initials.isalpha():
        yield Naming(short=initials)


def _says_little(roots: tuple[str, ...], name: str) -> bool:
    """Whether a part of a diagnosis is a mere qualifier, a word for any illness, or a symptom that must be tellable."""
    if all(one in _QUALIFIERS or one in _GENERIC or one.isdigit() for one in roots):
        return True
    kind = synonyms().get(" ".join(name.casefold().split()))
    return kind is not None and kind[0] not in (CueKind.DISEASE, CueKind.REPORTED_FINDING)


def _bared(part: str) -> Iterator[str]:
    """A part without its qualifiers."""
    words = [token.raw for token in tokens(part)]
    kept = [word for word in words if spelt(word) not in _QUALIFIERS and not word.isdigit()]
    if kept and len(kept) < len(words):
        yield " ".join(kept)


def _placeless(part: str) -> Iterator[str]:
    """A part without the place that it names, where the rest says which illness it is: 'coarctation of the aorta'."""
    what, *where = _PLACED.split(part, maxsplit=1)
    for name in (what, *_bared(what)) if where else ():
        roots = [one for one in _roots(name) if one not in _QUALIFIERS and one not in _GENERIC]
        if len(roots) > 1 or any(len(one) >= _TELLING for one in roots):
            yield name


def _roots(name: str) -> tuple[str, ...]:
    return tuple(one for token in tokens(name) if (one := root(token.raw)) not in SKIPPED)


def _others(name: str) -> Iterable[str]:
    """The other names of the same illness by our tables."""
    return _groups().get(tuple(sorted(_roots(name))), ())


@cache
def _organs() -> dict[str, str]:
    """The noun of every other word for an organ."""
    with files(__package__).joinpath("organs.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {spelt(word): spelt(row["noun"]) for row in rows for word in row["words"].split("|")}


@cache
def _groups() -> dict[tuple[str, ...], frozenset[str]]:
    """All names of an illness by each of them: those of histories' diseases, and those of `synonyms.csv`."""
    diseases: dict[str, set[str]] = {}
    for spelling, (kind, name) in synonyms().items():
        if kind is CueKind.DISEASE:
            diseases.setdefault(name, {name}).add(spelling)
    with files(__package__).joinpath("synonyms.csv").open(encoding="utf-8") as lines:
        own = [set(row["names"].split("|")) for row in csv.DictReader(lines)]
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for group in (*diseases.values(), *own):
        for name in group:
            key = tuple(sorted(_roots(name)))
            found[key] = found.get(key, frozenset()) | group
    return found
