"""The price that a body states: a bar of a chart, or one price beside another request.

Invariants, tested under these names: a late or out-of-order bar never moves time back; the high and low of a bar
before an entry or a move of the stop sell nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.engine.kernel import Kernel
from core.engine.stated_price import stated_price
from core.events import WEBHOOK, PriceSeen, Received
from core.model import BarFacts, Intent, Update
from core.price_moves import difference_pct, largest_move_pct
from core.thresholds import above

_LONGEST_MINUTES = 366 * 1440  # a sender's absurd number must not overflow an instant
UNPRICED = frozenset({"NO_CONTRACT", "TIME_UNREADABLE", "TEST"})
"""Codes of an update whose price is that of another instrument, of an unknown time, or invented."""


def price_of(kernel: Kernel, update: Update, event: Received) -> tuple[PriceSeen | None, str | None]:
    """Return the price that a body states (``None`` if it is not used) and a note that says why not.

    It counts whatever the body's intent is, except that of a test, which is often invented.
    """
    if update.price is None and update.bar is None and not update.blocks:
        return None, None
    blocked = next((reason for reason in update.blocks if reason.code in UNPRICED), None)
    if blocked is not None:
        return None, (None if _close(update) is None else f"its price is not used: {blocked.text}")
    if update.intent is not Intent.BAR or update.bar is None:
        return stated_price(kernel, _with_price(update), event)
    return _bar(kernel, update, update.bar, event)


def _bar(
    kernel: Kernel, update: Update, bar: BarFacts, event: Received
) -> tuple[PriceSeen | None, str | None]:
    began, ended = _span(kernel, update, bar, event.at)
    known = kernel.state.prices.get(update.symbol)
    ranged, fault = _range(kernel, bar, began)
    late = None
    if known is not None and ended < known.priced_at:
        late = (
            f"the bar ended {ended:%H:%M:%S} UTC, before the last known price ({known.priced_at:%H:%M:%S}): "
            "its close is not used"
        )
        by_feed = known.source != WEBHOOK
        if not ranged or by_feed or kernel.trading.is_stale(ended, event.at):
            return None, late
        # Its high and low still count for stops and targets, with the newer price as the close: at the close of a bar
        # a signal of the same chart often arrives first.
        bar = replace(bar, close=known.price)
        return _seen(update, bar, event, began, known.priced_at), late
    plain = replace(update, price=bar.close, timestamp=ended, fired=True, fired_at=None)
    seen, doubt = stated_price(kernel, plain, event)
    if seen is None:
        if doubt is None and known is not None and known.source != WEBHOOK:
            doubt = "a feed gives fresh prices: the bar is not used"
        return None, doubt
    return _seen(
        update, bar if ranged else replace(bar, open=None, high=None, low=None), event, began, ended
    ), fault


def _seen(
    update: Update, bar: BarFacts, event: Received, began: datetime | None, priced_at: datetime
) -> PriceSeen:
    whole = bar.open is not None and bar.high is not None and bar.low is not None
    return PriceSeen(
        seq=event.seq,
        at=event.at,
        symbol=update.symbol,
        price=bar.close,
        priced_at=priced_at,
        source=WEBHOOK,
        open=bar.open if whole else None,
        high=max(bar.high, bar.close) if whole and bar.high is not None else None,
        low=min(bar.low, bar.close) if whole and bar.low is not None else None,
        began=began if whole else None,
    )


def _span(
    kernel: Kernel, update: Update, bar: BarFacts, arrived: datetime
) -> tuple[datetime | None, datetime]:
    """Return when the bar began, if that is known, and when its last price was made, at most the arrival."""
    minutes = bar.interval if bar.interval is not None else update.timeframe
    length = None if minutes is None else timedelta(minutes=min(minutes, _LONGEST_MINUTES))
    began = bar.opened_at
    if began is None and not update.fired:
        began = update.timestamp
    fired = update.fired_at or (update.timestamp if update.fired else None)
    if began is not None and length is not None:
        ended = min(arrived, _clipped(kernel, began, began + length))
    elif fired is not None:
        ended = min(arrived, fired)
    else:
        ended = arrived if began is None else min(arrived, began)
    if began is None and length is not None:
        began = ended - length
    return began, ended


def _clipped(kernel: Kernel, began: datetime, ended: datetime) -> datetime:
    """Return the end of a bar, at most the close of the session it began in: its last bar is often shorter."""
    session = kernel.trading.calendar.session_at(began)
    return ended if session is None else min(ended, session.close)


def _range(kernel: Kernel, bar: BarFacts, began: datetime | None) -> tuple[bool, str | None]:
    """Return whether the bar's open, high and low can be used, and a note when they were stated and cannot."""
    if bar.open is None or bar.high is None or bar.low is None:
        return False, None
    if not 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        return False, "the bar's high and low do not hold its open and close: only its close is used"
    if began is None:
        return False, "the bar states neither its time nor its interval: only its close is used"
    most = largest_move_pct(kernel.rules.intake, timedelta(minutes=bar.interval or 0))
    if above(max(difference_pct(bar.low, bar.close), difference_pct(bar.high, bar.close)), most):
        return False, f"the bar reaches more than {most:.1f} % from its close: only its close is used"
    return True, None


def _with_price(update: Update) -> Update:
    """Return the update with the close of its bar as its price, where it states no other."""
    close = _close(update)
    return update if close == update.price else replace(update, price=close)


def _close(update: Update) -> float | None:
    if update.price is not None or update.bar is None:
        return update.price
    return update.bar.close
