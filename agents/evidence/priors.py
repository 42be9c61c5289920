"""How common each finding is among films of a person's age and sex taken in a view: the prior that is added once.

The counts are of NIH ChestX-ray14 (112,120 films, one hospital, labels mined from reports), made by
`recipe/make_priors.py`. A thin stratum is drawn towards a wider one, level by level: all films, then the view, then
view and age band, then view, age band and sex, each level as the posterior mean of a Beta prior centred on the level
above that weighs as much as `PSEUDO_FILMS` films (Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.1). What
is not known of the patient is left out of the chain, so its films are counted together.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Patient, Sex, ViewPosition

__all__ = ["AGE_BANDS", "PSEUDO_FILMS", "TABLE_NAME", "Prior", "age_band", "prior"]

TABLE_NAME = "priors.csv"
AGE_BANDS = tuple(range(0, 90, 10))  # a band's first year; the last is open: 80 and older
PSEUDO_FILMS = 200.0  # about the films of 55 patients: the table has 3.6 films per patient, which are not independent
_KNOWN_SEXES = frozenset({Sex.FEMALE, Sex.MALE})


class Prior(NamedTuple):
    """A share of films in (0, 1), and the films that it was counted on."""

    value: float
    source: str


class _Stratum(NamedTuple):
    age_from: int
    sex: str
    view: str
    films: int
    positive: Mapping[str, int]


def age_band(age_years: int) -> int:
    """The first year of the band that an age in completed years falls in."""
    return min(age_years // 10 * 10, AGE_BANDS[-1])


@cache
def _strata() -> tuple[_Stratum, ...]:
    with files(__package__).joinpath(TABLE_NAME).open(encoding="utf-8") as lines:
        return tuple(_stratum(row) for row in csv.DictReader(lines))


def _stratum(row: dict[str, str]) -> _Stratum:
    age, sex, view, films = (row.pop(key) for key in ("age_from", "sex", "view", "films"))
    return _Stratum(int(age), sex, view, int(films), {label: int(n) for label, n in row.items()})


def _chain(patient: Patient, view: ViewPosition) -> Iterator[tuple[str, str | int, str]]:
    """Which column is fixed next, to what, and that in words, from the widest stratum to the narrowest."""
    if view is not ViewPosition.UNKNOWN:
        yield "view", view.value, f"{view.value} view"
    if patient.age_years is not None:
        first = age_band(patient.age_years)
        yield "age_from", first, f"age {first} and over" if first == AGE_BANDS[-1] else f"age {first} to {first + 9}"
    if patient.sex in _KNOWN_SEXES:
        yield "sex", patient.sex.value, f"sex {patient.sex.value}"


def _site_prior(label: str, value: float) -> Prior:
    if not 0.0 < value < 1.0:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The site's prior for '{label}' is {value}, which is not between 0 and 1.",
            "Give the share of films that show it, for example 0.02.",
        )
    return Prior(value, "site configuration")


def prior(label: str, patient: Patient, view: ViewPosition, *, site: Mapping[str, float] | None = None) -> Prior | None:
    """The share of films that bear `label` in the patient's stratum; None for a label that the table does not have.

    A label in `site` takes the value given there, for every patient.

    Raises:
        CallerError: a value in `site` is not strictly between 0 and 1.
    """
    if site is not None and label in site:
        return _site_prior(label, site[label])
    strata = _strata()
    if label not in strata[0].positive:
        return None
    films = sum(s.films for s in strata)
    value = sum(s.positive[label] for s in strata) / films
    fixed: list[str] = []
    for column, wanted, words in _chain(patient, view):
        strata = tuple(s for s in strata if getattr(s, column) == wanted)
        films = sum(s.films for s in strata)
        value = (sum(s.positive[label] for s in strata) + PSEUDO_FILMS * value) / (films + PSEUDO_FILMS)
        fixed.append(words)
    return Prior(value, f"NIH ChestX-ray14 labels, {', '.join(fixed) or 'all'}: {films} films")
