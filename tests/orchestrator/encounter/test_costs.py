"""Prices and the ledger: charged once, vetoed beyond the budget, and a price file of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardround.contracts.clinic import AuxiliaryExam, PhysicalExam
from wardround.contracts.encounter import CostLedger, Order
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.orchestrator.encounter.costs import charge, list_prices, read_prices

XRAY = Order(id="O1", exam=AuxiliaryExam.XRAY)
CT = Order(id="O2", exam=AuxiliaryExam.CT)
CHEST = Order(id="O3", exam=PhysicalExam.CHEST)


def test_list_prices_are_public_figures_and_physical_examinations_belong_to_the_visit() -> None:
    prices = list_prices()
    assert prices.currency == "USD"
    figures = {"X-ray": 200, "ultrasound": 300, "CT": 1200, "MRI": 1500, "pathology": 800, "functional test": 100}
    figures |= {"blood test": 50, "urine test": 40, "stool test": 150, "endoscopy": 150, "nuclear medicine": 150}
    assert {exam.value: prices.price(exam) for exam in AuxiliaryExam} == figures
    assert {prices.price(exam) for exam in PhysicalExam} == {0.0}


def test_an_order_is_charged_once_however_often_it_is_entered() -> None:
    ledger, line = charge(CostLedger(), XRAY, list_prices())
    again, same = charge(ledger, XRAY, list_prices())
    assert (line.price, ledger.total) == (200, 200)
    assert (again, same) == (ledger, line)


def test_two_orders_of_the_same_examination_are_two_charges() -> None:
    ledger, _ = charge(CostLedger(), XRAY, list_prices())
    ledger, _ = charge(ledger, Order(id="O9", exam=AuxiliaryExam.XRAY), list_prices())
    assert ledger.total == 400


def test_what_would_exceed_the_budget_is_vetoed_and_what_is_cheaper_still_goes() -> None:
    ledger, _ = charge(CostLedger(budget=250), XRAY, list_prices())
    ledger, veto = charge(ledger, CT, list_prices())
    assert (veto.vetoed, veto.price, ledger.total) == (True, 0, 200)
    ledger, blood = charge(ledger, Order(id="O4", exam=AuxiliaryExam.BLOOD), list_prices())
    assert (blood.vetoed, ledger.total) == (False, 250)
    assert charge(ledger, CT, list_prices())[1].vetoed


def test_what_costs_nothing_is_never_vetoed() -> None:
    ledger, line = charge(CostLedger(budget=0), CHEST, list_prices())
    assert (line.vetoed, line.price, len(ledger.charges)) == (False, 0, 1)


def _file(folder: Path, text: str) -> Path:
    file = folder / "prices.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_own_prices_replace_list_prices_and_know_other_names(tmp_path: Path) -> None:
    prices = read_prices(
        _file(tmp_path, "exam,price,currency,source\ncomputed tomography,900,USD,ours\nHEENT,25,USD,ours\n")
    )
    assert [prices.price(one) for one in (AuxiliaryExam.CT, AuxiliaryExam.MRI, PhysicalExam.HEAD)] == [900, 1500, 25]


def test_own_prices_in_another_currency_stand_alone(tmp_path: Path) -> None:
    prices = read_prices(_file(tmp_path, "\ufeffexam,price,currency\nX-ray,31.50,EUR\nother,80,EUR\n"))
    assert (prices.currency, prices.price(AuxiliaryExam.XRAY), prices.price(AuxiliaryExam.MRI)) == ("EUR", 31.5, 80)
    with pytest.raises(CallerError, match="The ledger is in USD"):
        charge(CostLedger(), XRAY, prices)
    assert charge(CostLedger(currency="EUR"), XRAY, prices)[0].total == 31.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exam,cost\nCT,1\n", "column 'price' is missing"),
        (
            "exam,price,currency\nscrying,1,USD\n",
            "In line 2 of the price table 'prices.csv' 'scrying' is no examination",
        ),
        ("exam,price,currency\nCT,1,USD\nCT,2,USD\n", "In line 3 .* has a price already"),
        ("exam,price,currency\nCT,-1,USD\n", "the price is '-1'"),
        ("exam,price,currency\nCT,nan,USD\n", "the price is 'nan'"),
        ("exam,price,currency\nCT,inf,USD\n", "the price is 'inf'"),
        ("exam,price,currency\nCT,free,USD\n", "the price is 'free'"),
        ("exam,price,currency\nCT,1,USD\nMRI,1,EUR\n", "the currency is 'EUR'"),
        ("exam,price,currency\nCT,1,dollars\n", "the currency is 'dollars'"),
        ("exam,price,currency\nCT,1,EUR\n", "there is no line 'other'"),
        ("exam,price,currency\nCT\n", "the currency is ''"),
        ("exam,price,currency\n", "there is no line 'other'"),
        ("", "column 'exam' is missing"),
    ],
)
def test_a_price_file_with_a_fault_says_where_and_which(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CallerError, match=told) as refused:
        read_prices(_file(tmp_path, text))
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert refused.value.problem.hint


def test_a_price_file_that_cannot_be_read_is_told_by_its_name_alone(tmp_path: Path) -> None:
    with pytest.raises(CallerError) as missing:
        read_prices(tmp_path / "none.csv")
    assert missing.value.problem.code is ProblemCode.NOT_FOUND
    assert str(tmp_path) not in str(missing.value.problem)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CallerError) as binary:
        read_prices(tmp_path / "binary.csv")
    assert binary.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT
    (tmp_path / "big.csv").write_bytes(b"a" * 300_000)
    with pytest.raises(CallerError) as big:
        read_prices(tmp_path / "big.csv")
    assert big.value.problem.code is ProblemCode.TOO_LARGE
