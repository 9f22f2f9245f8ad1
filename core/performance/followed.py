"""Signals that were followed to an end, as a trade or as a shadow: what is stored of them, before any rules.

``followed_from`` reads one from a ledger entry. A ledger keeps the same facts in columns, so that learning need not
read the entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.decision.batch import GATES
from core.from_json import FactsError, read
from core.model import BY_HAND, Context, MarketSnapshot
from core.performance.trade import Trade, exchange_date, trade_from_entry

GATE_CODES: Mapping[str, str] = {
    **dict.fromkeys(("PHASE_FORBIDS", "REGIME_WEAK", "BIAS_OPPOSED"), "regime"),
    **dict.fromkeys(
        ("INVALID_SETUP", "ILLIQUID", "GRADE_C", "NO_EXPERT", "NO_SCORE", "LOW_SCORE"), "structural"
    ),
    **dict.fromkeys(
        (
            "SPREAD_ABSENT", "SPREAD_CROSSED", "SPREAD_WIDE", "ATR_ABSENT", "ATR_HIGH", "DEPTH_ABSENT",
            "DEPTH_THIN", "SESSION_CLOSED",
        ),
        "market",
    ),
}  # fmt: skip
"""The reason codes that fail a gate, and the gate."""

VERDICT_CODES = ("SOURCES_DISAGREE", "UNSURE", "LOW_CONFIDENCE")
"""The codes that stop a signal which passed every gate."""

EXECUTED, SHADOW = "executed", "shadow"
TRADED = "EXECUTED"
"""The status of a decision with a trade, as those of a shadow are called."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A closed trade or shadow, and what was known when its signal was decided.

    ``at`` and ``day`` (the exchange's, ``None`` outside the calendar) are those of the decision. ``code`` is that of
    the risk or levels that stopped it after the verdict. ``passed`` is in the order of GATES, ``None`` when no gates
    are stored; ``failed`` are the codes that kept the verdict from EXECUTE. ``filled`` counts contracts,
    ``premium`` is the entry's price a share, ``shares`` those of a contract. ``known`` is ``None`` when no expert
    or unreadable inputs are stored; learning uses only the parts of it that a ledger keeps in columns.
    """

    kind: str
    signal_id: str
    at: datetime
    day: date | None
    code: str | None
    proposed: str | None
    trade: Trade
    filled: float | None
    premium: float | None
    shares: int
    passed: tuple[bool, ...] | None
    failed: tuple[str, ...]
    known: tuple[Context, MarketSnapshot] | None


def outcome_of(entry: Entry) -> tuple[str, Entry] | None:
    """Return the outcome of an entry, ``None`` if unknown: its kind, and the entry with that exit.

    A trade that a person took against the verdict is none: it says nothing of the rules, its shadow does.
    """
    return None if entry.get("code") == BY_HAND else ending_of(entry)


def ending_of(entry: Entry) -> tuple[str, Entry] | None:
    """Return how an entry's trade or shadow ended, whoever took it, as ``outcome_of`` does."""
    if entry.get("exit"):
        return EXECUTED, entry
    shadow = entry.get("hypothetical")
    if not shadow or shadow.get("status") != "CLOSED" or not shadow.get("exit"):
        return None
    return SHADOW, {**entry, "execution": shadow["execution"], "exit": shadow["exit"]}


def status_of(entry: Entry) -> str:
    """Return the status of an entry's shadow, else TRADED with a trade, "" when it was not followed at all."""
    shadow = entry.get("hypothetical")
    if shadow:
        return str(shadow.get("status"))
    return TRADED if entry.get("execution") else ""


def followed_from(kind: str, entry: Entry) -> Followed:
    """Return a kind and an entry of ``ending_of`` as one that was followed. Raises NotClosed."""
    trade = trade_from_entry(entry)
    at = datetime.fromisoformat(str(entry["created_at"]))
    breakdown = entry["decision_breakdown"]
    gates = breakdown.get("gates")
    bought = entry.get("execution") or {}
    filled, premium = bought.get("filled_contracts"), bought.get("entry_price")
    return Followed(
        kind=kind,
        signal_id=str(entry.get("signal_id") or entry["id"]),
        at=at,
        day=exchange_date(at),
        code=entry.get("code"),
        proposed=entry.get("proposed_direction"),
        trade=trade,
        filled=None if filled is None else float(filled),
        premium=None if premium is None else float(premium),
        shares=int(bought.get("multiplier") or 100),
        passed=tuple(bool(gates[name]["passed"]) for name in GATES) if gates else None,
        failed=failures(breakdown),
        known=_known(entry.get("inputs") or {}),
    )


def failures(breakdown: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes that kept a verdict from EXECUTE: those of failed gates, else those of confidence."""
    codes = [reason["code"] for reason in breakdown.get("reasons") or ()]
    # The reasons of a blocked entry begin with its blocks, which are no part of the verdict.
    codes = codes[len(breakdown.get("blocks") or ()) :]
    of_gates = tuple(code for code in codes if code in GATE_CODES)
    return of_gates or tuple(code for code in codes if code in VERDICT_CODES)


def _known(stored: Mapping[str, Any]) -> tuple[Context, MarketSnapshot] | None:
    """Return the context and market of a decision, ``None`` without an expert, or when they cannot be read."""
    try:
        context = read(Context, stored.get("context"))
        market = read(MarketSnapshot, stored.get("market"))
    except FactsError:
        return None
    return None if context.expert is None else (context, market)
