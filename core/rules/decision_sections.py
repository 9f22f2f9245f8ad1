"""Rules of the account, intake, context, gates, confidence and size: defaults, units, bounds, meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.rules.rule_fields import choice, number, rows, switch, table


@dataclass(frozen=True, slots=True)
class AccountRules:
    size: float = number(
        25_000.0, "$", low=1, meaning="Account value that budgets and exposure limits are taken from"
    )
    budget_pct: float = number(
        1.0,
        "% of account",
        low=0,
        high=100,
        meaning="Planned loss of one trade at a size multiplier of 1",
        threshold=True,
    )


@dataclass(frozen=True, slots=True)
class IntakeRules:
    duplicate_hours: float = number(
        24.0,
        "h",
        low=0,
        meaning="A message that repeats a sender's id and content within this time is a duplicate",
    )
    anonymous_duplicate_minutes: float = number(
        5.0,
        "min",
        low=0,
        meaning="A message without an id that repeats another exactly within this time is a duplicate",
    )
    late_floor_minutes: float = number(
        2.0, "min", low=0, meaning="Least lateness allowed to a signal beyond the end of its bar"
    )
    late_timeframe_fraction: float = number(
        0.25,
        "of the timeframe",
        low=0,
        meaning="Lateness allowed to a signal beyond the end of its bar, as part of its timeframe",
    )
    late_cap_minutes: float = number(
        15.0, "min", low=0, meaning="Most lateness allowed to a signal beyond the end of its bar"
    )
    one_per_bar: bool = switch(
        True, meaning="The same source, symbol, timeframe, direction and bar again opens nothing"
    )
    future_minutes: float = number(
        5.0,
        "min",
        low=0,
        meaning="A sender's timestamp may be ahead of the engine's clock by this much",
        threshold=True,
    )
    silence_factor: float = number(
        3.0,
        "× the usual gap",
        low=1,
        meaning="A sender is reported as quiet after this many times its median gap between messages",
    )
    price_jump_pct: float = number(
        5.0,
        "%",
        low=0,
        meaning="A price stated in a message is doubted when it differs from the last known price by more than this",
        threshold=True,
    )
    price_jump_minutes: float = number(
        15.0,
        "min",
        low=0,
        meaning="The limit on price jumps grows with the square root of the last price's age beyond this",
    )
    price_jump_prices: int = number(
        3,
        "prices",
        low=1,
        meaning="A doubted price of a feed is used once the feed has given this many that agree, or another feed one",
    )
    gap_pct: float = number(
        40.0,
        "%",
        low=0,
        meaning="A price after a night that differs from the last one by more than this waits for a person",
        threshold=True,
    )
    split_tolerance_pct: float = number(
        3.0,
        "%",
        low=0,
        high=20,
        meaning="A price after a night that is this near to n times the last one, or to its n-th, looks like a split",
        threshold=True,
    )
    level_max_pct: float = number(
        20.0,
        "% of the price",
        low=0,
        high=100,
        meaning="A stated stop or target further away from the price than this is refused: BAD_LEVELS",
        threshold=True,
    )
    naive_zone: str = choice(
        "UTC",
        "America/New_York",
        "America/Chicago",
        "America/Los_Angeles",
        "Europe/London",
        "Europe/Berlin",
        meaning="Zone of a stated time that has no offset",
    )


@dataclass(frozen=True, slots=True)
class ContextRules:
    validity_minutes: float = number(
        30.0,
        "min",
        low=0,
        meaning="Information about a symbol counts at least this long unless its sender states a decay time",
        threshold=True,
    )
    grace_minutes: float = number(
        5.0,
        "min",
        low=0,
        meaning="Added to the validity of information whose timeframe is longer than validity_minutes",
    )
    default_timeframe: int = number(15, "min", low=1, meaning="Timeframe of a signal that states none")
    signal_live_minutes: float = number(
        15.0,
        "min",
        low=0,
        meaning="A signal may become a trade for its timeframe, and at least for this long",
    )
    redecide_seconds: float = number(
        60.0, "s", low=0, meaning="Least time between two decisions on the same signal"
    )
    level_passed_fraction: float = number(
        0.5,
        "of the way to T1",
        low=0,
        high=1,
        meaning="A signal is dropped once the price has covered more than this part of the way from entry to T1",
        threshold=True,
    )


@dataclass(frozen=True, slots=True)
class RegimeGateRules:
    min_confidence: float = number(
        50.0,
        "score",
        low=0,
        high=100,
        meaning="The gate fails when the regime states a confidence below this",
        threshold=True,
    )
    no_regime_score: float = number(
        50.0,
        "score",
        low=0,
        high=100,
        meaning="Score of the gate, which passes, when no fresh phase is known",
    )
    unstated_pass: float = number(
        50.0,
        "score",
        low=0,
        high=100,
        meaning="Score of the gate, which passes, when the phase allows the trade but states no confidence",
    )
    unstated_opposed: float = number(
        25.0,
        "score",
        low=0,
        high=100,
        meaning="Score of the gate, which fails, when the phase's bias opposes the trade and states no confidence",
    )
    allowed: Mapping[str, tuple[str, ...]] = table(
        {"1": ("LONG",), "2": ("LONG", "SHORT"), "3": ("SHORT",), "4": ("SHORT",)},
        "directions per phase",
        meaning="Directions that may be traded in each market phase",
    )


@dataclass(frozen=True, slots=True)
class StructuralGateRules:
    min_ai_score: float = number(
        6.0,
        "of 10.5",
        low=0,
        high=10.5,
        meaning="The gate fails when the signal's AI score is below this",
        threshold=True,
    )
    illiquid_score: float = number(
        25.0, "score", low=0, high=100, meaning="Score of the gate when liquidity is not sufficient"
    )
    grade_c_score: float = number(
        40.0, "score", low=0, high=100, meaning="Score of the gate at execution grade C"
    )
    grade_a_score: float = number(
        100.0,
        "score",
        low=0,
        high=100,
        meaning="Score that execution grade A contributes when the gate passes",
    )
    grade_other_score: float = number(
        75.0,
        "score",
        low=0,
        high=100,
        meaning="Score that any other execution grade contributes when the gate passes",
    )
    max_ai_score: float = number(
        10.5, "points", low=1, meaning="Highest possible AI score; scores are taken as a percentage of it"
    )
    no_score: str = choice(
        "fail", "pass", meaning="What the structural gate does with a signal that states no AI score"
    )
    quality_by_score: tuple[tuple[float, str], ...] = rows(
        ((9.0, "EXTREME"), (7.0, "HIGH"), (-1e9, "MEDIUM")),
        meaning="Quality of a signal that states none: rows of (AI score at least, quality)",
        threshold=True,
    )


@dataclass(frozen=True, slots=True)
class MarketGateRules:
    max_spread_bps: float = number(
        12.0,
        "bps",
        low=0,
        meaning="The gate fails when the underlying's spread is wider than this",
        threshold=True,
    )
    spread_penalty: float = number(
        10.0,
        "score per bps over",
        low=0,
        meaning="Score lost for each basis point of spread over max_spread_bps",
    )
    spread_floor: float = number(
        50.0, "score", low=0, high=100, meaning="Lowest score of a spread that passes"
    )
    max_atr_pct: float = number(
        2.5,
        "% of price",
        low=0,
        meaning="The gate fails when the daily ATR is higher than this",
        threshold=True,
    )
    atr_penalty: float = number(
        20.0,
        "score per point over",
        low=0,
        meaning="Score lost for each percentage point of daily ATR over max_atr_pct",
    )
    atr_slope: float = number(
        10.0,
        "score per % of price",
        low=0,
        meaning="Score lost for each percent of daily ATR while it passes",
    )
    atr_floor: float = number(
        60.0, "score", low=0, high=100, meaning="Lowest score of a daily ATR that passes"
    )
    min_depth: float = number(
        30.0,
        "score",
        low=0,
        high=100,
        meaning="The gate fails when the depth score is below this",
        threshold=True,
    )
    headwind_override_pct: float = number(
        85.0,
        "% aligned",
        low=0,
        high=100,
        meaning="A gamma headwind is reported as overridden when at least this share of the timeframes agrees",
        threshold=True,
    )
    assumed_spread_bps: float = number(
        5.0, "bps", low=0, meaning="Spread of the underlying used when there is no feed"
    )
    assumed_depth: float = number(
        70.0, "score", low=0, high=100, meaning="Depth score used when there is no feed"
    )
    assumed_atr_pct: float = number(
        1.0,
        "% of price",
        low=0,
        meaning="Daily ATR used when there is no feed, and for stop and targets when no ATR is known",
    )
    feed_timeout_seconds: float = number(
        0.6,
        "s",
        low=0,
        meaning="Longest wait for a feed's answer: for the underlying, and then for its options",
    )
    feed_disagree_pct: float = number(
        1.0,
        "%",
        low=0.01,
        meaning="Two feeds whose fresh prices differ by this much, or more, are both doubted for an entry",
    )
    stale_seconds: float = number(
        15.0,
        "s",
        low=0,
        meaning="A quote of the underlying older than this counts as not known",
        threshold=True,
    )


@dataclass(frozen=True, slots=True)
class ConfidenceRules:
    regime_weight: float = number(
        0.30, "weight", low=0, high=1, meaning="Weight of the regime's confidence in the total"
    )
    expert_weight: float = number(
        0.25, "weight", low=0, high=1, meaning="Weight of the signal's AI score in the total"
    )
    alignment_weight: float = number(
        0.20, "weight", low=0, high=1, meaning="Weight of the timeframe alignment in the total"
    )
    market_weight: float = number(
        0.15, "weight", low=0, high=1, meaning="Weight of the market gate's score in the total"
    )
    structural_weight: float = number(
        0.10, "weight", low=0, high=1, meaning="Weight of the structural gate's score in the total"
    )
    weak_expert_below: float = number(
        6.0,
        "of 10.5",
        low=0,
        high=10.5,
        meaning="An AI score below this is reduced by weak_expert_factor",
        threshold=True,
    )
    weak_expert_factor: float = number(0.7, "×", low=0, high=1, meaning="Factor on a weak AI score")
    strong_alignment_from: float = number(
        75.0,
        "%",
        low=0,
        high=100,
        meaning="An alignment of at least this is raised by strong_alignment_factor",
        threshold=True,
    )
    strong_alignment_factor: float = number(1.1, "×", low=1, meaning="Factor on a strong alignment")
    execute_at: float = number(
        70.0,
        "confidence",
        low=0,
        high=100,
        meaning="EXECUTE from this confidence upwards, when every gate passes",
        threshold=True,
    )
    wait_at: float = number(
        50.0,
        "confidence",
        low=0,
        high=100,
        meaning="WAIT from this confidence up to execute_at, SKIP below it",
        threshold=True,
    )


@dataclass(frozen=True, slots=True)
class SizingRules:
    """Factors of the size multiplier. Rows go from the highest threshold down; the last row applies to the rest."""

    confluence_weights: Mapping[str, float] = table(
        {"240": 0.40, "60": 0.25, "30": 0.15, "15": 0.10, "5": 0.07, "3": 0.03},
        "weight per timeframe",
        meaning="Weight of each timeframe, in minutes, in the confluence",
    )
    confluence_known_min: float = number(
        0.5,
        "known weight",
        low=0,
        high=1,
        meaning="The confluence is unknown while the known timeframes weigh less than this together",
        threshold=True,
    )
    confluence: tuple[tuple[float, float], ...] = rows(
        ((90, 2.5), (80, 2.0), (70, 1.5), (60, 1.0), (50, 0.7), (-1e9, 0.5)),
        meaning="Factor by confluence: rows of (percent at least, factor)",
        threshold=True,
    )
    quality: Mapping[str, float] = table(
        {"EXTREME": 1.3, "HIGH": 1.1, "MEDIUM": 1.0}, "×", meaning="Factor by the signal's quality"
    )
    htf: Mapping[str, float] = table(
        {"PERFECT": 1.3, "GOOD": 1.15, "WEAK": 0.85, "COUNTER": 0.5},
        "×",
        meaning="Factor by 4 h and 1 h timeframes: PERFECT both agree, GOOD one, COUNTER none, WEAK unknown",
    )
    rr: tuple[tuple[float, float], ...] = rows(
        ((5, 1.2), (4, 1.15), (3, 1.1), (2, 1.0), (1.5, 0.85), (-1e9, 0.5)),
        meaning="Factor by reward to risk at T1: rows of (ratio at least, factor)",
        threshold=True,
    )
    volume: tuple[tuple[float, float], ...] = rows(
        ((1.5, 1.1), (0.8, 1.0), (-1e9, 0.7)),
        meaning="Factor by volume relative to its average: rows of (ratio at least, factor)",
        threshold=True,
    )
    trend: tuple[tuple[float, float], ...] = rows(
        ((80, 1.2), (60, 1.0), (-1e9, 0.8)),
        meaning="Factor by trend strength: rows of (strength at least, factor)",
        threshold=True,
    )
    session: Mapping[str, float] = table(
        {"OPEN": 0.9, "MIDDAY": 1.0, "POWER_HOUR": 0.85, "AFTERHOURS": 0.5},
        "×",
        meaning="Factor by part of the trading session",
    )
    day: Mapping[str, float] = table(
        {"MONDAY": 0.95, "TUESDAY": 1.1, "WEDNESDAY": 1.0, "THURSDAY": 0.95, "FRIDAY": 0.85},
        "×",
        meaning="Factor by weekday",
    )
    phase: Mapping[str, float] = table(
        {"1": 0.5, "2": 1.0, "3": 0.5, "4": 0.75}, "×", meaning="Factor by market phase"
    )
    volatility: Mapping[str, float] = table(
        {"LOW": 1.2, "NORMAL": 1.0, "HIGH": 0.7, "EXTREME": 0.4}, "×", meaning="Factor by volatility regime"
    )
    volatility_by_iv: tuple[tuple[float, str], ...] = rows(
        ((90, "EXTREME"), (70, "HIGH"), (20, "NORMAL"), (-1e9, "LOW")),
        meaning="Volatility regime by a measured IV percentile: rows of (percentile at least, regime)",
        threshold=True,
    )
    volatility_by_atr: tuple[tuple[float, str], ...] = rows(
        ((0.9, "EXTREME"), (0.6, "HIGH"), (0.2, "NORMAL"), (-1e9, "LOW")),
        meaning="Volatility regime by a measured daily ATR: rows of (part of market.max_atr_pct at least, regime)",
        threshold=True,
    )
    phase_htf_boost: float = number(
        0.20,
        "+",
        low=0,
        meaning="Added to the size factor when the phase agrees with the trade and states higher-timeframe alignment",
    )
    phase_strong_boost: float = number(
        0.10,
        "+",
        low=0,
        meaning="Added to a second size factor when that phase also has at least phase_strong_confidence",
    )
    phase_strong_confidence: float = number(
        70.0,
        "confidence",
        low=0,
        high=100,
        meaning="Confidence from which a phase earns phase_strong_boost",
        threshold=True,
    )
    trend_boost_aligned: float = number(
        0.30,
        "+",
        low=0,
        meaning="Added to the size factor when at least trend_boost_aligned_pct of the timeframes agree",
    )
    trend_boost_aligned_pct: float = number(
        75.0,
        "%",
        low=0,
        high=100,
        meaning="Share of agreeing timeframes from which trend_boost_aligned is added",
        threshold=True,
    )
    trend_boost_timeframes: int = number(
        8, "timeframes", low=1, meaning="Number of timeframes that counts as all of them"
    )
    trend_boost_4h: float = number(
        0.15, "+", low=0, meaning="Added to the size factor when the 4 h timeframe agrees"
    )
    least: float = number(
        0.5,
        "×",
        low=0,
        meaning="Smallest size multiplier; a trade whose factors multiply to less is skipped",
        threshold=True,
    )
    most: float = number(3.0, "×", low=0, meaning="Largest size multiplier")
    premium_cap: float = number(
        2_500.0,
        "$",
        low=0,
        meaning="Most premium that one trade may cost when its contracts are counted",
        threshold=True,
    )
    contract_cap: int = number(
        20, "contracts", low=1, meaning="Most contracts of one trade when its contracts are counted"
    )
    least_loss_fraction: float = number(
        0.25,
        "of premium",
        low=0,
        high=1,
        meaning="The planned loss of a contract is at least this part of its premium",
    )
    one_contract_tolerance: float = number(
        2.0,
        "× budget",
        low=1,
        meaning="One contract is still bought while its planned loss is within this many budgets",
        threshold=True,
    )
