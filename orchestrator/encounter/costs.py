"""What examinations cost: a price table, and a ledger that charges an order once and vetoes what a budget forbids."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from wardround.contracts.clinic import AuxiliaryExam, Exam, PhysicalExam, exam_named
from wardround.contracts.encounter import Charge, CostLedger, Order
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["PriceTable", "charge", "list_prices", "read_prices"]

_NEEDED = ("exam", "price", "currency")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MAX_BYTES = 200_000
_OTHER = "other"


@dataclass(frozen=True)
class PriceTable:
    """List prices by examination, in one currency (ISO 4217); `other` is for examinations without a line."""

    currency: str
    prices: Mapping[Exam, float]
    other: float

    def price(self, exam: Exam) -> float:
        """What one examination costs, not negative. Physical ones are part of the visit where no line says else."""
        return self.prices.get(exam, 0.0 if isinstance(exam, PhysicalExam) else self.other)


def charge(ledger: CostLedger, order: Order, prices: PriceTable) -> tuple[CostLedger, Charge]:
    """Enters an order, and gives the ledger with its line; an order that is in it already is never entered again.

    An order that would bring the total above the budget is entered as vetoed, at no cost: it is not to be placed. What
    costs nothing is never vetoed.

    Raises:
        CallerError: BAD_ARGUMENT, the ledger holds charges in another currency than the table's.
    """
    known = next((one for one in ledger.charges if one.order_id == order.id), None)
    if known is not None:
        return ledger, known
    if ledger.currency != prices.currency:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The ledger is in {ledger.currency}, the price table in {prices.currency}.",
            "Begin the encounter with the currency of the price table.",
        )
    price = prices.price(order.exam)
    vetoed = price > 0 and ledger.budget is not None and ledger.total + price > ledger.budget
    line = Charge(order_id=order.id, item=order.exam.value, price=0.0 if vetoed else price, vetoed=vetoed)
    return ledger.model_copy(update={"charges": (*ledger.charges, line)}), line


@cache
def list_prices() -> PriceTable:
    """The table that comes with this package; each line names its source."""
    return _table(files(__package__).joinpath("prices.csv").read_text(encoding="utf-8"), "the list prices")


def read_prices(file: Path) -> PriceTable:
    """A price table of the user's: CSV with the columns exam, price and currency; others are not read.

    `exam` is any name of an examination, or 'other' for all auxiliary ones without a line. Without a line 'other' they
    have their list price, for which the currency must be the list's.

    Raises:
        CallerError: NOT_FOUND, TOO_LARGE, UNSUPPORTED_FORMAT (not UTF-8 text) or BAD_ARGUMENT with the line and its
            fault: an unknown examination, one named twice, a price below 0 or no number, two currencies, or none.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"The price table '{file.name}' cannot be read.", "Check its name and permissions."
        ) from None
    if len(data) > _MAX_BYTES:
        raise CallerError(
            ProblemCode.TOO_LARGE,
            f"The price table '{file.name}' is larger than {_MAX_BYTES} bytes.",
            "It needs one line for each examination.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            f"The price table '{file.name}' is not UTF-8 text.",
            "Save it as CSV, UTF-8.",
        ) from None
    return _table(text, f"the price table '{file.name}'", list_prices())


def _table(text: str, name: str, fallback: PriceTable | None = None) -> PriceTable:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    missing = next((one for one in _NEEDED if one not in (rows.fieldnames or ())), None)
    if missing is not None:
        raise _fault(name, 1, f"the column '{missing}' is missing", f"Give the columns {', '.join(_NEEDED)}.")
    prices: dict[Exam, float] = {}
    other: float | None = None
    currency = ""
    for row in rows:
        line = rows.line_num
        words, amount, coin = ((row[one] or "").strip() for one in _NEEDED)
        currency = currency or coin
        if not _CURRENCY.fullmatch(coin) or coin != currency:
            raise _fault(name, line, f"the currency is '{coin[:20]}'", "Use one, in capitals, such as USD, throughout.")
        exam, is_other = exam_named(words), words.casefold() == _OTHER
        if exam in prices or (is_other and other is not None):
            raise _fault(name, line, f"'{words[:60]}' has a price already", "Keep one line for each examination.")
        if is_other:
            other = _price(amount, name, line)
        elif exam is not None:
            prices[exam] = _price(amount, name, line)
        else:
            known = ", ".join(one.value for one in (*PhysicalExam, *AuxiliaryExam))
            raise _fault(name, line, f"'{words[:60]}' is no examination", f"Use one of: {known}; or {_OTHER}.")
    if fallback is not None and currency == fallback.currency and other is None:
        return PriceTable(currency, {**fallback.prices, **prices}, fallback.other)
    if other is None:
        raise _fault(name, max(rows.line_num, 1), f"there is no line '{_OTHER}'", "Say what all other tests cost.")
    return PriceTable(currency, prices, other)


def _price(amount: str, name: str, line: int) -> float:
    try:
        price = float(amount)
    except ValueError:
        price = math.nan
    if not 0 <= price < math.inf:
        raise _fault(name, line, f"the price is '{amount[:20]}'", "Give a number that is not negative, such as 49.50.")
    return price


def _fault(name: str, line: int, what: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, f"In line {line} of {name} {what}.", hint)
