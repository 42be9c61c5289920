"""What is told of two films of one patient, by which rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.contracts.change import Change
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity, Source
from wardround.contracts.study import ViewPosition
from wardround.orchestrator.compare import Compared, compare

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
        ("left lung area", 200.0, 220.0, "cm2", Change.UNCHANGED),
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


@given(st.floats(0.2, 0.9), st.floats(0.2, 0.9))
def test_the_other_way_round_larger_is_smaller(one: float, other: float) -> None:
    mirror = {Change.LARGER: Change.SMALLER, Change.SMALLER: Change.LARGER, Change.UNCHANGED: Change.UNCHANGED}
    name = "cardiothoracic ratio"
    there = _compared(_measured(name, one), _measured(name, other, film=BEFORE)).items[0].comparison
    back = _compared(_measured(name, other), _measured(name, one, film=BEFORE)).items[0].comparison
    assert there is not None and back is not None and back.change is mirror[there.change]
