"""The independent checker's sentence reader: what a sentence says of which subject, where, with what number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import checker_words as words
from checker_said import Bounded, Number, Place, Said, Sentence

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Polarity

__all__ = ["read_text"]

_BRACKET = re.compile(r"[\[(]\s*E\d+(?:\s*(?:[,;]|and|&)\s*E\d+)*\s*[\])]|\bE\d+\b")
_ID = re.compile(r"E\d+")
_ENUMERATED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\"'])|\n+")
_HARD, _SOFT = re.compile(words.HARD), re.compile(words.SOFT)
_PLACES = tuple(re.compile(pattern) for pattern in words.PLACES)
_SIDE_VALUES = {"both": "bilateral", "either": "bilateral", "each": "bilateral", "bilaterally": "bilateral"}
_NUMBER = re.compile(words.NUMBER)
_UNITS = {"percent": "%", "per cent": "%", "degree": "deg", "degrees": "deg", "°": "deg", "cm²": "cm2", "px": "{pixel}"}
_KEYS = re.compile(words.NUMBER_KEYS)
_LATE_KEY = re.compile(r"\s*(?:is |as )?(?:its |the |an? )?(?:heat[- ]map |upper |lower |normal )*(overlap|limit)")
_LIST = re.compile(r"\b(?:scores|probabilities|values|overlaps)\b[^;.a-z]*(?:of |at |are |were )?[\d.,\s]+and [\d.]+")
_ABOVE, _WITHIN = re.compile(words.ABOVE), re.compile(words.WITHIN)
_LIMIT_OF_NORMAL = re.compile(words.LIMIT_OF_NORMAL)
_REPORTED = re.compile(r"\b(?:score|probability|value|likelihood) (?:of|for) (?:an? |the )?$")
_HEDGES = re.compile(rf"\b(?:{words.HEDGES})\b")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")


@cache
def _vocabulary(subjects: tuple[str, ...]) -> list[tuple[re.Pattern[str], str, str, bool]]:
    """(expression, kind, name, inverse) for all that can be named; `subjects` are the ledger's own free subjects."""
    table = [(_compiled(form), "finding", label, False) for label, form in words.finding_forms().items()]
    table += [(_compiled(form), "finding", label, True) for label, form in words.INVERSE.items()]
    table += [(_compiled(form), "diagnosis", name, False) for name, (form, _) in words.DIAGNOSES.items()]
    for name, form in words.QUANTITIES.items():
        sides = ("left", "right") if "SIDE" in name else ("",)
        table += [
            (_compiled(form.replace("SIDE", side)), "quantity", name.replace("SIDE", side), False) for side in sides
        ]
    table += [(_compiled(re.escape(one.lower())), "quantity", one, False) for one in subjects]
    table.append((_compiled(words.OUTSIDE), "outside", "", False))
    return table


def _blank(text: str, spans: Iterable[tuple[int, int]], filler: str) -> str:
    for start, end in spans:
        text = text[:start] + filler * (end - start) + text[end:]
    return text


def _named(text: str, subjects: tuple[str, ...]) -> list[Said]:
    """All names in a sentence: of two that overlap the longer counts, and evidence's own name before another."""
    found = [
        Said(kind=kind, name=name or match.group(), start=match.start(), end=match.end(), inverse=inverse)
        for pattern, kind, name, inverse in _vocabulary(subjects)
        for match in pattern.finditer(text)
    ]
    found.sort(key=lambda one: (one.start - one.end, one.kind == "outside", one.start))
    kept: list[Said] = []
    for one in found:
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def _settled(text: str, named: Sequence[Said], hard: Sequence[int]) -> list[Said]:
    """Names less those that are none in their place: 'normal' of a limit, 'enlarged' of something else."""
    limits = [match.span() for match in _LIMIT_OF_NORMAL.finditer(text)]
    kept = []
    for one in named:
        word = text[one.start : one.end]
        around = [m for m in named if m.kind == "quantity" and _at(hard, m.start) == _at(hard, one.start)]
        if word == "enlarged" and not re.search(r"\b(?:heart|cardiac)\b", text):
            continue
        if one.name == NO_FINDING and not one.inverse:
            if any(start <= one.start < end for start, end in limits):
                continue
            film = re.search(rf"\b(?:{words.FILM_WORDS})\b", text)
            if around and not film:
                continue
            if re.search(r"\b(?:heart|cardiac)\b", text) and not film:
                one = replace(one, name="Cardiomegaly", inverse=True)
        kept.append(one)
    return kept


def _at(borders: Sequence[int], position: int) -> int:
    return sum(border <= position for border in borders)


@dataclass
class _Chunk:
    number: int
    start: int
    end: int
    separator: str
    clause: int
    cues: list[tuple[int, Polarity]] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    states: bool = False


_STRENGTH = {Polarity.PRESENT: 0, Polarity.ABSENT: 1, Polarity.UNCERTAIN: 2}


def _cues(text: str) -> list[tuple[int, Polarity]]:
    """All words that say which way something goes, with where they stand."""
    unsure = [match.span() for match in _compiled(words.UNCERTAIN).finditer(text)]
    sure = _blank(text, unsure, "~")
    negative = [match.span() for match in _compiled(words.ABSENT).finditer(sure)]
    positive = [match.span() for match in _compiled(words.PRESENT).finditer(_blank(sure, negative, "~"))]
    sorts = ((Polarity.UNCERTAIN, unsure), (Polarity.ABSENT, negative), (Polarity.PRESENT, positive))
    return sorted((start, polarity) for polarity, spans in sorts for start, _ in spans)


class _Reading:
    """The working state of one sentence: its chunks, the cues in them, and what governs what."""

    def __init__(self, text: str, subjects: tuple[str, ...]) -> None:
        self.text = text
        hard = [match.end() for match in _HARD.finditer(text)]
        self.said = _settled(text, _named(text, subjects), hard)
        inert = [m.span() for m in _compiled(words.INERT).finditer(text)]
        inert += [m.span() for expression in (_ABOVE, _WITHIN, _LIMIT_OF_NORMAL) for m in expression.finditer(text)]
        self.work = _blank(_blank(text, inert, "~"), [(one.start, one.end) for one in self.said], "#")
        self.unnamed = _blank(text, [(one.start, one.end) for one in self.said], "#")
        self.inside = [
            (m.start(), m.end())
            for m in re.finditer(r"\(([^()]*)\)", text)
            if not any(m.start() < one.start < m.end() for one in self.said)
        ]
        self.chunks = self._chunks(hard)
        self.said = [self._polarised(position) for position in range(len(self.said))]

    def _chunks(self, hard: Sequence[int]) -> list[_Chunk]:
        bare = _blank(self.work, self.inside, "~")
        unsure = [match.span() for match in _compiled(words.UNCERTAIN).finditer(bare)]
        self.places = [match.span() for pattern in _PLACES for match in pattern.finditer(bare)]
        closed = [*unsure, *self.places]
        borders = sorted(
            [(m.start(), m.end(), m.group()) for m in _SOFT.finditer(bare)]
            + [(m.start(), m.end(), ";") for m in _HARD.finditer(bare)]
        )
        borders = [b for b in borders if not any(start <= b[0] < end for start, end in closed)]
        chunks: list[_Chunk] = []
        start, separator, clause = 0, "", 0
        for left, right, mark in [*borders, (len(bare), len(bare), "")]:
            chunks.append(_Chunk(len(chunks), start, left, separator, clause))
            start, separator, clause = right, mark, clause + (mark == ";")
        cues = _cues(bare)
        self.aside = [
            (start, max((polarity for _, polarity in told), key=lambda one: _STRENGTH[one]))
            for start, end in self.inside
            if (told := _cues(self.work[start:end]))
        ]
        for chunk in chunks:
            chunk.cues = [cue for cue in cues if chunk.start <= cue[0] < chunk.end]
            chunk.said = [n for n, one in enumerate(self.said) if chunk.start <= one.start < chunk.end]
            # In what it names, too: 'the lungs are clear' is a name that makes a statement.
            chunk.states = bool(_compiled(words.COPULA).search(self.text[chunk.start : chunk.end]))
            before = chunks[chunk.number - 1] if chunk.number else chunk
            if chunk.separator in ("nor", "without") and _strongest(before) is not Polarity.UNCERTAIN:
                chunk.cues.insert(0, (chunk.start, Polarity.ABSENT))
        return chunks

    def _leads(self, chunk: _Chunk) -> bool:
        """Whether the chunk's cue stands before what it names, and so may reach on to the next names."""
        return bool(chunk.cues) and (not chunk.said or chunk.cues[0][0] < self.said[chunk.said[0]].start)

    def _governor(self, number: int) -> int | None:
        """The chunk whose cue governs a name in chunk `number`: its own, else one to the left or right."""
        own = self.chunks[number]
        alike = [n for n, chunk in enumerate(self.chunks) if chunk.clause == own.clause and chunk.cues]
        left, right = [n for n in alike if n < number], [n for n in alike if n > number]
        reached = bool(left) and self._leads(self.chunks[left[-1]])
        if own.cues or own.states:
            negated = reached and _strongest(self.chunks[left[-1]]) is Polarity.ABSENT
            if own.separator == "or" and negated and _strongest(own) is Polarity.PRESENT:
                return left[-1]
            # 'A score of 0.01 is low, which does not …': what follows without a name of its own goes on with this one.
            if not own.cues and right and not any(self.chunks[n].said for n in range(number + 1, right[0] + 1)):
                return right[0]
            return number
        if reached:
            return left[-1]
        if right and not (self.chunks[right[0]].said and self._leads(self.chunks[right[0]])):
            return right[0]
        return left[-1] if left else (right[0] if right else None)

    def _polarised(self, position: int) -> Said:
        one = self.said[position]
        number = next(n for n, chunk in enumerate(self.chunks) if position in chunk.said)
        governor = self._governor(number)
        polarity = _strongest(self.chunks[governor]) if governor is not None else Polarity.PRESENT
        beside = [m for start, m in self.aside if 0 <= start - one.end <= 2]
        polarity = beside[0] if beside else polarity
        clause = [chunk for chunk in self.chunks if chunk.clause == self.chunks[number].clause]
        stretch = self.text[clause[0].start : clause[-1].end]
        if one.inverse and polarity is not Polarity.UNCERTAIN:
            polarity = Polarity.PRESENT if polarity is Polarity.ABSENT else Polarity.ABSENT
        only_number = _REPORTED.search(self.text[: one.start]) and not (
            governor is not None and governor >= number and self.chunks[governor].cues
        )
        sayings = {number} if governor is None else {number, governor}
        unassessed = any(
            _compiled(words.UNASSESSED).search(self.text[self.chunks[n].start : self.chunks[n].end]) for n in sayings
        )
        return replace(
            one,
            polarity=None if only_number or unassessed else polarity,
            stated=bool(beside) or (governor is not None and bool(self.chunks[governor].cues)),
            hedged=bool(_HEDGES.search(stretch)),
            chunk=number,
            predicate=number if governor is None else governor,
        )

    def _has_place(self, chunk: _Chunk) -> bool:
        return any(chunk.start <= start < chunk.end for start, _ in self.places)

    def bound(self, position: int, *, shared: bool = False) -> tuple[int, ...]:
        """What a place or number at `position` is said of; `shared`: also of all that has the same predicate."""
        before = [n for n, one in enumerate(self.said) if one.end <= position and one.kind != "outside"]
        if any(start < position < end for start, end in self.inside):
            return tuple(before[-1:])
        number = next((n for n, c in enumerate(self.chunks) if c.start <= position <= c.end), 0)
        chunk = self.chunks[number]
        stretch = self.text[chunk.start : chunk.end]
        if re.search(r"\bformer\b", stretch) and len(before) > 1:
            return (before[-2],)
        if re.search(r"\blatter\b", stretch):
            return tuple(before[-1:])
        names = [n for n in chunk.said if self.said[n].kind != "outside"]
        if not names and before:
            names = [n for n in before if self.said[n].chunk == self.said[before[-1]].chunk]
        if not names:
            after = [n for n, one in enumerate(self.said) if one.start >= position and one.kind != "outside"]
            names = [n for n in after if self.said[n].predicate == self.said[after[0]].predicate]
        if shared and names and position > self.said[names[-1]].end:
            group = {self.said[n].predicate for n in names}
            alike = [n for n, one in enumerate(self.said) if one.predicate in group and one.end <= position]
            names = [n for n in alike if n in names or not self._has_place(self.chunks[self.said[n].chunk])]
        return tuple(names)


def _strongest(chunk: _Chunk) -> Polarity:
    return max((polarity for _, polarity in chunk.cues), key=lambda one: _STRENGTH[one], default=Polarity.PRESENT)


def _places(reading: _Reading) -> list[Place]:
    text, found = reading.work, []
    for pattern in _PLACES:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            side = groups.get("side")
            zone = groups.get("zone")
            region = next((r for r in ("lung", "heart", "mediastinum") if groups.get(r)), None)
            if groups.get("outside"):
                region = "outside the lungs and mediastinum"
            if zone:
                region = f"{'middle' if zone.startswith('mid') else zone} zone"
            if side in ("both", "either", "each") and match.group() == side:
                continue  # 'both' on its own speaks of two findings
            found.append(Place(_SIDE_VALUES.get(side or "", side), region, reading.bound(match.start(), shared=True)))
        text = pattern.sub(lambda match: "~" * len(match.group()), text)
    return _joined(found)


def _joined(places: Sequence[Place]) -> list[Place]:
    """A bare side and a bare region that are said of the same are one place."""
    sides = [one for one in places if one.region is None]
    regions = [one for one in places if one.side is None]
    if len(places) == 2 and len(sides) == len(regions) == 1 and sides[0].of == regions[0].of:
        return [Place(sides[0].side, regions[0].region, sides[0].of)]
    return list(places)


def _numbers(reading: _Reading) -> list[Number]:
    found: list[tuple[int, Number]] = []
    for match in _NUMBER.finditer(reading.unnamed):
        before = reading.unnamed[max(0, match.start() - 60) : match.start()]
        before = before[max(before.rfind(";"), before.rfind("#")) + 1 :]
        after = reading.unnamed[match.end() : match.end() + 22]
        keys = list(_KEYS.finditer(before))
        sort = keys[-1].lastgroup if keys else None
        if late := _LATE_KEY.match(after):
            sort = late.group(1)
        if match["unit"] in ("%", "percent", "per cent") and sort is None:
            sort = "probability"
        unit = _UNITS.get(match["unit"] or "", match["unit"] or "")
        found.append((match.start(), Number(match["number"], unit, sort or "", reading.bound(match.start()))))
    lists = _LIST.search(reading.unnamed)
    if lists:
        inside = [n for n, (start, _) in enumerate(found) if lists.start() <= start < lists.end()]
        earlier = [n for n, one in enumerate(reading.said) if one.end <= lists.start() and one.kind == "finding"]
        for place, name in zip(inside, earlier[-len(inside) :], strict=False):
            found[place] = (found[place][0], replace(found[place][1], of=(name,)))
    return [number for _, number in found]


def _bounds(reading: _Reading) -> list[Bounded]:
    text = _blank(reading.text, [(one.start, one.end) for one in reading.said if one.name != NO_FINDING], "#")
    found, taken = [], text
    for match in _ABOVE.finditer(text):
        found.append(Bounded(not match["not"], _quantities(reading, match.start())))
        taken = _blank(taken, [match.span()], "~")
    found += [Bounded(False, _quantities(reading, match.start())) for match in _WITHIN.finditer(taken)]
    return [one for one in found if one.of]


def _quantities(reading: _Reading, position: int) -> tuple[int, ...]:
    before = [n for n, one in enumerate(reading.said) if one.kind == "quantity" and one.start <= position]
    return tuple(before[-1:])


def _cited(raw: str, said: Sequence[Said]) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    found, last = [], 0
    for match in _BRACKET.finditer(raw):
        names = tuple(n for n, one in enumerate(said) if last <= one.start < match.start())
        found.append((tuple(_ID.findall(match.group())), names))
        last = match.end()
    return found


@lru_cache(maxsize=4096)
def _read(raw: str, subjects: tuple[str, ...]) -> Sentence:
    blanks = [match.span() for match in (*_BRACKET.finditer(raw), *_ENUMERATED.finditer(raw))]
    text = _blank(raw, blanks, " ").lower()
    reading = _Reading(text, subjects)
    probable = [m.start() for m in re.finditer(r"\b(?:probabilit\w+|likelihood|chances?)\b", reading.work)]
    return Sentence(
        text=text,
        said=tuple(reading.said),
        places=tuple(_places(reading)),
        numbers=tuple(_numbers(reading)),
        bounds=tuple(_bounds(reading)),
        probable=tuple(reading.bound(position) for position in probable),
        cited=tuple(_cited(raw, reading.said)),
    )


def read_text(text: str, subjects: Iterable[str] = ()) -> list[Sentence]:
    """The sentences of a text; `subjects` are names of the ledger's own beside the usual ones, such as quantities."""
    own = tuple(sorted(set(subjects)))
    return [_read(part, own) for part in _SENTENCE_END.split(text) if part.strip()]
