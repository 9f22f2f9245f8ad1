"""Rules of contracts, the clock, volatility, fills and exits: defaults, units, bounds, meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.rules.penny_program import CLASSES
from core.rules.rule_fields import choice, number, rows, switch, table


@dataclass(frozen=True, slots=True)
class ContractRules:
    zero_dte_timeframe: int = number(
        5, "min", low=0, meaning="Signals of at most this timeframe trade options that expire the same day"
    )
    zero_dte_minutes_left: float = number(
        30.0, "min", low=0, meaning="Same-day expiry needs at least this long to the close"
    )
    monthly_timeframe: int = number(
        240, "min", low=1, meaning="Signals of at least this timeframe trade monthly expiries"
    )
    monthly_from_days: int = number(30, "days", low=1, meaning="Fewest days to a monthly expiry")
    monthly_to_days: int = number(45, "days", low=1, meaning="Most days to a monthly expiry")
    monthly_target_days: int = number(
        37, "days", low=1, meaning="Days to expiry that a monthly expiry should be nearest to"
    )
    moneyness: str = choice(
        "atm", "otm", meaning="Strike to trade: nearest to the money, or out of the money by otm_offset"
    )
    otm_offset: float = number(
        0.005,
        "of spot",
        low=0,
        meaning="Distance of the target strike from the spot price when moneyness is otm",
        threshold=True,
    )
    strike_max_pct: float = number(
        5.0,
        "%",
        low=0,
        meaning="No strike further than this from the money, or from the target of otm_offset, is bought",
        threshold=True,
    )
    daily_expiries: tuple[str, ...] = rows(
        ("SPY", "QQQ", "IWM", "SPX", "XSP", "NDX", "RUT"), meaning="Symbols with an expiry on every session"
    )
    mwf_expiries: tuple[str, ...] = rows(
        (
        "GLD", "SLV", "TLT", "USO", "UNG", "TSLA", "NVDA", "AAPL", "AMZN", "META", "AVGO", "GOOGL", "MSFT", "IBIT",
    ),
        meaning="Symbols with expiries on Monday, Wednesday and Friday",
    )  # fmt: skip
    strike_steps: Mapping[str, float] = table(
        {"SPY": 1, "QQQ": 1, "IWM": 1, "XSP": 1, "SPX": 5, "RUT": 5, "NDX": 10},
        "$",
        meaning="Distance between strikes by symbol, where no option chain is known",
    )
    strike_steps_by_price: tuple[tuple[float, float], ...] = rows(
        ((200, 5.0), (100, 2.5), (25, 1.0), (-1e9, 0.5)),
        meaning="Distance between strikes of other symbols: rows of (spot price at least, dollars)",
        threshold=True,
    )
    pm_roots: Mapping[str, str] = table(
        {"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW"},
        "root",
        meaning="Root of the PM-settled options of an index",
    )
    european: tuple[str, ...] = rows(
        ("SPX", "XSP", "NDX", "RUT"), meaning="Symbols whose options are European-style"
    )
    spread_proxies: Mapping[str, str] = table(
        {"SPX": "SPY", "XSP": "SPY", "NDX": "QQQ", "RUT": "IWM"},
        "ETF",
        meaning="ETF whose spread and depth stand for those of a cash index",
    )
    max_spread_pct: float = number(
        10.0,
        "% of mid",
        low=0,
        meaning="A listed contract is refused when its spread exceeds both this and max_spread_ticks",
        threshold=True,
    )
    max_spread_ticks: int = number(
        2,
        "ticks",
        low=0,
        meaning="A listed contract is refused when its spread exceeds both this and max_spread_pct",
    )
    min_open_interest: int = number(
        100, "contracts", low=0, meaning="A listed contract with less reported open interest is refused"
    )
    chain_stale_minutes: float = number(
        60.0,
        "min",
        low=0,
        meaning="A chain whose lists of expiries and strikes are older than this is not used",
        threshold=True,
    )
    strikes_tried: int = number(
        2, "strikes", low=0, meaning="Further strikes away from the money to try when the first is not liquid"
    )


@dataclass(frozen=True, slots=True)
class ClockRules:
    night_minutes: float = number(
        100.0,
        "min of variance",
        low=0,
        meaning="Variance of a night between two sessions, in minutes of trading",
    )
    weekend_minutes: float = number(
        150.0, "min of variance", low=0, meaning="Variance of a weekend or holiday gap, in minutes of trading"
    )
    midday_from: str = rows("12:00", meaning="Exchange time at which the session is called MIDDAY")
    power_hour_from: str = rows("15:00", meaning="Exchange time at which the session is called POWER_HOUR")
    closures: tuple[str, ...] = rows((), meaning="Unscheduled days without a session, as ISO dates")
    early_closes: Mapping[str, str] = table({}, meaning="Unscheduled early closes: ISO date to exchange time")


@dataclass(frozen=True, slots=True)
class VolatilityRules:
    rate: float = number(0.04, "a year", low=-0.1, high=0.5, meaning="Risk-free interest rate for pricing")
    dividend: Mapping[str, float] = table(
        {}, "a year", meaning="Dividend yield for pricing, by symbol, in place of the assumed table"
    )
    classes: Mapping[str, str] = table(
        {
            **dict.fromkeys(("SPY", "QQQ", "IWM", "DIA", "SPX", "XSP", "NDX", "RUT"), "index"),
            **dict.fromkeys(
                ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA", "AVGO"), "mega"
            ),
        },
        "class per symbol",
        meaning="Volatility class of a symbol; a symbol that is not listed is other",
    )
    vix: float = number(
        16.0,
        "points",
        low=5,
        high=200,
        meaning="VIX assumed while none was received, as by a bar of VIX: the level of the index class",
    )
    follow_vix: bool = switch(
        False, meaning="Ask the feeds for the VIX too while an option of the index class is followed"
    )
    base: Mapping[str, float] = table(
        {"mega": 0.32, "other": 0.45},
        "vol a year",
        meaning="Volatility for 30 days over all strikes, as the VIX is, of each class but index, whose is the VIX",
    )
    by_symbol: Mapping[str, float] = table(
        {}, "vol a year", meaning="Volatility for 30 days of a symbol, in place of its class's"
    )
    term_structure: tuple[tuple[float, float], ...] = rows(
        (
            # SPX 0DTE at the money over the VIX in calendar time, medians of 566 sessions 2023-2026: 1.30, 1.18,
            # 1.12, 1.16 and 1.23 at these minutes to the close; times .489, the root of both clocks' minutes a year.
            (30.0, 0.635),
            (60.0, 0.577),
            (240.0, 0.547),
            (300.0, 0.565),
            (360.0, 0.601),
            # A week, 30 days, a quarter: .95, 1 and 1.05 of a volatility over all strikes, as the VIX is. At the
            # money it is .953 of that: one over the root of the mean square of the smile under a normal density.
            (2_500.0, 0.905),
            (10_500.0, 0.953),
            (31_500.0, 1.0),
        ),
        meaning="Factor on the level by minutes left on the trading clock, interpolated: rows of (minutes, factor)",
    )
    smile: tuple[tuple[float, float], ...] = rows(
        # SPX 0DTE at 13:00, volatility of the strike over that at the money, medians of 566 sessions 2023-2026.
        ((-2.5, 1.46), (-1.625, 1.24), (-0.875, 1.10), (0.0, 1.0), (0.875, 0.96), (1.625, 1.0)),
        meaning="Factor by standard deviations from the forward, interpolated: rows of (deviations, factor)",
    )
    parity_max_pct: float = number(
        1.0,
        "% of spot",
        low=0,
        high=20,
        meaning="Call and put of a strike give the forward when it is this near to the spot price; 0: never",
        threshold=True,
    )
    parity_seconds: float = number(
        15.0,
        "s",
        low=0,
        meaning="Call and put of a strike are compared when quoted within this time of each other and of the price",
        threshold=True,
    )
    fallback_delta_atm: float = number(
        0.5, "delta", low=0, high=1, meaning="Delta of an at-the-money contract when the model gives none"
    )
    fallback_delta_otm: float = number(
        0.3, "delta", low=0, high=1, meaning="Delta of an out-of-the-money contract when the model gives none"
    )
    fallback_theta_0dte: float = number(
        -0.05, "$ a day", meaning="Theta on the expiry day when the model gives none"
    )
    fallback_theta: float = number(
        -0.02, "$ a day", meaning="Theta before the expiry day when the model gives none"
    )


@dataclass(frozen=True, slots=True)
class FillRules:
    order_type: str = choice(
        "market",
        "limit",
        "walk",
        meaning="Order of entries and of exits that can wait: market, limit at the quoted side, or a walk to it",
    )
    walk_steps: int = number(
        4, "steps", low=1, meaning="Steps of a walking limit from the mid to the far side"
    )
    walk_seconds: float = number(
        5.0, "s", low=0.1, meaning="Time a walking limit stands at each step, the last one included"
    )
    walk_end: str = choice(
        "cancel",
        "take",
        meaning="What an entry's limit that nobody met does at its end: cancelled, or bought at market",
    )
    spread_model: str = choice(
        "premium",
        "dte",
        meaning="Model of the option spread without a quote: by premium, or by days to expiry",
    )
    spread_by_dte: tuple[tuple[int, float, float], ...] = rows(
        (
            (0, 3.0, 5.0),
            (7, 2.0, 3.0),
            (45, 1.0, 2.0),
            (100_000, 0.5, 1.0),
        ),
        meaning="Spread in the dte model: rows of (days at most, lowest and highest percent of mid)",
    )
    spread_by_premium: Mapping[str, tuple[float, float]] = table(
        {"etf": (0.015, 0.4), "index": (0.15, 0.31), "mega": (0.07, 0.65), "other": (0.25, 0.5)},
        meaning="Spread in dollars in the premium model: (a, b) of a·v^b by class, v the time value",
    )
    spread_in_the_money: tuple[tuple[float, float], ...] = rows(
        ((0, 0.0), (1, 1.0), (2, 1.2), (4.5, 2.5), (9, 3.2), (20, 2.0)),
        "(% of the underlying's price, % of the intrinsic value)",
        meaning="Spread that intrinsic value adds in the premium model: rows by depth, linear between them",
    )
    opening_minutes: float = number(
        15.0, "min", low=0, meaning="Time after the open during which opening_factor applies", threshold=True
    )
    opening_factor: float = number(
        1.5, "×", low=0, meaning="Factor on the premium model's spread after the open"
    )
    closing_minutes: float = number(
        15.0,
        "min",
        low=0,
        meaning="Time before the close during which closing_factor_0dte applies",
        threshold=True,
    )
    closing_factor_0dte: float = number(
        2.5, "×", low=0, meaning="Factor on the premium model's spread before the close on the expiry day"
    )
    slippage_pct: float = number(0.5, "% of mid", low=0, meaning="Slippage of a market order of one contract")
    slippage_size_pct: float = number(
        0.5,
        "% of mid",
        low=0,
        meaning="Further slippage of a market order, growing to this at slippage_full_size",
    )
    slippage_full_size: int = number(
        50, "contracts", low=1, meaning="Contracts at which slippage_size_pct is reached"
    )
    expected_share: float = number(
        0.58,
        "of the half-spread",
        low=0,
        high=1,
        meaning="Part of the half-spread that a fill is expected to cost; the band beside results is drawn with it",
    )
    partial_above: int = number(
        50, "contracts", low=1, meaning="Orders of more contracts than this fill in part"
    )
    partial_pct: float = number(
        85.0,
        "% of the contracts",
        low=0,
        high=100,
        meaning="Share of the contracts that such an order fills",
        threshold=True,
    )
    commission: float = number(
        0.65, "$ per contract and side", low=0, meaning="Commission when commission_preset is empty"
    )
    commission_preset: str = choice(
        "", "ib", "tastytrade", "alpaca", meaning="Broker whose price list is used in place of commission"
    )
    price_stale_seconds: float = number(
        90.0,
        "s",
        low=0,
        meaning="A price of the underlying older than this is too old to value or trade on",
        threshold=True,
    )
    quote_stale_seconds: float = number(
        60.0,
        "s",
        low=0,
        meaning="An option quote older than this is too old to value or trade on",
        threshold=True,
    )
    spread_classes: Mapping[str, str] = table(
        {
            **dict.fromkeys(("SPY", "QQQ", "IWM", "DIA", "XSP"), "etf"),
            **dict.fromkeys(("SPX", "NDX", "RUT"), "index"),
            **dict.fromkeys(
                ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA", "AVGO"), "mega"
            ),
        },
        "class per symbol",
        meaning="Class of a symbol in spread_by_premium; a symbol that is not listed is other",
    )
    penny_ticks: tuple[str, ...] = rows(
        ("SPY", "QQQ", "IWM", "XSP"), meaning="Symbols whose options trade in ticks of one cent at any price"
    )
    penny_program: tuple[str, ...] = rows(
        CLASSES, meaning="Symbols in the penny interval program, by a table of January 2025"
    )
    tick_steps: Mapping[str, tuple[float, float]] = table(
        {"always_penny": (0.01, 0.01), "penny": (0.01, 0.05), "other": (0.05, 0.10)},
        "$ (below, from tick_break)",
        meaning="Tick below tick_break and from it upwards, by class",
    )
    tick_break: float = number(
        3.0, "$", low=0, meaning="Option price from which the larger tick applies", threshold=True
    )


@dataclass(frozen=True, slots=True)
class ExitRules:
    atr_multiples: tuple[tuple[int, float, float, float], ...] = rows(
        (
            (5, 0.25, 0.375, 0.5),
            (239, 0.75, 1.125, 1.5),
            (100_000, 2.0, 3.0, 4.0),
        ),
        meaning="Stop, T1 and T2 in multiples of the daily ATR: rows of (timeframe at most, stop, T1, T2)",
    )
    on_signal: str = choice(
        "obey", "tell", meaning="Exits, reductions and stops that senders ask for: obeyed, or only reported"
    )
    scale_out_fraction: float = number(
        0.5, "of the contracts", low=0, high=1, meaning="Part of the contracts sold at T1", threshold=True
    )
    theta_decay_pct: float = number(
        50.0,
        "% of premium",
        low=0,
        high=100,
        meaning="THETA_DECAY sells when the lost time value reaches this",
        threshold=True,
    )
    minutes_before_close: float = number(
        5.0, "min", low=0, meaning="TIME sells this long before the close of the last session allowed"
    )
    weekly_sessions: int = number(
        3,
        "sessions",
        low=0,
        meaning="Sessions an option of at most weekly_max_days is held after the entry's session",
    )
    monthly_sessions: int = number(
        7,
        "sessions",
        low=0,
        meaning="Sessions an option of more than weekly_max_days is held after the entry's session",
    )
    weekly_max_days: int = number(
        14, "days", low=0, meaning="Days to expiry at the entry up to which weekly_sessions applies"
    )
    settlement_wait_minutes: float = number(
        60.0,
        "min",
        low=0,
        meaning="An official close that no feed has given in this time is not waited for any longer",
    )
    settlement_near_pct: float = number(
        0.25,
        "% of strike",
        low=0,
        meaning="An expiry is marked when the official close is this near to the strike",
        threshold=True,
    )
