"""Follow the watched prices by stream and by request, and post them to the engine.

Invariants, tested under these names: only what is watched is asked for; a price older than the last is never posted
as new; a halted underlying is not priced; whatever a stream does, a held price that has become old is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.effects import Watch
from core.exchange.calendar import CalendarError, TradingDay
from core.model import Contract
from core.price_moves import difference_pct
from server.feeds.base import PriceSink
from server.feeds.board import Board
from server.feeds.closes import Closes
from server.feeds.corporate import Corporate
from server.feeds.observe import bar_on_our_clock, observed
from server.feeds.polling import Polling
from server.feeds.snapshot import row_quotes
from server.feeds.stream_choice import Streaming
from server.feeds.track import Track
from server.feeds.values import TRADE_AFTER_HALT, Bar, OptionRow, Quote, StreamGap, StreamState, Tick
from server.feeds.vendor import Vendor
from server.runtime.clock import Clock

log = logging.getLogger("gatedeck.feeds")

ROUND_SECONDS = 0.25
NEAR_PCT = 0.3
"""A price this near to a stop or target, in percent, is followed more often."""
POST_NEAR, POST_HELD, POST_OTHER = 0.5, 1.0, 10.0
"""Shortest time in seconds between two posts of an underlying: each is stored, so not every tick is posted."""
KEPT_SECONDS = 5.0
"""Age of the last price after which another vendor's is taken."""
BLIND_SECONDS = 5.0
"""Longest interruption of a stream that no bars are asked for."""
HOLD_SECONDS = 2.0
"""Longest wait for those bars before the newest price is posted without them."""


class Follower:
    """Keeps the newest price of each watched underlying and posts it when it is due."""

    def __init__(self, vendors: tuple[Vendor, ...], board: Board, clock: Clock) -> None:
        self.board = board
        self.clock = clock
        self.sink: PriceSink | None = None
        self.tracks: dict[str, Track] = {}
        self.contracts: dict[str, tuple[Contract, ...]] = {}
        self.polling = Polling(vendors, clock, self.take, self.take_bars)
        self.streaming = Streaming(vendors, self.take)
        self.corporate = Corporate(vendors)
        self.closes = Closes(vendors)
        self._posting: set[str] = set()
        self._moved_books: dict[str, Vendor] = {}
        self._day: TradingDay | None = None
        self._hold_until: dict[str, datetime] = {}
        self._untold_halts: dict[str, str] = {}
        """Underlyings whose halt began or ended and was not posted yet, with the vendor that says so."""

    # --- what is watched -----------------------------------------------------------------------------------

    def watch(self, wanted: Sequence[Watch]) -> None:
        """Follow these underlyings and options from now on, and no others."""
        self.contracts = {watch.symbol: watch.contracts for watch in wanted}
        self.tracks = {symbol: self.tracks.get(symbol) or Track(symbol) for symbol in self.contracts}
        self.streaming.want(tuple(self.contracts), [c for some in self.contracts.values() for c in some])
        # A symbol that was a signal's a moment ago may have a fresh price on the board already.
        for symbol in self.contracts:
            if self.tracks[symbol].last is None and self.sink is not None:
                for vendor in self.board.vendors:
                    seen = self.board.seen(vendor.name, symbol)
                    if seen is not None:
                        self._observe(vendor, seen.quote)

    async def run(self) -> None:
        """Follow until cancelled."""
        self.watch([Watch(symbol=symbol, contracts=some) for symbol, some in self.contracts.items()])
        try:
            await asyncio.gather(self.streaming.run(), self._rounds())
        finally:
            await self.close()

    async def _rounds(self) -> None:
        while True:
            try:
                await self.round()
            except Exception as error:
                # A price that could not be stored, or a fault of ours, must not end the following of prices.
                log.exception("a round of the feeds failed", exc_info=error)
            await asyncio.sleep(ROUND_SECONDS)

    async def round(self, *, wait: bool = False) -> None:
        """Ask for what has become old and post what is due; with ``wait`` first let all requests end."""
        sink, now = self.sink, self.clock.now()
        if sink is None:
            return
        corporate = self.corporate.begin(self.contracts, sink, now)
        if wait and corporate is not None:
            await corporate
        day = _session(sink, now)
        if day is None:
            self.board.forget(frozenset(self.contracts))
            await self.closes.after_session(self.contracts, sink, now)
            return
        closes = self.closes.in_session(sink, now)
        if wait and closes is not None:
            await closes
        streams = self.streaming.is_connected
        self.polling.begin(self.tracks, self.contracts, sink, now, self._near, streams=streams)
        if wait:
            await self.polling.settled()
        self._look_at_books()
        await self._tell_halts(sink)
        await self._post_due(sink)

    # --- what arrives --------------------------------------------------------------------------------------

    def take(self, vendor: Vendor, tick: Tick) -> None:
        """Take one message of a stream, or one value that was asked for."""
        if isinstance(tick, Quote):
            self._observe(vendor, tick)
        elif isinstance(tick, OptionRow):
            self.board.take_row(vendor, tick, self.clock.now())
        elif isinstance(tick, Bar):
            self._take_bar(vendor, tick)
        elif isinstance(tick, StreamState):
            if tick.connected:
                self._was_blind(tuple(self.tracks))
        elif isinstance(tick, StreamGap):
            self._was_blind(tuple(self.tracks) if tick.symbol is None else (tick.symbol,))

    def take_bars(self, vendor: Vendor, symbol: str, bars: Sequence[Bar]) -> None:
        """Take bars of the time in which prices were not seen one by one: their range goes with the next price."""
        track = self.tracks.get(symbol)
        self._hold_until.pop(symbol, None)
        if track is None:
            return
        since, track.blind_since = track.blind_since, None
        for bar in bars:
            bar = bar_on_our_clock(bar, vendor.clock_ahead)
            # A running bar is asked for again when it is whole, unless an interruption has to be told at once.
            if bar.end > since if since is not None else bar.complete:
                track.take_bar(bar)

    def _observe(self, vendor: Vendor, part: Quote) -> None:
        now = self.clock.now()
        if part.symbol not in self.tracks or self.sink is None:
            return
        whole = self.board.take_quote(vendor, part, now)
        track = self.tracks[part.symbol]
        halted, since = whole.is_halted, self.sink.halted_since(part.symbol)
        if halted is not None and halted is not track.halted:
            track.halt(halted)
            self._untold_halts[part.symbol] = vendor.name
        elif since is not None and not halted and _traded_after(whole, since):
            # The engine knows of a halt from before this start, or the message of its end was lost.
            track.halt(False)
            self._untold_halts[part.symbol] = vendor.name
        if part.last is not None:
            self._price(vendor, track, whole, now)
        elif part.bid_at is not None or part.ask_at is not None:
            # Most messages of a stream are of the book: what it says of the price is looked at once a round.
            self._moved_books[part.symbol] = vendor

    def _look_at_books(self) -> None:
        """Take the prices that books give which have changed since the last round."""
        moved, self._moved_books = self._moved_books, {}
        for symbol, vendor in moved.items():
            track, seen = self.tracks.get(symbol), self.board.seen(vendor.name, symbol)
            if track is not None and seen is not None:
                self._price(vendor, track, seen.quote, self.clock.now())

    def _price(self, vendor: Vendor, track: Track, whole: Quote, now: datetime) -> None:
        """Take the price that a vendor's quote gives, unless it is old, lonely or denied."""
        if self.sink is None:
            return
        rules = self.sink.rules.market
        limit, symbol = rules.feed_disagree_pct, track.symbol
        price = observed(whole, limit)
        if price is None or not self._is_of_session(price.at, now):
            return  # a trade before the opening is no price that an option can be sold at
        if not self._is_preferred(vendor, track, now):
            return
        fresh = timedelta(seconds=self.sink.rules.market.stale_seconds)
        # With one vendor there is nobody to compare with; this runs for every message of a stream.
        every = self.board.by_vendor(symbol, limit) if len(self.board.vendors) > 1 else ()
        others = [
            seen
            for other, seen in every
            if other.quote.source != vendor.name and not other.quote.delayed and now - seen.at <= fresh
        ]
        agreeing = [seen for seen in others if difference_pct(seen.price, price.price) < limit]
        denied = not agreeing and (bool(others) or self.polling.is_asking_others(symbol))
        if track.take(price, limit, denied=denied) or track.unconfirmed is None:
            return
        for seen in agreeing:
            track.confirm(seen, limit)
        self.polling.hurry(symbol, every=True)

    def _is_preferred(self, vendor: Vendor, track: Track, now: datetime) -> bool:
        """Return whether a vendor's price is followed: the one followed now is kept while it is fresh.

        Two vendors' prices in turn would be a movement that no market makes.
        """
        last = track.last
        if last is None or last.source == vendor.name:
            return True
        return now - last.at > timedelta(seconds=KEPT_SECONDS)

    def _is_of_session(self, at: datetime, now: datetime) -> bool:
        """Return whether an instant lies in the session that is open now; the session is looked up once."""
        day = self._day
        if self.sink is not None and (day is None or not day.open <= now < day.close):
            day = self._day = _session(self.sink, now)
        return day is not None and day.open <= at <= day.close

    def _take_bar(self, vendor: Vendor, bar: Bar) -> None:
        """Take a streamed bar where no trades came: as its range and, if it is newer than the last, its close."""
        track = self.tracks.get(bar.symbol)
        if track is None:
            return
        bar = bar_on_our_clock(bar, vendor.clock_ahead)
        if track.last is not None and track.last.at > bar.start:
            return
        track.take_bar(bar)
        close = Quote(symbol=bar.symbol, source=vendor.name, last=bar.close, last_at=bar.end)
        self._observe(vendor, close)

    def _was_blind(self, symbols: Sequence[str]) -> None:
        """Ask for the prices at once, and for the bars of the interruption where a position is held."""
        now = self.clock.now()
        for symbol in symbols:
            track = self.tracks.get(symbol)
            if track is None or self.sink is None:
                continue
            self.polling.hurry(symbol)
            last = track.last
            if last is None or self.sink.levels(symbol) is None or _session(self.sink, last.at) is None:
                continue
            if now - last.at > timedelta(seconds=BLIND_SECONDS):
                track.blind_since = track.blind_since or last.at
                self._hold_until[symbol] = now + timedelta(seconds=HOLD_SECONDS)
                self.polling.fill(symbol, track.blind_since)

    async def close(self) -> None:
        """Cancel the requests under way."""
        await self.polling.close()
        await self.corporate.close()
        await self.closes.close()

    # --- posts ---------------------------------------------------------------------------------------------

    async def _tell_halts(self, sink: PriceSink) -> None:
        for symbol, source in tuple(self._untold_halts.items()):
            track = self.tracks.get(symbol)
            if track is not None:
                await sink.trading_status(symbol, track.halted, source)
            self._untold_halts.pop(symbol, None)

    async def _post_due(self, sink: PriceSink) -> None:
        now = self.clock.now()
        due = [track for track in self.tracks.values() if self._is_due(track, sink, now)]
        if due:
            await asyncio.gather(*(self._post(track, sink) for track in due))

    def _is_due(self, track: Track, sink: PriceSink, now: datetime) -> bool:
        if track.halted or not track.has_news or track.symbol in self._posting:
            return False
        hold = self._hold_until.get(track.symbol)
        if hold is not None and now < hold:
            return False
        levels = sink.levels(track.symbol)
        if track.posted_on is None or (levels is not None and _crosses(track, levels)):
            return True
        pause = POST_OTHER if levels is None else POST_NEAR if self._near(track, levels) else POST_HELD
        return now - track.posted_on >= timedelta(seconds=pause)

    async def _post(self, track: Track, sink: PriceSink) -> None:
        last, seen = track.last, track.range
        if last is None:
            return
        self._hold_until.pop(track.symbol, None)
        before, before_on = track.posted, track.posted_on
        bar, began = None, None
        if seen is not None and (seen.high > seen.low or seen.open != last.price):
            bar, began = (seen.open, max(seen.high, last.price), min(seen.low, last.price)), seen.began
        rows = [self.board.row(contract.occ) for contract in self.contracts.get(track.symbol, ())]
        limit = timedelta(seconds=sink.rules.fills.quote_stale_seconds)
        now = self.clock.now()
        quotes = tuple(
            (occ, quote)
            for occ, quote in row_quotes(row for row in rows if row is not None)
            if now - quote.at <= limit
        )
        track.posted_now(now)
        self._posting.add(track.symbol)
        try:
            await sink.price(
                track.symbol,
                last.price,
                last.source,
                priced_at=last.at,
                bar=bar,
                began=began,
                quotes=quotes,
            )
        except Exception:
            # It was not stored: what was seen stays to be told.
            track.take_back(before, before_on, seen)
            raise
        finally:
            self._posting.discard(track.symbol)

    @staticmethod
    def _near(track: Track, levels: tuple[float, ...]) -> bool:
        last = track.last
        return last is not None and any(difference_pct(last.price, x) <= NEAR_PCT for x in levels if x > 0)


def _traded_after(quote: Quote, halt: datetime) -> bool:
    return quote.last_at is not None and quote.last_at - halt > TRADE_AFTER_HALT


def _crosses(track: Track, levels: tuple[float, ...]) -> bool:
    """Return whether the range since the last post reaches a stop or target from where the last post was."""
    seen, before = track.range, track.posted
    if seen is None or before is None:
        return True
    low, high = min(seen.low, before.price), max(seen.high, before.price)
    return any(low <= level <= high for level in levels)


def _session(sink: PriceSink, at: datetime) -> TradingDay | None:
    try:
        return sink.calendar.session_at(at)
    except CalendarError:
        return None
