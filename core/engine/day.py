"""The trading day: its turn at the exchange's midnight, its end at the close, and its profit and loss.

The day's P&L is what was realised today and the change of the open positions since the last close, or since the entry
where that is later; the costs of today's entries are in it. A position that was carried overnight counts from its
value at the last close, in what is sold of it as well, so that the days' figures add up to the trades' net.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.effects import Effect, Notice
from core.engine.closes import note_last_prices
from core.engine.kernel import Kernel
from core.engine.mode import end_mode
from core.model import Tone
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
    summary: list[Effect] = []
    if book.closing is None and session is not None and now >= session.close:
        book.closing = _values(kernel)
        note_last_prices(kernel, session)
        if book.series or book.closed or kernel.state.positions:
            summary.append(_summary(kernel, now))
    return [*summary, *end_mode(kernel, now)]


def _summary(kernel: Kernel, now: datetime) -> Notice:
    """Return the notice of a session's end: the day's P&L and trades, and what stays open."""
    book, total = kernel.state.day, pnl_today(kernel)
    held = [position for position in kernel.state.positions.values() if position.is_open]
    open_text = f"; {_count(len(held), 'position')} open overnight" if held else ""
    text = (
        f"Session {book.day:%a %d %b} closed: net {_dollars(total)}, realised {_dollars(book.realized)}, "
        f"{_count(book.closed, 'trade')} closed, {book.wins} won, costs ${book.costs:,.2f}{open_text}"
    )
    tone = Tone.POSITIVE if total > 0 else Tone.NEGATIVE if total < 0 else Tone.NEUTRAL
    return Notice(kind="session", at=now, text=text, tone=tone)


def _dollars(value: float) -> str:
    cents = round(value, 2)
    return f"{'-' if cents < 0 else '+' if cents > 0 else ''}${abs(cents):,.2f}"


def _count(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else what + 's'}"


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
