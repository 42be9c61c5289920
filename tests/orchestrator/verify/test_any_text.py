"""Whatever a text says, it is read, in good time, and what comes out of the verifier verifies again."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import random_ledger

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.change import Change
from wardround.contracts.codes import nih_labels
from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.evidence import Degree, Polarity
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.narrative import MAX_SENTENCES, narrated
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.verifier import verify
from wardround.orchestrator.verify.wording_checks import text_problems

ITEMS = random_ledger(7).items
RECORD = Record(ITEMS)
CONCLUSIONS = verify(conclude(ITEMS), ITEMS).conclusions
READER = Reader({"cardiothoracic ratio", "left lung area"})

# Words that the reader looks for, in any order, and what may stand between them.
_PIECES = (
    "effusion", "pneumonia", "mass", "cardiothoracic ratio", "left", "right", "both", "upper zone", "lung", "no", "not",
    "neither", "nor", "suspected", "undecided", "and", "but", "whereas", ",", ";", ":", ".", "\n", "(", ")", "[E3]",
    "[E3, E17]", "E9", "[", "]", "0.62", ".5", "62 %", "12.5 cm2", "score", "probability", "within its upper limit",
    "above", "larger", "now", "before", "large", "clearly", "likely", "it", "is", "than", "§", "–", "’s", "٣", "½",
    "\u200b",
)  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_PIECES), max_size=40).map(" ".join))
claims = st.builds(
    Claim,
    id=st.just("C1"),
    subject=st.one_of(st.sampled_from((*nih_labels(), "cardiothoracic ratio", "heart failure")), st.text(min_size=1)),
    polarity=st.sampled_from(Polarity),
    side=st.none() | st.sampled_from(Side),
    region=st.none() | st.sampled_from(Region),
    degree=st.none() | st.sampled_from(Degree),
    change=st.none() | st.sampled_from(Change),
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    unit=st.none() | st.sampled_from(("1", "cm2", "mm", "")),
    confidence=st.none() | st.floats(0, 1),
    calibrated=st.booleans(),
    citations=st.lists(st.sampled_from([item.id for item in ITEMS] + ["E999", ""]), max_size=5).map(tuple),
    text=texts,
)


@given(texts)
def test_any_text_is_read_and_told_sentence_by_sentence(text: str) -> None:
    for one in narrated(text, CONCLUSIONS, RECORD):
        assert one.kept or one.problems
    list(text_problems(text, CONCLUSIONS[0].claims, RECORD, READER))


@settings(max_examples=150)
@given(st.lists(claims, min_size=1, max_size=3))
def test_whatever_is_claimed_what_comes_out_verifies_again(proposed: list[Claim]) -> None:
    numbered = [claim.model_copy(update={"id": f"C{n}"}) for n, claim in enumerate(proposed, start=1)]
    conclusions = [Conclusion(subject=claim.subject, text=claim.text, claims=(claim,)) for claim in numbered]
    checked = verify(conclusions, ITEMS)
    again = verify(checked.conclusions, ITEMS)
    assert (again.struck, again.problems, again.faults) == ((), (), {})
    assert [one.text for one in again.conclusions] == [one.text for one in checked.conclusions]


LONG = {
    "one letter": "a" * 20_000,
    "spaces": " " * 20_000,
    "open brackets": "[" * 20_000,
    "citations without an end": "[E1, " * 4_000,
    "numbers": "1.1" * 6_600,
    "numbers apart": "score of 0.5 " * 1_500,
    "negations": "not " * 5_000,
    "no finding after a negation": "neither " + "called " * 2_800,
    "commas": "effusion, " * 2_000,
    "conjunctions": "effusion is suspected and " * 770,
    "contrasts": "but effusion " * 1_500,
    "colons": "mass: " * 3_300,
    "sides": "left " * 4_000,
    "places": "left upper zone " * 1_250,
    "hyphens": "left-" * 4_000,
    "limits": "above its upper lower upper " * 700,
    "causes": "due to the a " * 1_500,
    "dashes": "– " * 10_000,
    "paragraph signs": "§ " * 10_000,
    "underscores": "pleural_" * 2_500,
    "many long sentences": ("effusion, " * 190 + "is suspected.\n") * 10,
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_reading_takes_steps_in_proportion_to_the_length_of_a_hostile_text(name: str) -> None:
    text = LONG[name]
    quarter, whole = (_steps(lambda part=part: list(_read(part))) for part in (text[: len(text) // 4], text))  # type: ignore[misc]
    assert whole <= 6 * quarter + 20_000, f"{quarter} steps for a quarter, {whole} for the whole"


def _read(text: str) -> list[str]:
    return [problem for one in narrated(text, CONCLUSIONS, RECORD) for problem in one.problems]


def _steps(work: Callable[[], object]) -> int:
    """How many lines and calls of Python a piece of work takes: a measure that no busy machine disturbs."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_of_a_long_narrative_the_rest_is_struck_unread() -> None:
    read = narrated("Effusion is suspected. " * 200, CONCLUSIONS, RECORD)
    assert len(read) == MAX_SENTENCES + 1
    assert not read[-1].kept
