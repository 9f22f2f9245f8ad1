"""The status line: mode, exchange session, clock and market feed; alarms and stops that cannot act below it."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Mode
from server.deck import ExchangeStatus, StopsWarning
from tui import fmt
from tui.engine_text import told
from tui.widgets.line import Line, spread, width_of
from tui.widgets.line_widget import Pane

_MODE_ROLE = {Mode.ACTIVE: "badge-good", Mode.REDUCING: "badge-warn", Mode.HALTED: "badge-bad"}
_STEPS = 6
"""Parts dropped step by step on a narrow screen; mode, its reason and end, and the clock note always stay."""
_MODE_NOTE = {
    Mode.ACTIVE: (),
    Mode.REDUCING: ("no entries", "no entries"),
    Mode.HALTED: ("no entries, exits by hand", "exits by hand"),
}


@dataclass(frozen=True, slots=True)
class StatusView:
    mode: Mode
    mode_reason: str
    mode_end: str
    exchange: ExchangeStatus
    clock_note: str
    market_note: str
    market_assumed: bool
    paused: str = ""
    undo: str = ""
    """The key that undoes the change of the mode, while it can be undone."""


class StatusPane(Pane):
    data: StatusView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return [[(" gatedeck", "strong"), ("  waiting for the engine", "dim")]]
        for less in range(_STEPS):
            left, right = _both_ends(self.data, less)
            if width_of(left) + width_of(right) < width:
                return [spread(left, right, width)]
        left, right = _both_ends(self.data, _STEPS - 1, cut=width_of(left) + width_of(right) - width)
        return [spread(left, right, width)]


def _both_ends(view: StatusView, less: int, cut: int = 0) -> tuple[Line, Line]:
    """Return both ends of the line; each step drops the least important part, ``cut`` characters of the reason."""
    left: Line = [(f" {view.mode} ", _MODE_ROLE[view.mode])]
    if _MODE_NOTE[view.mode]:
        note = " ".join(part for part in (_MODE_NOTE[view.mode][less > 2], view.mode_end) if part)
        if view.mode_reason:
            note += f": {told(view.mode_reason)}"
        left.append((f" {fmt.fit(note, max(1, len(note) - cut)) if cut > 0 else note}", "warn"))
    if view.undo and less < _STEPS - 1:
        left.append((f" {view.undo} undoes", "key"))
    if view.paused:
        left += [(" ", "text"), (f" {view.paused} ", "badge-warn")]
    if less < _STEPS - 1 or not _MODE_NOTE[view.mode]:
        left += [("  ", "text"), *_exchange(view.exchange, less)]
    right: Line = []
    if view.market_assumed:
        right.append(("! assumed" if less > 1 else "! market assumed", "warn"))
    elif view.market_note and not less:
        right.append((view.market_note, "dim"))
    if view.clock_note:
        right += [("  " if right else "", "text"), (f" {view.clock_note} ", "badge-info")]
    return left, [*right, (" ", "text")]


def _exchange(exchange: ExchangeStatus, less: int) -> Line:
    line: Line = []
    if exchange.is_open:
        line.append((str(exchange.session), "strong"))
    else:
        line.append(("CLOSED", "warn"))
    if exchange.local_time and less < 2:
        line.append((f" {exchange.local_time}", "text"))
    if less > 3:
        return line
    if exchange.is_open and exchange.closes_in is not None:
        line.append((f"  close in {fmt.age(exchange.closes_in)}", "text"))
    elif exchange.opens_in is not None:
        line.append((f"  open in {fmt.age(exchange.opens_in)}", "text"))
    if exchange.early_close:
        line.append((" early", "warn"))
    return line


class AlarmPane(Pane):
    """Failures that need attention now; hidden while there are none."""

    data: tuple[str, ...] = ()

    def show(self, data: object) -> None:
        super().show(data)
        self.display = bool(self.data)

    def lines(self, width: int, height: int) -> list[Line]:
        more = f"  (+{len(self.data) - 1} more)" if len(self.data) > 1 else ""
        return [[(" ! ", "badge-bad"), (f" {told(self.data[0])}{more}", "bad")]] if self.data else []


class StopsPane(Pane):
    """Reasons why stops and targets cannot act; hidden while all of them can."""

    data: tuple[StopsWarning, ...] = ()

    def show(self, data: object) -> None:
        super().show(data)
        self.display = bool(self.data)

    def lines(self, width: int, height: int) -> list[Line]:
        if not self.data:
            return []
        first = self.data[0]
        more = f" (+{len(self.data) - 1} more)" if len(self.data) > 1 else ""
        badge, role = ("badge-bad", "bad") if first.urgent else ("badge-warn", "warn")
        text = fmt.clip(told(first.text), max(0, width - 4 - len(more)))
        return [[(" ! ", badge), (f" {text}{more}", role)]]
