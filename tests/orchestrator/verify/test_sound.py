"""What is sound passes: the templates' claims and sentences untouched, and a competent reasoner's in its own words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from ledgers import FILM
from verifier_figures import pairs, sound

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.change import Change, Comparison
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.reasoning.wording import word
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.verifier import names_in
from wardround.orchestrator.verify.wording_checks import text_problems
from wardround.prompts.loader import load

SEEDS = 30
MOST_REFUSED = 0.01


def test_of_untouched_claims_and_sentences_hardly_any_is_refused() -> None:
    claims, sentences = sound(pairs(SEEDS))
    for name in ("kept", "without a fault"):
        assert claims[name].share >= 1 - MOST_REFUSED, f"{name}\n{claims[name].table(examples=3)}"
    assert claims["word for word"].met["template"] == claims["word for word"].there["template"]
    refused = sentences.there["template claims"] - sentences.met["template claims"]
    assert refused <= MOST_REFUSED * sentences.there["template claims"], sentences.table(examples=3)


def test_every_sentence_of_the_templates_passes_a_full_reading(make_ledger: Callable[[int], Ledger]) -> None:
    """`verify` does not read a text that is the template's own for the claim's fields: this is why it need not."""
    forms: set[str] = set()
    ledgers = [make_ledger(seed).items for seed in range(SEEDS)]
    for items in (*ledgers, *map(_normal, ledgers[:5])):
        record, conclusions = Record(items), conclude(items)
        reader = Reader(names_in(conclusions, record))
        for conclusion in conclusions:
            texts = [(conclusion.text, conclusion.claims), *((claim.text, (claim,)) for claim in conclusion.claims)]
            for text, claims in texts:
                assert list(text_problems(text, claims, record, reader)) == [], text
                forms |= {form for form, words in _FORMS.items() if words in text}
    assert forms == set(_FORMS), set(_FORMS) - forms
    assert set(load("wording").sections()) == {form.partition(",")[0] for form in _FORMS} | {"stated"}


def _normal(items: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The same ledger where nothing is suspected but a normal film."""
    return tuple(
        item.model_copy(update={"polarity": Polarity.PRESENT if item.subject == NO_FINDING else Polarity.ABSENT})
        if item.kind is EvidenceKind.WEIGHING
        else item
        for item in items
        if item.measurement is None and item.comparison is None
    )


def test_every_place_that_can_be_worded_is_read_as_it_is_meant() -> None:
    for side, region in product((None, *Side), (None, *Region)):
        where = Location(side=side or Side.MIDLINE, region=region or Region.LUNG, overlap=0.6)
        items = (_weighing(Polarity.PRESENT), _item("E2", EvidenceKind.LOCATION, location=where))
        for scored in (True, False):
            claim = _claim(side=side, region=region, confidence=0.7 if scored else None)
            text = word(claim, Record(items))
            assert list(text_problems(text, [claim], Record(items), Reader({claim.subject}))) == [], text


def test_every_change_that_can_be_worded_is_read_as_it_is_meant() -> None:
    for change in Change:
        polarity = Polarity.ABSENT if change is Change.GONE else Polarity.PRESENT
        told = Comparison(
            change=change, before=0.2, now=0.7, rule="stated", prior_run="r", prior_evidence=("E1",), prior_digest=FILM
        )
        items = (_weighing(polarity), _item("E2", EvidenceKind.COMPARISON, comparison=told))
        claim = _claim(change=change, polarity=polarity)
        text = word(claim, Record(items))
        assert list(text_problems(text, [claim], Record(items), Reader({claim.subject}))) == [], text


def _item(evidence_id: str, kind: EvidenceKind, **fields: object) -> Evidence:
    source = {"model": "net", "version": "1"}
    return Evidence.model_validate({"id": evidence_id, "kind": kind, "subject": "Effusion", "source": source, **fields})


def _weighing(polarity: Polarity) -> Evidence:
    return _item("E1", EvidenceKind.WEIGHING, polarity=polarity, value=0.7)


def _claim(**fields: object) -> Claim:
    plain = {"id": "C1", "subject": "Effusion", "polarity": Polarity.PRESENT, "citations": ("E1", "E2")}
    return Claim.model_validate({**plain, **fields})


# By the section of prompts/wording.md, words that show that it was used.
_FORMS = {
    "scored": "is suspected: score",
    "scored, with a place": "zone (heat-map overlap",
    "scored, calibrated": "is not suspected: probability",
    "unweighed": "reported but not pooled",
    "disagreement": "An uncalibrated observation disagrees",
    "normal_present": "No abnormality is suspected by these models",
    "normal_absent": "A normal film is not suspected",
    "normal_uncertain": "Whether the film is normal is undecided: score",
    "normal_conflict": "at odds with that",
    "measured": "measures",
    "measured, with a range": "(range ",
    "outlined": "; the candidate that was outlined in the",
    "outlined, without a place": "; the candidate that was outlined measures",
    "odds": "at odds with where the heat map lies",
    "bearing": ", which supports the detectors",
    "bearing, in conflict": ", which conflicts with the detectors",
    "bearing, neither": ", to be read beside the detectors",
    "list_absent": "Not suspected by these models",
    "list_uncertain": "Undecided by these models",
    "changed": "Compared with the earlier film",
}
