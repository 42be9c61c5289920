"""The independent checker's view of the evidence: what its items say of a subject, and in which numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

import checker_words as words

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.evidence import Polarity

__all__ = ["Item", "Ledger", "about", "near"]

Item = Mapping[str, Any]
_ROUND = frozenset({"Nodule", "Mass", "Lung Lesion"})
_LUNG_REGIONS = ("upper zone", "middle zone", "lower zone", "lung")


@cache
def about(subject: str) -> str:
    """The one name of a subject: the code table's label where it knows it, else lower case."""
    return canonical_label(subject) or " ".join(subject.lower().split())


def near(printed: str, unit: str, value: float, of: str) -> bool:
    """Whether a printed number, with its unit, is this value rounded to as many places; `of` is the value's unit."""
    if unit == "%":
        return of == "1" and _rounds(printed, value * 100)
    if unit and unit != of:
        return False
    if "." not in printed and 0 < abs(value) < 1:
        return False
    return _rounds(printed, value)


def _rounds(printed: str, value: float) -> bool:
    decimals = len(printed.partition(".")[2])
    # Half of the last place either way: both ways of rounding a five count as right.
    return bool(abs(float(printed) - value) <= 0.5 * 10**-decimals + 1e-9)


class Ledger:
    """The evidence items of a result, as JSON, by id and by what they are about."""

    def __init__(self, evidence: Iterable[Item]) -> None:
        self.items: dict[str, Item] = {item["id"]: item for item in evidence}

    @property
    def names(self) -> list[str]:
        """Subjects that only this ledger knows: quantities, and findings that the code table has not."""
        kinds = ("measurement", "finding", "weighing", "observation", "comparison", "location")
        free = {item["subject"] for item in self.items.values() if item["kind"] in kinds}
        return sorted(subject for subject in free if canonical_label(subject) is None)

    @property
    def weighed(self) -> list[str]:
        """The findings that have a weighing."""
        return [about(item["subject"]) for item in self.items.values() if item["kind"] == "weighing"]

    def on(self, name: str, *, cases: bool = False) -> list[Item]:
        """All items about a subject; with `cases`, similar cases that showed it as well."""
        own = [
            item
            for item in self.items.values()
            if about(item["subject"]) == about(name)
            and item["kind"] not in ("segmentation", "context", "quality")
            and self.drawn(item) is None
        ]
        if cases:
            own += [item for item in self.items.values() if about(name) in _case_findings(item)]
        return own + [
            item for quantity, label in words.BEARS_ON.items() if label == name for item in self.measured(quantity)
        ]

    def drawn(self, item: Item) -> Item | None:
        """The outlined lesion that an item is, or places."""
        if item["kind"] == "lesion":
            return item
        origins = [self.items[one] for one in item.get("derived_from", ()) if one in self.items]
        return next((one for one in origins if item["kind"] == "location" and one["kind"] == "lesion"), None)

    def outlined(self, name: str) -> list[Item]:
        """Lesions that a finding may be, and their places: they tell where it lies and how large it is."""
        alike = _ROUND if about(name) in _ROUND else {about(name)}
        drawn = [(item, self.drawn(item)) for item in self.items.values()]
        return [item for item, lesion in drawn if lesion is not None and about(lesion["subject"]) in alike]

    def of(self, name: str, *kinds: str) -> list[Item]:
        """The items of some kinds about a subject."""
        return [item for item in self.on(name) if item["kind"] in kinds and about(item["subject"]) == about(name)]

    def measured(self, name: str) -> list[Item]:
        """The items that measure a quantity."""
        return [
            item
            for item in self.items.values()
            if item.get("measurement")
            and about(item["measurement"]["quantity"]) == about(name)
            and item["kind"] != "lesion"
        ]

    def polarities(self, name: str) -> set[Polarity]:
        """What may be said of a finding: what the weighing says, else an observation, and 'uncertain' without either.

        A normal film is undecided where its weighing says present and another finding, or a measurement, says no.
        """
        weighed = {Polarity(item["polarity"]) for item in self.of(name, "weighing") if item.get("polarity")}
        if about(name) == NO_FINDING and Polarity.PRESENT in weighed and self._abnormal():
            return {Polarity.UNCERTAIN}
        if weighed:
            return weighed
        seen = {Polarity(item["polarity"]) for item in self.of(name, "observation") if item.get("polarity")}
        bearing = [item["measurement"] for item in self.on(name) if item.get("measurement")]
        above = {
            Polarity.PRESENT if one["value"] > one["high"] else Polarity.ABSENT
            for one in bearing
            if one.get("high") is not None and not self.of(name, "finding")
        }
        return seen | above | {Polarity.UNCERTAIN}

    def _abnormal(self) -> bool:
        others = (item for item in self.items.values() if item["kind"] == "weighing" and item["subject"] != NO_FINDING)
        above = (
            item["measurement"]
            for quantity in words.BEARS_ON
            for item in self.measured(quantity)
            if item["measurement"].get("high") is not None
        )
        return any(item["polarity"] == "present" for item in others) or any(one["value"] > one["high"] for one in above)

    def belief(self, name: str) -> float | None:
        """The pooled belief in a finding, where there is one."""
        return next((item["value"] for item in self.of(name, "weighing") if item.get("value") is not None), None)

    def calibrated(self, name: str) -> bool:
        """Whether any number on a finding is a probability by its source's word."""
        return any(item["source"].get("calibrated") for item in self.of(name, "weighing", "finding"))

    def lies(self, name: str, side: str | None, region: str | None, items: Sequence[Item] | None = None) -> bool:
        """Whether a location item on a finding has that side and that region; 'lung' holds for any part of it."""
        for item in [*self.of(name, "location"), *self.outlined(name)] if items is None else items:
            where = item.get("location")
            if not where or (side and where["side"] != side):
                continue
            if not region or where["region"] == region or (region == "lung" and where["region"] in _LUNG_REGIONS):
                return True
        return False

    def values(self, items: Iterable[Item], sort: str) -> list[tuple[float, str]]:
        """(value, unit) of all numbers of one sort that items hold: 'limit', 'overlap', 'probability', 'score',
        'measure' or 'other'."""
        found: list[tuple[float | None, str]] = []
        for item in items:
            measured, where, change = item.get("measurement"), item.get("location"), item.get("comparison")
            calibrated = bool(item["source"].get("calibrated"))
            if sort == "limit" and measured:
                found += [(measured.get("low"), measured["unit"]), (measured.get("high"), measured["unit"])]
            if sort in ("measure", "score", "other") and measured:
                found.append((measured["value"], measured["unit"]))
            if sort == "overlap" and where:
                found.append((where["overlap"], "1"))
            if sort in ("score", "measure", "other") or (sort == "probability" and calibrated):
                found.append((item.get("value"), "1"))
            for voice in item.get("voices") or ():
                if sort == "score" or (sort == "probability" and voice["source"].get("calibrated")):
                    found.append((voice["value"], "1"))
            if change:
                found += [(change["before"], change["unit"] or "1"), (change["now"], change["unit"] or "1")]
            if sort == "other":
                found += [((item.get("case") or {}).get("similarity"), "1"), ((item.get("cue") or {}).get("value"), "")]
                found += [(float(one), "") for one in re.findall(r"\d+", item.get("detail") or "") if _is_told(item)]
        return [(value, unit) for value, unit in found if value is not None]

    def related(self, one_id: str, subjects: AbstractSet[str], text: str) -> bool:
        """Whether an item has to do with any of the subjects, or with what a text (lower case) speaks of."""
        item = self.items[one_id]
        kind, subject = item["kind"], about(item["subject"])
        wide = subjects | {label for one in subjects for label in words.DIAGNOSES.get(one, ("", frozenset()))[1]}
        wide |= {words.BEARS_ON[one] for one in subjects if one in words.BEARS_ON}
        wide |= {quantity for quantity, label in words.BEARS_ON.items() if label in subjects}
        if self.drawn(item) is not None:
            return any(item in self.outlined(one) for one in subjects)
        if subject in wide or {about(one) for one in wide} & ({subject} | _case_findings(item)):
            return True
        if kind == "segmentation":
            citing = [self.items[one] for one in self.items if one_id in self.items[one].get("derived_from", ())]
            return any(about(one["subject"]) in wide for one in citing)
        if kind in ("quality", "context"):
            return _speaks_of_patient(text) if kind == "context" else "film" in text or "radiograph" in text
        # Whether a film is normal is a matter of all findings and measurements.
        return NO_FINDING in subjects and kind in ("weighing", "finding", "measurement")

    def mentions(self, term: str) -> bool:
        """Whether any item is about a thing by this very name, or tells it of the patient."""
        return any(
            term in item["subject"].lower() or (_is_told(item) and term in _told_text(item))
            for item in self.items.values()
        )

    def told(self, sort: str, term: str) -> bool:
        """Whether the context tells a word of the patient: for 'sex', the sex that it stands for."""
        told = [item for item in self.items.values() if _is_told(item)]
        if sort == "sex":
            female = re.fullmatch(r"wom[ae]n|female|lady|girl", term) is not None
            sexes = {_told_text(item).strip() for item in told if item["subject"] == "sex"}
            return bool(sexes & ({"f", "female"} if female else {"m", "male"}))
        return any(term[:5] in _told_text(item) for item in told)


def _is_told(item: Item) -> bool:
    return bool(item["kind"] == "context")


def _told_text(item: Item) -> str:
    cue = item.get("cue") or {}
    return f"{cue.get('name') or ''} {item.get('detail') or ''}".lower().strip()


def _speaks_of_patient(text: str) -> bool:
    return bool(re.search(r"\b(?:year|age|aged|patient|history|told)\b", text)) or any(
        re.search(rf"\b(?:{form})\b", text) for form in words.PATIENT.values()
    )


def _case_findings(item: Item) -> set[str]:
    return {about(found) for found in (item.get("case") or {}).get("findings", ())}
