"""Trades of a statement's rows: each opening is a trade, closed by what closes its instrument, first in first out.

Money is counted in whole cents and divided so that nothing is lost: the net of all trades, the money in what is still
open, and the money of closings without an opening add up to the amounts of the rows, to the cent. The order of rows
in their file, and the files they came in, change nothing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from core.model import Contract, Direction
from core.statements.fields import contract_of, plain
from core.statements.row import Effect, RowKind, Side, StatementRow

_ZERO = Decimal(0)
_END_OF_DAY = "~"
"""Sorts after every instant: what states a day only happens after what states a time."""
_RANK = {RowKind.TRADE: 0, RowKind.FILL: 1, RowKind.CLOSE: 3, RowKind.MONEY: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTrade:
    """A trade of a book: ``cents`` is the net of what was closed, ``open_cents`` the money in what is still open.

    ``cents`` is ``None`` while nothing was closed. ``side`` is that of the opening; ``direction`` what the trade
    gains by: a call that is sold is SHORT. Prices are per share. ``id`` is that of the row that opened it.
    """

    id: str
    symbol: str
    occ: str | None
    contract: str
    direction: str
    side: Side
    setup: str | None
    state: str
    quantity: str
    opened_day: date
    opened_at: datetime | None
    closed_day: date | None
    closed_at: datetime | None
    entry_price: float | None
    exit_price: float | None
    cents: int | None
    open_cents: int
    fees: int
    reason: str | None
    r: float | None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A closing, or the part of one, whose opening is in no row: it was opened before the statement begins."""

    row: StatementRow
    quantity: str
    cents: int


@dataclass(frozen=True, slots=True)
class Book:
    """The trades of a book in the order of their openings, closings without an opening, and rows that are no trades.

    ``money`` has the number of rows and the cents of each kind of them.
    """

    trades: tuple[BookTrade, ...]
    orphans: tuple[Orphan, ...]
    money: Mapping[str, tuple[int, int]]
    amounts: int
    """Cents of all rows that are about trades, as the statements state them."""

    @property
    def net(self) -> int:
        """Return the cents that closed trades, and closed parts, made."""
        return sum(trade.cents or 0 for trade in self.trades)

    @property
    def in_open(self) -> int:
        """Return the cents that were paid (negative) or received for what is still open."""
        return sum(trade.open_cents for trade in self.trades)

    @property
    def orphaned(self) -> int:
        """Return the cents of closings without an opening."""
        return sum(each.cents for each in self.orphans)


@dataclass(slots=True)
class _Lot:
    """The opening of one order in one instrument, and its closings so far."""

    first: StatementRow
    sign: int
    left: Decimal = _ZERO
    left_cents: int = 0
    left_fees: int = 0
    opened: Decimal = _ZERO
    opened_value: float = 0.0
    closed: Decimal = _ZERO
    closed_value: float = 0.0
    net: int = 0
    fees: int = 0
    last: StatementRow | None = None
    reason: str | None = None

    def add(self, row: StatementRow, quantity: Decimal, cents: int, fees: int) -> None:
        self.left += quantity
        self.left_cents += cents
        self.left_fees += fees
        self.opened += quantity
        self.opened_value += float(quantity) * (row.price or 0.0)

    def close(self, row: StatementRow, quantity: Decimal, cents: int, fees: int) -> None:
        """Close a part with the cents of its closing."""
        mine = _share(self.left_cents, quantity, self.left)
        my_fees = _share(self.left_fees, quantity, self.left)
        self.left -= quantity
        self.left_cents -= mine
        self.left_fees -= my_fees
        self.closed += quantity
        self.closed_value += float(quantity) * (row.price or 0.0)
        self.net += mine + cents
        self.fees += my_fees + fees
        self.last = row
        self.reason = row.what or ("sold" if self.sign > 0 else "bought back")


def match(rows: Iterable[StatementRow]) -> Book:
    """Return the trades of the rows of a book, whichever order they come in."""
    held: dict[str, deque[_Lot]] = defaultdict(deque)
    by_order: dict[tuple[str, str, int], _Lot] = {}
    lots: list[_Lot] = []
    orphans: list[Orphan] = []
    stated: list[BookTrade] = []
    money: dict[str, tuple[int, int]] = {}
    amounts = 0
    for row in sorted(rows, key=_moment):
        if row.kind is RowKind.MONEY:
            count, cents = money.get(row.what, (0, 0))
            money[row.what] = count + 1, cents + row.cents
            continue
        amounts += row.cents
        if row.kind is RowKind.TRADE:
            stated.append(_as_stated(row))
            continue
        left, cents, fees = Decimal(row.quantity), row.cents, row.fees
        own = held[row.instrument]
        while left and row.effect is not Effect.OPEN and (lot := _closable(own, row)) is not None:
            part = min(left, lot.left)
            share, costs = _share(cents, part, left), _share(fees, part, left)
            lot.close(row, part, share, costs)
            left, cents, fees = left - part, cents - share, fees - costs
            if not lot.left:
                own.remove(lot)
        if not left:
            continue
        if row.kind is RowKind.CLOSE or row.effect is Effect.CLOSE:
            orphans.append(Orphan(row, plain(left), cents))
            continue
        sign = 1 if row.side is Side.BUY else -1
        key = (row.order or "", row.instrument, sign)
        known = by_order.get(key) if row.order else None
        if known is None or not known.left:
            known = _Lot(row, sign)
            lots.append(known)
            own.append(known)
            by_order[key] = known
        known.add(row, left, cents, fees)
    legs = _legs(lots)
    trades = [*stated, *(_trade(lot, legs) for lot in lots)]
    trades.sort(key=lambda trade: (trade.opened_day, _text(trade.opened_at), trade.id))
    return Book(tuple(trades), tuple(orphans), dict(sorted(money.items())), amounts)


def _moment(row: StatementRow) -> tuple[date, str, int, str]:
    """Return the place of a row in time: openings before closings of the same instant, purchases before sales."""
    rank = _RANK[row.kind]
    if row.effect is Effect.CLOSE or (row.effect is None and row.side is Side.SELL):
        rank += 1
    return row.day, _text(row.at), rank, row.id


def _text(at: datetime | None) -> str:
    return _END_OF_DAY if at is None else at.isoformat()


def _closable(own: deque[_Lot], row: StatementRow) -> _Lot | None:
    """Return the oldest lot that a row closes: one of the other side, or any for a row without a side."""
    wanted = 0 if row.side is None else -1 if row.side is Side.BUY else 1
    return next((lot for lot in own if wanted in (0, lot.sign)), None)


def _share(cents: int, part: Decimal, whole: Decimal) -> int:
    if part == whole:
        return cents
    return int((cents * part / whole).to_integral_value(ROUND_HALF_EVEN))


def _legs(lots: Iterable[_Lot]) -> Mapping[str, int]:
    """Return in how many instruments each order opened something."""
    instruments: dict[str, set[str]] = defaultdict(set)
    for lot in lots:
        if lot.first.order:
            instruments[lot.first.order].add(lot.first.instrument)
    return {order: len(found) for order, found in instruments.items()}


def _trade(lot: _Lot, legs: Mapping[str, int]) -> BookTrade:
    row, last, side = lot.first, lot.last, Side.BUY if lot.sign > 0 else Side.SELL
    option = contract_of(row.occ)
    done = not lot.left
    closed_by = last if done else None
    several = legs.get(row.order or "", 1)
    return BookTrade(
        id=row.id,
        symbol=row.symbol,
        occ=row.occ,
        contract=_label(row.symbol, option, side),
        direction=_direction(option, side),
        side=side,
        setup=f"order of {several} legs" if several > 1 else _kind(option, side),
        state="CLOSED" if done else "PARTIAL" if last is not None else "OPEN",
        quantity=plain(lot.opened),
        opened_day=row.day,
        opened_at=row.at,
        closed_day=None if closed_by is None else closed_by.day,
        closed_at=None if closed_by is None else closed_by.at,
        entry_price=_price(lot.opened_value / float(lot.opened)),
        exit_price=None if last is None else _price(lot.closed_value / float(lot.closed)),
        cents=None if last is None else lot.net,
        open_cents=lot.left_cents,
        fees=lot.fees + lot.left_fees,
        reason=lot.reason,
        r=None,
    )


def _as_stated(row: StatementRow) -> BookTrade:
    """Return a trade that its source states as a whole."""
    side, option = row.side or Side.BUY, contract_of(row.occ)
    done = row.exit_price is not None
    return BookTrade(
        id=row.id,
        symbol=row.symbol,
        occ=row.occ,
        contract=_label(row.symbol, option, side),
        direction=row.direction or _direction(option, side),
        side=side,
        # An engine's trade without a setup has none; a broker's is named by what was traded.
        setup=row.setup or (None if row.direction else _kind(option, side)),
        state="CLOSED" if row.closed else "PARTIAL" if done else "OPEN",
        quantity=row.quantity,
        opened_day=row.opened_day or row.day,
        opened_at=row.opened_at,
        closed_day=row.day if row.closed else None,
        closed_at=row.at if row.closed else None,
        entry_price=_price(row.price),
        exit_price=_price(row.exit_price),
        cents=row.cents if done else None,
        open_cents=0,
        fees=row.fees,
        reason=row.what or None,
        r=row.r,
    )


def _price(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _label(symbol: str, option: Contract | None, side: Side) -> str:
    name = f"{symbol} stock" if option is None else option.label
    return name if side is Side.BUY else f"-{name}"


def _kind(option: Contract | None, side: Side) -> str:
    name = "stock" if option is None else "call" if option.is_call else "put"
    return f"{'long' if side is Side.BUY else 'short'} {name}"


def _direction(option: Contract | None, side: Side) -> str:
    rising = option is None or option.is_call
    return Direction.LONG if rising == (side is Side.BUY) else Direction.SHORT
