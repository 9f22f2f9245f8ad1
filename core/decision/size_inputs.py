"""Size inputs: taken from a context, its market and the levels in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.decision.atr import daily_atr, known
from core.decision.confluence import confluence, known_directions
from core.decision.levels import reward_risk
from core.decision.phases import agrees, aligned_pct
from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    Levels,
    MarketSnapshot,
    Quality,
    RegimeFacts,
    SizeInputs,
)
from core.rules import Rules
from core.thresholds import at_least

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_FOUR_HOURS, _ONE_HOUR = "240", "60"
_EXCHANGE_BEHIND_UTC = timedelta(hours=5)


def inputs_from(
    context: Context,
    market: MarketSnapshot,
    rules: Rules,
    levels: Levels | None = None,
    day: str | None = None,
) -> SizeInputs:
    """Return the size inputs of the context's expert. Raises ValueError when the context has none.

    ``rr1`` is the signal's, else that of the ``levels`` in use; ``day`` is the exchange's weekday, by default
    that of the context's instant.
    """
    expert = context.expert
    if expert is None:
        raise ValueError("no size without a signal")
    direction = expert.direction
    directions = known_directions(context)
    confidence_boost, position_boost = phase_boosts(context.regime, direction, rules)
    rr1 = expert.rr1
    if rr1 is None and levels is not None:
        reference = expert.entry if expert.entry is not None else context.price
        rr1 = reward_risk(levels, direction, reference)
    return SizeInputs(
        direction=direction,
        confluence=confluence(direction, directions, rules),
        quality=expert.quality or quality_of(expert.ai_score, rules),
        htf_alignment=htf_alignment(
            direction,
            expert.bias_4h or directions.get(_FOUR_HOURS),
            expert.bias_1h or directions.get(_ONE_HOUR),
        ),
        rr1=rr1,
        volume_ratio=expert.volume_ratio if expert.volume_ratio is not None else market.volume_ratio,
        trend_strength=expert.trend_strength,
        session=context.session,
        day=day or weekday(context.as_of),
        phase_confidence_boost=confidence_boost,
        phase_position_boost=position_boost,
        trend_boost=trend_boost(context.alignment, direction, rules),
        phase=context.regime.phase if context.regime else None,
        volatility=volatility_regime(context, market, rules),
    )


def volatility_regime(context: Context, market: MarketSnapshot, rules: Rules) -> str | None:
    """Return the volatility regime: the one of smaller size of those measured, else what the phase's sender says.

    Measured are an IV percentile and a daily ATR of a feed; assumed values and the signal's own are not.
    """
    table, found = rules.sizing, []
    if known(market.iv_percentile) and "iv_percentile" not in market.assumed:
        found.append(_regime_of(market.iv_percentile or 0.0, table.volatility_by_iv))
    atr, most = daily_atr(context, market, rules), rules.market.max_atr_pct
    if atr.origin == "market" and atr.pct is not None and most > 0:
        found.append(_regime_of(atr.pct / most, table.volatility_by_atr))
    if found:
        return min(found, key=lambda name: table.volatility.get(name, 1.0))
    return context.regime.volatility if context.regime else None


def _regime_of(value: float, rows: Sequence[tuple[float, str]]) -> str:
    return next((name for least, name in rows if at_least(value, least)), rows[-1][1])


def quality_of(ai_score: float | None, rules: Rules) -> Quality:
    """Return the quality of an AI score; MEDIUM without one."""
    for least, name in rules.structural.quality_by_score:
        if ai_score is not None and at_least(ai_score, least):
            return Quality(name)
    return Quality.MEDIUM


def htf_alignment(
    direction: Direction, four_hours: Direction | Bias | None, one_hour: Direction | Bias | None
) -> str:
    """Return the higher timeframes' agreement: PERFECT both, GOOD one, COUNTER none, WEAK both unknown."""
    side: str = direction.value
    agreeing = (four_hours == side) + (one_hour == side)
    if agreeing:
        return "PERFECT" if agreeing == 2 else "GOOD"
    return "WEAK" if four_hours is None and one_hour is None else "COUNTER"


def phase_boosts(regime: RegimeFacts | None, direction: Direction, rules: Rules) -> tuple[float, float]:
    """Return confidence and position boost of a phase; 0 unless it agrees and states htf alignment."""
    if regime is None or not regime.htf_alignment or not agrees(regime, direction, rules):
        return 0.0, 0.0
    least = rules.sizing.phase_strong_confidence
    strong = regime.confidence is not None and at_least(regime.confidence, least)
    return rules.sizing.phase_htf_boost, rules.sizing.phase_strong_boost if strong else 0.0


def trend_boost(alignment: AlignmentFacts | None, direction: Direction, rules: Rules) -> float:
    """Return the boost for timeframes that agree with the direction, plus that of the 4 h timeframe.

    The share is of ``trend_boost_timeframes``, so a timeframe that was not sent does not agree. Where only
    percentages were sent, they are used.
    """
    if alignment is None:
        return 0.0
    table, side = rules.sizing, Bias(direction.value)
    states: Mapping[str, Bias] = alignment.states
    if states:
        agreeing = list(states.values()).count(side)
        share: float | None = 100 * agreeing / table.trend_boost_timeframes
    else:
        share = aligned_pct(alignment, direction)
    boost = table.trend_boost_aligned if at_least(share or 0.0, table.trend_boost_aligned_pct) else 0.0
    if states.get(_FOUR_HOURS) == side:
        boost += table.trend_boost_4h
    return boost


def weekday(instant: datetime) -> str:
    """Return the exchange's weekday of an instant, in standard time all year: no session is near midnight."""
    return DAYS[(instant - _EXCHANGE_BEHIND_UTC).weekday()]
