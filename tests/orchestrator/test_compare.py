"""What is told of two films of one patient, by which rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.contracts.change import Change
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity, Source
from wardround.contracts.study import ViewPosition
from wardround.orchestrator.compare import Compared, compare
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.verifier import verify

NOW, BEFORE = "sha256:" + "1" * 64, "sha256:" + "2" * 64
SOURCE = Source(model="net", version="1")
PA, AP = ViewPosition.PA, ViewPosition.AP


def _measured(quantity: str, value: float, unit: str = "1", film: str = NOW) -> Evidence:
    one = Measurement(quantity=quantity, value=value, unit=unit)
    return Evidence(
        id="E1", kind=EvidenceKind.MEASUREMENT, subject=quantity, measurement=one, source=SOURCE, input_digest=film
    )


def _weighed(label: str, polarity: Polarity, film: str = NOW) -> Evidence:
    return Evidence(
        id="E2",
        kind=EvidenceKind.WEIGHING,
        subject=label,
        polarity=polarity,
        value=0.5,
        source=SOURCE,
        input_digest=film,
    )


def _compared(now: Evidence, before: Evidence, views: tuple[ViewPosition, ViewPosition] = (PA, PA)) -> Compared:
    return compare([now], [before], prior_run="run_before", prior_digest=BEFORE, views=views)


@pytest.mark.parametrize(
    ("quantity", "before", "now", "unit", "change"),
    [
        ("cardiothoracic ratio", 0.50, 0.52, "1", Change.UNCHANGED),
        ("cardiothoracic ratio", 0.50, 0.55, "1", Change.LARGER),
        ("cardiothoracic ratio", 0.55, 0.50, "1", Change.SMALLER),
        ("cardiothoracic ratio", 0.50, 0.53, "1", Change.UNCHANGED),
        ("left lung area", 200.0, 220.0, "cm2", Change.UNCHANGED),
        ("left lung area", 200.0, 225.0, "cm2", Change.LARGER),
        ("right costophrenic angle", 60.0, 69.0, "deg", Change.UNCHANGED),
        ("right costophrenic angle", 60.0, 71.0, "deg", Change.LARGER),
        ("diameter", 20.0, 23.0, "mm", Change.UNCHANGED),
        ("diameter", 24.0, 20.0, "mm", Change.SMALLER),
        ("left lung area", 200.0, 240.0, "cm2", Change.LARGER),
    ],
)
def test_a_change_is_told_beyond_its_tolerance_and_by_its_rule(
    quantity: str, before: float, now: float, unit: str, change: Change
) -> None:
    (item,) = _compared(_measured(quantity, now, unit), _measured(quantity, before, unit, BEFORE)).items
    told = item.comparison
    assert told is not None
    assert (told.change, told.before, told.now, told.unit) == (change, before, now, unit)
    assert "beyond" in told.rule and told.prior_run == "run_before" and item.derived_from == ("E1",)


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (Polarity.ABSENT, Polarity.PRESENT, Change.NEW),
        (Polarity.PRESENT, Polarity.ABSENT, Change.GONE),
        (Polarity.PRESENT, Polarity.PRESENT, Change.UNCHANGED),
        (Polarity.ABSENT, Polarity.ABSENT, None),
        (Polarity.UNCERTAIN, Polarity.PRESENT, None),
        (Polarity.PRESENT, Polarity.UNCERTAIN, None),
    ],
)
def test_a_finding_is_new_or_gone_only_where_both_films_are_plain(
    before: Polarity, now: Polarity, change: Change | None
) -> None:
    items = _compared(_weighed("Effusion", now), _weighed("Effusion", before, BEFORE)).items
    assert [item.comparison.change for item in items if item.comparison] == ([change] if change else [])


def test_the_heart_is_not_compared_between_unlike_views() -> None:
    pair = _measured("cardiothoracic ratio", 0.6), _measured("cardiothoracic ratio", 0.5, film=BEFORE)
    compared = _compared(*pair, (PA, AP))
    assert compared.items == () and "views are PA and AP" in compared.notes[0]
    assert _compared(*pair, (ViewPosition.UNKNOWN, ViewPosition.UNKNOWN)).items == ()


def test_unlike_units_are_not_compared_nor_a_film_with_itself() -> None:
    assert _compared(_measured("depth", 5, "mm"), _measured("depth", 5, "cm", BEFORE)).items == ()
    same = compare([_weighed("Mass", Polarity.PRESENT)], [], prior_run="r", prior_digest=NOW, views=(PA, PA))
    assert same.items == () and "same film" in same.notes[0]


def test_of_several_lesions_it_is_not_guessed_which_is_which() -> None:
    now = [_measured("diameter", 8, "mm"), _measured("diameter", 30, "mm")]
    compared = compare(
        now, [_measured("diameter", 29, "mm", BEFORE)], prior_run="r", prior_digest=BEFORE, views=(PA, PA)
    )
    assert compared.items == () and "which is which" in compared.notes[0]
    twice = [_measured("diameter", 30, "mm"), _measured("diameter", 30, "mm")]
    (item,) = compare(
        twice, [_measured("diameter", 20, "mm", BEFORE)], prior_run="r", prior_digest=BEFORE, views=(PA, PA)
    ).items
    assert item.comparison is not None and item.comparison.change is Change.LARGER


def test_a_quantity_that_has_not_changed_says_nothing_against_a_normal_film() -> None:
    normal = _weighed("No Finding", Polarity.PRESENT)
    area = _measured("left lung area", 200.0, "cm2").model_copy(update={"id": "E3"})
    (change,) = _compared(area, _measured("left lung area", 201.0, "cm2", BEFORE)).items
    items = (normal, area, change.model_copy(update={"id": "E4"}))
    checked = verify(conclude(items), items)
    assert (checked.struck, checked.problems) == ((), ())


def test_the_numbers_of_two_models_are_no_change() -> None:
    theirs = _measured("cardiothoracic ratio", 0.6).model_copy(update={"source": Source(model="theirs", version="1")})
    assert _compared(theirs, _measured("cardiothoracic ratio", 0.5, film=BEFORE)).items == ()


def test_an_area_as_a_share_of_the_film_is_not_compared() -> None:
    name = "left lung area as share of the film"
    compared = _compared(_measured(name, 0.2), _measured(name, 0.1, film=BEFORE))
    assert compared.items == () and "how much of the film" in compared.notes[0]


_MIRROR = {
    Change.NEW: Change.GONE,
    Change.GONE: Change.NEW,
    Change.LARGER: Change.SMALLER,
    Change.SMALLER: Change.LARGER,
    Change.UNCHANGED: Change.UNCHANGED,
}
_QUANTITIES = ("cardiothoracic ratio", "left lung area", "right costophrenic angle", "diameter")
_FILMS = st.tuples(
    st.dictionaries(st.sampled_from(_QUANTITIES), st.floats(0.01, 500.0)),
    st.dictionaries(st.sampled_from(("Effusion", "Mass", "No Finding")), st.sampled_from(Polarity)),
)
_Film = tuple[dict[str, float], dict[str, Polarity]]


def _film(film: _Film, digest: str) -> list[Evidence]:
    measured, weighed = film
    return [
        *(_measured(quantity, value, film=digest) for quantity, value in measured.items()),
        *(_weighed(label, polarity, digest) for label, polarity in weighed.items()),
    ]


def _changes(now: _Film, before: _Film) -> dict[str, Change]:
    compared = compare(_film(now, NOW), _film(before, BEFORE), prior_run="r", prior_digest=BEFORE, views=(PA, PA))
    return {item.subject: item.comparison.change for item in compared.items if item.comparison is not None}


@given(_FILMS, _FILMS)
def test_the_other_way_round_larger_is_smaller_and_new_is_gone(one: _Film, other: _Film) -> None:
    there, back = _changes(one, other), _changes(other, one)
    assert back == {subject: _MIRROR[change] for subject, change in there.items()}
    assert "No Finding" not in there


@given(_FILMS)
def test_two_films_that_read_alike_are_unchanged(film: _Film) -> None:
    assert set(_changes(film, film).values()) <= {Change.UNCHANGED}


def test_an_earlier_film_that_gave_nothing_is_told() -> None:
    compared = compare([_weighed("Mass", Polarity.PRESENT)], [], prior_run="run_r", prior_digest=BEFORE, views=(PA, PA))
    assert compared.items == () and "run_r" in compared.notes[0]
