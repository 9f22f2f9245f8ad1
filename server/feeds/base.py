"""What the runtime asks of the market, and the answer when no feed is configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.effects import FetchMarket, Watch
from core.events import OptionChain
from core.model import MarketSnapshot


@dataclass(frozen=True, slots=True)
class MarketReply:
    """A snapshot of the underlying and, when a feed lists options, the chain near the money."""

    snapshot: MarketSnapshot
    chain: OptionChain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """One feed or stand-in for it: ``state`` is OK | DOWN | ASSUMED | SIMULATED."""

    name: str
    state: str
    detail: str = ""


class Markets(Protocol):
    """The feeds together, as the runtime asks them; ``note`` says on screen where prices come from."""

    note: str
    assumed: bool

    def at_once(self, ask: FetchMarket, now: datetime) -> MarketReply | None:
        """The answer when it needs no waiting, else ``None``: then ``ask``."""
        ...

    async def ask(self, ask: FetchMarket, now: datetime) -> MarketReply:
        """Ask the feeds side by side; a feed that fails leaves its fields absent. Never raises."""
        ...

    def status(self) -> tuple[FeedStatus, ...]:
        """How each feed is doing, for the System screen."""
        ...

    async def watch(self, wanted: Sequence[Watch]) -> None:
        """Tell which prices are wanted from now on."""
        ...


ASSUMED = ("spread_bps", "depth_score", "atr14")


class NoFeed:
    """No feed at all: the core marks what it assumes; prices come only from the senders' bodies."""

    note = "no feed: market assumed"
    assumed = True

    def at_once(self, ask: FetchMarket, now: datetime) -> MarketReply:
        return MarketReply(
            MarketSnapshot(symbol=ask.symbol, as_of=now, assumed=("spread_bps", "depth_score", "atr14"))
        )

    async def ask(self, ask: FetchMarket, now: datetime) -> MarketReply:
        return self.at_once(ask, now)

    def status(self) -> tuple[FeedStatus, ...]:
        return (FeedStatus(name="none", state="ASSUMED", detail="prices come only from the senders' bodies"),)

    async def watch(self, wanted: Sequence[Watch]) -> None:
        return None
