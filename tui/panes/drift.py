"""Drift (recent sessions against earlier ones), shadow trades and budget advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.deck import LearningView
from tui import fmt
from tui.engine_text import told
from tui.metric_format import format_value, has_enough_trades, short_interval
from tui.panes.reports import ReportPane
from tui.widgets.line import Line, clip_line, heading, signed_role, width_of, wrap_text

if TYPE_CHECKING:
    from core.learning import Drift


class DriftPane(ReportPane):
    title = "Drift"

    def report(self, view: LearningView, width: int, height: int) -> list[Line]:
        found = view.learning.drift
        drifted = sum(each.drifted for each in found)
        right: Line = [("! drifted", "warn")] if drifted else [("last 30 days in 90", "dim")]
        if not found:
            return self.nothing(width, "shown from the first signal with an outcome on", right)
        out = [heading(self.title, width, right)]
        for each in found:
            out += drift_lines(each, width)
        return out[:height]


def drift_lines(each: Drift, width: int) -> list[Line]:
    unit = each.difference.unit
    points = unit == "fraction"
    apart = each.difference.value
    judged = has_enough_trades(each.recent)
    now, then = (format_value(metric.value, metric.unit) for metric in (each.recent, each.base))
    change = (
        format_value(None if apart is None else apart * 100, "points")
        if points
        else format_value(apart, unit)
    )
    role = "dim" if not judged else signed_role(apart) if each.drifted else "text"
    first: Line = [
        (f" {each.measure:<11}", "text"),
        (now, "strong" if judged else "dim"), (" against ", "dim"), (then, "text"),
    ]  # fmt: skip
    if apart is None:
        why = told(each.difference.reason or "") or "nothing to compare with"
        return [clip_line(first, width), clip_line([(" " * 12, "text"), (why, "dim")], width)]
    status = "drifted" if each.drifted else "no drift" if judged else f"too few (n {each.recent.n})"
    second: Line = [
        (" " * 12, "text"),
        (f"{fmt.arrow(apart)} {change}", role),
        (f"  {'! ' if each.drifted else ''}{status}", "warn" if each.drifted else "dim"),
    ]
    interval = "" if points else short_interval(each.difference)
    if interval and width_of(second) + len(interval) + 2 <= width:
        second.append((f"  {interval}", "dim"))
    return [clip_line(first, width), clip_line(second, width)]


_NAME, _NUMBERS = 16, 26
"""Least cells of a reason, and the cells of the numbers beside it."""


class ShadowsPane(ReportPane):
    title = "Shadows and budget"

    def report(self, view: LearningView, width: int, height: int) -> list[Line]:
        found, budget = view.learning.shadows, view.learning.budget
        made = found.all
        right: Line = [(f"{found.closed} closed", "text"), (f"  {found.open} open", "dim")]
        out = [heading(self.title, width, right)]
        if made.n:
            value = made.net.value or 0.0
            out.append(
                clip_line(
                    [(" not taken: ", "dim"),
                     (f"{fmt.arrow(value)} {fmt.money(value)}",
                      signed_role(value) if has_enough_trades(made.net) else "dim"),
                     (f", {format_value(made.win_rate.value, 'fraction')} won", "text")],
                    width,
                )
            )  # fmt: skip
        else:
            out.append([(" no shadow has closed yet", "dim")])
        advice = wrap_text(told(budget.text), "text" if budget.advised_pct is not None else "dim", width - 2)
        shown = found.by_reason[: max(0, height - len(out) - len(advice))]
        longest = max((len(fmt.words(kept.by)) for kept in shown), default=0)
        name = max(_NAME, min(longest, width - _NUMBERS))
        for kept in shown:
            value = kept.group.net.value or 0.0
            out.append(
                clip_line(
                    [(f" {fmt.fit(fmt.words(kept.by), name)} ", "text"), (f"{kept.group.n:>4}  ", "dim"),
                     (f"{fmt.arrow(value)} {fmt.money(value)}",
                      signed_role(value) if has_enough_trades(kept.group.net) else "dim")],
                    width,
                )
            )  # fmt: skip
        return [*out, *([(" ", "text"), *line] for line in advice)][:height]
