"""Observations: one per signal, from an executed trade or a closed shadow, at the same size.

An observation carries the verdict of the decision behind it: for an executed trade the one that executed it
(it passed every gate), for a shadow the signal's first. Dollars are at multiplier 1, so that trades and
shadows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.decision.atr import daily_atr
from core.decision.contracts import contract_count
from core.decision.levels import levels_for
from core.decision.phases import aligned_pct
from core.decision.size_inputs import inputs_from
from core.execution_band import ExecutionBand
from core.model import BY_HAND, ContractCount
from core.performance.followed import EXECUTED, SHADOW, Followed, followed_from, outcome_of
from core.performance.trade import NotClosed
from core.rules import DEFAULT, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Result of one signal, executed or not, and what was known when it was decided.

    ``net`` in $ at multiplier 1 with all costs, ``r`` net over the planned loss. ``passed`` is in the order of
    GATES; ``failed`` are the codes that stopped it, empty when the verdict was EXECUTE.
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
    """Return the observations in ledger entries (parsed JSON), as ``observations_of`` does."""
    return observations_of(_followed(entries), rules, stale=stale)


def observations_of(
    followed: Iterable[Followed], rules: Rules = DEFAULT, *, stale: bool = False
) -> tuple[Observation, ...]:
    """Return the observations of signals that were followed, oldest first, one per signal.

    An executed trade is preferred to a shadow of the same signal. Left out: open and superseded shadows,
    trades that a person took against the verdict, trades that still hold contracts and, unless ``stale``, exits
    filled without a fresh price. ``rules`` give the budget of multiplier 1.
    """
    found: dict[str, Observation] = {}
    for each in followed:
        if each.code == BY_HAND or (each.trade.stale_fill and not stale):
            continue
        seen = _observation(each, rules)
        if seen is not None and (each.kind == EXECUTED or seen.signal_id not in found):
            found[seen.signal_id] = seen
    return tuple(sorted(found.values(), key=lambda o: (o.at, o.id)))


def _followed(entries: Iterable[Mapping[str, Any]]) -> Iterator[Followed]:
    for entry in entries:
        outcome = outcome_of(entry)
        if outcome is None:
            continue
        try:
            yield followed_from(*outcome)
        except NotClosed:
            continue


def _observation(followed: Followed, rules: Rules) -> Observation | None:
    trade = followed.trade
    if followed.day is None or followed.passed is None or trade.confidence is None:
        return None
    divisor, factor = (1.0, 1.0) if followed.kind == SHADOW else share_of_trade(followed, rules)
    return Observation(
        id=trade.id,
        signal_id=followed.signal_id,
        kind=followed.kind,
        at=followed.at,
        day=followed.day,
        symbol=trade.symbol or "",
        net=trade.pnl_net / divisor * factor,
        band=None if trade.band is None else trade.band.times(factor / divisor),
        r=trade.r,
        passed=followed.passed,
        failed=followed.failed,
        confidence=trade.confidence,
        until=trade.exit_time,
        refused=followed.code,
        direction=trade.direction or followed.proposed,
        setup=trade.setup,
        timeframe=trade.timeframe,
        quality=trade.quality,
        session=trade.session,
        weekday=trade.weekday.upper() if trade.weekday else None,
        phase=trade.phase,
        dte=trade.dte,
        exit_reason=trade.exit_reason,
        multiplier=trade.multiplier,
        **_known_at_decision(followed, rules),
    )


def share_of_trade(followed: Followed, rules: Rules) -> tuple[float, float]:
    """Return the divisor and the factor that turn a trade's dollars into dollars at multiplier 1.

    Per contract, times the contracts of that size; where not even one contract would have been allowed, over the
    multiplier. Costs per contract stay.
    """
    trade, filled, premium = followed.trade, followed.filled, followed.premium
    if filled and premium and trade.risk_amount:
        count = contract_count(premium, trade.risk_amount / filled, 1.0, rules, followed.shares)
        if isinstance(count, ContractCount):
            return filled, count.contracts
    return trade.multiplier or 1.0, 1.0


def _known_at_decision(followed: Followed, rules: Rules) -> dict[str, Any]:
    """Return what was known at the decision; empty when its inputs cannot be read."""
    if followed.known is None:
        return {}
    context, market = followed.known
    expert, regime, assumed = context.expert, context.regime, market.assumed
    assert expert is not None
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
