"""What the ledger takes, overwrites and refuses."""

from __future__ import annotations

import pytest

from wardround.contracts.errors import ProblemCode
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Source, Voice
from wardround.contracts.study import Artefact, ArtefactKind
from wardround.orchestrator.ledger import Ledger

FILM = "sha256:" + "0" * 64
SOURCE = Source(specialist="somebody else", model="net", version="1", calibrated=True)


def _item(evidence_id: str = "", subject: str = "Mass", **fields: object) -> Evidence:
    values = {"id": evidence_id, "kind": EvidenceKind.FINDING, "subject": subject, "source": SOURCE, **fields}
    return Evidence.model_validate(values)


def test_items_are_numbered_in_the_order_of_their_arrival() -> None:
    ledger = Ledger()
    assert ledger.append("cxr", [_item(), _item()], FILM) is None
    assert ledger.append("anatomy", [_item()], FILM) is None
    assert [item.id for item in ledger.items] == ["E1", "E2", "E3"]


def test_who_reports_is_taken_from_the_configuration_and_never_from_the_wire() -> None:
    ledger = Ledger()
    ledger.append("cxr", [_item(voices=(Voice(source=SOURCE, value=0.5),), input_digest="mine")], FILM)
    (item,) = ledger.items
    assert (item.source.specialist, item.voices[0].source.specialist, item.input_digest) == ("cxr", "cxr", FILM)


@pytest.mark.parametrize("trusted", [True, False])
def test_numbers_are_calibrated_only_where_the_configuration_vouches_for_them(trusted: bool) -> None:
    ledger = Ledger()
    ledger.append("cxr", [_item(voices=(Voice(source=SOURCE, value=0.5),))], FILM, trusted_calibration=trusted)
    (item,) = ledger.items
    assert (item.source.calibrated, item.voices[0].source.calibrated) == (trusted, trusted)


def test_references_within_a_report_and_into_the_ledger_become_ledger_ids() -> None:
    ledger = Ledger()
    ledger.append("cxr", [_item("a")], FILM)
    parts = (Contribution(name="prior", log_odds=-1.0), Contribution(evidence_id="m", name="net", log_odds=1.0))
    report = [_item("m"), _item("n", derived_from=("m", "E1"), contributions=parts)]
    assert ledger.append("anatomy", report, FILM) is None
    assert ledger.items[2].derived_from == ("E2", "E1")
    assert [part.evidence_id for part in ledger.items[2].contributions] == ["", "E2"]


@pytest.mark.parametrize(
    "report",
    [
        [_item(derived_from=("nowhere",))],
        [_item(contributions=(Contribution(evidence_id="E7", name="x", log_odds=0.0),))],
        [_item("a"), _item("a")],
        [_item("a", derived_from=("a",))],
        [_item("a", derived_from=("b",)), _item("b", derived_from=("a",))],
    ],
)
def test_a_report_whose_references_do_not_hold_is_refused_whole(report: list[Evidence]) -> None:
    ledger = Ledger()
    problem = ledger.append("cxr", [_item("ok"), *report], FILM)
    assert problem is not None
    assert problem.code is ProblemCode.WRONG_SHAPE
    assert "cxr" in problem.message
    assert ledger.items == ()


def test_only_who_is_trusted_may_say_what_all_the_evidence_amounts_to() -> None:
    ledger = Ledger()
    forged = [_item(kind=EvidenceKind.WEIGHING, value=0.99)]
    assert ledger.append("stranger", forged, FILM) is not None
    assert ledger.append("evidence", forged, FILM, trusted_calibration=True) is None


def test_synonyms_of_a_finding_become_the_code_tables_label() -> None:
    ledger = Ledger()
    kinds = (EvidenceKind.FINDING, EvidenceKind.LOCATION, EvidenceKind.OBSERVATION, EvidenceKind.CONTEXT)
    ledger.append("x", [_item(subject="pleural effusion", kind=kind) for kind in kinds], FILM)
    assert [item.subject for item in ledger.items] == ["Effusion", "Effusion", "Effusion", "pleural effusion"]


def test_addresses_of_artefacts_stay_inside_and_are_stripped_on_export() -> None:
    heatmap = Artefact(kind=ArtefactKind.HEATMAP, digest=FILM, shape=(1, 7, 7), url="http://127.0.0.1/secret")
    ledger = Ledger()
    ledger.append("cxr", [_item(artefacts=(heatmap,))], FILM)
    assert ledger.items[0].artefacts[0].url is not None
    assert ledger.exported()[0].artefacts[0].url is None


def test_a_ledger_survives_plain_json_and_goes_on_counting() -> None:
    ledger = Ledger()
    ledger.append("cxr", [_item("a"), _item("b", derived_from=("a",))], FILM)
    again = Ledger(Evidence.model_validate_json(item.model_dump_json()) for item in ledger.items)
    again.append("cxr", [_item()], FILM)
    assert [item.id for item in again.items] == ["E1", "E2", "E3"]
    assert again.items[:2] == ledger.items


def test_a_ledger_with_gaps_is_not_restored() -> None:
    with pytest.raises(ValueError, match="without gaps"):
        Ledger([_item("E2")])
