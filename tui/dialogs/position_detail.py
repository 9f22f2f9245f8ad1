"""One open position: how it was filled, what it is worth and exposed to now, and where it leaves."""

from __future__ import annotations

from server.deck import DeckSnapshot, GreekPair, LevelDistance, PositionRow
from tui import fmt
from tui.dialogs.base import Reading
from tui.dialogs.decision_detail import named
from tui.panes.positions import mark_age
from tui.widgets.document import Document
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role


class PositionDialog(Reading):
    """Follows its position while it is open."""

    def __init__(self, row: PositionRow) -> None:
        super().__init__()
        self.row = row
        self.gone = False

    def show(self, snapshot: DeckSnapshot) -> None:
        row = next((each for each in snapshot.positions if each.id == self.row.id), None)
        self.gone = row is None
        self.row = row or self.row
        self.query_one(Document).repaint()

    def write(self, width: int) -> list[Line]:
        row = self.row
        out = _top(row, width)
        if self.gone:
            out.insert(1, [(" ! closed: as it was last seen", "warn")])
        out += [[], heading("Greeks", width), _head("", "now", "at entry")]
        scale = "~ estimated" if row.estimated else ""
        for name, pair, digits, factor, unit in (
            ("delta", row.delta, 3, 1, "per $1"),
            ("gamma", row.gamma, 4, 1, "per $1"),
            ("theta", row.theta, 3, 1, "a session and night"),
            ("vega", row.vega, 3, 1, "per vol point"),
            ("implied vol", row.iv, 1, 100, "%"),
        ):
            out.append(_greek(name, pair, digits, factor, f"{unit} {scale}"))
        out += named("theta paid", fmt.money(row.theta_paid, sign=False), width)
        out += [[], heading("Levels", width), _head("", "level", "$", "%", "ATR")]
        for name, level, role in (("stop", row.to_stop, "bad"), ("T1", row.to_target_1, "good"),
                                  ("T2", row.to_target_2, "good")):  # fmt: skip
            out.append(_level(name, level, role))
        out += named("next exit", row.nearest_exit or fmt.NONE, width)
        out += [[], heading("Execution", width), *_execution(row, width)]
        return out


def _top(row: PositionRow, width: int) -> list[Line]:
    age, role = mark_age(row, False)
    old = f"{age} old" if role == "dim" else age
    return [
        heading("Position", width, [(row.state, "warn" if row.state != "OPEN" else "dim")]),
        [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
         (row.contract, "strong"), (f"   {row.occ}", "dim")],
        [],
        [(" P&L  ", "dim"), (f"{fmt.arrow(row.pnl)} {fmt.money(row.pnl)}", signed_role(row.pnl)),
         (f"   {fmt.signed(row.pnl_pct, 1, ' %')}   {fmt.signed(row.r, 2, ' R')}", signed_role(row.pnl))],
        [(" mark ", "dim"), (fmt.number(row.mark), "strong"), (f", {old}", role),
         ("   underlying ", "dim"), (fmt.number(row.underlying), "text"),
         (f"  (at entry {fmt.number(row.underlying_at_entry)})", "dim")],
        [(" held ", "dim"), (f"{row.remaining} of {row.contracts} contracts", "text"),
         (f" for {fmt.age(row.time_in_trade)}", "text"),
         (f"   expires in {fmt.age(row.hours_left * 3600)} ({fmt.plural(row.days_left, 'day')})", "text")],
    ]  # fmt: skip


def _head(*titles: str) -> Line:
    return [
        (" " + fmt.fit(titles[0], 14), "head"),
        *((fmt.fit(title, 11, "right"), "head") for title in titles[1:]),
    ]


def _greek(name: str, pair: GreekPair, digits: int, factor: float, unit: str) -> Line:
    def one(value: float | None) -> str:
        return fmt.fit(fmt.NONE if value is None else f"{value * factor:.{digits}f}", 11, "right")

    return [(" " + fmt.fit(name, 14), "dim"), (one(pair.now), "strong"), (one(pair.entry), "text"),
            (f"  {unit}", "dim")]  # fmt: skip


def _level(name: str, at: LevelDistance | None, role: str) -> Line:
    if at is None:
        return [(" " + fmt.fit(name, 14), "dim"), ("reached" if name == "T1" else fmt.NONE, "dim")]
    atrs = fmt.NONE if at.atrs is None else f"{at.atrs:+.2f}"
    cells = (f"{at.level:,.2f}", f"{at.dollars:+,.2f}", f"{at.percent:+.2f}", atrs)
    return [(" " + fmt.fit(name, 14), role), *((fmt.fit(cell, 11, "right"), "text") for cell in cells)]


def _execution(row: PositionRow, width: int) -> list[Line]:
    out = named("opened", fmt.day_clock(row.opened_at), width)
    out += named("entry price", fmt.number(row.entry_price), width)
    filled = row.execution
    if filled is None:
        return out
    kind = (
        f"{filled.option_type}, strike {filled.strike:g}, expiry {filled.expiry}, {filled.dte} days at entry"
    )
    out += named("option", kind, width)
    out += named("filled", f"{filled.filled_contracts} contracts, {filled.fill_quality}", width)
    costs = (("spread", filled.spread_cost), ("slippage", filled.slippage), ("commission", filled.commission))
    total = sum(value for _, value in costs)
    parts = " + ".join(f"{name} {fmt.money(value, sign=False)}" for name, value in costs)
    out += named("costs at entry", f"{parts} = {fmt.money(total, sign=False)}", width)
    if filled.risk_amount is not None:
        out += named("planned loss", fmt.money(filled.risk_amount, sign=False), width)
    return out
