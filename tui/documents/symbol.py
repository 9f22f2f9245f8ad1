"""One symbol as lines: its price and path, what senders say of it, signals and decisions of the day, and trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.decision.deciding_reason import code_in_evidence
from server.deck import ContextSection, LastPrice, SymbolView
from tui import fmt
from tui.charts import DrawChart
from tui.charts.position import PriceChart
from tui.documents.fields import named
from tui.engine_text import format_evidence, told
from tui.panes.sources import SHORT
from tui.widgets.line import (
    ACTION_ROLE,
    DIRECTION_MARK,
    DIRECTION_ROLE,
    Line,
    heading,
    signed_role,
    wrap_text,
)

_CHART_ROWS = 8


def symbol_lines(view: SymbolView, width: int, chart: DrawChart) -> list[Line]:
    """Return the whole view as lines of ``width`` cells."""
    out = [heading(view.symbol, width, [(fmt.day_clock(view.at), "dim")]), *_price(view, width)]
    for block in (_path(view, width, chart), _sections(view, width), _positions(view, width), _decisions(view, width),
                  _trades(view, width), _senders(view, width)):  # fmt: skip
        out += [[], *block]
    return out


def price_text(price: LastPrice | None) -> tuple[str, str]:
    """Return a last price with its age and source, and its colour role."""
    if price is None:
        return "no price", "dim"
    old = " STALE" if price.stale else ""
    return (
        f"{fmt.number(price.price)} {fmt.age(price.age)} old{old}, {price.source}",
        "warn" if old else "text",
    )


def _price(view: SymbolView, width: int) -> list[Line]:
    text, role = price_text(view.watched.price)
    out = named("last price", text, width, role)
    if view.watched.remark:
        out += named("stopped", view.watched.remark, width, "bad")
    return out


def price_chart(view: SymbolView) -> PriceChart | None:
    """Return the chart of the day's prices on a time axis; ``None`` for fewer than two prices."""
    if len(view.path) < 2:
        return None
    begin, end = view.path[0][0], view.path[-1][0]
    span = (end - begin).total_seconds()
    if span <= 0:
        return None
    path = tuple((at, (at - begin).total_seconds() / span, price) for at, price in view.path)
    return PriceChart(path=path, levels=(), ticks=(), sessions=())


def _path(view: SymbolView, width: int, chart: DrawChart) -> list[Line]:
    drawn = price_chart(view)
    if drawn is None:
        return [heading("Prices", width), [("  fewer than two prices in the last 8 hours", "dim")]]
    prices = [price for _, price in view.path]
    change = prices[-1] - prices[0]
    note: Line = [
        (f"low {fmt.number(min(prices))}  high {fmt.number(max(prices))}  ", "dim"),
        (f"{fmt.signed(change)} since {fmt.moment(view.path[0][0])}", signed_role(change)),
    ]
    return [heading("Prices", width, note), *chart(drawn, width, _CHART_ROWS)]


def _sections(view: SymbolView, width: int) -> list[Line]:
    out = [heading("Context", width, [("valid for the gates while time is left", "dim")])]
    if not view.sections:
        return [*out, [("  nothing is known: no sender has spoken of it, or all of it is over", "dim")]]
    for section in view.sections:
        out += _section(section, width)
    return out


def _section(section: ContextSection, width: int) -> list[Line]:
    over = section.left < 0
    left = f"over since {fmt.age(-section.left)}" if over else f"{fmt.age(section.left)} left"
    head = f"{SHORT.get(section.source, section.source)}, {fmt.age(section.age)} old, {left}"
    rows = wrap_text(
        format_evidence(section.facts) or "nothing stated", "dim" if over else "text", width - 20
    )
    return [
        *named(section.name, head, width, "warn" if over else "info"),
        *([(" " * 20, "text"), *row] for row in rows),
    ]


def _positions(view: SymbolView, width: int) -> list[Line]:
    out = [heading("Open positions", width)]
    for row in view.positions:
        gain = f"{fmt.arrow(row.pnl)} {fmt.money(row.pnl)}"
        out.append([(f"  {row.contract} × {row.remaining}", "strong"), (f"  {gain}", signed_role(row.pnl)),
                    (f"  {told(row.nearest_exit)}", "dim")])  # fmt: skip
    return out if view.positions else [*out, [("  none", "dim")]]


def _decisions(view: SymbolView, width: int) -> list[Line]:
    out = [heading("Signals and decisions today", width, [(f"newest {len(view.decisions)}", "dim")])]
    out += [_decision(item) for item in view.decisions]
    return out if view.decisions else [*out, [("  none today", "dim")]]


def _decision(item: Mapping[str, Any]) -> Line:
    action, side = str(item["decision"]), str(item.get("direction") or item["proposed_direction"])
    why = item.get("code") or code_in_evidence(action, item.get("decision_breakdown") or {})
    outcome = item.get("outcome") or {}
    net = outcome.get("pnl_net")
    line: Line = [
        (f"  {_clock(item['created_at'])} ", "dim"),
        (f"{action:<8}", ACTION_ROLE.get(action, "text")),
        (f"{DIRECTION_MARK.get(side, ' ')} {side:<6}", DIRECTION_ROLE.get(side, "text")),
        (f"{fmt.timeframe(item.get('timeframe')):>4} ", "text"),
        (f"{fmt.number(item['confidence'], 1):>5}  ", "strong"),
    ]
    if net is not None:
        return [*line, (f"{outcome.get('exit_reason') or ''} {fmt.money(net)}".strip(), signed_role(net))]
    return [*line, (str(why) if why else "open" if item.get("position_id") else "", "warn" if why else "dim")]


def _trades(view: SymbolView, width: int) -> list[Line]:
    out = [heading("Trades", width, [(f"newest {len(view.trades)}", "dim")])]
    out += [_trade(item) for item in view.trades]
    return out if view.trades else [*out, [("  none", "dim")]]


def _trade(item: Mapping[str, Any]) -> Line:
    net = item["net"]
    line: Line = [
        (f"  {_day(item['opened_at'])} ", "dim"),
        (f"{item['contract']} × {item['contracts']} at {fmt.number(item['entry_price'])}", "text"),
    ]
    if item["closed_at"] is None:
        return [*line, ("  still open", "dim")]
    return [
        *line,
        (f"  {item['reason']} {fmt.money(net)} net  {fmt.signed(item['r'], 2, ' R')}", signed_role(net)),
    ]


def _senders(view: SymbolView, width: int) -> list[Line]:
    out = [heading("Senders", width)]
    for each in view.senders:
        usual = "" if each.usual_gap is None else f", usually every {fmt.age(each.usual_gap)}"
        text = f"{fmt.age(each.age)} ago{usual}{', quiet' if each.quiet else ''}"
        out += named(str(each.source), text, width, "warn" if each.quiet else "text")
    return out if view.senders else [*out, [("  none heard", "dim")]]


def _clock(text: object) -> str:
    return fmt.moment(datetime.fromisoformat(str(text)))


def _day(text: object) -> str:
    return fmt.day_clock(datetime.fromisoformat(str(text)))


def symbol_of(value: object) -> str | None:
    """Return the symbol of a row's value: of a position, a decision, a sender or an item of the ledger."""
    found = value.get("symbol") if isinstance(value, Mapping) else getattr(value, "symbol", None)
    if found is None and hasattr(value, "row"):
        return symbol_of(value.row)
    return found if isinstance(found, str) and found else None
