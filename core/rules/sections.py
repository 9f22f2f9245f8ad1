"""The sections of the rules with their defaults, units and bounds; data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Steps = tuple[tuple[float, float], ...]


def _n(default: Any, unit: str = "", low: float | None = None, high: float | None = None) -> Any:
    return field(default=default, metadata={"unit": unit, "low": low, "high": high})


def _one_of(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others)})


def _m(default: Mapping[Any, Any], unit: str = "") -> Any:
    return field(default_factory=lambda: dict(default), metadata={"unit": unit})


@dataclass(frozen=True, slots=True)
class AccountRules:
    size: float = _n(25_000.0, "$", 1)
    budget_pct: float = _n(1.0, "% of account", 0, 100)


@dataclass(frozen=True, slots=True)
class IntakeRules:
    duplicate_hours: float = _n(24.0, "h", 0)
    anonymous_duplicate_minutes: float = _n(5.0, "min", 0)
    late_floor_minutes: float = _n(2.0, "min", 0)
    late_timeframe_fraction: float = _n(0.25, "of the timeframe", 0)
    late_cap_minutes: float = _n(15.0, "min over the timeframe", 0)
    future_minutes: float = _n(5.0, "min ahead of the clock that a sender's stamp may be", 0)
    silence_factor: float = _n(3.0, "× the usual gap", 1)
    price_jump_pct: float = _n(5.0, "% that a stated price may be from the last known one", 0)
    price_jump_minutes: float = _n(
        15.0, "min to which that applies; longer ones allow more, by their root", 0
    )


@dataclass(frozen=True, slots=True)
class ContextRules:
    validity_minutes: float = _n(30.0, "min", 0)
    grace_minutes: float = _n(5.0, "min", 0)
    default_timeframe: int = _n(15, "min", 1)
    signal_live_minutes: float = _n(15.0, "min", 0)
    redecide_seconds: float = _n(60.0, "s", 0)
    level_passed_fraction: float = _n(0.5, "of the way to T1", 0, 1)


@dataclass(frozen=True, slots=True)
class RegimeGateRules:
    min_confidence: float = _n(50.0, "score", 0, 100)
    no_regime_score: float = _n(50.0, "score", 0, 100)
    unstated_pass: float = _n(50.0, "score", 0, 100)
    unstated_opposed: float = _n(25.0, "score", 0, 100)
    allowed: Mapping[str, tuple[str, ...]] = _m(
        {"1": ("LONG",), "2": ("LONG", "SHORT"), "3": ("SHORT",), "4": ("SHORT",)}, "directions per phase"
    )


@dataclass(frozen=True, slots=True)
class StructuralGateRules:
    min_ai_score: float = _n(6.0, "of 10.5", 0, 10.5)
    illiquid_score: float = _n(25.0, "score", 0, 100)
    grade_c_score: float = _n(40.0, "score", 0, 100)
    grade_a_score: float = _n(100.0, "score", 0, 100)
    grade_other_score: float = _n(75.0, "score", 0, 100)
    max_ai_score: float = _n(10.5, "points", 1)
    quality_by_score: tuple[tuple[float, str], ...] = ((9.0, "EXTREME"), (7.0, "HIGH"), (-1e9, "MEDIUM"))


@dataclass(frozen=True, slots=True)
class MarketGateRules:
    max_spread_bps: float = _n(12.0, "bps", 0)
    spread_penalty: float = _n(10.0, "score per bps over", 0)
    spread_floor: float = _n(50.0, "score", 0, 100)
    max_atr_pct: float = _n(2.5, "% of price", 0)
    atr_penalty: float = _n(20.0, "score per point over", 0)
    atr_slope: float = _n(10.0, "score per % of price", 0)
    atr_floor: float = _n(60.0, "score", 0, 100)
    min_depth: float = _n(30.0, "score", 0, 100)
    headwind_override_pct: float = _n(85.0, "% aligned", 0, 100)
    assumed_spread_bps: float = _n(5.0, "bps", 0)
    assumed_depth: float = _n(70.0, "score", 0, 100)
    assumed_atr_pct: float = _n(1.0, "% of price", 0)
    feed_timeout_seconds: float = _n(0.6, "s", 0)
    stale_seconds: float = _n(15.0, "s", 0)


@dataclass(frozen=True, slots=True)
class ConfidenceRules:
    regime_weight: float = _n(0.30, "weight", 0, 1)
    expert_weight: float = _n(0.25, "weight", 0, 1)
    alignment_weight: float = _n(0.20, "weight", 0, 1)
    market_weight: float = _n(0.15, "weight", 0, 1)
    structural_weight: float = _n(0.10, "weight", 0, 1)
    weak_expert_below: float = _n(6.0, "of 10.5", 0, 10.5)
    weak_expert_factor: float = _n(0.7, "×", 0, 1)
    strong_alignment_from: float = _n(75.0, "%", 0, 100)
    strong_alignment_factor: float = _n(1.1, "×", 1)
    execute_at: float = _n(70.0, "confidence", 0, 100)
    wait_at: float = _n(50.0, "confidence", 0, 100)


@dataclass(frozen=True, slots=True)
class SizingRules:
    """Step tables are (at least, factor) from the top; the last row's threshold is below everything."""

    confluence_weights: Mapping[str, float] = _m(
        {"240": 0.40, "60": 0.25, "30": 0.15, "15": 0.10, "5": 0.07, "3": 0.03}, "weight per timeframe"
    )
    confluence_known_min: float = _n(0.5, "known weight", 0, 1)
    confluence: Steps = ((90, 2.5), (80, 2.0), (70, 1.5), (60, 1.0), (50, 0.7), (-1e9, 0.5))
    quality: Mapping[str, float] = _m({"EXTREME": 1.3, "HIGH": 1.1, "MEDIUM": 1.0}, "×")
    htf: Mapping[str, float] = _m({"PERFECT": 1.3, "GOOD": 1.15, "WEAK": 0.85, "COUNTER": 0.5}, "×")
    rr: Steps = ((5, 1.2), (4, 1.15), (3, 1.1), (2, 1.0), (1.5, 0.85), (-1e9, 0.5))
    volume: Steps = ((1.5, 1.1), (0.8, 1.0), (-1e9, 0.7))
    trend: Steps = ((80, 1.2), (60, 1.0), (-1e9, 0.8))
    session: Mapping[str, float] = _m(
        {"OPEN": 0.9, "MIDDAY": 1.0, "POWER_HOUR": 0.85, "AFTERHOURS": 0.5}, "×"
    )
    day: Mapping[str, float] = _m(
        {"MONDAY": 0.95, "TUESDAY": 1.1, "WEDNESDAY": 1.0, "THURSDAY": 0.95, "FRIDAY": 0.85}, "×"
    )
    phase: Mapping[str, float] = _m({"1": 0.5, "2": 1.0, "3": 0.5, "4": 0.75}, "×")
    volatility: Mapping[str, float] = _m({"LOW": 1.2, "NORMAL": 1.0, "HIGH": 0.7, "EXTREME": 0.4}, "×")
    phase_htf_boost: float = _n(0.20, "+", 0)
    phase_strong_boost: float = _n(0.10, "+", 0)
    phase_strong_confidence: float = _n(70.0, "confidence", 0, 100)
    trend_boost_aligned: float = _n(0.30, "+", 0)
    trend_boost_aligned_pct: float = _n(75.0, "% of timeframes", 0, 100)
    trend_boost_timeframes: int = _n(8, "timeframes", 1)
    trend_boost_4h: float = _n(0.15, "+", 0)
    least: float = _n(0.5, "×", 0)
    most: float = _n(3.0, "×", 0)
    premium_cap: float = _n(2_500.0, "$", 0)
    contract_cap: int = _n(20, "contracts", 1)
    least_loss_fraction: float = _n(0.25, "of premium", 0, 1)
    one_contract_tolerance: float = _n(2.0, "× budget × multiplier", 1)


@dataclass(frozen=True, slots=True)
class ContractRules:
    zero_dte_timeframe: int = _n(5, "min, at most", 0)
    zero_dte_minutes_left: float = _n(30.0, "min", 0)
    monthly_timeframe: int = _n(240, "min, at least", 1)
    monthly_from_days: int = _n(30, "days", 1)
    monthly_to_days: int = _n(45, "days", 1)
    monthly_target_days: int = _n(37, "days", 1)
    moneyness: str = _one_of("atm", "otm")
    otm_offset: float = _n(0.005, "of spot", 0)
    daily_expiries: tuple[str, ...] = ("SPY", "QQQ", "IWM", "SPX", "XSP", "NDX", "RUT")
    mwf_expiries: tuple[str, ...] = (
        "GLD", "SLV", "TLT", "USO", "UNG", "TSLA", "NVDA", "AAPL", "AMZN", "META", "AVGO", "GOOGL", "MSFT", "IBIT",
    )  # fmt: skip
    strike_steps: Mapping[str, float] = _m(
        {"SPY": 1, "QQQ": 1, "IWM": 1, "XSP": 1, "SPX": 5, "RUT": 5, "NDX": 10}, "$"
    )
    strike_steps_by_price: Steps = ((200, 5.0), (100, 2.5), (25, 1.0), (-1e9, 0.5))
    pm_roots: Mapping[str, str] = _m({"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW"}, "root")
    european: tuple[str, ...] = ("SPX", "XSP", "NDX", "RUT")
    spread_proxies: Mapping[str, str] = _m({"SPX": "SPY", "XSP": "SPY", "NDX": "QQQ", "RUT": "IWM"}, "ETF")
    max_spread_pct: float = _n(10.0, "% of mid", 0)
    max_spread_ticks: int = _n(2, "ticks", 0)
    min_open_interest: int = _n(100, "contracts", 0)
    strikes_tried: int = _n(2, "further strikes", 0)


@dataclass(frozen=True, slots=True)
class ClockRules:
    night_minutes: float = _n(100.0, "min of variance", 0)
    weekend_minutes: float = _n(150.0, "min of variance", 0)
    midday_from: str = "12:00"
    power_hour_from: str = "15:00"
    closures: tuple[str, ...] = ()
    early_closes: Mapping[str, str] = _m({}, "date to HH:MM of the exchange")


@dataclass(frozen=True, slots=True)
class VolatilityRules:
    rate: float = _n(0.04, "a year", -0.1, 0.5)
    dividend: Mapping[str, float] = _m({}, "a year, per symbol")
    classes: Mapping[str, str] = _m(
        {
            **dict.fromkeys(("SPY", "QQQ", "IWM", "DIA", "SPX", "XSP", "NDX", "RUT"), "index"),
            **dict.fromkeys(
                ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA", "AVGO"), "mega"
            ),
        },
        "class per symbol",
    )
    base: Mapping[str, float] = _m({"index": 0.16, "mega": 0.32, "other": 0.45}, "vol a year")
    by_symbol: Mapping[str, float] = _m({}, "vol a year")
    term: tuple[tuple[int, float], ...] = ((0, 0.60), (7, 0.95), (45, 1.0), (100_000, 1.05))
    skew: float = _n(0.10, "per standard deviation", 0)
    skew_cap: float = _n(0.40, "at most", 0)
    fallback_delta_atm: float = _n(0.5, "delta", 0, 1)
    fallback_delta_otm: float = _n(0.3, "delta", 0, 1)
    fallback_theta_0dte: float = _n(-0.05, "$ a day")
    fallback_theta: float = _n(-0.02, "$ a day")


@dataclass(frozen=True, slots=True)
class FillRules:
    order_type: str = _one_of("market", "limit")
    spread_model: str = _one_of("dte", "premium")
    spread_by_dte: tuple[tuple[int, float, float], ...] = (
        (0, 3.0, 5.0),
        (7, 2.0, 3.0),
        (45, 1.0, 2.0),
        (100_000, 0.5, 1.0),
    )
    spread_by_premium: Mapping[str, tuple[float, float]] = _m(
        {"etf": (0.015, 0.4), "index": (0.15, 0.31), "mega": (0.07, 0.65), "other": (0.25, 0.5)},
        "(a, b) of a·mid^b",
    )
    opening_minutes: float = _n(15.0, "min", 0)
    opening_factor: float = _n(1.5, "×", 0)
    closing_minutes: float = _n(15.0, "min", 0)
    closing_factor_0dte: float = _n(2.5, "×", 0)
    slippage_pct: float = _n(0.5, "% of mid", 0)
    slippage_size_pct: float = _n(0.5, "% of mid at full size", 0)
    slippage_full_size: int = _n(50, "contracts", 1)
    partial_above: int = _n(50, "contracts", 1)
    partial_pct: float = _n(85.0, "%", 0, 100)
    commission: float = _n(0.65, "$ per contract and side", 0)
    commission_preset: str = _one_of("", "ib", "tastytrade", "alpaca")
    price_stale_seconds: float = _n(90.0, "s", 0)
    quote_stale_seconds: float = _n(60.0, "s", 0)
    spread_classes: Mapping[str, str] = _m(
        {
            **dict.fromkeys(("SPY", "QQQ", "IWM", "DIA", "XSP"), "etf"),
            **dict.fromkeys(("SPX", "NDX", "RUT"), "index"),
            **dict.fromkeys(
                ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA", "AVGO"), "mega"
            ),
        },
        "class per symbol",
    )
    penny_ticks: tuple[str, ...] = ("SPY", "QQQ", "IWM", "XSP")
    penny_program: tuple[str, ...] = (
        "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA", "AVGO", "AMD", "NFLX", "INTC", "MU",
        "PLTR", "COIN", "UBER", "BAC", "JPM", "XOM", "DIS", "DIA", "GLD", "SLV", "TLT", "USO", "UNG", "IBIT",
        "XLF", "XLE", "EEM", "HYG",
    )  # fmt: skip
    tick_steps: Mapping[str, tuple[float, float]] = _m(
        {"always_penny": (0.01, 0.01), "penny": (0.01, 0.05), "other": (0.05, 0.10)},
        "$ (below, from tick_break)",
    )
    tick_break: float = _n(3.0, "$", 0)


@dataclass(frozen=True, slots=True)
class ExitRules:
    """``atr_multiples`` rows are (timeframe at most, stop, T1, T2) in multiples of the daily ATR."""

    atr_multiples: tuple[tuple[int, float, float, float], ...] = (
        (5, 0.25, 0.375, 0.5),
        (239, 0.75, 1.125, 1.5),
        (100_000, 2.0, 3.0, 4.0),
    )
    scale_out_fraction: float = _n(0.5, "of the contracts at T1", 0, 1)
    theta_decay_pct: float = _n(50.0, "% of premium", 0, 100)
    minutes_before_close: float = _n(5.0, "min", 0)
    weekly_sessions: int = _n(3, "sessions after the entry's", 0)
    monthly_sessions: int = _n(7, "sessions after the entry's", 0)
    weekly_max_days: int = _n(14, "days to expiry at most", 0)
    settlement_near_pct: float = _n(0.25, "% of strike", 0)


@dataclass(frozen=True, slots=True)
class RiskRules:
    """What may be opened, and what waits for a person's word until its signal ends.

    ``delta_accounts`` and ``gamma_accounts`` are multiples of the account. The specification's 1 and .25 would
    refuse every single at-the-money contract on SPY (100 × .5 × 662 $ = 33,100 $ of delta); at 10 a 1 % move
    against the whole book costs at most a tenth of the account, as much as one trade's premium may, and the
    largest trade that size and premium allow still fits. ``correlated`` are groups *assumed* to move as one
    (|ρ| > .8): their premium counts as one symbol's. ``opposite`` is refuse or close_first. What begins with
    ``alert`` tells, and never acts.
    """

    contracts_per_trade: int = _n(20, "contracts", 1)
    premium_per_trade: float = _n(2_500.0, "$", 0)
    open_positions: int = _n(5, "positions", 0)
    per_symbol: int = _n(2, "positions", 0)
    symbol_premium: float = _n(2_500.0, "$, also of a group that moves as one", 0)
    delta_accounts: float = _n(10.0, "× account: net delta in $ of the underlyings", 0)
    gamma_accounts: float = _n(10.0, "× account: change of that delta per 1 % move", 0)
    vega_pct: float = _n(1.0, "% of account per volatility point", 0)
    theta_pct: float = _n(2.0, "% of account a day", 0)
    correlated: tuple[tuple[str, ...], ...] = (
        ("SPY", "SPX", "XSP", "VOO", "IVV", "DIA", "QQQ", "NDX", "IWM", "RUT"),
        ("GOOGL", "GOOG"),
        ("GLD", "IAU"),
    )
    approval_above_contracts: int = _n(10, "contracts", 0)
    approval_above_premium: float = _n(1_500.0, "$", 0)
    daily_loss: float = _n(1_000.0, "$", 0)
    losses_in_a_row: int = _n(3, "losses", 1)
    cool_down_minutes: float = _n(60.0, "min", 0)
    opposite: str = _one_of("refuse", "close_first")
    alert_trades: int = _n(20, "entries in 24 h", 1)
    alert_drawdown: float = _n(2_500.0, "$", 0)
    alert_drawdown_days: float = _n(7.0, "days", 0)
    alert_losses: int = _n(5, "losses in a row", 1)
    alert_size_z: float = _n(2.0, "standard deviations of the planned loss", 0)
    alert_size_least: int = _n(20, "entries before", 2)


@dataclass(frozen=True, slots=True)
class LearningRules:
    """When learning speaks up, and how far a suggestion may go; none of it changes a decision."""

    min_bucket: int = _n(30, "observations in a bucket and outside it", 2)
    min_r: float = _n(0.10, "R between the means", 0)
    min_winrate_points: float = _n(5.0, "points of win rate", 0, 100)
    fdr: float = _n(0.05, "false-discovery rate", 0, 1)
    max_move_pct: float = _n(15.0, "% of the rule's value", 0, 15)
    move_steps: int = _n(3, "equal steps up to the largest move", 1)
    drift_recent_days: int = _n(30, "days", 1)
    drift_base_days: int = _n(90, "days", 2)
    confidence_bin: float = _n(10.0, "points of confidence per bin", 1, 100)
    kelly_fraction: float = _n(0.25, "of the Kelly budget", 0, 1)
