"""The trading day: its turn at the exchange's midnight, its end at the close, and its profit and loss.

The day's P&L is what was realised today and the change of the open positions since the last close, or since the entry
where that is later; the costs of today's entries are in it. A position that was carried overnight counts from its
value at the last close, in what is sold of it as well, so that the days' figures add up to the trades' net.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect
from core.engine.closes import note_last_prices
from core.engine.kernel import Kernel
from core.engine.mode import end_mode
from core.positions.pnl import held_net_each


def turn_day(kernel: Kernel, now: datetime) -> list[Effect]:
    """Begin a new day, keep the values at the close, end a mode: whatever is due before an input is handled.

    All of it is due at whole minutes, so it is looked at once a minute.
    """
    settled = kernel.day_is_settled
    if settled is not None and now < settled:
        return []
    kernel.day_is_settled = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    calendar, book = kernel.trading.calendar, kernel.state.day
    today = calendar.market_date(now)
    if book.day != today:
        book.roll(today, _values(kernel) if book.closing is None else book.closing)
    session = calendar.session(today)
    if book.closing is None and session is not None and now >= session.close:
        book.closing = _values(kernel)
        note_last_prices(kernel, session)
    return end_mode(kernel, now)


def open_today(kernel: Kernel) -> float:
    """Return the change of the open positions in dollars since the last close, or since their entry if later.

    After the day's close it is the change until that close: what happens later belongs to the next day.
    """
    book = kernel.state.day
    values = _values(kernel) | (book.closing or {})
    return sum(
        (values[p.id] - book.carried.get(p.id, 0.0)) * p.remaining for p in kernel.state.positions.values()
    )


def pnl_today(kernel: Kernel) -> float:
    """Return the day's profit and loss in dollars, net of costs."""
    return kernel.state.day.realized + open_today(kernel)


def loss_limited_pnl(kernel: Kernel) -> float:
    """Return the day's P&L that the limit on its loss counts: without options settled after their own day."""
    return pnl_today(kernel) - kernel.state.day.settled_late


def _values(kernel: Kernel) -> dict[str, float]:
    """Return the net P&L of one contract of each position; one that awaits its settlement keeps what it had."""
    carried = kernel.state.day.carried
    return {
        p.id: carried.get(p.id, 0.0) if p.awaits_settlement else held_net_each(p)
        for p in kernel.state.positions.values()
    }
