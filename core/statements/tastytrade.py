"""The transaction history that tastytrade's platforms download as csv (Activity, History, Transactions).

No documentation of the file is known: its columns are those that public readers of real files expect, 20 since 2022,
and ``Total`` beside them since 2024. ``Total`` is the money moved; without it that is value, commissions and fees.
Removals of options come without a side, or with one. Futures settle every day by rows of another kind and are not
read.
"""

from __future__ import annotations

from core.statements.fields import Cells, plain
from core.statements.row import Effect, RowKind, Side, StatementRow

COLUMNS = (
    *("date", "type", "sub type", "action", "symbol", "instrument type", "description", "value", "quantity"),
    *("commissions", "fees", "underlying symbol"),
)
_REMOVED = {
    "expiration": "expired",
    "assignment": "assigned",
    "exercise": "exercised",
    "cash settled assignment": "assigned",
    "cash settled exercise": "exercised",
}
_ACTIONS = {
    "buy to open": (Side.BUY, Effect.OPEN),
    "buy to close": (Side.BUY, Effect.CLOSE),
    "sell to open": (Side.SELL, Effect.OPEN),
    "sell to close": (Side.SELL, Effect.CLOSE),
    "buy": (Side.BUY, None),
    "sell": (Side.SELL, None),
}
_INSTRUMENTS = frozenset({"equity", "equity option", "future option", "cryptocurrency"})


def read(cells: Cells) -> StatementRow:
    """Return a row of the history. Raises RowError."""
    at = cells.instant("date")
    day = cells.session("date", at)
    kind, sub = cells.word("type").casefold(), cells.word("sub type").casefold()
    gross, costs = cells.money("value"), cells.money("commissions") + cells.money("fees")
    total = cells.money("total") if cells.has("total") else gross + costs
    if kind == "money movement":
        return StatementRow(
            kind=RowKind.MONEY, line=cells.line, text=cells.text, day=day, at=at, cents=total, what=sub,
            symbol=cells.word("symbol"), order=cells.word("description") or None,
        )  # fmt: skip
    if kind not in ("trade", "receive deliver"):
        raise cells.error("type", "Trade, Receive Deliver or Money Movement")
    instrument = cells.word("instrument type").casefold()
    if instrument not in _INSTRUMENTS:
        raise cells.error("instrument type", "Equity, Equity Option, Future Option or Cryptocurrency")
    quantity = abs(cells.quantity("quantity"))
    option = cells.option("symbol")
    if instrument == "equity option" and option is None:
        raise cells.error("symbol", "an OCC symbol such as AAPL  240119C00190000")
    action = cells.word("action").replace("_", " ").casefold()
    side, effect = _ACTIONS.get(action, (None, None))
    what = _REMOVED.get(sub, "" if kind == "trade" else sub)
    if side is None and (action or what not in _REMOVED.values()):
        raise cells.error("action", ", ".join(name.upper().replace(" ", "_") for name in _ACTIONS))
    # The price per contract of an option is that of its shares times the multiplier.
    shares = quantity * (cells.number("multiplier") if cells.has("multiplier") else 1)
    return StatementRow(
        kind=RowKind.FILL if what not in _REMOVED.values() else RowKind.CLOSE,
        line=cells.line, text=cells.text, day=day, at=at,
        symbol=(option.underlying if option else "") or cells.word("symbol").upper(),
        occ=None if option is None else option.occ,
        quantity=plain(quantity), side=side, effect=effect,
        price=abs(gross) / 100 / float(shares), cents=total, fees=gross - total,
        order=cells.word("order #") or None, what=what,
    )  # fmt: skip
