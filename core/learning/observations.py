"""Observations: one per signal, from an executed trade or a closed shadow, at the same size.

An observation carries the verdict of the decision behind it: for an executed trade the one that executed it
(it passed every gate), for a shadow the signal's first. Dollars are at multiplier 1, so that trades and
shadows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.decision.atr import daily_atr
from core.decision.batch import GATES
from core.decision.contracts import contract_count
from core.decision.levels import levels_for
from core.decision.phases import aligned_pct
from core.decision.size_inputs import inputs_from
from core.execution_band import ExecutionBand
from core.from_json import FactsError, read
from core.model import BY_HAND, Context, ContractCount, MarketSnapshot
from core.performance.trade import NotClosed, Trade, exchange_date, trade_from_entry
from core.rules import DEFAULT, Rules

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Result of one signal, executed or not, and what was known when it was decided.

    ``net`` in $ at multiplier 1 with all costs, ``r`` net over the planned loss. ``passed`` and ``scores`` in
    the order of GATES; ``failed`` are the codes that stopped it, empty when the verdict was EXECUTE.
    ``refused`` is the code of risk or levels that stopped it after the verdict. It was open from ``at`` to
    ``until``. ``band`` is ``net`` by execution. ``None`` is unknown.
    """

    id: str
    signal_id: str
    kind: str
    at: datetime
    day: date
    symbol: str
    net: float
    r: float | None
    passed: tuple[bool, ...]
    scores: tuple[float, ...]
    failed: tuple[str, ...]
    confidence: float
    until: datetime | None = None
    refused: str | None = None
    direction: str | None = None
    setup: str | None = None
    timeframe: int | None = None
    quality: str | None = None
    session: str | None = None
    weekday: str | None = None
    phase: int | None = None
    volatility: str | None = None
    htf: str | None = None
    dte: int | None = None
    exit_reason: str | None = None
    multiplier: float | None = None
    ai_score: float | None = None
    regime_confidence: float | None = None
    alignment_pct: float | None = None
    spread_bps: float | None = None
    atr_pct: float | None = None
    band: ExecutionBand | None = None
    depth_score: float | None = None
    confluence: float | None = None
    rr1: float | None = None
    volume_ratio: float | None = None
    trend_strength: float | None = None

    @property
    def win(self) -> bool:
        """True if the signal made money; exactly 0 is no win."""
        return self.net > 0


def observations_from(
    entries: Iterable[Mapping[str, Any]], rules: Rules = DEFAULT, *, stale: bool = False
) -> tuple[Observation, ...]:
    """Return the observations in ledger entries (parsed JSON), oldest first, one per signal.

    An executed trade is preferred to a shadow of the same signal. Left out: open and superseded shadows,
    trades that still hold contracts and, unless ``stale``, exits filled without a fresh price. ``rules`` give
    the budget of multiplier 1.
    """
    found: dict[str, Observation] = {}
    for entry in entries:
        outcome = outcome_of(entry)
        if outcome is None:
            continue
        kind, executed = outcome
        try:
            trade = trade_from_entry(executed)
        except NotClosed:
            continue
        seen = _observation(kind, executed, trade, rules) if stale or not trade.stale_fill else None
        if seen is not None and (kind == EXECUTED or seen.signal_id not in found):
            found[seen.signal_id] = seen
    return tuple(sorted(found.values(), key=lambda o: (o.at, o.id)))


def outcome_of(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the outcome of an entry, ``None`` if unknown: its kind, and the entry with that exit.

    A trade that a person took against the verdict is none: it says nothing of the rules, its shadow does.
    """
    if entry.get("code") == BY_HAND:
        return None
    if entry.get("exit"):
        return EXECUTED, entry
    shadow = entry.get("hypothetical")
    if not shadow or shadow.get("status") != "CLOSED" or not shadow.get("exit"):
        return None
    return SHADOW, {**entry, "execution": shadow["execution"], "exit": shadow["exit"]}


def _observation(kind: str, entry: Mapping[str, Any], trade: Trade, rules: Rules) -> Observation | None:
    at = datetime.fromisoformat(str(entry["created_at"]))
    day = exchange_date(at)
    if day is None:
        return None
    breakdown = entry["decision_breakdown"]
    gates = breakdown["gates"]
    divisor, factor = (1.0, 1.0) if kind == SHADOW else share_of_trade(entry, trade, rules)
    return Observation(
        id=str(entry["id"]),
        signal_id=str(entry.get("signal_id") or entry["id"]),
        kind=kind,
        at=at,
        day=day,
        symbol=str(entry.get("symbol") or ""),
        net=trade.pnl_net / divisor * factor,
        band=None if trade.band is None else trade.band.times(factor / divisor),
        r=trade.r,
        passed=tuple(bool(gates[name]["passed"]) for name in GATES),
        scores=tuple(float(gates[name]["score"]) for name in GATES),
        failed=failures(breakdown),
        confidence=float(entry["confidence"]),
        until=trade.exit_time,
        refused=entry.get("code"),
        direction=trade.direction or entry.get("proposed_direction"),
        setup=trade.setup,
        timeframe=trade.timeframe,
        quality=trade.quality,
        session=trade.session,
        weekday=trade.weekday.upper() if trade.weekday else None,
        phase=trade.phase,
        dte=trade.dte,
        exit_reason=trade.exit_reason,
        multiplier=trade.multiplier,
        **_known_at_decision(entry, rules),
    )


def failures(breakdown: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes that kept a verdict from EXECUTE: those of failed gates, else those of confidence."""
    codes = [reason["code"] for reason in breakdown.get("reasons") or ()]
    # The reasons of a blocked entry begin with its blocks, which are no part of the verdict.
    codes = codes[len(breakdown.get("blocks") or ()) :]
    of_gates = tuple(code for code in codes if code in GATE_CODES)
    return of_gates or tuple(code for code in codes if code in VERDICT_CODES)


def at_one(entry: Mapping[str, Any], trade: Trade, rules: Rules) -> float:
    """Return a trade's net dollars at multiplier 1, see ``share_of_trade``."""
    divisor, factor = share_of_trade(entry, trade, rules)
    return trade.pnl_net / divisor * factor


def share_of_trade(entry: Mapping[str, Any], trade: Trade, rules: Rules) -> tuple[float, float]:
    """Return the divisor and the factor that turn a trade's dollars into dollars at multiplier 1.

    Per contract, times the contracts of that size; where not even one contract would have been allowed, over the
    multiplier. Costs per contract stay.
    """
    bought = entry.get("execution") or {}
    filled, premium = bought.get("filled_contracts"), bought.get("entry_price")
    if filled and premium and trade.risk_amount:
        shares = int(bought.get("multiplier") or 100)
        count = contract_count(float(premium), trade.risk_amount / filled, 1.0, rules, shares)
        if isinstance(count, ContractCount):
            return float(filled), count.contracts
    return trade.multiplier or 1.0, 1.0


def _known_at_decision(entry: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Return what was known at the decision, from the stored inputs; empty when they cannot be read."""
    stored = entry.get("inputs") or {}
    try:
        context = read(Context, stored.get("context"))
        market = read(MarketSnapshot, stored.get("market"))
    except FactsError:
        return {}
    expert, regime, assumed = context.expert, context.regime, market.assumed
    if expert is None:
        return {}
    size = inputs_from(context, market, rules, levels_for(context, market, rules))
    return {
        "volatility": size.volatility.upper() if size.volatility else None,
        "htf": size.htf_alignment,
        "ai_score": expert.ai_score,
        "regime_confidence": regime.confidence if regime else None,
        "alignment_pct": aligned_pct(context.alignment, expert.direction),
        # An assumed value is no evidence about a limit.
        "spread_bps": None if "spread_bps" in assumed else market.spread_bps,
        "depth_score": None if "depth_score" in assumed else market.depth_score,
        "atr_pct": None if "atr14" in assumed else daily_atr(context, market, rules).pct,
        "confluence": size.confluence,
        "rr1": size.rr1,
        "volume_ratio": size.volume_ratio,
        "trend_strength": size.trend_strength,
    }
