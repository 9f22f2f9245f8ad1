"""The first line: may the engine trade, what does the exchange do, which clock and market are these."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Mode
from server.deck import ExchangeStatus
from tui import fmt
from tui.widgets.line import Line, spread, width_of
from tui.widgets.painted import Pane

_MODE_ROLE = {Mode.ACTIVE: "badge-good", Mode.REDUCING: "badge-warn", Mode.HALTED: "badge-bad"}
_SHORT = 76
"""Cells under which the exchange's time gives way to the clock's note, which must be seen."""
_MODE_NOTE = {Mode.ACTIVE: "", Mode.REDUCING: "no entries", Mode.HALTED: "no entries, exits by hand"}


@dataclass(frozen=True, slots=True)
class StatusView:
    mode: Mode
    exchange: ExchangeStatus
    clock_note: str
    market_note: str
    market_assumed: bool
    paused: str = ""


class StatusPane(Pane):
    data: StatusView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return [[(" gatedeck", "strong"), ("  waiting for the engine", "dim")]]
        view = self.data
        left: Line = [(f" {view.mode} ", _MODE_ROLE[view.mode])]
        if _MODE_NOTE[view.mode]:
            left.append((f" {_MODE_NOTE[view.mode]}", "warn"))
        if view.paused:
            left += [(" ", "text"), (f" {view.paused} ", "badge-warn")]
        short = width < _SHORT
        left += [("  ", "text"), *_exchange(view.exchange, short)]
        right: Line = []
        if view.market_assumed:
            right.append(("! assumed" if short else "! market assumed", "warn"))
        elif view.market_note and width_of(left) + len(view.market_note) + 24 < width:
            right.append((view.market_note, "dim"))
        if view.clock_note:
            right += [("  " if right else "", "text"), (f" {view.clock_note} ", "badge-info")]
        return [spread(left, [*right, (" ", "text")], width)]


def _exchange(exchange: ExchangeStatus, short: bool) -> Line:
    line: Line = []
    if exchange.is_open:
        line.append((str(exchange.session), "strong"))
    else:
        line.append(("CLOSED", "warn"))
    if exchange.local_time and not short:
        line.append((f" {exchange.local_time}", "text"))
    if exchange.is_open and exchange.closes_in is not None:
        line.append((f"  close in {fmt.age(exchange.closes_in)}", "text"))
    elif exchange.opens_in is not None:
        line.append((f"  open in {fmt.age(exchange.opens_in)}", "text"))
    if exchange.early_close:
        line.append((" early", "warn"))
    return line


class AlarmPane(Pane):
    """Failures a person must see now; takes no room while there are none."""

    data: tuple[str, ...] = ()

    def show(self, data: object) -> None:
        super().show(data)
        self.display = bool(self.data)

    def lines(self, width: int, height: int) -> list[Line]:
        more = f"  (+{len(self.data) - 1} more)" if len(self.data) > 1 else ""
        return [[(" ! ", "badge-bad"), (f" {self.data[0]}{more}", "bad")]] if self.data else []
