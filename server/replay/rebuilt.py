"""Replay receipts and prices: the decisions and trades of an engine with only these prices.

The market of a signal is the last price known at its instant. Inside a bar that is the price from before the move
that may have caused the signal, so there the market replies when the bar ends, with its close: no trade is filled
before the move. The daily ATR is known where there are daily bars. Bars hold no spread and depth: these are assumed,
and marked so. There is a tick each minute while there are positions
or signals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import merge

from core.decision.wilder import wilder_atr
from core.effects import FetchMarket
from core.engine.settlement import awaited_closes
from core.events import CloseUnavailable, Event, MarketAnswered, PriceSeen, Received, RulesChanged, Ticked
from core.exchange.calendar import Calendar, CalendarError
from core.model import MarketSnapshot
from core.rules import Rules, parse_rules
from server.ledger.bulk import BulkLedger
from server.ledger.receipt_ids import ReceiptIds
from server.replay.machine import PROGRESS_EVERY, Progress, Replayer, ReplayError
from server.replay.sources import Prices, Receipt

ENGINE_ID = "replay"
TICK = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)
ASSUMED = ("spread_bps", "depth_score")


def replay_receipts(
    receipts: list[Receipt],
    prices: Prices,
    *,
    rules_text: str = "",
    output: BulkLedger | None = None,
    progress: Progress | None = None,
) -> Rebuilder:
    """Replay receipts and prices, both in order of time. Raises RulesError for invalid rules."""
    rules = parse_rules(rules_text)
    rebuilder = Rebuilder(rules, prices, output, progress)
    first = min((items[0].at for items in (receipts, prices.seen) if items), default=None)
    if first is not None:
        rebuilder.begin(first, rules_text)
    # A price made at an instant is known to what arrives at that instant.
    items: list[list[PriceSeen | Receipt]] = [[*prices.seen], [*receipts]]
    for item in merge(*items, key=lambda item: item.at):
        try:
            rebuilder.until(item.at)
            if isinstance(item, PriceSeen):
                rebuilder.price(item)
            else:
                rebuilder.receive(item)
        except CalendarError as error:
            raise ReplayError(f"{item.at.isoformat()}: {error}") from error
    rebuilder.replayer.finish()
    return rebuilder


class Rebuilder:
    """Gives every input its seq, moves virtual time, and replies to market requests."""

    def __init__(
        self,
        rules: Rules,
        prices: Prices,
        output: BulkLedger | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.replayer = Replayer(ENGINE_ID, output)
        self.without_price = 0
        self.done = 0
        self._progress = progress
        self._calendar = Calendar.from_rules(rules.clock)
        self._daily = {symbol: sorted(bars, key=lambda bar: bar.day) for symbol, bars in prices.daily.items()}
        self._bars: dict[str, list[PriceSeen]] = {}
        for seen in prices.seen:
            if seen.began is not None:
                self._bars.setdefault(seen.symbol, []).append(seen)
        self._waiting: dict[str, list[FetchMarket]] = {}
        self._atr: dict[tuple[str, int], float | None] = {}
        self._last: dict[str, PriceSeen] = {}
        self._ticked: datetime | None = None
        self._receipt_id = ReceiptIds(ENGINE_ID).of

    def begin(self, at: datetime, rules_text: str) -> None:
        """Put the rules in force at the first instant."""
        self._ticked = (at - _INSTANT).replace(second=0, microsecond=0)
        self._step(RulesChanged(seq=1, at=at, toml=rules_text, author=ENGINE_ID))

    def until(self, at: datetime) -> None:
        """Tick through the whole minutes before ``at`` while there are positions or signals."""
        assert self._ticked is not None
        minute = self._ticked + TICK
        while minute < at and self._needs_ticks():
            self._step(Ticked(seq=self._next, at=minute))
            self._settle(minute)
            minute = self._after(minute)
        self._ticked = (at - _INSTANT).replace(second=0, microsecond=0)
        self.done += 1
        if self._progress is not None and self.done % PROGRESS_EVERY == 0:
            self._progress(self.done)

    def _settle(self, now: datetime) -> None:
        """Tell the engine of each awaited close that the prices do not hold."""
        for (symbol, day), told in awaited_closes(self.replayer.engine).items():
            if not told:
                why = "the prices do not hold it"
                self._step(CloseUnavailable(seq=self._next, at=now, symbol=symbol, day=day, why=why))

    def price(self, seen: PriceSeen) -> None:
        """Keep a price, put it in if the engine has a position or signal on its symbol, and reply to who waits."""
        self._last[seen.symbol] = seen
        if not self._needs_price(seen.symbol):
            return
        day = self._calendar.session(self._calendar.market_date(seen.priced_at))
        last = seen.official_close or (day is not None and seen.priced_at == day.close)
        self._step(replace(seen, seq=self._next, official_close=last))
        for ask in self._waiting.pop(seen.symbol, ()):
            self._reply(ask, seen.at)

    def receive(self, receipt: Receipt) -> None:
        seq = self._next
        self._step(
            Received(
                seq=seq,
                at=receipt.at,
                receipt_id=self._receipt_id(seq),
                body=receipt.body,
                endpoint=receipt.endpoint,
            )
        )

    def _step(self, event: Event) -> None:
        for effect in self.replayer.take(event):
            if not isinstance(effect, FetchMarket):
                continue
            if self._inside_a_bar(effect.symbol, event.at):
                self._waiting.setdefault(effect.symbol, []).append(effect)
            else:
                self._reply(effect, event.at)

    def _reply(self, ask: FetchMarket, at: datetime) -> None:
        snapshot = self._snapshot(ask.symbol, at)
        self._step(MarketAnswered(seq=self._next, at=at, signal_id=ask.signal_id, snapshot=snapshot))

    def _inside_a_bar(self, symbol: str, at: datetime) -> bool:
        """Return whether a bar has begun before an instant and ends after it."""
        bars = self._bars.get(symbol, [])
        place = bisect_right(bars, at, key=lambda bar: bar.at)
        if place == len(bars):
            return False
        began = bars[place].began
        return began is not None and began < at

    @property
    def _next(self) -> int:
        return self.replayer.engine.state.seq + 1

    def _after(self, minute: datetime) -> datetime:
        """Return the next minute in which something can happen: closed hours are skipped."""
        if self._calendar.session_at(minute) is not None:
            return minute + TICK
        day = self._calendar.market_date(minute)
        today = self._calendar.session(day)
        return (
            today.open if today is not None and today.open > minute else self._calendar.next_session(day).open
        )

    def _needs_ticks(self) -> bool:
        state = self.replayer.engine.state
        return bool(state.positions or state.signals or state.shadows)

    def _needs_price(self, symbol: str) -> bool:
        state = self.replayer.engine.state
        return (
            any(position.symbol == symbol for position in state.positions.values())
            or any(signal.update.symbol == symbol for signal in state.signals.values())
            or any(shadow.symbol == symbol for shadow in state.shadows.values())
            or symbol in state.tails
        )

    def _snapshot(self, symbol: str, now: datetime) -> MarketSnapshot:
        seen = self._last.get(symbol)
        atr = self._daily_atr(symbol, now)
        assumed = ASSUMED if atr is not None else (*ASSUMED, "atr14")
        if seen is None:
            self.without_price += 1
            return MarketSnapshot(symbol=symbol, as_of=now, atr14=atr, assumed=assumed)
        return MarketSnapshot(
            symbol=symbol,
            as_of=now,
            price=seen.price,
            atr14=atr,
            assumed=assumed,
            feeds={"price": seen.source} | ({} if atr is None else {"atr14": seen.source}),
            ages={"price": max(0.0, (now - seen.priced_at).total_seconds())},
        )

    def _daily_atr(self, symbol: str, now: datetime) -> float | None:
        """Return the daily ATR from the bars that were complete when this session's date began."""
        bars = self._daily.get(symbol)
        if bars is None:
            return None
        today = self._calendar.market_date(now)
        key = (symbol, today.toordinal())
        if key not in self._atr:
            midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
            complete = bars[: bisect_left(bars, midnight, key=lambda bar: bar.day)]
            self._atr[key] = wilder_atr(
                [bar.high for bar in complete], [bar.low for bar in complete], [bar.close for bar in complete]
            )
        return self._atr[key]
