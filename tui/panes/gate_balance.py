"""Gate effectiveness: what each gate kept out, saved and cost, and whether passed signals did better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.deck import LearningView
from tui import fmt
from tui.metric_format import format_band, format_value, has_enough_trades, short_interval
from tui.panes.reports import ReportPane
from tui.widgets.line import Line, clip_line, heading, signed_role, width_of

if TYPE_CHECKING:
    from core.learning import Combination, GateEffect

_NAME = 11
_WITH_EDGE, _WITH_INTERVAL = 54, 72
_NO_SIGNAL = "No signal has an outcome yet: a trade or a shadow must close first."


class GateBalancePane(ReportPane):
    title = "What gates kept out"

    def report(self, view: LearningView, width: int, height: int) -> list[Line]:
        found = view.learning
        right: Line = [(fmt.plural(found.signals, "signal"), "dim")]
        if view.newest is not None:
            right.append((f" of the newest {fmt.count(view.newest)}", "warn"))
        if found.signals == 0:
            return self.nothing(width, _NO_SIGNAL, right)
        out = [heading(self.title, width, right)]
        for effect in found.gates:
            out += gate_lines(effect, width)
        room = height - len(out) - 1
        several = [each for each in found.combinations if each.failed]
        if room > 0 and several:
            out.append([(" skipped by exactly", "dim")])
            out += [combination_line(each, width) for each in several[:room]]
        return out[:height]


def gate_lines(effect: GateEffect, width: int) -> list[Line]:
    failed = effect.failed.n
    name = f" {effect.gate.capitalize():<{_NAME}}"
    if failed == 0:
        return [clip_line([(name, "strong"), ("nothing kept out yet", "dim")], width), []]
    judged = has_enough_trades(effect.balance)
    value = effect.balance.value or 0.0
    first: Line = [
        (name, "strong"),
        (
            f"{fmt.arrow(value)} {fmt.whole_dollars(value, sign=True)}",
            signed_role(value) if judged else "dim",
        ),
        (f"  {failed} skipped" if judged else f"  only {failed} skipped", "text" if judged else "warn"),
    ]
    saved, cost = (fmt.whole_dollars(metric.value or 0.0) for metric in (effect.saved, effect.cost))
    second: Line = [
        (" " * (_NAME + 1), "text"),
        ("saved ", "dim"), (saved, "text"), (", cost ", "dim"), (cost, "text"),
    ]  # fmt: skip
    if width >= _WITH_EDGE:
        second += [("  edge ", "dim"), (format_value(effect.edge_r.value, "R"), "text")]
    if width >= _WITH_INTERVAL and short_interval(effect.edge_r):
        second.append((f" ({short_interval(effect.edge_r)})", "dim"))
    band = effect.balance.band
    if band is None:
        return [clip_line(first, width), clip_line(second, width)]
    fills = f"  {format_band(band, digits=0)}"
    if width_of(first) + len(fills) <= width:
        return [clip_line([*first, (fills, "dim")], width), clip_line(second, width)]
    return [clip_line(line, width) for line in (first, second, [(fills[1:], "dim")])]


def combination_line(each: Combination, width: int) -> Line:
    names = " + ".join(each.failed)
    value = each.balance.value if each.balance is not None else None
    judged = each.balance is not None and has_enough_trades(each.balance)
    line: Line = [
        (f" {fmt.fit(names, max(12, min(30, width - 19)))} ", "text"),
        (f"{each.group.n:>4}  ", "dim"),
        (
            f"{fmt.arrow(value)} {fmt.whole_dollars(value, sign=True)}",
            signed_role(value) if judged else "dim",
        ),
    ]
    return clip_line(line, width)
