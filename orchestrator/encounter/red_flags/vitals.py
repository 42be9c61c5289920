"""Vital signs and a few laboratory values as numbers, read from text in the units that people write."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["VITALS", "vitals_in"]

_IS = (
    r"[\s_]*(?:\([a-z. ]*\)\s*)?(?:(?:is|was|of|at|now|only|around|about|up\s+to"
    r"|(?:falling|fell|fallen|dropped|down|rising)\s+to|=|:|-|–|\||,)\s*){0,2}"
)
_NUMBER = r"(?P<n>\d{1,3}(?:[.,]\d{1,2})?)"
_NO_MORE = r"(?![\d.]*\d)(?!\s*/\s*\d)"


def _named(names: str, number: str = _NUMBER, unit: str = "") -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{names}){_IS}{number}{_NO_MORE}{unit}", re.IGNORECASE)


_MMOL = r"\s*(?P<unit>mmol|mg)?"
# Several patterns may find the same number; it then counts once.
_PATTERNS: dict[str, tuple[re.Pattern[str], ...]] = {
    "hr": (
        _named(r"HR|heart[\s_]+rate|pulse(?:[\s_]+rate)?", r"(?P<n>\d{2,3})"),
        re.compile(r"(?<![\d./])(?P<n>\d{2,3})\s*(?:bpm|beats?\s*(?:/|per)\s*min)", re.IGNORECASE),
    ),
    "rr": (
        _named(r"RR|resp(?:iratory|iration|irations)?[\s_]*(?:rate)?", r"(?P<n>\d{1,2})"),
        re.compile(r"(?<![\d./])(?P<n>\d{1,2})\s*breaths?(?!\w)", re.IGNORECASE),
    ),
    "spo2": (
        _named(
            r"SpO2|SaO2|SpO₂|O2[\s_]+sats?|(?:oxygen[\s_]+)?saturations?|sats?|sat(?:urating|s)", r"(?P<n>\d{2,3})", ""
        ),
        re.compile(r"(?<![\d.])(?P<n>\d{2,3})\s*%\s*(?:on\s+(?:room\s+)?air|SpO2|oxygen\s+saturation)", re.IGNORECASE),
    ),
    "temp": (
        _named(r"temp(?:erature)?|T|fevers?|febrile|pyrexia", r"(?P<n>\d{2,3}(?:[.,]\d)?)", r"\s*(?P<unit>°?\s*[CF])?"),
        re.compile(r"(?<![\d.])(?P<n>\d{2,3}(?:[.,]\d)?)\s*(?:°|º|degrees?)\s*(?P<unit>[CF])?", re.IGNORECASE),
        re.compile(r"(?<![\d.])(?P<n>\d{2,3}(?:[.,]\d)?)\s?(?P<unit>(?-i:[CF]))(?!\w)", re.IGNORECASE),
    ),
    "gcs": (_named(r"GCS|glasgow[\s_]+coma[\s_]+(?:scale|score)", r"(?P<n>\d{1,2})", ""),),
    "glucose": (_named(r"(?:blood[\s_]+|plasma[\s_]+|capillary[\s_]+)?(?:glucose|sugar)|BM", unit=_MMOL),),
    "ketones": (_named(r"(?:blood[\s_]+|capillary[\s_]+)?ketones|beta-?hydroxybutyrate"),),
    "bicarbonate": (_named(r"bicarbonate|HCO3-?"),),
    "ph": (_named(r"(?:arterial[\s_]+|venous[\s_]+|blood[\s_]+)?pH", r"(?P<n>[67]\.\d{1,2})"),),
    "potassium": (_named(r"potassium|K\+?", r"(?P<n>\d(?:\.\d{1,2})?)"),),
}
_PRESSURE = (
    re.compile(
        rf"(?<![\w-])(?:BP|(?:blood[\s_]+)?pressure){_IS}(?P<s>\d{{2,3}})\s*(?:/|over)\s*(?P<d>\d{{2,3}})(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d/.])(?P<s>\d{2,3})\s*/\s*(?P<d>\d{2,3})\s*mm\s*Hg", re.IGNORECASE),
)
_SYSTOLIC = _named(r"SBP|systolic(?:[\s_]+(?:BP|blood[\s_]+pressure|pressure))?", r"(?P<n>\d{2,3})", "")
# What a value can be in somebody who is alive; anything else was misread.
_POSSIBLE = {
    "sbp": (30, 300), "dbp": (10, 200), "hr": (20, 300), "rr": (3, 90), "spo2": (30, 100), "temp": (28, 44),
    "gcs": (3, 15), "glucose": (0.3, 100), "ketones": (0, 20), "bicarbonate": (1, 60), "ph": (6.5, 7.9),
    "potassium": (1, 10),
}  # fmt: skip
VITALS = frozenset(_POSSIBLE)
# Body fluids other than blood have their own pH and glucose.
_OTHER_FLUID = re.compile(
    r"(?:pleural|ascitic|peritoneal|synovial|joint|urine|gastric|CSF|cerebrospinal)", re.IGNORECASE
)
_FLUIDS = frozenset({"ph", "glucose", "bicarbonate", "potassium"})
_MG_PER_MMOL = 18.0  # of glucose, in mg/dl
_LEAST_MG = 34.0  # a glucose without a unit above it is one in mg/dl


def vitals_in(text: str) -> Iterator[tuple[str, float]]:
    """Name and value of each that stands in a text: °C, mmHg, beats and breaths a minute, %, mmol/l."""
    for pattern in _PRESSURE:
        for match in pattern.finditer(text):
            yield from _possible("sbp", float(match["s"]))
            yield from _possible("dbp", float(match["d"]))
    for match in _SYSTOLIC.finditer(text):
        yield from _possible("sbp", float(match["n"]))
    for name, patterns in _PATTERNS.items():
        for pattern in patterns:
            for match in pattern.finditer(text):
                sentence = text[
                    max(text.rfind(". ", 0, match.start()), text.rfind("\n", 0, match.start())) + 1 : match.start()
                ]
                if name in _FLUIDS and _OTHER_FLUID.search(sentence):
                    continue
                unit = (match.groupdict().get("unit") or "").strip("° ").casefold()
                yield from _possible(name, _in_units(name, float(match["n"].replace(",", ".")), unit))


def _in_units(name: str, value: float, unit: str) -> float:
    if name == "temp" and (unit == "f" or (not unit and value > 45)):
        return (value - 32) / 1.8
    if name == "glucose" and (unit == "mg" or (not unit and value > _LEAST_MG)):
        return value / _MG_PER_MMOL
    return value


def _possible(name: str, value: float) -> Iterator[tuple[str, float]]:
    low, high = _POSSIBLE[name]
    if low <= value <= high:
        yield name, round(value, 2)
