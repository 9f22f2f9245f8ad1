"""The table of followed signals: a narrow row for each decision with a trade or a shadow, for reports and learning.

A row holds what they read of the entry: the status, the result once all contracts are sold, and what was known at
the decision. It is written again whenever the trade or shadow changes, so that it never says anything else than the
entry.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from typing import Any

import orjson

from core.decision.confluence import known_directions
from core.decision.phases import aligned_pct
from core.performance.followed import Followed, ending_of, followed_from, status_of
from core.performance.trade import NotClosed
from server.ledger.codec import loads
from server.ledger.entries import COLUMNS, Row, ledger_item
from server.ledger.sql import Connection
from server.ledger.timestamps import micros

log = logging.getLogger("gatedeck.ledger")

TRADE = (
    "symbol", "direction", "setup", "multiplier", "timeframe", "quality", "confidence", "dte", "session", "weekday",
    "phase", "exit_reason", "pnl_net", "pnl_gross", "risk_amount", "r_multiple", "hold_time_seconds",
    "pnl_from_delta", "pnl_from_gamma", "pnl_from_iv", "pnl_from_theta", "pnl_unexplained", "mfe", "mae", "pnl_best",
    "pnl_expected", "pnl_worst",
)  # fmt: skip
FLAGS = ("stale_fill", "without_feed", "settled_estimate", "by_hand")
"""Fields of a trade, by the same names as columns."""
EXPERT = (
    "ai_score", "entry", "stop", "target_1", "target_2", "rr1", "volume_ratio", "trend_strength", "bias_4h",
    "bias_1h", "atr",
)  # fmt: skip
MARKET = ("atr14", "iv_percentile", "spread_bps", "depth_score")
OWN = ("kind", "code", "proposed", "exit_at", "filled", "premium", "shares", "passed", "failed")
KNOWN = (
    "expert_direction", "atr_is_daily", "regime_confidence", "volatility", "alignment_pct", "directions",
    "levels_timeframe", "price", "market_price", "market_volume_ratio", "assumed",
)  # fmt: skip
FIELDS = ("seq", "id", "decided_at", "status", "traded", *OWN, *TRADE, *FLAGS, *EXPERT, *MARKET, *KNOWN)
_ROW = f"({', '.join('?' * len(FIELDS))})"
_HEAD = f"INSERT INTO followed ({', '.join(FIELDS)}) VALUES "
_TAIL = " ON CONFLICT (seq, id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in FIELDS if name not in ("seq", "id")
)
_TOGETHER = 999 // len(FIELDS)
"""Rows of one statement: every build of SQLite accepts 999 parameters."""
EVERY_ENTRY = (
    f"SELECT {COLUMNS['ledger']} FROM ledger_entries WHERE execution IS NOT NULL OR hypothetical IS NOT NULL"
)
_ALL = "SELECT id FROM ledger_entries WHERE execution IS NOT NULL OR hypothetical IS NOT NULL"


def refresh_followed(connection: Connection, decision_ids: Iterable[str]) -> None:
    """Write the rows of these decisions from what is stored of them."""
    ids = [*dict.fromkeys(decision_ids)]
    for at in range(0, len(ids), _TOGETHER):
        some = ids[at : at + _TOGETHER]
        entries = f"SELECT {COLUMNS['ledger']} FROM ledger_entries WHERE id IN ({', '.join('?' * len(some))})"
        values = [*chain.from_iterable(map(_values, connection.execute(entries, some).fetchall()))]
        if values:
            rows = ", ".join([_ROW] * (len(values) // len(FIELDS)))
            connection.execute(f"{_HEAD}{rows}{_TAIL}", values)


def refresh_all_followed(connection: Connection) -> None:
    """Write the row of every followed decision of a ledger that had no such table."""
    refresh_followed(connection, [row[0] for row in connection.execute(_ALL)])


def followed_rows(entries: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Return the values of FIELDS for the entries that can be read."""
    return [values for values in map(_values, entries) if values]


def _values(row: Row) -> tuple[Any, ...]:
    """Return the values of FIELDS for an entry; none for one that cannot be read."""
    try:
        shadow = loads(row["hypothetical"])
        values = dict.fromkeys(FIELDS) | {
            "seq": row["seq"],
            "id": row["id"],
            "decided_at": row["created_at"],
            "status": status_of({"hypothetical": shadow, "execution": row["execution"]}),
            "traded": int(row["execution"] is not None),
        }
        ending = ending_of({"exit": row["exit"], "hypothetical": shadow}) and ending_of(
            ledger_item(dict(row))
        )
        if ending is not None:
            with suppress(NotClosed):
                values |= _ended(followed_from(*ending))
    except Exception:  # the row is missing; the ledger and its upgrade go on
        log.exception("the outcome of decision %s cannot be read", row["id"])
        return ()
    return tuple(values[name] for name in FIELDS)


def _ended(found: Followed) -> dict[str, Any]:
    trade = found.trade
    values: dict[str, Any] = {
        "kind": found.kind,
        "code": found.code,
        "proposed": found.proposed,
        "exit_at": None if trade.exit_time is None else micros(trade.exit_time),
        "filled": found.filled,
        "premium": found.premium,
        "shares": found.shares,
        "passed": None if found.passed is None else "".join("01"[each] for each in found.passed),
        "failed": "+".join(found.failed),
    }
    values |= {name: getattr(trade, name) for name in TRADE}
    values |= {name: int(getattr(trade, name)) for name in FLAGS}
    if found.known is None:
        return values
    context, market = found.known
    expert, regime, alignment = context.expert, context.regime, context.alignment
    assert expert is not None
    values |= {name: getattr(expert, name) for name in EXPERT}
    values |= {name: getattr(market, name) for name in MARKET}
    return values | {
        "expert_direction": expert.direction,
        "atr_is_daily": int(expert.atr_is_daily),
        "regime_confidence": None if regime is None else regime.confidence,
        "volatility": None if regime is None else regime.volatility,
        "alignment_pct": None if alignment is None else aligned_pct(alignment, expert.direction),
        "directions": orjson.dumps(known_directions(context)).decode(),
        "levels_timeframe": context.timeframe,
        "price": context.price,
        "market_price": market.price,
        "market_volume_ratio": market.volume_ratio,
        "assumed": " ".join(market.assumed),
    }
