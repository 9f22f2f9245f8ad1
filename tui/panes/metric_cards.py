"""All metrics of a window with interval and n; dimmed where there are too few trades or sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.deck import PerformanceView
from tui import fmt
from tui.metric_format import (
    format_band,
    format_metric,
    has_enough_trades,
    how_exits_were_priced,
    is_signed,
    role_of,
    short_interval,
)
from tui.panes.reports import ReportPane
from tui.widgets.bars import marked_bar
from tui.widgets.line import Line, clip_line, heading, pad_line

if TYPE_CHECKING:
    from core.performance import Metric, Metrics

_CARD = 40
_NAME, _VALUE, _INTERVAL, _N = 12, 11, 11, 4


@dataclass(frozen=True, slots=True)
class Card:
    """One metric: its field, its label, and whether its sign is coloured."""

    field: str
    name: str
    signed: bool = False


CARDS = (
    Card("expectancy", "expectancy", True),
    Card("net_pnl", "net P&L", True),
    Card("average_r", "average R", True),
    Card("profit_factor", "profit fact."),
    Card("average_win", "average win"),
    Card("average_loss", "average loss"),
    Card("sharpe", "Sharpe", True),
    Card("sortino", "Sortino", True),
    Card("max_drawdown", "max drawdown"),
    Card("drawdown_duration", "  lasted"),
    Card("drawdown_recovery", "  recovered"),
    Card("longest_win_streak", "win streak"),
    Card("longest_loss_streak", "loss streak"),
    Card("average_hold", "average hold"),
    Card("average_mae", "average MAE"),
    Card("average_mfe", "average MFE"),
)


def format_window(window: str) -> str:
    return "all trades" if window == "all" else f"{window} days"


class MetricsPane(ReportPane):
    title = "Performance"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        measured = view.report.metrics
        right: Line = [(format_window(view.window), "info")]
        told = how_exits_were_priced(measured)
        if measured.trades == 0:
            words = "; ".join(("No closed trade in this window", *told)) + ". w takes another window."
            return self.nothing(width, words, right)
        count = fmt.plural(measured.trades, "trade")
        counts: Line = [(f"{count}: {measured.wins} won, {measured.losses} lost", "text")]
        if not has_enough_trades(measured.expectancy):
            few = f" {measured.trades} of 30 trades, {measured.expectancy.sessions} of 10 sessions"
            counts = [("! INSUFFICIENT_DATA", "warn"), (few, "dim")]
        right = [*counts, ("  ", "text"), *right]
        out = [heading(self.title, width, right), _win_rate(measured, width), _execution(measured, width)]
        out += [[(f" ! {text}", "warn")] for text in told]
        columns = max(1, width // _CARD)
        each = width // columns
        rows = -(-len(CARDS) // columns)
        for y in range(min(rows, height - len(out))):
            line: Line = []
            for x in range(columns):
                n = x * rows + y
                if n < len(CARDS):
                    card = CARDS[n]
                    line += pad_line(card_line(card, getattr(measured, card.field), measured), each)
            out.append(clip_line(line, width))
        return out


def _win_rate(measured: Metrics, width: int) -> Line:
    rate = measured.win_rate
    if rate.value is None:
        return [(" win rate  ", "dim"), (fmt.local_numbers(rate.reason or fmt.NONE), "dim")]
    role = "dim" if not has_enough_trades(rate) else "strong"
    tail = f"  {short_interval(rate)} %  n {rate.n}"
    size = max(8, width - 20 - len(tail))
    marks = [value * 100 for value in (rate.low, rate.high) if value is not None]
    bar = marked_bar(rate.value * 100, size, "info" if has_enough_trades(rate) else "dim", marks)
    return [(" win rate ", "dim"), (f"{format_metric(rate):>8} ", role), *bar, (tail, "dim")]


def _execution(measured: Metrics, width: int) -> Line:
    """Return the net P&L by execution, beside which the intervals below are those of the sample."""
    band, reason = measured.net_pnl.band, measured.net_pnl.band_reason
    line: Line = [(" net by fills  ", "dim")]
    if band is None:
        return clip_line([*line, (reason or fmt.NONE, "dim")], width)
    return clip_line([*line, (format_band(band), "text")], width)


def _reason(text: str) -> str:
    """Return why there is no value, cut to the width of value and interval."""
    return fmt.clip(text.replace(" are needed", " needed"), _VALUE + _INTERVAL + _N - 1)


def card_line(card: Card, metric: Metric, measured: Metrics) -> Line:
    """Return name, value, interval (or the reason for none), and n where it differs from all trades."""
    role = role_of(metric, signed=card.signed)
    line: Line = [(f" {card.name:<{_NAME}}", "dim")]
    if metric.value is None:
        return [*line, (f"{fmt.NONE} {_reason(metric.reason or '')}", "dim")]
    mark = fmt.arrow(metric.value) if card.signed else " "
    text = format_metric(metric, sign=is_signed(card.field))
    line.append((f"{mark}{fmt.fit(text, _VALUE - 1, 'right')} ", role))
    aside = short_interval(metric)
    if card.field == "max_drawdown":
        aside = f"{format_metric(measured.max_drawdown_pct)} of peak"
    n = f"n{metric.n}" if metric.n != measured.trades or metric.of == "sessions" else ""
    room = _INTERVAL if n else _INTERVAL + _N
    line.append((fmt.fit(aside, room), "dim" if not has_enough_trades(metric) else "text"))
    return [*line, (fmt.fit(n, _N, "right") if n else "", "dim")]
