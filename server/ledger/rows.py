"""Events and effects as table rows: the table of each, and its columns in that table's order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from core.decision.evidence import decision_evidence
from core.effects import (
    Effect,
    RemoveBook,
    RemoveNote,
    ShadowStatus,
    StoreApproval,
    StoreBook,
    StoreDecision,
    StoreJudgement,
    StoreMarks,
    StoreNote,
    StorePrice,
    StoreReceipt,
    StoreRiskEvent,
    StoreRules,
    StoreShadow,
    StoreTrade,
)
from core.events import Event, PriceSeen, Received
from core.model import DecisionRecord
from core.positions import Position, PositionState, execution_record, exit_record
from server.ledger.base import Entry
from server.ledger.books import store_books
from server.ledger.chain import JournalRow, link
from server.ledger.codec import encode, encode_any
from server.ledger.compressed import compress, compress_all
from server.ledger.entry_records import ShadowRecord, SignalRecord
from server.ledger.followed import refresh_followed
from server.ledger.mark_store import pack_marks
from server.ledger.packed import DECISION, pack_decision, pack_outcome
from server.ledger.path_quotes import quotes_to_store
from server.ledger.sql import Connection
from server.ledger.streamed import stream_rows
from server.ledger.timestamps import micros
from server.ledger.trades import refresh

Row = tuple[Any, ...]


def _insert(table: str, columns: str, tail: str = "") -> str:
    names = columns.split()
    places = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places}){tail}"


JOURNAL = _insert("journal", "seq at kind payload hash")
RECEIPT = _insert(
    "receipts",
    "seq id received_at status http_status source symbol endpoint code reason duplicate_of notes",
)
ENTRY = _insert(
    "ledger_entries",
    "id created_at seq engine_version rules_fingerprint signal_id receipt_id supersedes position_id symbol"
    " source timeframe quality decision direction proposed_direction confidence code confluence_score signal"
    " decision_breakdown regime inputs",
)
COLUMNS = _insert("decision_columns", "seq id packed")
POSITION = _insert(
    "positions",
    "id decision_id symbol opened_at closed_at state payload",
    " ON CONFLICT (id) DO UPDATE SET"
    " closed_at = excluded.closed_at, state = excluded.state, payload = excluded.payload",
)
OUTCOME = "UPDATE ledger_entries SET position_id = ?, execution = ?, exit = ? WHERE id = ?"
CLOSED = (
    f"UPDATE decision_columns SET packed = CAST(substr(packed, 1, {DECISION.itemsize}) || ?1 AS BLOB)"
    " WHERE id = ?2 AND seq = (SELECT seq FROM ledger_entries WHERE id = ?2)"
)
SHADOW = "UPDATE ledger_entries SET hypothetical = ? WHERE id = ?"
MARK = _insert("marks", "position_id at payload")
PATH_BAR = _insert("path_bars", "seq began")
PATH = _insert("paths", "seq at symbol price priced_at source open high low official_close quotes")
RULES = _insert("rules_versions", "seq at fingerprint name author toml")
JUDGEMENT = _insert("suggestions", "seq at id status author text")

APPROVAL = _insert(
    "approvals",
    "id seq at signal_id decision_id symbol status author ended_at payload",
    " ON CONFLICT (id) DO UPDATE SET status = excluded.status, author = excluded.author,"
    " ended_at = excluded.ended_at, payload = excluded.payload",
)

RISK = _insert("risk_events", "id seq at code cleared position_id text")
STREAMED = _insert("stream_events", "seq n kind symbol key payload")
NOTE = _insert("notes", "seq id at position_id day text tags author removed search")
REMOVED = "UPDATE notes SET removed = 1 WHERE id = ?"

STATEMENTS = (
    *(
        JOURNAL,
        RECEIPT,
        ENTRY,
        COLUMNS,
        POSITION,
        OUTCOME,
        SHADOW,
        CLOSED,
        MARK,
        PATH,
        PATH_BAR,
        RULES,
        JUDGEMENT,
    ),
    APPROVAL,
    RISK,
    STREAMED,
    NOTE,
    REMOVED,
)
"""In the order of execution within a batch: an entry is inserted before its outcome updates it."""

DERIVED = (
    *(
        "receipts",
        "ledger_entries",
        "decision_columns",
        "followed",
        "positions",
        "marks",
        "mark_blocks",
        "paths",
        "path_bars",
        "rules_versions",
    ),
    *(
        "suggestions",
        "approvals",
        "risk_events",
        "stream_events",
        "notes",
        "trades",
        "books",
        "book_rows",
        "book_trades",
    ),
)
"""The tables that a replay of the journal rebuilds."""

Pack = Callable[[bytes], bytes | str]


class Tables(dict[str, list[Row]]):
    """The rows of each statement, in the order of execution.

    ``pack`` gives JSON its stored form where it is kept small, ``evidence`` where it can be asked about in SQL.
    ``books`` are changes of books in their order: they depend on the rows that are stored.
    """

    def __init__(self, pack: Pack = compress, evidence: Pack = compress) -> None:
        super().__init__((statement, []) for statement in STATEMENTS)
        self.pack, self.evidence = pack, evidence
        self.books: list[StoreBook | RemoveBook] = []


def _json(value: object) -> str:
    return encode_any(value).decode()


def _json_or_none(value: object | None) -> str | None:
    return None if value is None else encode_any(value).decode()


def _receipt(effect: StoreReceipt, into: Tables) -> None:
    into[RECEIPT].append(
        (
            effect.seq,
            effect.id,
            micros(effect.at),
            str(effect.status),
            effect.http_status,
            None if effect.source is None else str(effect.source),
            effect.symbol,
            effect.endpoint,
            effect.code,
            effect.reason,
            effect.duplicate_of,
            _json(effect.notes) if effect.notes else None,
        )
    )


def _decision(effect: StoreDecision, into: Tables) -> None:
    record = effect.record
    confluence = record.size.confluence if record.size else None
    into[ENTRY].append(
        (
            record.id,
            micros(record.at),
            record.seq,
            record.verdict.engine_version,
            record.verdict.rules_fingerprint,
            record.signal_id,
            record.receipt_id,
            record.supersedes,
            record.position_id,
            record.symbol,
            record.source,
            record.timeframe,
            record.quality,
            record.action,
            record.direction,
            record.proposed_direction,
            float(record.confidence),
            record.code,
            None if confluence is None else round(float(confluence), 2),
            into.evidence(encode_any(_signal(record))),
            into.evidence(encode_any(decision_evidence(record))),
            _json_or_none(record.context.regime),
            into.pack(encode_any({"context": record.context, "market": record.market})),
        )
    )
    into[COLUMNS].append((record.seq, record.id, pack_decision(record)))


def _signal(record: DecisionRecord) -> SignalRecord:
    return {
        "id": record.signal_id,
        "receipt_id": record.receipt_id,
        "source": record.source,
        "symbol": record.symbol,
        "timeframe": record.timeframe,
        "quality": record.quality,
        "direction": record.proposed_direction,
        "facts": record.context.expert,
    }


def _trade(effect: StoreTrade, into: Tables) -> None:
    position: Position = effect.position
    closed = micros(position.legs[-1].at) if position.state is PositionState.CLOSED else None
    into[POSITION].append(
        (
            position.id,
            position.decision_id,
            position.symbol,
            micros(position.opened_at),
            closed,
            str(position.state),
            into.evidence(encode_any(position)),
        )
    )
    exit_ = exit_record(position) if position.legs else None
    execution = _json(execution_record(position))
    into[OUTCOME].append((position.id, execution, _json_or_none(exit_), position.decision_id))
    if closed is not None:
        into[CLOSED].append((pack_outcome(position, shadow=False), position.decision_id))


def _shadow(effect: StoreShadow, into: Tables) -> None:
    position = effect.position
    record: ShadowRecord = {
        "status": effect.status,
        "id": position.id,
        "opened_at": position.opened_at,
        "contract": position.contract,
        "first": position.first,
        "execution": position.entry,
        "exit": exit_record(position) if position.legs else None,
    }
    into[SHADOW].append((into.evidence(encode_any(record)), position.decision_id))
    if effect.status is ShadowStatus.CLOSED:
        into[CLOSED].append((pack_outcome(position, shadow=True), position.decision_id))


def _marks(effect: StoreMarks, into: Tables) -> None:
    into[MARK] += [
        (effect.position_id, micros(mark.at), into.pack(encode_any(mark))) for mark in effect.marks
    ]


def _price(seen: PriceSeen, event: Event, into: Tables) -> None:
    quotes = quotes_to_store(seen, event)
    into[PATH].append(
        (
            seen.seq,
            micros(seen.at),
            seen.symbol,
            seen.price,
            micros(seen.priced_at),
            seen.source,
            seen.open,
            seen.high,
            seen.low,
            int(seen.official_close),
            None if quotes is None else into.pack(quotes),
        )
    )
    if seen.began is not None:
        into[PATH_BAR].append((seen.seq, micros(seen.began)))


def _rules(effect: StoreRules, into: Tables) -> None:
    into[RULES].append(
        (effect.seq, micros(effect.at), effect.fingerprint, effect.name, effect.author, effect.toml)
    )


def _judgement(effect: StoreJudgement, into: Tables) -> None:
    into[JUDGEMENT].append(
        (effect.seq, micros(effect.at), effect.id, effect.status, effect.author, effect.text)
    )


def _approval(effect: StoreApproval, into: Tables) -> None:
    approval = effect.approval
    into[APPROVAL].append(
        (
            approval.id,
            approval.seq,
            micros(approval.at),
            approval.signal_id,
            approval.decision_id,
            approval.symbol,
            str(approval.status),
            approval.author,
            None if approval.ended_at is None else micros(approval.ended_at),
            into.evidence(encode_any(approval)),
        )
    )


def _risk(effect: StoreRiskEvent, into: Tables) -> None:
    row = (effect.id, effect.seq, micros(effect.at), effect.code, int(effect.cleared), effect.position_id)
    into[RISK].append((*row, effect.text))


def _note(effect: StoreNote, into: Tables) -> None:
    into[NOTE].append(
        (
            effect.seq,
            effect.id,
            micros(effect.at),
            effect.position_id,
            None if effect.day is None else effect.day.isoformat(),
            effect.text,
            _json(effect.tags),
            effect.author,
            0,
            effect.text.casefold(),
        )
    )


def _remove(effect: RemoveNote, into: Tables) -> None:
    into[REMOVED].append((effect.id,))


def _book(effect: StoreBook | RemoveBook, into: Tables) -> None:
    into.books.append(effect)


_STORES: Mapping[type, Callable[[Any, Tables], None]] = {
    StoreReceipt: _receipt,
    StoreDecision: _decision,
    StoreTrade: _trade,
    StoreShadow: _shadow,
    StoreMarks: _marks,
    StoreRules: _rules,
    StoreJudgement: _judgement,
    StoreApproval: _approval,
    StoreRiskEvent: _risk,
    StoreNote: _note,
    RemoveNote: _remove,
    StoreBook: _book,
    RemoveBook: _book,
}


def _store(event: Event, effects: Sequence[Effect], into: Tables) -> None:
    for effect in effects:
        if isinstance(effect, StorePrice):
            _price(effect.seen, event, into)
        store = _STORES.get(type(effect))
        if store is not None:
            store(effect, into)
    into[STREAMED] += stream_rows(event.seq, effects, into.pack)


def rows_of(
    batch: Sequence[Entry], head: bytes, last_seq: int, into: Tables | None = None
) -> tuple[Tables, bytes]:
    """Return the rows of a batch, its journal rows chained to ``head``, and the new head of the chain.

    ``into`` is empty, and packs as the database of the ledger needs it. Raises ValueError for a seq that does not
    follow ``last_seq`` and the ones before it.
    """
    tables = Tables() if into is None else into
    journal = tables[JOURNAL]
    payloads = [encode(event) for event, _ in batch]
    packed = compress_all(payloads) if tables.pack is compress else map(tables.pack, payloads)
    for (event, effects), payload, stored in zip(batch, payloads, packed, strict=True):
        if event.seq != last_seq + 1:
            raise ValueError(f"seq {event.seq} does not follow {last_seq}")
        last_seq = event.seq
        at = micros(event.at)
        head = link(head, event.seq, at, event.kind, payload)
        journal.append((event.seq, at, event.kind, stored, head))
        _store(event, effects, tables)
    return tables, head


def carried_rows(effects: Iterable[Effect]) -> Tables:
    """Return the rows for effects of steps that are not in the ledger; they are no events of its stream."""
    tables = Tables()
    for effect in effects:
        _STORES[type(effect)](effect, tables)
    return tables


def copied_rows(
    steps: Iterable[tuple[JournalRow, Entry]], into: Tables | None = None, *, bodies: bool = True
) -> Tables:
    """Return journal rows as they were stored, and the rows for the effects of their steps.

    ``into`` is empty, and packs as the ledger needs it. Without ``bodies`` the rows of received ones are left out.
    """
    tables = Tables() if into is None else into
    for row, (event, effects) in steps:
        if bodies or not isinstance(event, Received):
            stored = tables.pack(row.payload) if row.frame is None else row.frame
            tables[JOURNAL].append((row.seq, row.at, row.kind, stored, row.hash))
        _store(event, effects, tables)
    return tables


def write(connection: sqlite3.Connection, tables: Tables) -> None:
    """Write the rows of every table within the open transaction."""
    for statement, rows in tables.items():
        if not rows:
            continue
        if " VALUES (" not in statement:
            connection.executemany(statement, rows)
            continue
        # One statement for many rows: each call of SQLite releases and takes the interpreter lock, and the
        # event loop's thread competes for it every time.
        together = min(_TOGETHER, _MOST_PARAMETERS // len(rows[0]))
        for at in range(0, len(rows), together):
            some = rows[at : at + together]
            connection.execute(_for_rows(statement, len(some)), [*chain.from_iterable(some)])
    pack_marks(
        connection,
        (row[0] for row in tables[MARK]),
        (row[0] for row in tables[POSITION] if row[4] is not None),
    )
    refresh_lists(connection, tables)


def refresh_lists(connection: Connection, tables: Tables) -> None:
    """Write the rows of the trades, shadows and books that a batch concerns, once its rows are written."""
    notes = (*(row[1] for row in tables[NOTE]), *(row[0] for row in tables[REMOVED]))
    refresh(connection, (row[-1] for row in tables[OUTCOME]), notes)
    refresh_followed(connection, (row[-1] for row in (*tables[OUTCOME], *tables[SHADOW])))
    store_books(connection, tables.books)


_TOGETHER = 64
"""Most rows of one statement; each smaller number has its own statement, prepared once and kept."""
_MOST_PARAMETERS = 999
"""Most parameters that every build of SQLite accepts in one statement."""


@cache
def _for_rows(statement: str, size: int) -> str:
    """Return an INSERT of one row as an INSERT of ``size`` rows."""
    head, values, rest = statement.partition(" VALUES (")
    places, end, tail = rest.partition(")")
    return f"{head}{values}{f'{places}), (' * (size - 1)}{places}{end}{tail}"
