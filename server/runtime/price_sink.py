"""The engine as the feeds see it: rules, calendar, levels of what is held, and the way for prices."""

from __future__ import annotations

from datetime import date, datetime

from core.engine.settlement import awaited_closes
from core.events import WEBHOOK, CorporateAction
from core.exchange.calendar import Calendar
from core.options.fills import OptionQuote
from core.rules import Rules
from server.runtime.runtime import Runtime


class RuntimeSink:
    """Gives feeds what they need of a runtime, and nothing else."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @property
    def rules(self) -> Rules:
        return self._runtime.engine.rules

    @property
    def calendar(self) -> Calendar:
        return self._runtime.engine.trading.calendar

    def levels(self, symbol: str) -> tuple[float, ...] | None:
        """Return the stops and targets of the open positions in an underlying; ``None`` if none is open."""
        found: list[float] = []
        held = False
        for position in self._runtime.engine.state.positions.values():
            if position.symbol == symbol and position.is_open:
                held = True
                levels = (position.stop, position.levels.target_1, position.levels.target_2)
                found += (level / position.new_shares for level in levels)
        return tuple(found) if held else None

    def halted_since(self, symbol: str) -> datetime | None:
        """Return since when the engine takes an underlying for halted; ``None`` if it does not."""
        halt = self._runtime.engine.state.halts.get(symbol)
        return None if halt is None else halt.since

    def last_stated(self) -> datetime | None:
        """Return when the newest price that a sender stated was made; a newer one of a feed hides it."""
        prices = self._runtime.engine.state.prices.values()
        return max((seen.priced_at for seen in prices if seen.source == WEBHOOK), default=None)

    def awaited_closes(self) -> dict[tuple[str, date], bool]:
        """Return the official closes that would settle something; True: known already to be not to be had."""
        return awaited_closes(self._runtime.engine)

    async def close_unavailable(self, symbol: str, day: date, why: str) -> None:
        """Tell the engine that no feed gives the official close of a day. Raises NotStored, Overloaded."""
        await self._runtime.close_unavailable(symbol, day, why)

    async def price(
        self,
        symbol: str,
        price: float,
        source: str,
        *,
        priced_at: datetime | None = None,
        bar: tuple[float, float, float] | None = None,
        began: datetime | None = None,
        quotes: tuple[tuple[str, OptionQuote], ...] = (),
        official_close: bool = False,
    ) -> None:
        """Post a price to the engine; returns when it is stored. Raises NotStored, Overloaded."""
        await self._runtime.price(
            symbol,
            price,
            source,
            priced_at=priced_at,
            bar=bar,
            began=began,
            quotes=quotes,
            official_close=official_close,
        )

    async def closes(self, symbol: str, source: str, closes: tuple[tuple[date, float], ...]) -> None:
        """Post the daily closes of an underlying. Raises NotStored, Overloaded."""
        await self._runtime.closes(symbol, source, closes)

    async def trading_status(self, symbol: str, halted: bool, source: str, reason: str = "") -> None:
        """Post to the engine that an underlying is halted, or trades again. Raises NotStored, Overloaded."""
        await self._runtime.trading_status(symbol, halted, source, reason)

    async def corporate_action(
        self,
        symbol: str,
        action: CorporateAction,
        source: str,
        *,
        ex_date: date | None = None,
        amount: float | None = None,
        ratio: float | None = None,
        text: str = "",
    ) -> None:
        """Post a dividend, a split or a symbol's end. Raises NotStored, Overloaded."""
        await self._runtime.corporate_action(
            symbol, action, source, ex_date=ex_date, amount=amount, ratio=ratio, text=text
        )
