"""Account activities of Alpaca as csv: a column for each field of the API's activities, one row each.

The fields are documented at docs.alpaca.markets/docs/account-activities and, for options, at
docs.alpaca.markets/docs/non-trade-activities-for-option-events. The vendor documents JSON and no csv: the file is
the activities written with the same names, as public readers expect it. A FILL states no money: it is quantity times
price, for options times 100. Fees are activities of their own and count as rows that are no trades.
"""

from __future__ import annotations

from decimal import Decimal

from core.statements.fields import Cells, cents, plain
from core.statements.row import Effect, RowKind, Side, StatementRow

COLUMNS = ("activity type", "id", "symbol", "qty")
_SIDES: dict[str, tuple[Side, Effect | None]] = {
    "buy": (Side.BUY, None),
    "sell": (Side.SELL, None),
    "sell short": (Side.SELL, Effect.OPEN),
}
_REMOVED = {"OPEXP": "expired", "OPASN": "assigned", "OPEXC": "exercised", "OPXRC": "exercised"}


def read(cells: Cells) -> StatementRow:
    """Return an activity. Raises RowError."""
    kind = cells.word("activity type").upper()
    if not kind:
        raise cells.error("activity type", "FILL, OPEXP, DIV or another activity type")
    if kind == "FILL":
        return _fill(cells)
    if kind in _REMOVED or kind == "OPTRD":
        return _option_event(cells, kind)
    day = cells.day("date") if cells.has("date") else cells.session(_time(cells), cells.instant(_time(cells)))
    return StatementRow(
        kind=RowKind.MONEY, line=cells.line, text=cells.text, id=cells.word("id"), day=day, what=kind.lower(),
        cents=cells.money("net amount"), symbol=cells.word("symbol"),
    )  # fmt: skip


def _time(cells: Cells) -> str:
    return cells.first("transaction time", "created at")


def _fill(cells: Cells) -> StatementRow:
    at = cells.instant("transaction time")
    quantity, option = abs(cells.quantity("qty")), cells.option("symbol")
    side, effect = _SIDES.get(cells.word("side").replace("_", " ").casefold(), (None, None))
    if side is None:
        raise cells.error("side", "buy, sell or sell_short")
    price = abs(cells.number("price", accepted="a price such as 1.25"))
    value = cents(quantity * price * (100 if option else 1))
    return StatementRow(
        kind=RowKind.FILL, line=cells.line, text=cells.text, id=cells.word("id"),
        day=cells.session("transaction time", at), at=at,
        symbol=option.underlying if option else cells.word("symbol").upper(),
        occ=None if option is None else option.occ, quantity=plain(quantity), side=side, effect=effect,
        price=float(price), cents=-value if side is Side.BUY else value, order=cells.word("order id") or None,
    )  # fmt: skip


def _option_event(cells: Cells, kind: str) -> StatementRow:
    """Return an expiry, assignment or exercise, or the trade in shares (OPTRD) that the latter two led to."""
    day, option = cells.day("date"), cells.option("symbol")
    quantity: Decimal = cells.quantity("qty")
    if kind != "OPTRD" and option is None:
        raise cells.error("symbol", "an OCC symbol such as AAPL240119C00190000")
    traded = kind == "OPTRD"
    side = (Side.BUY if quantity > 0 else Side.SELL) if traded else None
    return StatementRow(
        kind=RowKind.FILL if traded else RowKind.CLOSE, line=cells.line, text=cells.text, id=cells.word("id"),
        day=day, symbol=option.underlying if option else cells.word("symbol").upper(),
        occ=None if option is None else option.occ, quantity=plain(quantity), side=side,
        price=_per_share(cells, quantity) if traded else 0.0, cents=cells.money("net amount"),
        what="option trade" if traded else _REMOVED[kind],
    )  # fmt: skip


def _per_share(cells: Cells, quantity: Decimal) -> float:
    """Return the price that the money moved states: the documented example states another one as ``price``."""
    return abs(cells.money("net amount")) / 100 / abs(float(quantity))
