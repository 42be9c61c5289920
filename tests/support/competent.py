"""A scripted competent reasoner: correct typed claims on any ledger, worded each time as a clinician might."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import competent_words as words

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity
from wardround.contracts.reasoning import DraftClaim

__all__ = ["competent_answer"]

# A heat map says nothing of where these are, since they are of the whole chest or of a size.
_PLACELESS = frozenset({"Cardiomegaly", "Edema", "Emphysema", "Enlarged Cardiomediastinum", NO_FINDING})
_LESIONS = ("Nodule", "Mass", "Lung Lesion")
_LEAST_OVERLAP = 0.3
_BEARS_ON = {"cardiothoracic ratio": "Cardiomegaly"}
_ZONES = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE)
_UNITS = {"1": ("",), "deg": (" deg", " degrees", "°"), "cm2": (" cm2", " cm²")}
_CONSECUTIVE = 3


def competent_answer(items: Sequence[Evidence], seed: int) -> dict[str, Any]:
    """{'claims': [DraftClaim as JSON, …], 'narrative': '…'} that the ledger bears out in every word.

    All present findings and No Finding are claimed, the others in part; another seed words and chooses otherwise.
    """
    return _Writer(items, random.Random(seed)).answer()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _beyond(measured: Measurement) -> bool:
    return (measured.high is not None and measured.value > measured.high) or (
        measured.low is not None and measured.value < measured.low
    )


def _above(item: Evidence) -> bool:
    measured = item.measurement
    return measured is not None and measured.high is not None and measured.value > measured.high


class _Writer:
    def __init__(self, items: Sequence[Evidence], rng: random.Random) -> None:
        self._items = items
        self._rng = rng
        self._american = rng.random() < 0.5
        self._weighed = {
            item.subject: item for item in items if item.kind is EvidenceKind.WEIGHING and item.polarity is not None
        }
        self._measured = [item for item in items if item.kind is EvidenceKind.MEASUREMENT and item.measurement]
        self._places: dict[str, Evidence | None] = {}
        self._claimed: list[str] = []

    def answer(self) -> dict[str, Any]:
        self._claimed = self._chosen()
        claims = [self._claim(label) for label in self._claimed]
        claims += self._outlined()
        if NO_FINDING in self._weighed:
            claims.append(self._normal())
        claims += [self._measurement(item) for item in self._measured if _above(item) or self._rng.random() < 0.7]
        if self._rng.random() < 0.5:
            self._rng.shuffle(claims)
        return {"claims": [one.model_dump(mode="json") for one in claims], "narrative": self._narrative(claims)}

    def _chosen(self) -> list[str]:
        labels = [label for label in self._weighed if label in words.NAMES]
        present = [label for label in labels if self._polarity(label) is Polarity.PRESENT]
        others = [label for label in labels if label not in present]
        return present + self._some(others, self._rng.uniform(0.3, 0.9))

    def _some(self, labels: Sequence[str], share: float) -> list[str]:
        return [one for one in labels if self._rng.random() < share]

    def _polarity(self, label: str) -> Polarity:
        polarity = self._weighed[label].polarity
        assert polarity is not None
        return (
            Polarity.UNCERTAIN if label == NO_FINDING and polarity is Polarity.PRESENT and self._against() else polarity
        )

    def _against(self) -> list[Evidence]:
        """What is at odds with a normal film: suspected findings, and measurements above their limit."""
        found = [
            item
            for label, item in self._weighed.items()
            if label != NO_FINDING and label in words.NAMES and item.polarity is Polarity.PRESENT
        ]
        return found + [item for item in self._measured if item.subject in _BEARS_ON and _above(item)]

    def _citations(self, label: str, *more: Evidence) -> tuple[str, ...]:
        """The weighing first, then the detectors' items on the finding, then what else bears the claim."""
        scored = [item for item in self._items if item.kind is EvidenceKind.FINDING and item.subject == label]
        return tuple(dict.fromkeys(item.id for item in (self._weighed[label], *scored, *more)))

    def _name(self, label: str) -> tuple[str, str]:
        return self._rng.choice(words.NAMES[label])

    def _spelt(self, text: str) -> str:
        if self._american:
            for british, american in words.SPELLINGS:
                text = text.replace(british, american).replace(_capital(british), _capital(american))
        return text

    def _number(self, item: Evidence) -> dict[str, str]:
        """'probability' only where the source is calibrated."""
        value = item.value or 0.0
        calibrated = item.source.calibrated
        if calibrated and value >= 0.01 and self._rng.random() < 0.3:
            return {"kind": "probability", "n": f"{100 * value:.0f}%"}
        return {"kind": "probability" if calibrated else "score", "n": f"{value:.2f}"}

    def _belief(self, item: Evidence) -> float | None:
        if item.value is None or self._rng.random() < 0.5:
            return item.value
        return round(item.value, 2)

    def _place(self, label: str) -> Evidence | None:
        """A location item that may be stated, the same each time, if there is one."""
        if label not in self._places:
            lesions = {item.id for item in self._items if item.kind is EvidenceKind.LESION}
            heat = [item for item in self._items if lesions.isdisjoint(item.derived_from)]
            placed = [item for item in heat if item.subject == label and self._statable(item)]
            named = label not in _PLACELESS and self._polarity(label) is Polarity.PRESENT
            self._places[label] = self._rng.choice(placed) if placed and named and self._rng.random() < 0.75 else None
        return self._places[label]

    @staticmethod
    def _statable(item: Evidence) -> bool:
        where = item.location
        return (
            item.kind is EvidenceKind.LOCATION
            and where is not None
            and where.overlap >= _LEAST_OVERLAP
            and where.region is not Region.OUTSIDE
            and (where.side is not Side.MIDLINE or where.region in (Region.HEART, Region.MEDIASTINUM))
        )

    def _where(self, place: Evidence) -> tuple[str, Side | None, Region | None]:
        """A phrase for the place, and the side and region that it states."""
        assert place.location is not None
        side, region = place.location.side, place.location.region
        if region in _ZONES:
            if side is Side.BILATERAL:
                phrases = [
                    f"in both {region.value}s",
                    f"in the {region.value}s bilaterally",
                    f"in the {region.value}s on both sides",
                ]
            else:
                phrases = [
                    f"in the {side.value} {region.value}",
                    f"in the {region.value} on the {side.value}",
                    f"in the {region.value} of the {side.value} lung",
                    f"in the {side.value} {region.value.replace(' ', ' lung ')}",
                ]
            return self._rng.choice(phrases), side, region
        if region is Region.LUNG:
            phrases = ["in both lungs"] if side is Side.BILATERAL else [f"in the {side.value} lung"]
            return self._rng.choice(phrases), side, region
        return f"over the {region.value}", None, region

    def _claim(self, label: str) -> DraftClaim:
        weighed, polarity = self._weighed[label], self._polarity(label)
        place, numbered = self._place(label), self._rng.random() < 0.5 and weighed.value is not None
        where, side, region = self._where(place) if place else ("", None, None)
        overlap = f"{place.location.overlap:.2f}" if place and place.location else ""
        citations = self._citations(label, *((place,) if place else ()))
        name, bare = self._name(label)
        pattern = self._rng.choice(words.PATTERNS[polarity.value, place is not None, numbered])
        text = pattern.format(
            a=name,
            A=_capital(name),
            bare=bare,
            where=where,
            overlap=overlap,
            cite=_cite(citations),
            **self._number(weighed),
        )
        return DraftClaim(
            subject=label,
            polarity=polarity,
            side=side,
            region=region,
            confidence=self._belief(weighed),
            citations=citations,
            text=self._spelt(text),
        )

    def _outlined(self) -> list[DraftClaim]:
        """Size and, where it has one, place of a lesion, for a suspected finding that it may be."""
        lesions = [item for item in self._items if item.kind is EvidenceKind.LESION]
        labels = [one for one in self._claimed if one in _LESIONS and self._polarity(one) is Polarity.PRESENT]
        if not lesions or not labels or self._rng.random() < 0.2:
            return []
        label, lesion = self._rng.choice(labels), self._rng.choice(lesions)
        places = [item for item in self._items if lesion.id in item.derived_from and self._statable(item)]
        measured, weighed = lesion.measurement, self._weighed[label]
        assert measured is not None
        where, side, region = self._where(places[0]) if places else ("", None, None)
        citations = tuple(item.id for item in (weighed, lesion, *places[:1]))
        pattern = self._rng.choice(words.OUTLINED[bool(places)])
        number = f"{measured.value:.1f} {'px' if measured.unit == '{pixel}' else measured.unit}"
        name, bare = self._name(label)
        text = pattern.format(a=name, A=_capital(name), bare=bare, where=where, v=number, cite=_cite(citations))
        return [
            DraftClaim(
                subject=label,
                polarity=Polarity.PRESENT,
                side=side,
                region=region,
                value=self._rng.choice((measured.value, round(measured.value, 2))),
                unit=measured.unit,
                citations=citations,
                text=self._spelt(text),
            )
        ]

    def _normal(self) -> DraftClaim:
        weighed, polarity = self._weighed[NO_FINDING], self._polarity(NO_FINDING)
        against = self._against() if polarity is not weighed.polarity else []
        cited = self._rng.sample(against, k=min(2, len(against)))
        citations = self._citations(NO_FINDING, *cited)
        if cited:
            pattern = self._rng.choice(words.NORMAL_AGAINST)
        else:
            pattern = self._rng.choice(words.NORMAL[polarity.value, self._rng.random() < 0.5])
        text = pattern.format(against=self._at_odds(cited), cite=_cite(citations), **self._number(weighed))
        return DraftClaim(
            subject=NO_FINDING,
            polarity=polarity,
            confidence=self._belief(weighed),
            citations=citations,
            text=self._spelt(text),
        )

    def _at_odds(self, cited: Sequence[Evidence]) -> str:
        parts = [
            f"{self._quantity(item.measurement)} is above its upper limit"
            if item.measurement
            else f"{self._name(item.subject)[0]} is suspected"
            for item in cited
        ]
        return " and ".join(parts)

    def _quantity(self, measured: Measurement) -> str:
        return self._rng.choice(words.QUANTITIES.get(measured.quantity, (f"the {measured.quantity}",)))

    def _measurement(self, item: Evidence) -> DraftClaim:
        measured = item.measurement
        assert measured is not None
        bearing, limits = _BEARS_ON.get(measured.quantity), _limits(measured, self._figure)
        quantity = self._quantity(measured)
        citations: tuple[str, ...] = (item.id,)
        name = ""
        if limits and bearing is not None and bearing in self._claimed and self._rng.random() < 0.6:
            pattern = self._rng.choice(words.BEARING[_beyond(measured), self._polarity(bearing).value])
            name, citations = self._name(bearing)[0], (item.id, self._weighed[bearing].id)
        elif limits and self._rng.random() < 0.6:
            pattern = self._rng.choice(words.BOUNDED[_beyond(measured)])
        else:
            pattern = self._rng.choice(words.MEASURES)
        value = self._figure(measured, measured.value)
        text = pattern.format(
            q=quantity, Q=_capital(quantity), v=value, bounds=limits, a=name, A=_capital(name), cite=_cite(citations)
        )
        return DraftClaim(
            subject=measured.quantity,
            polarity=Polarity.PRESENT,
            value=self._rng.choice((measured.value, round(measured.value, 2))),
            unit=measured.unit,
            citations=citations,
            text=self._spelt(text),
        )

    def _figure(self, measured: Measurement, value: float) -> str:
        if measured.unit == "1":
            return f"{value:.2f}"
        return f"{value:.1f}{self._rng.choice(_UNITS.get(measured.unit, (f' {measured.unit}',)))}"

    def _narrative(self, claims: Sequence[DraftClaim]) -> str:
        """Two to six sentences that restate claims in other words."""
        by_polarity: dict[str, list[DraftClaim]] = {one.value: [] for one in Polarity}
        for claim in claims:
            if claim.subject in words.NAMES:
                by_polarity[claim.polarity.value].append(claim)
        sentences: list[str] = []
        makers = (self._pair, self._contrast, self._list)
        wanted = self._rng.randint(2, 6)
        for _ in range(10 * wanted if claims else 0):
            alone = self._rng.random() < 0.25
            text = self._again(self._rng.choice(claims)) if alone else self._rng.choice(makers)(by_polarity)
            text = self._spelt(text)
            if text and text not in sentences and len(sentences) < wanted:
                sentences.append(text)
        return " ".join(sentences)

    def _again(self, claim: DraftClaim) -> str:
        """One claim once more, in other words."""
        if claim.subject == NO_FINDING:
            return self._normal().text
        if claim.subject in self._weighed:
            return self._claim(claim.subject).text if claim.value is None else claim.text
        return next(self._measurement(item).text for item in self._measured if item.id == claim.citations[0])

    def _pair(self, by_polarity: dict[str, list[DraftClaim]]) -> str:
        polarity = self._rng.choice([*by_polarity])
        if len(by_polarity[polarity]) < 2:
            return ""
        return self._two(self._rng.choice(words.PAIRS[polarity]), *self._rng.sample(by_polarity[polarity], k=2))

    def _contrast(self, by_polarity: dict[str, list[DraftClaim]]) -> str:
        first, second = self._rng.choice([*words.CONTRASTS])
        if not by_polarity[first] or not by_polarity[second]:
            return ""
        pattern = self._rng.choice(words.CONTRASTS[first, second])
        return self._two(pattern, self._rng.choice(by_polarity[first]), self._rng.choice(by_polarity[second]))

    def _two(self, pattern: str, first: DraftClaim, second: DraftClaim) -> str:
        names = [self._name(claim.subject)[0] for claim in (first, second)]
        cited = [self._citations(claim.subject)[: self._rng.randint(1, 2)] for claim in (first, second)]
        return pattern.format(
            a1=names[0],
            A1=_capital(names[0]),
            a2=names[1],
            cite1=_cite(cited[0]),
            cite2=_cite(cited[1]),
            cite=_cite((*cited[0], *cited[1])),
        )

    def _list(self, by_polarity: dict[str, list[DraftClaim]]) -> str:
        polarity = self._rng.choice([*by_polarity])
        if len(by_polarity[polarity]) < _CONSECUTIVE:
            return ""
        found = self._rng.sample(by_polarity[polarity], k=_CONSECUTIVE)
        names = [self._name(claim.subject) for claim in found]
        joined = self._rng.choice((" and ", ", and "))
        listed = f"{names[0][0]}, {names[1][0]}{joined}{names[2][0]}"
        if polarity == Polarity.ABSENT.value:
            listed = listed.replace(joined, joined.replace("and", "or"))
        plain = f"{names[0][0]}, {names[1][0]}{joined}{names[2][0]}"
        return self._rng.choice(words.LISTS[polarity]).format(
            list=listed,
            List=_capital(plain),
            orlist=f"{names[0][1]}, {names[1][1]} or {names[2][1]}",
            cite=_cite([self._citations(claim.subject)[0] for claim in found]),
        )


def _limits(measured: Measurement, figure: Callable[[Measurement, float], str]) -> str:
    if measured.low is not None and measured.high is not None:
        return f"range of {figure(measured, measured.low)} to {figure(measured, measured.high)}"
    if measured.high is not None:
        return f"upper limit of {figure(measured, measured.high)}"
    return ""


def _cite(ids: Sequence[str]) -> str:
    return f"[{', '.join(ids)}]"
