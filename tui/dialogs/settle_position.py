"""The dialog that settles an expired position at a close of its underlying that the user types."""

from __future__ import annotations

import math

from core.positions import settlement_value
from server.deck import PositionRow
from tui import fmt
from tui.dialogs.typed_answer import PositionText, TypedAnswerDialog
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text

FAR = 0.4
"""Share of the last known price from which the typed one is shown as a warning; the engine has a rule of its own."""


class SettleText(PositionText):
    """The position, what it waits for, and what the typed close pays."""

    usual_height = 7
    box_width = 68

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        row, typed, refusal = self.data
        since = "" if row.expired_at is None else fmt.day_clock(row.expired_at)
        out: list[Line] = [
            heading("Settle this expired position?", width),
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {fmt.plural(row.remaining, 'contract')}", "dim")],
            [(f" expired {since}", "dim")],
            *wrap_text(f" waits for {row.missing}", "dim", width)[:2],
            [(f" last known price of {row.symbol}  ", "dim"), (fmt.number(row.settles_on), "text")],
        ]  # fmt: skip
        out.append([(f" {refusal}", "warn")] if refusal else _pays(row, close_of(typed)))
        ask = f" Type the close of {row.symbol} on that day and Enter; Esc cancels."
        return [*out, [(ask, "dim")]]


def _pays(row: PositionRow, close: float | None) -> Line:
    if close is None:
        return [(" pays its intrinsic value at the close", "dim")]
    value = settlement_value(row.execution, close)
    total = value * row.execution.multiplier * row.remaining
    line: Line = [
        (" pays ", "dim"), (fmt.number(value), "strong"), (" a share, ", "dim"),
        (fmt.money(total, sign=False), "strong"), (" in all", "dim"),
    ]  # fmt: skip
    last = row.settles_on
    if last and abs(close / last - 1) > FAR:
        line.append((f"   ! {fmt.signed((close / last - 1) * 100, 0, ' %')} from the last known", "warn"))
    return line


def close_of(typed: str) -> float | None:
    """Return the typed price, ``None`` if it is not a number above 0."""
    try:
        price = float(typed.strip().lstrip("$").replace(",", ""))
    except ValueError:
        return None
    return price if math.isfinite(price) and price > 0 else None


class SettleDialog(TypedAnswerDialog[float]):
    """Returns the close of the underlying, ``None`` when cancelled."""

    text_type = SettleText
    max_length = 14

    def refusal(self, now: PositionRow | None) -> str:
        return "" if now is not None else "This position is settled by now."

    def answer(self, typed: str) -> float | None:
        return close_of(typed)
