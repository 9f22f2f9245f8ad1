"""Trades that ``gatedeck export`` wrote: csv, jsonl or parquet, of this engine or another one."""

from __future__ import annotations

from core.model import Direction
from core.statements.fields import Cells, RowError, plain
from core.statements.row import RowKind, Side, StatementRow

COLUMNS = (
    *("id", "created at", "symbol", "direction", "state", "occ"),
    *("execution.filled contracts", "execution.entry price"),
)


def read(cells: Cells) -> StatementRow:
    """Return an exported trade. Raises RowError."""
    opened, option = cells.instant("created at"), cells.option("occ")
    state = cells.word("state")
    if state not in ("OPEN", "PARTIAL", "CLOSED"):
        raise cells.error("state", "OPEN, PARTIAL or CLOSED")
    closed = state == "CLOSED"
    at = cells.instant("exit.exit time") if closed else opened
    direction = cells.word("direction")
    if direction not in (Direction.LONG, Direction.SHORT):
        raise cells.error("direction", "LONG or SHORT")
    if not cells.word("id"):
        raise RowError("id", "", "the id of a trade")
    return StatementRow(
        kind=RowKind.TRADE, line=cells.line, text=cells.text, id=cells.word("id"),
        day=cells.session("exit.exit time" if closed else "created at", at), at=at if closed else None,
        opened_at=opened, opened_day=cells.session("created at", opened),
        symbol=cells.word("symbol").upper(), occ=None if option is None else option.occ,
        quantity=plain(cells.quantity("execution.filled contracts")), side=Side.BUY,
        price=cells.price("execution.entry price"), exit_price=cells.price("exit.exit price"),
        cents=cells.money("exit.pnl net"), closed=closed, direction=direction,
        setup=cells.word("setup") or None, what=cells.word("exit.exit reason"),
        fees=cells.money("exit.total commission") if closed else 0,
        r=float(cells.number("r")) if cells.has("r") else None,
    )  # fmt: skip
