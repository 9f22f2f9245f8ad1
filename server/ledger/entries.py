"""Table rows as items of the API and the deck, and as the facts that the engine made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from core.approvals import Approval
from core.decision.deciding_reason import code_in_evidence
from core.decision.evidence import evidence_fields
from core.from_json import read
from core.model import DecisionRecord
from server.ledger.book_items import book_item, book_trade_item
from server.ledger.codec import loads
from server.ledger.timestamps import iso
from server.ledger.trade_lists import IN_BOOKS, PERIODS, VALUES, day_item, note_item, trade_item, value_item

log = logging.getLogger("gatedeck.ledger")

Row = Mapping[str, Any]
Item = dict[str, Any]

_ENTRY_TEXT = (
    "id",
    "seq",
    "created_at",
    "symbol",
    "source",
    "timeframe",
    "quality",
    "decision",
    "direction",
    "proposed_direction",
    "confidence",
    "code",
    "confluence_score",
    "signal_id",
    "receipt_id",
    "position_id",
    "supersedes",
    "rules_fingerprint",
    "engine_version",
)
_ENTRY_JSON = ("signal", "decision_breakdown", "regime", "execution", "exit", "hypothetical")
_OUTCOME = ("exit_time", "exit_reason", "pnl_gross", "pnl_net")

COLUMNS: Mapping[str, str] = {
    "decisions": ", ".join((*_ENTRY_TEXT, "decision_breakdown", "exit")),
    "ledger": ", ".join((*_ENTRY_TEXT, *_ENTRY_JSON, "inputs")),
    "trades": "*",
    **dict.fromkeys((*PERIODS, *VALUES, "notes", "books"), "*"),
    **dict.fromkeys((f"book_{name}" for name in IN_BOOKS), "*"),
    "receipts": "*",
    "approvals": "id, seq, payload",
    "risk_events": "*",
}


def _entry(row: Row) -> Item:
    item: Item = {name: row[name] for name in _ENTRY_TEXT}
    item["created_at"] = iso(row["created_at"])
    item["action"] = row["decision"]
    return item


def decision_item(row: Row) -> Item:
    """Return an entry as a decision: its evidence and the code that decided against an entry.

    ``outcome`` holds the exit once its trade has one.
    """
    left = loads(row["exit"])
    evidence = loads(row["decision_breakdown"])
    code = row["code"] or code_in_evidence(row["decision"], evidence or {}).partition(" ")[0]
    return _entry(row) | {
        "code": code or None,
        "decision_breakdown": evidence,
        "outcome": {name: left.get(name) for name in _OUTCOME} if left else None,
    }


def ledger_item(row: Row) -> Item:
    """Return a whole ledger entry, with the inputs from which it can be decided again."""
    return _entry(row) | {name: loads(row[name]) for name in (*_ENTRY_JSON, "inputs")}


def receipt_item(row: Row) -> Item:
    return {
        "id": row["id"],
        "seq": row["seq"],
        "received_at": iso(row["received_at"]),
        "source": row["source"],
        "symbol": row["symbol"],
        "status": row["status"],
        "http_status": row["http_status"],
        "endpoint": row["endpoint"],
        "code": row["code"],
        "reason": row["reason"],
        "duplicate_of": row["duplicate_of"],
        "notes": loads(row["notes"]) or [],
    }


def approval_item(row: Row) -> Item:
    """Return a stored approval as ``approval_view`` shows it."""
    return approval_view(read(Approval, loads(row["payload"])))


def approval_view(approval: Approval) -> Item:
    """Return a trade that waits, or waited, for approval; its decision holds the evidence."""
    plain = ("symbol", "direction", "timeframe", "confidence", "contracts", "price", "premium", "planned_loss",
             "signal_id", "decision_id", "position_id", "author", "code")  # fmt: skip
    return {
        "id": approval.id,
        "seq": approval.seq,
        "asked_at": approval.at,
        "until": approval.until,
        "status": approval.status,
        "contract": approval.contract.label,
        "occ": approval.contract.occ,
        "reason": approval.why,
        "said_at": approval.said_at,
        "ended_at": approval.ended_at,
        **{name: getattr(approval, name) for name in plain},
    }


def risk_item(row: Row) -> Item:
    names = ("id", "seq", "code", "text", "position_id")
    return {name: row[name] for name in names} | {"at": iso(row["at"]), "cleared": bool(row["cleared"])}


def _or_fault(make: Callable[[Row], Item], *unread: str) -> Callable[[Row], Item]:
    """Return the maker of an item that gives one with a ``fault`` where a stored row cannot be read.

    ``unread`` are the fields of a ledger entry that are ``None`` then.
    """

    def item(row: Row) -> Item:
        try:
            return make(row)
        except Exception as error:
            log.exception("row %s cannot be read", row["id"], exc_info=error)
            plain = _entry(row) if unread else {"id": row["id"], "seq": row["seq"]}
            fault = f"cannot be read: {type(error).__name__}: {error}"
            return plain | dict.fromkeys(unread) | {"fault": fault}

    return item


ITEMS = {
    "decisions": _or_fault(decision_item, "decision_breakdown", "outcome"),
    "ledger": _or_fault(ledger_item, *_ENTRY_JSON, "inputs"),
    "trades": trade_item,
    **dict.fromkeys(PERIODS, day_item),
    "notes": note_item,
    **dict.fromkeys(VALUES, value_item),
    "books": book_item,
    "book_trades": book_trade_item,
    **dict.fromkeys((f"book_{name}" for name in PERIODS), day_item),
    **dict.fromkeys((f"book_{name}" for name in VALUES if name in IN_BOOKS), value_item),
    "receipts": _or_fault(receipt_item),
    "approvals": _or_fault(approval_item),
    "risk_events": _or_fault(risk_item),
}
"""Makers of a list's items; a row that cannot be read becomes an item with a ``fault``."""


def record_of(row: Row) -> DecisionRecord:
    """Return an entry as the engine made it, every field equal; without its execution and exit."""
    inputs = loads(row["inputs"])
    names = (
        "id seq signal_id receipt_id symbol source timeframe quality direction proposed_direction"
        " confidence code supersedes position_id"
    )
    fields: Item = {name: row[name] for name in names.split()}
    fields |= evidence_fields(loads(row["decision_breakdown"]))
    fields["verdict"] |= {
        "rules_fingerprint": row["rules_fingerprint"],
        "engine_version": row["engine_version"],
    }
    fields |= {
        "at": iso(row["created_at"]),
        "action": row["decision"],
        "context": inputs["context"],
        "market": inputs["market"],
    }
    return read(DecisionRecord, fields)
