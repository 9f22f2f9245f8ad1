"""Fixture that opens positions with the same entry mark, quote and fill as the engine's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.events import PriceSeen
from core.exchange.calendar import Calendar
from core.model import Contract, Direction, Levels
from core.options.fills import Fill, Order, Side, fill
from core.options.quotes import OptionQuote
from core.options.spreads import quote_from_model
from core.positions import Position, TradingContext, entry_mark, open_position
from core.rules import Rules
from core.rules.sections import VolatilityRules

EXCHANGE = ZoneInfo("America/New_York")


@dataclass
class Kernel:
    """Opens SPY positions at 600 with stop 597, targets 603 and 606 (mirrored for SHORT), strike 600, no dividend."""

    rules: Rules = field(default_factory=lambda: Rules(volatility=VolatilityRules(dividend={"SPY": 0.0})))
    id: str = "p1"

    @property
    def trading(self) -> TradingContext:
        return TradingContext(self.rules, Calendar.from_rules(self.rules.clock))

    @staticmethod
    def at(text: str) -> datetime:
        """An instant from exchange time, as 2026-11-24T10:00."""
        return datetime.fromisoformat(text).replace(tzinfo=EXCHANGE).astimezone(UTC)

    def contract(self, direction: Direction, expiry: date, **changes: Any) -> Contract:
        right = "C" if direction is Direction.LONG else "P"
        facts: dict[str, Any] = {"underlying": "SPY", "root": "SPY", "strike": 600.0}
        return Contract(expiry=expiry, right=right, **(facts | changes))

    def open(
        self,
        *,
        direction: Direction = Direction.LONG,
        entered: str = "2026-11-24T10:00",
        expiry: str = "2026-11-24",
        contracts: int = 4,
        spot: float = 600.0,
        quote: tuple[float, float] | None = None,
        atr: float | None = 6.0,
        risk: float = 100.0,
        **changes: Any,
    ) -> Position:
        trading, now = self.trading, self.at(entered)
        contract = self.contract(direction, date.fromisoformat(expiry), **changes)
        real = None if quote is None else OptionQuote(bid=quote[0], ask=quote[1], at=now, source="feed")
        mark = entry_mark(contract, spot, now, real, now, trading)
        around = real or quote_from_model(
            mark.mid,
            symbol="SPY",
            dte=trading.dte(contract, now),
            entry_id=self.id,
            priced_at=now,
            now=now,
            day=trading.calendar.session_at(now),
            rules=self.rules.fills,
            spot=spot,
            intrinsic=contract.intrinsic(spot),
        )
        order = Order(symbol="SPY", side=Side.BUY, contracts=contracts)
        bought = fill(order, around, now, True, self.rules.fills, self.rules.contract)
        assert isinstance(bought, Fill)
        sign = direction.sign
        return open_position(
            id=self.id,
            signal_id="s1",
            decision_id="d1",
            contract=contract,
            direction=direction,
            timeframe=5,
            levels=Levels(
                stop=600 - 3 * sign, target_1=600 + 3 * sign, target_2=600 + 6 * sign, origin="signal"
            ),
            fill=bought,
            mark=mark,
            risk_amount=risk,
            atr=atr,
            now=now,
            trading=trading,
        )

    def seen(
        self,
        position: Position,
        when: datetime,
        price: float,
        *,
        priced_at: datetime | None = None,
        bar: tuple[float, float, float] | None = None,
        quote: tuple[float, float] | None = None,
        official: bool = False,
    ) -> PriceSeen:
        """A price, or a bar of (open, high, low) that closes at ``price``, with the option's bid and ask."""
        first, high, low = bar or (None, None, None)
        quotes = ()
        if quote is not None:
            one = OptionQuote(bid=quote[0], ask=quote[1], at=when, source="feed")
            quotes = ((position.contract.occ, one),)
        return PriceSeen(
            seq=1,
            at=when,
            symbol="SPY",
            price=price,
            priced_at=priced_at or when,
            source="test",
            open=first,
            high=high,
            low=low,
            official_close=official,
            quotes=quotes,
        )


@pytest.fixture
def desk() -> Kernel:
    return Kernel()


@pytest.fixture(scope="session")
def desk_by() -> type[Kernel]:
    """The desk's class, for a test that needs rules of its own."""
    return Kernel
