"""Read the table of followed signals: closed trades for reports, and the newest decisions for learning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    RegimeFacts,
    Session,
    SignalFacts,
)
from core.performance.followed import EXECUTED, Followed
from core.performance.trade import Trade, exchange_date
from server.ledger.followed import EXPERT, FIELDS, FLAGS, KNOWN, MARKET, OWN, TRADE
from server.ledger.packed import Packed, unpacked
from server.ledger.sql import Connection
from server.ledger.timestamps import instant

_READ = f"SELECT {', '.join(FIELDS)} FROM followed"
_TRADES = f"SELECT id, exit_at, {', '.join((*TRADE, *FLAGS))} FROM followed WHERE kind = '{EXECUTED}'"
_NEWEST_FIRST = " ORDER BY seq DESC, id DESC"
_SINCE = f"{_READ} WHERE seq >= ? ORDER BY seq DESC, id DESC"
_LAST = "SELECT id FROM ledger_entries ORDER BY seq DESC, id DESC LIMIT 2 OFFSET ?"
_NEWEST = "SELECT id, packed FROM decision_columns ORDER BY seq DESC, id DESC LIMIT ?"


def closed_trades(connection: Connection, ids: Sequence[str] | None = None) -> list[Trade]:
    """Return the closed trades, newest decision first, or those of some decisions."""
    if ids is None:
        rows = connection.execute(_TRADES + _NEWEST_FIRST)
    else:
        among = f" AND id IN ({', '.join('?' * len(ids))})"
        rows = connection.execute(_TRADES + among + _NEWEST_FIRST, ids)
    return [_trade(*_split(tuple(row))) for row in rows]


class NewestDecisions(NamedTuple):
    """The newest decisions of a ledger, newest first, as learning reads them.

    ``signals`` (numbers in place of ids), ``statuses`` and ``traded`` are those of each decision, ``followed`` the
    ended ones; ``more``: older decisions were left out.
    """

    packed: Packed
    signals: list[str]
    statuses: list[str]
    traded: list[bool]
    followed: list[Followed]
    more: bool


def newest_decisions(connection: Connection, most: int) -> NewestDecisions | None:
    """Return the newest ``most`` decisions; ``None`` for a ledger from before packed records."""
    rows = connection.execute(_NEWEST, (most + 1,)).fetchall()
    found = rows[:most]
    last = connection.execute(_LAST, (max(0, len(found) - 1),)).fetchall()
    if [row[0] for row in last] != [row[0] for row in rows[max(0, len(found) - 1) :]][:2]:
        return None
    packed = unpacked([row[1] for row in found])
    signals = [str(signal) for signal in packed.signal.tolist()]
    statuses = [""] * len(found)
    traded = [False] * len(found)
    followed = []
    if found:
        places = {row[0]: place for place, row in enumerate(found)}
        for row in connection.execute(_SINCE, (int(packed.seq[-1]),)):
            values = tuple(row)
            place = places.get(values[1])
            if place is not None:
                statuses[place], traded[place] = values[3], bool(values[4])
                if values[5] is not None:
                    followed.append(_followed(values, signals[place]))
    return NewestDecisions(packed, signals, statuses, traded, followed, len(rows) > most)


def _split(row: tuple[Any, ...]) -> tuple[str, int | None, tuple[Any, ...], tuple[Any, ...]]:
    """Return a row of _TRADES as the arguments of ``_trade``."""
    return row[0], row[1], row[2 : -len(FLAGS)], row[-len(FLAGS) :]


def _trade(decision_id: str, exit_at: int | None, values: tuple[Any, ...], flags: tuple[Any, ...]) -> Trade:
    fields = dict(zip(TRADE, values, strict=True))
    fields |= {name: bool(flag) for name, flag in zip(FLAGS, flags, strict=True)}
    return Trade(id=decision_id, exit_time=None if exit_at is None else instant(exit_at), **fields)


def _followed(row: tuple[Any, ...], signal: str) -> Followed:
    kind, code, proposed, exit_at, filled, premium, shares, passed, failed = row[_AT_OWN]
    trade, at = _trade(row[1], exit_at, row[_AT_TRADE], row[_AT_FLAGS]), instant(row[2])
    return Followed(
        kind=kind,
        signal_id=signal,
        at=at,
        day=exchange_date(at),
        code=code,
        proposed=proposed,
        trade=trade,
        filled=filled,
        premium=premium,
        shares=shares,
        passed=None if passed is None else tuple(each == "1" for each in passed),
        failed=tuple(failed.split("+")) if failed else (),
        known=_known(row, trade, at),
    )


def _known(row: tuple[Any, ...], trade: Trade, at: datetime) -> tuple[Context, MarketSnapshot] | None:
    """Return the parts of a decision's inputs that learning uses."""
    known = row[_AT_KNOWN]
    (
        direction,
        daily,
        confidence,
        volatility,
        aligned,
        directions,
        timeframe,
        price,
        market_price,
        volume,
        assumed,
    ) = known
    if direction is None:
        return None
    expert = dict(zip(EXPERT, row[_AT_EXPERT], strict=True))
    for name in ("bias_4h", "bias_1h"):
        expert[name] = None if expert[name] is None else Bias(expert[name])
    context = Context(
        symbol=trade.symbol or "",
        as_of=at,
        session=Session.AFTERHOURS if trade.session is None else Session(trade.session),
        price=price,
        regime=RegimeFacts(phase=None, confidence=confidence, volatility=volatility),
        # The percentage that agrees is known for the direction of the signal only: nobody asks for the other.
        alignment=None
        if aligned is None
        else AlignmentFacts(states={}, bullish_pct=aligned, bearish_pct=aligned),
        expert=SignalFacts(direction=Direction(direction), atr_is_daily=bool(daily), **expert),
        timeframe=timeframe,
        directions=orjson.loads(directions),
    )
    market = MarketSnapshot(
        price=market_price,
        volume_ratio=volume,
        assumed=tuple(assumed.split()),
        **dict(zip(MARKET, row[_AT_MARKET], strict=True)),
    )
    return context, market


def _places(names: tuple[str, ...]) -> slice:
    first = FIELDS.index(names[0])
    return slice(first, first + len(names))


_AT_OWN, _AT_TRADE, _AT_FLAGS, _AT_EXPERT, _AT_MARKET, _AT_KNOWN = map(
    _places, (OWN, TRADE, FLAGS, EXPERT, MARKET, KNOWN)
)
