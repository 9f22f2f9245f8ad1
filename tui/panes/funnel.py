"""Today's funnel: from the webhooks through the reasons that refused signals to what the trades made."""

from __future__ import annotations

from server.deck import Funnel
from tui import fmt
from tui.panes.engine import EngineView
from tui.panes.reports import ReportPane
from tui.widgets.bars import bar
from tui.widgets.line import Line, clip_line, heading, signed_role

_NAME, _COUNT = 10, 6
_CODE = 22
_SHORTEST_BAR, _LONGEST_BAR = 6, 30


class FunnelPane(ReportPane):
    title = "Today's funnel"
    data: EngineView | str | None = "asking the engine"

    def report(self, view: EngineView, width: int, height: int) -> list[Line]:
        funnel = view.system.funnel
        if funnel is None:
            return self.nothing(width, "the engine does not count one")
        return funnel_lines(funnel, width, height)


def funnel_lines(funnel: Funnel, width: int, height: int) -> list[Line]:
    """Return the steps with their counts as bars; codes that do not fit are counted in the last line of them."""
    out = [heading("Today's funnel", width, [(f"{funnel.day:%a %d %b}", "dim")])]
    if not funnel.webhooks:
        return [*out, [(" no webhook today", "dim")]][:height]
    twice = [f"{funnel.duplicates} twice"] if funnel.duplicates else []
    unread = [f"{funnel.quarantined} unread"] if funnel.quarantined else []
    waits = f", {funnel.waiting} of them wait" if funnel.waiting else ""
    refused = sum(count for _, count in funnel.refused)
    out += [
        _step("webhooks", funnel.webhooks, funnel.webhooks, ", ".join([*twice, *unread]), width),
        _step("signals", funnel.signals, funnel.webhooks, "", width),
        _step("refused", refused, funnel.webhooks, waits.removeprefix(", "), width),
    ]
    last = [_step("executed", funnel.executed, funnel.webhooks, "", width), *_outcome(funnel, width)]
    room = max(0, height - len(out) - len(last))
    codes = [_code(code, count, refused, width) for code, count in funnel.refused]
    if len(codes) > room:
        hidden = sum(count for _, count in funnel.refused[max(0, room - 1) :])
        codes = [*codes[: max(0, room - 1)], [(f"   {hidden} by other codes", "dim")]]
    return [clip_line(line, width) for line in [*out, *codes, *last][:height]]


def _step(name: str, count: int, most: int, note: str, width: int) -> Line:
    line: Line = [(f" {fmt.fit(name, _NAME)}", "text"), (f"{count:>{_COUNT},} ", "strong")]
    line += _bar(count, most, width - (len(note) + 1 if note else 0), "info")
    return clip_line([*line, (f" {note}" if note else "", "dim")], width)


def _code(code: str, count: int, most: int, width: int) -> Line:
    line: Line = [(f"   {fmt.fit(code, _CODE)}", "warn"), (f"{count:>5} ", "text")]
    return clip_line([*line, *_bar(count, most, width - _CODE + _NAME, "bad")], width)


def _bar(count: int, most: int, width: int, role: str) -> Line:
    room = width - _NAME - _COUNT - 4
    if room < _SHORTEST_BAR or not most:
        return []
    return bar(count, min(room, _LONGEST_BAR), role, full=most)


def _outcome(funnel: Funnel, width: int) -> list[Line]:
    if not funnel.executed:
        return []
    flat = f", {funnel.flat} flat" if funnel.flat else ""
    line: Line = [
        (f"   {funnel.open} open, {funnel.won} won, {funnel.lost} lost{flat}", "text"),
        (f"  {fmt.arrow(funnel.net)} {fmt.money(funnel.net)} net", signed_role(funnel.net)),
    ]
    return [clip_line(line, width)]
