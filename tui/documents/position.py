"""One position as lines: each part of its detail, and a summary for the clipboard."""

from __future__ import annotations

from collections.abc import Sequence

from core.execution_band import UNKNOWN
from core.model import ExitReason
from core.options.volatility import VolatilitySource
from core.positions import SettlementBasis
from core.positions.detail import PnlByCause
from server.deck import ExitCondition, ExitFill, GreekPair, LevelDistance, PositionDetail, PositionRow
from tui import fmt
from tui.charts import DrawChart
from tui.charts.canvas import LevelLabel
from tui.charts.position import PriceChart, TimeLine
from tui.engine_text import told
from tui.metric_format import format_band
from tui.panes.positions import mark_age
from tui.widgets.bars import bar, signed_bar
from tui.widgets.line import (
    DIRECTION_MARK,
    DIRECTION_ROLE,
    Line,
    heading,
    signed_role,
    spread,
    width_of,
    wrap,
    wrap_text,
)

_NAME = 14
_MONEY = 11
_NEAR_EXPIRY = 0.995
"""Share of an option's life: a time exit later than this is not drawn apart from the expiry."""


def position_lines(row: PositionRow, width: int, *, exiting: bool = False, note: str = "") -> list[Line]:
    """Return a position as lines of ``width`` cells, without the path and attribution kept in the ledger."""
    head = top(row, width, exiting=exiting)
    if note:
        head.append([(f" {note}", "dim")])
    return [*head, *stacked([levels(row, None, width), greeks(row, width), execution(row, width)])]


def stacked(blocks: Sequence[list[Line]]) -> list[Line]:
    """Return the blocks below one another, an empty line before each."""
    out: list[Line] = []
    for block in blocks:
        if block:
            out += [[], *block]
    return out


def top(row: PositionRow, width: int, *, exiting: bool) -> list[Line]:
    """Return the heading: contract, state, P&L, and the mark with its age."""
    text, role = mark_age(row, exiting)
    closed = row.state == "CLOSED"
    badge = "EXITING" if exiting and not closed else row.state
    gain: Line = [
        (f"{fmt.arrow(row.pnl)} {fmt.money(row.pnl)}", signed_role(row.pnl)),
        (f"  {fmt.signed(row.pnl_pct, 1, ' %')}  {fmt.signed(row.r, 2, ' R')}", signed_role(row.pnl)),
    ]
    name: Line = [
        (f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
        (row.contract, "strong"),
        (f"  {row.occ}", "dim"),
    ]
    out: list[Line] = [heading("Position", width, [(badge, "dim" if badge == "OPEN" else "warn")])]
    if width_of(name) + width_of(gain) + 8 <= width:
        out.append(spread(name, [*gain, (" ", "text")], width))
    else:
        out += [name, [(" ", "text"), *gain]]
    last: Line = [("last mark " if closed else "mark ", "dim"), (fmt.number(row.mark), "strong")]
    if not closed:
        last.append((f", {text} old" if role == "dim" else f", {text}", role))
    pieces: list[Line] = [
        last,
        [("entry ", "dim"), (fmt.number(row.entry_price), "text")],
        [("underlying ", "dim"), (fmt.number(row.underlying), "text"),
         (f" (entry {fmt.number(row.underlying_at_entry)})", "dim")],
        [(f"{row.remaining} of {row.contracts}", "text"), (" held for " if not closed else " left, held for ", "dim"),
         (fmt.age(row.time_in_trade), "text")],
    ]  # fmt: skip
    if not closed:
        pieces.append([("expires in ", "dim"), (fmt.age(row.hours_left * 3600), "text")])
    out += [[(" ", "text"), *line] for line in wrap(pieces, width - 2, "   ")]
    if row.taken_by:
        out.append([(f" taken by hand by {row.taken_by}, against the rules", "info")])
    return out + _told(row, width)


def _told(row: PositionRow, width: int) -> list[Line]:
    """Return what keeps the position from being sold, in words."""
    text = row.fault or row.suspended
    if not text and row.new_shares != 1:
        text = f"split since: prices of {row.symbol} are those of {row.new_shares:g} new shares"
    if row.expired_at is not None:
        text = f"expired {fmt.day_clock(row.expired_at)}, waits for {row.missing}"
    return [[(" ", "text"), *line] for line in wrap_text(text, "warn", width - 2)] if text else []


def attribution(view: PnlByCause, width: int) -> list[Line]:
    """Return the P&L by cause as bars around zero: the causes add up to gross, costs lead to net."""
    out = [heading("P&L by cause", width, [(f"gross {fmt.money(view.gross)}", signed_role(view.gross))])]
    parted = any(cause.sold for cause in view.causes) and any(cause.held for cause in view.causes)
    if parted:
        titles = ("held", "sold", "all")
        out.append([(" " * _NAME, "head"), *((fmt.fit(title, _MONEY, "right"), "head") for title in titles)])
    largest = max((abs(cause.total) for cause in view.causes), default=0.0)
    for cause in view.causes:
        shown = (cause.held, cause.sold, cause.total) if parted else (cause.total,)
        line: Line = [(" " + fmt.fit(_CAUSES.get(cause.name, cause.name), _NAME - 1), "dim")]
        for n, value in enumerate(shown):
            role = signed_role(value) if n == len(shown) - 1 else "text"
            line.append((fmt.fit(_money(value), _MONEY, "right"), role))
        room = width - width_of(line) - 2
        if room >= 7:
            line += [("  ", "text"), *signed_bar(_cents(cause.total), largest, min(room, 41))]
        out.append(line)
    costs = (("spread", view.spread_cost), ("slippage", view.slippage), ("fees", view.commission))
    pieces: list[Line] = [
        [(f"{name} ", "dim"), (fmt.money(value, sign=False), "text")] for name, value in costs
    ]
    for n, line in enumerate(wrap(pieces, width - _NAME - 1, " ")):
        out.append([(" " + fmt.fit("less costs" if n == 0 else "", _NAME - 1), "dim"), *line])
    lead = _MONEY * (3 if parted else 1)
    out.append([(" " + fmt.fit("net", _NAME - 1), "strong"),
                (fmt.fit(fmt.money(view.net), lead, "right"), signed_role(view.net))])  # fmt: skip
    return out


_CAUSES = {"iv": "volatility", "theta": "time"}


def _money(value: float) -> str:
    return fmt.money(_cents(value))


def _cents(value: float) -> float:
    """Return 0 for a value that rounds to 0.00, so that it gets neither sign nor bar."""
    return 0.0 if abs(value) < 0.005 else value


def exits(
    conditions: Sequence[ExitCondition], nearest: ExitReason | None, row: PositionRow, width: int
) -> list[Line]:
    """Return the automatic exits with the share of the way to each, the nearest marked."""
    out = [heading("Exits", width, [("way gone", "dim")])]
    if not conditions:
        return [*out, [(f" {told(row.nearest_exit) or 'none is waited for'}", "dim")]]
    if nearest is None:
        out.append([(f" ! {told(row.nearest_exit)}", "warn")])
    for view in conditions:
        is_nearest = view.reason is nearest
        role = "bad" if view.reason == "STOP_LOSS" else "good" if view.reason.startswith("TARGET") else "info"
        where = fmt.number(view.level) if view.level is not None else ""
        line: Line = [
            ("▸" if is_nearest else " ", "title-focus"),
            (fmt.fit(view.reason, _NAME - 1), "strong" if is_nearest else "text"),
        ]
        words = f"{where}  {told(view.words)}" if where else told(view.words)
        line.append((fmt.fit(words, 30), "text"))
        left = width - width_of(line) - 6
        line += [(" ", "text"), *bar(100 * view.gone, min(30, left), role)] if left >= 4 else []
        line.append((f"{view.gone * 100:>4.0f}%", "strong" if is_nearest else "dim"))
        out.append(line)
    return out


def levels(row: PositionRow, detail: PositionDetail | None, width: int) -> list[Line]:
    """Return stop and targets with their distance from the underlying."""
    cell = max(8, min(11, (width - _NAME) // 4))
    titles = ("level", "$", "%", "ATR")
    head: Line = [(" " * _NAME, "head"), *((fmt.fit(each, cell, "right"), "head") for each in titles)]
    out = [heading("Levels", width), head]
    for name, level, role in (("stop", row.to_stop, "bad"), ("T1", row.to_target_1, "good"),
                              ("T2", row.to_target_2, "good")):  # fmt: skip
        out.append(_level(name, level, role, cell, detail))
        if level is not None and level.moved_at is not None:
            by = f"moved {fmt.day_clock(level.moved_at)} by {level.moved_by}"
            out += [[("   ", "dim"), *line] for line in wrap_text(by, "dim", width - 3)]
    return out


def _level(name: str, at: LevelDistance | None, role: str, cell: int, detail: PositionDetail | None) -> Line:
    if at is None:
        taken = name == "T1" and detail is not None and detail.scaled_out
        return [(" " + fmt.fit(name, _NAME - 1), "dim"), ("taken" if taken else fmt.NONE, "dim")]
    cells = (fmt.number(at.level), fmt.signed(at.dollars), fmt.signed(at.percent), fmt.signed(at.atrs))
    return [
        (" " + fmt.fit(name, _NAME - 1), role),
        *((fmt.fit(each, cell, "right"), "text") for each in cells),
    ]


def greeks(row: PositionRow, width: int) -> list[Line]:
    """Return the Greeks per share, now and at the entry."""
    note: Line = [("~ estimated  ", "warn")] if row.estimated else []
    note += [("theta paid ", "dim"), (fmt.money(row.theta_paid, sign=False), "text")]
    out = [heading("Greeks", width, note), [(" " * _NAME, "head"), (fmt.fit("now", 9, "right"), "head"),
                                            (fmt.fit("entry", 9, "right"), "head")]]  # fmt: skip
    for name, pair, digits, factor, unit in (
        ("delta", row.delta, 3, 1, "per $1"),
        ("gamma", row.gamma, 4, 1, "per $1"),
        ("theta", row.theta, 3, 1, _a_day(row.nights)),
        ("vega", row.vega, 3, 1, "per vol point"),
        (f"{row.iv_source or 'implied'} vol", row.iv, 1, 100, "%"),
    ):
        out.append(_greek(name, pair, digits, factor, unit))
    if row.iv_basis:
        role = "dim" if row.iv_source is VolatilitySource.IMPLIED else "warn"
        out += [[("  ", "dim"), *line] for line in wrap_text(told(row.iv_basis), role, width - 2)]
    if row.dividend_basis:
        role = "warn" if "assumed" in row.dividend_basis else "dim"
        out += [[("  ", "dim"), *line] for line in wrap_text(told(row.dividend_basis), role, width - 2)]
    return out


def _a_day(nights: int) -> str:
    """Return the time that theta is stated for; on a Friday it names the nights before the next session."""
    return "a session and night" if nights <= 1 else f"a session and 1 of {nights} nights"


def _greek(name: str, pair: GreekPair, digits: int, factor: float, unit: str) -> Line:
    def one(value: float | None) -> str:
        return fmt.fit(fmt.NONE if value is None else fmt.number(value * factor, digits), 9, "right")

    return [(" " + fmt.fit(name, _NAME - 1), "dim"), (one(pair.now), "strong"), (one(pair.entry), "text"),
            (f"  {unit}", "dim")]  # fmt: skip


def execution(row: PositionRow, width: int, *, costs: bool = True) -> list[Line]:
    """Return how the entry was filled; with ``costs`` also what the entry cost."""
    out = [heading("Execution", width)]
    out += _pair("opened", fmt.day_clock(row.opened_at), width)
    filled = row.execution
    option = f"{filled.option_type} {filled.strike:g}, expiry {filled.expiry}"
    out += _pair("option", f"{option}, {filled.dte} dte", width)
    count = fmt.plural(filled.filled_contracts, "contract")
    out += _pair("filled", f"{count} at {fmt.number(row.entry_price)}, {filled.fill_quality}", width)
    if costs:
        parts = (("spread", filled.spread_cost), ("slippage", filled.slippage), ("fees", filled.commission))
        words = "  ".join(f"{name} {fmt.money(value, sign=False)}" for name, value in parts)
        out += _pair("costs then", words, width)
    if filled.evidence:
        out += _pair("limit met by", filled.evidence, width)
    out += _pair("P&L by fills", UNKNOWN if row.band is None else format_band(row.band), width)
    if filled.risk_amount is not None:
        out += _pair("planned loss", fmt.money(filled.risk_amount, sign=False), width)
    return out


def _pair(name: str, text: str, width: int) -> list[Line]:
    rows = wrap_text(text, "text", width - _NAME)
    return [[(" " + fmt.fit(name if n == 0 else "", _NAME - 1), "dim"), *line] for n, line in enumerate(rows)]


def exit_fills(fills: Sequence[tuple[ExitFill, float]], width: int) -> list[Line]:
    """Return the exit fills, oldest first, each with its net P&L."""
    if not fills:
        return []
    out = [heading("Sold", width)]
    for fill, net in fills:
        line: Line = [
            (f" {fmt.moment(fill.at)}  ", "dim"),
            (fmt.fit(fill.reason, 12), "strong"),
            (f" {fill.contracts:>3} at {fmt.number(fill.price)}  ", "text"),
            (fmt.money(net), signed_role(net)),
        ]
        if fill.stale_fill and fill.settlement is None:
            line.append((" ! stale price", "warn"))
        out.append(line)
        if fill.settlement is not None:
            out += _settled(fill, width)
        if fill.evidence:
            out += _pair("limit", fill.evidence, width)
    return out


def _settled(fill: ExitFill, width: int) -> list[Line]:
    """Return how a settlement was priced: its basis, the price with its instant, and if it is near the strike."""
    assert fill.settlement is not None
    made = "" if fill.settlement_at is None else f" of {fmt.day_clock(fill.settlement_at)}"
    basis = "close stated by hand" if fill.settlement is SettlementBasis.BY_HAND else fill.settlement.value
    text = f"settled on the {basis}: {fmt.number(fill.underlying)}{made}"
    if fill.settlement.is_estimate:
        text = f"~ estimated, {text}"
    if fill.near_strike:
        text += "; so near to the strike that its holder might have decided otherwise"
    warns = fill.settlement.is_estimate or fill.near_strike
    return [[("   ", "dim"), *line] for line in wrap_text(text, "warn" if warns else "dim", width - 3)]


def value_chart(draw: DrawChart, detail: PositionDetail, width: int, height: int) -> list[Line]:
    """The option's value so far, and from now to its end if underlying and volatility stay as they are."""
    row = detail.row
    note: Line = [("━ so far  ", "info"), ("·· at today's spot", "warn")] if detail.decay else []
    out = [heading("Option value" if width < 60 else "Option value and time decay", width, note)]
    # A closed position has no time ahead: its path takes the whole width.
    life = (detail.path[-1].share if detail.path and detail.closed else 1.0) or 1.0
    levels = [LevelLabel(row.entry_price, f"entry {fmt.number(row.entry_price)}", "dim")]
    if row.mark is not None:
        word = "last" if detail.closed else "now"
        levels.append(LevelLabel(row.mark, f"{word} {fmt.number(row.mark)}", "info", line=False))
    ahead = tuple((point.share, point.value) for point in detail.decay)
    if ahead:
        levels.append(LevelLabel(ahead[-1][1], f"end {fmt.number(ahead[-1][1])}", "warn", line=False))
    ticks, lines = [(1.0, "exit" if detail.closed else "expiry")], []
    if not detail.closed:
        ticks.append((detail.now_share, "now"))
        lines.append(TimeLine(detail.now_share, "title-focus"))
        if detail.time_exit_share < _NEAR_EXPIRY:
            lines.append(TimeLine(detail.time_exit_share, "rule", "TIME"))
    ticks.append((0.0, _entry_time(detail)))
    chart = PriceChart(
        path=tuple((point.at, point.share / life, point.mid) for point in detail.path),
        levels=tuple(levels),
        ticks=tuple(ticks),
        sessions=tuple((day, at / life) for at, day in detail.sessions if at <= life),
        lines=tuple(lines),
        ahead=ahead,
        role="info",
    )
    return out + draw(chart, width - 1, height - 1)


def underlying_chart(draw: DrawChart, detail: PositionDetail, width: int, height: int) -> list[Line]:
    """The underlying since the entry, with the levels at which the trade ends."""
    row = detail.row
    end = (detail.path[-1].share if detail.path else 0.0) or 1.0
    levels = [
        LevelLabel(detail.target_2, f"T2 {fmt.number(detail.target_2)}", "good"),
        LevelLabel(
            detail.target_1, f"T1 {fmt.number(detail.target_1)}", "dim" if detail.scaled_out else "good"
        ),
        LevelLabel(detail.stop, f"stop {fmt.number(detail.stop)}", "bad"),
    ]
    if detail.stop != row.underlying_at_entry:
        levels.append(
            LevelLabel(row.underlying_at_entry, f"entry {fmt.number(row.underlying_at_entry)}", "dim")
        )
    if row.underlying is not None:
        levels.append(LevelLabel(row.underlying, f"now {fmt.number(row.underlying)}", "strong", line=False))
    chart = PriceChart(
        path=tuple((point.at, point.share / end, point.underlying) for point in detail.path),
        levels=tuple(levels),
        ticks=((1.0, "exit" if detail.closed else "now"), (0.0, _entry_time(detail))),
        sessions=tuple((day, at / end) for at, day in detail.sessions if at <= end),
    )
    return [heading(f"{row.symbol} since the entry", width), *draw(chart, width - 1, height - 1)]


def _entry_time(detail: PositionDetail) -> str:
    """The clock time of the entry on the day of the entry, the day afterwards."""
    sessions_since = any(at <= detail.now_share for at, _ in detail.sessions)
    opened = detail.row.opened_at
    return fmt.weekday(opened) if sessions_since else fmt.clock(opened)[:5]
