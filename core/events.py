"""The inputs of the engine: everything that may change its state, in order, each with seq and instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from core.fast_init import fast_init
from core.model import MarketSnapshot
from core.options.fills import OptionQuote

WEBHOOK = "webhook"
"""Source of a price that a sender stated in its body; every other source is a feed."""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One HTTP body (or one item of an array body) as it arrived; ``body`` is its text."""

    kind: Literal["received"] = "received"
    seq: int
    at: datetime
    receipt_id: str
    body: str
    endpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChain:
    """Options of one underlying near the money: expiries, strikes by expiry, fresh quotes by OCC symbol.

    Expiries and strikes are those of the root that is traded, of standard contracts only. ``open_interest`` is in
    contracts by OCC symbol, where it is reported. ``as_of`` is when the oldest part of the lists was read, ``None``
    for now. ``missing`` says in words which part could not be had; nothing is bought from such a chain.
    """

    expiries: tuple[date, ...] = ()
    strikes: tuple[tuple[date, tuple[float, ...]], ...] = ()
    quotes: tuple[tuple[str, OptionQuote], ...] = ()
    open_interest: tuple[tuple[str, float], ...] = ()
    as_of: datetime | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketAnswered:
    """The answer to ``FetchMarket`` for one signal; ``chain`` is ``None`` when no feed lists options."""

    kind: Literal["market"] = "market"
    seq: int
    at: datetime
    signal_id: str
    snapshot: MarketSnapshot
    chain: OptionChain | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeen:
    """A price of one underlying; a bar when ``open``, ``high`` and ``low`` are given.

    ``price`` is the last (a bar's close), ``priced_at`` when it was made. ``quotes`` are the options of open
    positions by OCC symbol as quoted at that instant. ``began`` is the bar's open time where it may lie before
    an entry: the range of a bar counts only for positions whose entry and stop are older.
    """

    kind: Literal["price"] = "price"
    seq: int
    at: datetime
    symbol: str
    price: float
    priced_at: datetime
    source: str
    open: float | None = None
    high: float | None = None
    low: float | None = None
    official_close: bool = False
    quotes: tuple[tuple[str, OptionQuote], ...] = ()
    began: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingStatusSeen:
    """A feed says that an underlying is halted, or that it trades; ``reason`` is the feed's, such as LULD."""

    kind: Literal["trading_status"] = "trading_status"
    seq: int
    at: datetime
    symbol: str
    halted: bool
    source: str
    reason: str = ""


class CorporateAction(StrEnum):
    """DIVIDEND and SPLIT have an ex-date; after SYMBOL_CHANGE and DELISTING the symbol has no more prices."""

    DIVIDEND = "DIVIDEND"
    SPLIT = "SPLIT"
    SYMBOL_CHANGE = "SYMBOL_CHANGE"
    DELISTING = "DELISTING"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateActionSeen:
    """A corporate action that a feed announces; the same action again replaces what was said of it.

    DIVIDEND has ``amount`` in dollars a share (0 withdraws it), SPLIT ``ratio`` new shares for an old one, both with
    ``ex_date``. ``text`` is for a person, such as the new symbol.
    """

    kind: Literal["corporate_action"] = "corporate_action"
    seq: int
    at: datetime
    symbol: str
    action: CorporateAction
    source: str
    ex_date: date | None = None
    amount: float | None = None
    ratio: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosesSeen:
    """The daily closes of an underlying as a feed knows them, in dollars and oldest first, adjusted for splits."""

    kind: Literal["closes"] = "closes"
    seq: int
    at: datetime
    symbol: str
    source: str
    closes: tuple[tuple[date, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUnavailable:
    """No feed gives the official close of an underlying on a day, for the reason in ``why``.

    Options that expired that day settle on the best price known.
    """

    kind: Literal["close_unavailable"] = "close_unavailable"
    seq: int
    at: datetime
    symbol: str
    day: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """A timer tick; it drives exits by time, second decisions and settlements."""

    kind: Literal["tick"] = "tick"
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChecked:
    """The machine's clock was set while the engine ran, or the engine did not run for a while.

    ``ahead`` is by how many seconds the engine's clock, which goes on by the time that passes, is ahead of the
    machine's (negative: behind, 0: they agree again). ``paused`` is for how many seconds nothing ran before this.
    """

    kind: Literal["clock"] = "clock"
    seq: int
    at: datetime
    ahead: float = 0.0
    paused: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A command of a person; the same ``command_id`` acts only once.

    ``name`` is exit | close_at | settle | resume | adjust | exit_all | exit_half | breakeven | levels | mode |
    undo_mode | take | approve_trade | reject_trade | approve_suggestion | reject_suggestion | note | remove_note |
    import_book | remove_book | start_challenger | adopt_challenger | retire_challenger; ``expected`` is the quantity
    that the person saw, ``note`` a text that the command adds to the trade.
    """

    kind: Literal["command"] = "command"
    seq: int
    at: datetime
    command_id: str
    name: str
    position_id: str | None = None
    contracts: int | None = None
    expected: int | None = None
    argument: str | None = None
    author: str = "local"
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged:
    """New rules come into force; ``toml`` is their complete text."""

    kind: Literal["rules"] = "rules"
    seq: int
    at: datetime
    toml: str
    author: str = "start"


Event = (
    Received
    | MarketAnswered
    | PriceSeen
    | TradingStatusSeen
    | CorporateActionSeen
    | ClosesSeen
    | CloseUnavailable
    | Ticked
    | ClockChecked
    | Commanded
    | RulesChanged
)
