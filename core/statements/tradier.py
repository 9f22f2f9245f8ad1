"""Account history and gain/loss of Tradier as csv: a column for each field of the API's answers, one row each.

The fields are those that public clients of the API read, which answers JSON and XML: no csv is documented. Of the
file that its website downloads a public reader confirms the columns Type, Trade Date, Symbol, Description and Net
Amount, and the type MONEY_MOVEMENTS; those names are read as well. It states days without a time: of one day's fills
in a contract purchases are taken first.
"""

from __future__ import annotations

from core.statements.fields import Cells, RowError, cents, plain
from core.statements.row import RowKind, Side, StatementRow

COLUMNS = ("type", "symbol", "description")
"""Beside them: date or trade date, amount or net amount; for trades quantity or qty, and price."""
GAIN_LOSS_COLUMNS = ("close date", "open date", "symbol", "quantity", "cost", "proceeds", "gain loss")
_TRADES = frozenset({"trade", "trades"})
_REMOVALS = {"expir": "expired", "optexp": "expired", "assign": "assigned", "exerc": "exercised"}


def read(cells: Cells) -> StatementRow:
    """Return a row of the account history. Raises RowError."""
    kind = cells.word("type").replace("_", " ").casefold()
    if not kind:
        raise cells.error("type", "trade, option, dividend or another type of event")
    day = cells.day(cells.first("date", "trade date"))
    amount = cells.money(cells.first("amount", "net amount"))
    option = cells.option("symbol") or cells.named_option("description")
    symbol = option.underlying if option else cells.word("symbol").upper()
    occ = None if option is None else option.occ
    if kind in _TRADES:
        name = cells.first("quantity", "qty")
        signed = cells.quantity(name)
        side = _side(cells, name, amount, bought=signed > 0)
        price = abs(cells.number("price", accepted="a price such as 1.25"))
        gross = cents(abs(signed) * price * (100 if option else 1))
        if not symbol:
            raise cells.error("symbol", "a symbol such as AAPL or AAPL240119C00190000")
        return StatementRow(
            kind=RowKind.FILL, line=cells.line, text=cells.text, day=day, symbol=symbol, occ=occ,
            quantity=plain(signed), side=side, price=float(price), cents=amount,
            fees=(-gross if side is Side.BUY else gross) - amount,
        )  # fmt: skip
    words = f"{cells.word('option type')} {cells.word('description')}".casefold()
    removed = next((what for part, what in _REMOVALS.items() if part in words), None)
    if kind in ("option", "options") and option is not None and removed is not None:
        quantity = cells.quantity(cells.first("quantity", "qty"))
        return StatementRow(
            kind=RowKind.CLOSE, line=cells.line, text=cells.text, day=day, symbol=symbol, occ=occ,
            quantity=plain(quantity), price=0.0, cents=amount, what=removed,
        )  # fmt: skip
    return StatementRow(
        kind=RowKind.MONEY, line=cells.line, text=cells.text, day=day, symbol=symbol, cents=amount, what=kind,
        order=cells.word("description") or None,
    )  # fmt: skip


def _side(cells: Cells, name: str, amount: int, *, bought: bool) -> Side:
    """Return the side of a fill by its money; a quantity that is sold may be stated as negative."""
    if amount == 0:
        return Side.BUY if bought else Side.SELL
    if not bought and amount < 0:
        raise RowError(cells.spelled.get(name, name), cells.word(name), "positive, although money was paid")
    return Side.BUY if amount < 0 else Side.SELL


def read_gain_loss(cells: Cells) -> StatementRow:
    """Return a closed position of the gain/loss list. Raises RowError when cost, proceeds and gain do not agree."""
    quantity, option = cells.quantity("quantity"), cells.option("symbol")
    cost, proceeds, gain = cells.money("cost"), cells.money("proceeds"), cells.money("gain loss")
    if abs(abs(proceeds) - abs(cost) - gain) > 1:
        raise cells.error("gain loss", "proceeds less cost")
    shares = abs(float(quantity)) * (100 if option else 1)
    paid, received = abs(cost) / 100 / shares, abs(proceeds) / 100 / shares
    sold = quantity < 0
    return StatementRow(
        kind=RowKind.TRADE, line=cells.line, text=cells.text, day=cells.day("close date"),
        opened_day=cells.day("open date"), symbol=option.underlying if option else cells.word("symbol").upper(),
        occ=None if option is None else option.occ, quantity=plain(quantity),
        side=Side.SELL if sold else Side.BUY, price=received if sold else paid,
        exit_price=paid if sold else received, cents=gain, closed=True, what="closed",
    )  # fmt: skip
