"""Events of the stream as rows: decisions, fills, exits, approvals, modes and alerts, in the order they happened.

A row is written in the commit of its input and never changed, so that the stream can be read from any event on.
What another table keeps unchanged (decisions, modes, alerts) is read from there; the rest is in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from core.approvals import Approval
from core.effects import Effect, StoreApproval, StoreDecision, StoreRiskEvent, StoreTrade
from core.model import Direction, ExitReason, Levels
from core.positions import EntryFill, ExitRecord, Position, PositionState, exit_record, pnl_breakdown
from core.positions.position import ExitFill
from server.ledger.codec import encode_any
from server.ledger.compressed import expand
from server.ledger.entries import COLUMNS, approval_view, decision_item, risk_item
from server.ledger.sql import Connection

PAGE_EVENTS = 100
PAGE_BYTES = 256 * 1024
PAGE_ROWS = 2_000
"""Most events, bytes of them, and rows looked at for them in one page."""
MODE = "MODE_"
"""Codes of the risk events that change the mode begin with it."""


class StreamKind(StrEnum):
    """Kinds of events that are stored."""

    DECISION = "decision"
    FILL = "fill"
    EXIT = "exit"
    APPROVAL = "approval"
    MODE = "mode"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillEvent:
    """A position was bought: ``price`` in $ per share, ``execution`` as in the ledger."""

    id: str
    seq: int
    at: datetime
    position_id: str
    decision_id: str
    signal_id: str
    symbol: str
    direction: Direction
    timeframe: int | None
    contract: str
    occ: str
    contracts: int
    price: float
    levels: Levels
    execution: EntryFill


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitEvent:
    """Contracts of a position were sold or settled: ``price`` in $ per share, P&L in $ of these contracts.

    ``remaining`` contracts are still held. When none are, ``exit`` is the whole trade's, as in the ledger.
    """

    id: str
    seq: int
    at: datetime
    position_id: str
    decision_id: str
    signal_id: str
    symbol: str
    direction: Direction
    timeframe: int | None
    contract: str
    occ: str
    contracts: int
    price: float
    reason: ExitReason
    remaining: int
    pnl_gross: float
    pnl_net: float
    stale_fill: bool
    exit: ExitRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeEvent:
    """A mode came into force; ``text`` gives its reason and its end."""

    id: str
    seq: int
    at: str
    mode: str
    text: str


class Place(NamedTuple):
    """Place of an event: the seq of its input, and its number among the events of that input, from 0."""

    seq: int
    n: int


START = Place(0, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedEvent:
    """One event; ``data`` is its JSON, ``symbol`` is ``None`` where it belongs to none."""

    place: Place
    kind: StreamKind
    symbol: str | None
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPage:
    """Events in order; ``upto`` is the last place looked at, and ``more`` may follow it."""

    events: tuple[StreamedEvent, ...]
    upto: Place
    more: bool


# --- writing ---------------------------------------------------------------------------------------------

_Row = tuple[StreamKind, str | None, str, bytes | None]


def stream_rows(
    seq: int, effects: Sequence[Effect], pack: Callable[[bytes], bytes | str]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one step's events: seq, number within it, kind, symbol, key and packed JSON or ``None``."""
    n = 0
    for effect in effects:
        make = _ROWS.get(type(effect))
        if make is None:
            continue
        for kind, symbol, key, payload in make(seq, effect):
            yield seq, n, str(kind), symbol, key, None if payload is None else pack(payload)
            n += 1


def _decision(_seq: int, effect: StoreDecision) -> Iterator[_Row]:
    yield StreamKind.DECISION, effect.record.symbol, effect.record.id, None


def _risk(_seq: int, effect: StoreRiskEvent) -> Iterator[_Row]:
    kind = StreamKind.MODE if effect.code.startswith(MODE) else StreamKind.ALERT
    yield kind, None, effect.id, None


def _approval(_seq: int, effect: StoreApproval) -> Iterator[_Row]:
    approval: Approval = effect.approval
    yield StreamKind.APPROVAL, approval.symbol, approval.id, encode_any(approval_view(approval))


def _trade(seq: int, effect: StoreTrade) -> Iterator[_Row]:
    position = effect.position
    if effect.bought:
        yield StreamKind.FILL, position.symbol, position.id, _fill(seq, position)
    held = position.remaining + sum(leg.contracts for leg in effect.legs)
    for leg in effect.legs:
        held -= leg.contracts
        yield StreamKind.EXIT, position.symbol, leg.id, _exit(seq, position, leg, held)


def _fill(seq: int, position: Position) -> bytes:
    event = FillEvent(
        id=position.id,
        seq=seq,
        at=position.opened_at,
        position_id=position.id,
        decision_id=position.decision_id,
        signal_id=position.signal_id,
        symbol=position.symbol,
        direction=position.direction,
        timeframe=position.timeframe,
        contract=position.contract.label,
        occ=position.contract.occ,
        contracts=position.entry.filled_contracts,
        price=position.entry.entry_price,
        levels=position.levels,
        execution=position.entry,
    )
    return encode_any(event)


def _exit(seq: int, position: Position, leg: ExitFill, held: int) -> bytes:
    account = pnl_breakdown(position, (leg,))
    ended = position.state is PositionState.CLOSED and not held
    event = ExitEvent(
        id=leg.id,
        seq=seq,
        at=leg.at,
        position_id=position.id,
        decision_id=position.decision_id,
        signal_id=position.signal_id,
        symbol=position.symbol,
        direction=position.direction,
        timeframe=position.timeframe,
        contract=position.contract.label,
        occ=position.contract.occ,
        contracts=leg.contracts,
        price=leg.price,
        reason=leg.reason,
        remaining=held,
        pnl_gross=account.gross,
        pnl_net=account.net,
        stale_fill=leg.stale_fill,
        exit=exit_record(position) if ended else None,
    )
    return encode_any(event)


_ROWS: Mapping[type, Callable[[int, Any], Iterator[_Row]]] = {
    StoreDecision: _decision,
    StoreTrade: _trade,
    StoreApproval: _approval,
    StoreRiskEvent: _risk,
}
STREAMED = frozenset(_ROWS)
"""Effects that may give events."""


# --- reading ---------------------------------------------------------------------------------------------

_AFTER = (
    "SELECT seq, n, kind, symbol, key, payload FROM stream_events WHERE (seq, n) > (?, ?)"
    " ORDER BY seq, n LIMIT ?"
)
_ENTRY = f"SELECT {COLUMNS['decisions']} FROM ledger_entries WHERE seq = ? AND id = ?"
_RISK = "SELECT * FROM risk_events WHERE id = ?"


def read_stream(
    connection: Connection,
    after: Place,
    kinds: Collection[StreamKind] = (),
    symbols: Collection[str] = (),
) -> StreamPage:
    """Return the events after a place, of these kinds and symbols (of all when empty).

    Events that belong to no symbol are always among them.
    """
    events: list[StreamedEvent] = []
    upto, size, more = after, 0, False
    rows = connection.execute(_AFTER, (*after, PAGE_ROWS)).fetchall()
    for seq, n, name, symbol, key, payload in rows:
        if len(events) >= PAGE_EVENTS or size >= PAGE_BYTES:
            more = True
            break
        upto, kind = Place(seq, n), StreamKind(name)
        if (kinds and kind not in kinds) or (symbols and symbol is not None and symbol not in symbols):
            continue
        data = expand(payload) if payload is not None else _data(connection, kind, seq, key)
        events.append(StreamedEvent(place=upto, kind=kind, symbol=symbol, data=data))
        size += len(data)
    return StreamPage(events=tuple(events), upto=upto, more=more or len(rows) == PAGE_ROWS)


def _data(connection: Connection, kind: StreamKind, seq: int, key: str) -> bytes:
    """Return the JSON of an event that another table keeps."""
    if kind is StreamKind.DECISION:
        item = decision_item(connection.execute(_ENTRY, (seq, key)).fetchone())
        del item["outcome"]  # not known yet when it was decided
        return encode_any(item)
    row = risk_item(connection.execute(_RISK, (key,)).fetchone())
    if kind is StreamKind.MODE:
        mode = row["code"].removeprefix(MODE)
        return encode_any(ModeEvent(id=row["id"], seq=row["seq"], at=row["at"], mode=mode, text=row["text"]))
    return encode_any(row)
