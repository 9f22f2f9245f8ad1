"""One seed of the simulated market through one engine, without listener and ledger, to the last open trade.

The market, the senders and the feed are the demo's, and so is the order of things: the minute's bars, a tick,
then what the senders post. After ``minutes`` the senders fall silent and the market goes on until every
position is closed: a sum over trades closed by some hour leaves out the open ones, which are not a fair
sample of all, so that it would be off even where the market and the engine are sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files

from core.effects import Effect, FetchMarket, ShadowStatus, StoreShadow, StoreTrade
from core.engine import Engine
from core.events import Event, MarketAnswered, PriceSeen, Received, RulesChanged, Ticked
from core.intake import split
from core.options.calendar import Calendar
from core.options.clock import TradingClock
from core.positions import Position, PositionState, account_of
from core.positions.attribution import NOTHING, Attribution
from core.rules import Rules
from server.demo.market import SimulatedMarket
from server.demo.senders import SimulatedSenders
from server.demo.session import START
from server.feeds.simulated import FEED, SimulatedFeed

MINUTES = 600
MOST_MINUTES = 20 * 390
"""By then every exit by time has acted."""

PARTS = tuple(field.name for field in fields(Attribution))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One exit of one trade in dollars, by what it may be sorted by; ``parts`` in the order of PARTS."""

    trade: str
    real: bool
    direction: str
    reason: str
    timeframe: int
    gross: float
    net: float
    parts: tuple[float, ...]


class MarketRun:
    """One engine and its simulated world."""

    def __init__(self, seed: int) -> None:
        text = files("server.demo").joinpath("rules.toml").read_text(encoding="utf-8")
        rules = Rules.parse(text)
        calendar, clock = Calendar.from_rules(rules.clock), TradingClock.from_rules(rules.clock)
        self.engine = Engine(engine_id="honesty")
        self.market = SimulatedMarket(START, calendar, clock, seed)
        self.senders = SimulatedSenders(self.market.symbols, seed)
        self.feed = SimulatedFeed(self.market, rules)
        self.closed: list[Position] = []
        self.shadows: list[Position] = []
        self._step(RulesChanged(seq=1, at=START, toml=text))

    def to_the_end(self, minutes: int = MINUTES) -> None:
        """The senders' ``minutes``, then on until nothing is held. Raises RuntimeError if that never comes."""
        self._posts()
        for minute in range(MOST_MINUTES):
            state = self.engine.state
            if minute >= minutes and not (state.positions or state.shadows):
                return
            self._minute()
            if minute < minutes:
                self._posts()
        raise RuntimeError(f"{len(self.engine.state.positions)} positions never left")

    def legs(self) -> Iterator[Leg]:
        """Every exit of every trade and shadow trade that was closed."""
        for real, positions in ((True, self.closed), (False, self.shadows)):
            for position in positions:
                for leg in position.legs:
                    account = account_of(position, (leg,))
                    parts = leg.attribution if leg.attribution is not None else NOTHING
                    yield Leg(
                        trade=position.id, real=real, direction=position.direction.value,
                        reason=leg.reason.value, timeframe=position.timeframe or 0, gross=account.gross,
                        net=account.net, parts=tuple(getattr(parts, name) for name in PARTS),
                    )  # fmt: skip

    def _minute(self) -> None:
        bars = self.market.step()
        now = self.market.now
        last = now == self.market.session.close
        watched = {watch.symbol: watch.contracts for watch in self.engine.watched()}
        for bar in bars:
            if bar.symbol in watched:
                self._step(
                    PriceSeen(
                        seq=self._next, at=now, symbol=bar.symbol, price=bar.close, priced_at=now, source=FEED,
                        open=bar.open, high=bar.high, low=bar.low, official_close=last,
                        quotes=self.feed.quotes(watched[bar.symbol], now),
                    )
                )  # fmt: skip
        self._step(Ticked(seq=self._next, at=now))

    def _posts(self) -> None:
        now = self.market.now
        for post in self.senders.posts(now, self.market.spot):
            for body in split(post.body.decode("utf-8", "replace")):
                seq = self._next
                self._step(
                    Received(seq=seq, at=now, receipt_id=f"r{seq}", body=body, endpoint=post.endpoint)
                )

    @property
    def _next(self) -> int:
        return self.engine.state.seq + 1

    def _step(self, event: Event) -> None:
        for effect in self.engine.step(event):
            self._note(effect)
            if isinstance(effect, FetchMarket):
                reply = self.feed.at_once(effect, event.at)
                self._step(
                    MarketAnswered(
                        seq=self._next, at=event.at, signal_id=effect.signal_id, snapshot=reply.snapshot,
                        chain=reply.chain,
                    )
                )  # fmt: skip

    def _note(self, effect: Effect) -> None:
        if isinstance(effect, StoreTrade) and effect.position.state is PositionState.CLOSED:
            self.closed.append(effect.position)
        elif isinstance(effect, StoreShadow) and effect.status is ShadowStatus.CLOSED:
            self.shadows.append(effect.position)
