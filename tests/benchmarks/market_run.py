"""One seed of the simulated market in one engine, without listener and ledger, until every position is closed.

Market, senders and feed are those of the demo, in the same order: the minute's bars, a tick, then the webhooks. At
the end open positions are sold by hand. Without that the sum over closed trades would be biased even in a correct
engine, because the trades still open are not a fair sample of all. For the same reason open shadow trades count at
their mid, also where the signal was executed later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files

from core.effects import Effect, FetchMarket, ShadowStatus, StoreShadow, StoreTrade
from core.engine import Engine
from core.events import Commanded, Event, MarketAnswered, PriceSeen, Received, RulesChanged, Ticked
from core.exchange.calendar import Calendar
from core.intake import split
from core.options.trading_clock import TradingClock
from core.positions import Position, PositionState, pnl_breakdown
from core.positions.attribution import Attribution
from core.rules import parse_rules
from server.demo.feed import FEED, SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.senders import SimulatedSenders
from server.demo.session import START

MINUTES = 600
"""Minutes of one session, of a short session, and the first minutes of a third."""

OPEN = "OPEN"
"""Exit reason of contracts that a shadow trade holds at the end."""

PARTS = tuple(field.name for field in fields(Attribution))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitFill:
    """One exit of one trade in dollars, with the properties it may be grouped by; ``parts`` in the order of PARTS."""

    trade: str
    real: bool
    direction: str
    reason: str
    timeframe: int
    gross: float
    costs: float
    net: float
    parts: tuple[float, ...]


class MarketRun:
    """An engine with a simulated market, its senders and its feed."""

    def __init__(self, seed: int) -> None:
        text = files("server.demo").joinpath("rules.toml").read_text(encoding="utf-8")
        rules = parse_rules(text)
        calendar, clock = Calendar.from_rules(rules.clock), TradingClock.from_rules(rules.clock)
        self.engine = Engine(engine_id="honesty")
        self.market = SimulatedMarket(START, calendar, clock, seed)
        self.senders = SimulatedSenders(self.market.symbols, seed)
        self.feed = SimulatedFeed(self.market, rules)
        self.closed: list[Position] = []
        self.shadows: list[Position] = []
        self._step(RulesChanged(seq=1, at=START, toml=text))

    def to_the_end(self, minutes: int = MINUTES) -> None:
        """Run for a number of exchange minutes, then exit all positions; raises RuntimeError if one stays open."""
        self._posts()
        for _ in range(minutes):
            self._minute()
            self._posts()
        self._step(Commanded(seq=self._next, at=self.market.now, command_id="end", name="exit_all"))
        self.shadows += self.engine.state.shadows.values()
        if self.engine.state.positions:
            raise RuntimeError(f"{len(self.engine.state.positions)} positions could not be sold")

    def fills(self) -> Iterator[ExitFill]:
        """Yield every exit of every trade and shadow trade, and open contracts of shadow trades at their mark."""
        for position in self.closed:
            yield from _closed_fills(position, real=True)
        for position in self.shadows:
            yield from _closed_fills(position, real=False)
            if position.remaining:
                held = position.remaining
                gross = (position.last.mid - position.entry.entry_mid) * held * position.entry.multiplier
                yield _exit_fill(position, False, OPEN, (gross, 0.0, gross), position.running.times(held))

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
                self._step(Received(seq=seq, at=now, receipt_id=f"r{seq}", body=body, endpoint=post.endpoint))

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
        elif isinstance(effect, StoreShadow) and effect.status is not ShadowStatus.OPEN:
            self.shadows.append(effect.position)


def _closed_fills(position: Position, *, real: bool) -> Iterator[ExitFill]:
    for fill in position.legs:
        account = pnl_breakdown(position, (fill,))
        sums = (account.gross, account.costs, account.net)
        yield _exit_fill(position, real, fill.reason.value, sums, fill.attribution)


def _exit_fill(
    position: Position, real: bool, reason: str, sums: tuple[float, float, float], parts: Attribution
) -> ExitFill:
    gross, costs, net = sums
    return ExitFill(
        trade=position.id,
        real=real,
        direction=position.direction.value,
        reason=reason,
        timeframe=position.timeframe or 0,
        gross=gross,
        costs=costs,
        net=net,
        parts=tuple(getattr(parts, name) for name in PARTS),
    )
