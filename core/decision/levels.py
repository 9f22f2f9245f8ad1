"""Stop and targets on the underlying: the signal's, else by timeframe in multiples of the daily ATR.

Invariants: computed levels are in the order stop, price, T1, T2 in the direction of the trade; a signal's own
levels are not changed, and ``level_test`` refuses them when they cannot be traded.
"""

from __future__ import annotations

from math import isfinite

from core.decision.atr import daily_atr, price_of
from core.model import Context, Direction, Levels, MarketSnapshot, Reason, SignalFacts, Tone
from core.rules import Rules
from core.thresholds import above, at_least, at_most


def levels_for(context: Context, market: MarketSnapshot, rules: Rules) -> Levels | None:
    """Return the levels for a trade on the context's expert; ``None`` without an expert or a price.

    A level that the signal leaves out comes from its timeframe; a single target keeps the timeframe's T2/T1 ratio.
    ``origin`` is signal | signal+timeframe | timeframe, with ", assumed ATR" where the ATR was assumed.
    """
    expert, price = context.expert, price_of(context, market)
    if expert is None or price is None:
        return None
    reference = expert.entry if expert.entry is not None else price
    stop, first, second = expert.stop, expert.target_1, expert.target_2
    if stop is not None and first is not None and second is not None:
        return Levels(stop=stop, target_1=first, target_2=second, origin="signal")
    atr_pct, atr_origin = daily_atr(context, market, rules)
    if atr_pct is None or atr_pct <= 0:
        atr_pct, atr_origin = rules.market.assumed_atr_pct, "assumed"
    unit = price * atr_pct / 100 * expert.direction.sign
    to_stop, to_first, to_second = atr_multiples(context.timeframe, rules)
    ratio = to_second / to_first
    given = [level for level in (stop, first, second) if level is not None]
    anchor = reference if given else price
    if stop is None:
        stop = anchor - to_stop * unit
    if first is None:
        if second is not None:
            first = reference + (second - reference) / ratio
        elif given and expert.rr1 is not None:
            first = reference + expert.rr1 * (reference - stop)
        else:
            first = anchor + to_first * unit
    if second is None:
        second = reference + (first - reference) * ratio if given else anchor + to_second * unit
    origin = "signal+timeframe" if given else "timeframe"
    if atr_origin == "assumed" and not (expert.stop is not None and len(given) > 1):
        origin += ", assumed ATR"
    return Levels(stop=stop, target_1=first, target_2=second, origin=origin)


def atr_multiples(timeframe: int | None, rules: Rules) -> tuple[float, float, float]:
    """Return stop, T1 and T2 in multiples of the daily ATR for a timeframe in minutes (``None``: the default)."""
    minutes = rules.context.default_timeframe if timeframe is None else timeframe
    for longest, stop, first, second in rules.exits.atr_multiples:
        if minutes <= longest:
            return stop, first, second
    return rules.exits.atr_multiples[-1][1:]


def reward_risk(levels: Levels, direction: Direction, reference: float | None) -> float | None:
    """Return reward to T1 over risk to the stop from a reference price; ``None`` if the risk is not positive."""
    if reference is None:
        return None
    risk = (reference - levels.stop) * direction.sign
    return (levels.target_1 - reference) * direction.sign / risk if risk > 0 else None


def _too_far(expert: SignalFacts, price: float, most_pct: float) -> Reason | None:
    """Return BAD_LEVELS when a stated level is further than ``most_pct`` percent from the price, else ``None``.

    A message without a price cannot be checked before: its "50" may be a price or points.
    """
    for name, level in (("stop", expert.stop), ("T1", expert.target_1), ("T2", expert.target_2)):
        if level is not None and above(100 * abs(level - price) / price, most_pct):
            text = f"The {name} {level:g} is more than {most_pct:g} % away from the price {price:g}"
            return Reason("BAD_LEVELS", text, Tone.NEGATIVE)
    return None


def level_test(
    levels: Levels, expert: SignalFacts, price: float, rules: Rules, reference: float | None = None
) -> Reason | None:
    """Return the reason when a signal cannot be executed at this price, else ``None``.

    ``reference`` is the price in the signal's message, used when the signal states no entry. BAD_LEVELS: the
    levels contradict each other. LEVEL_PASSED: the price has passed the stop, T1 or too much of the way to T1.
    """
    sign = expert.direction.sign
    began = expert.entry if expert.entry is not None else reference
    numbers = (levels.stop, levels.target_1, levels.target_2)
    if not all(isfinite(level) and level > 0 for level in numbers):
        return Reason("BAD_LEVELS", "A stop or target is not a price", Tone.NEGATIVE)
    stop, first, second = (level * sign for level in numbers)
    if not stop < first or (began is not None and not stop < began * sign):
        return Reason("BAD_LEVELS", "The stop is not on the losing side", Tone.NEGATIVE)
    if not first < second:
        return Reason("BAD_LEVELS", "T1 does not lie before T2", Tone.NEGATIVE)
    if expert.entry is not None and not stop < expert.entry * sign < first:
        return Reason("BAD_LEVELS", "The entry does not lie between stop and T1", Tone.NEGATIVE)
    if began is None and (far := _too_far(expert, price, rules.intake.level_max_pct)) is not None:
        return far
    here = price * sign
    if at_most(here, stop):
        text = f"The price {price:g} is at or through the stop {levels.stop:g}"
        return Reason("LEVEL_PASSED", text, Tone.NEGATIVE)
    if at_least(here, first):
        text = f"The price {price:g} is at or through T1 {levels.target_1:g}"
        return Reason("LEVEL_PASSED", text, Tone.NEGATIVE)
    if began is not None and stop < began * sign < first:
        gone = (here - began * sign) / (first - began * sign)
        if above(gone, rules.context.level_passed_fraction):
            text = f"{gone:.0%} of the way to T1 {levels.target_1:g} is gone"
            return Reason("LEVEL_PASSED", text, Tone.NEGATIVE)
    return None
