"""Rules of risk and learning: defaults, units, bounds, meanings."""

from __future__ import annotations

from dataclasses import dataclass

from core.rules.rule_fields import choice, number, rows, switch


@dataclass(frozen=True, slots=True)
class RiskRules:
    """Limits on entries, the approvals they need, and alerts. An alert informs; it never refuses or closes.

    ``delta_accounts`` and ``gamma_accounts`` are 10 and not 1 or .25, which would refuse every single
    at-the-money contract on SPY (100 × .5 × $662 = $33,100 of delta). At 10, a 1 % move against all positions
    costs at most a tenth of the account, as much as the premium of one trade may, and the largest trade that
    size and premium allow still fits. The premium of symbols that move as one counts as one symbol's: by
    the correlation of their daily closes where these are known, else by ``correlated``, groups *assumed* to.
    """

    contracts_per_trade: int = number(20, "contracts", low=1, meaning="Most contracts of one entry")
    premium_per_trade: float = number(
        2_500.0, "$", low=0, meaning="Most premium of one entry", threshold=True
    )
    open_positions: int = number(5, "positions", low=0, meaning="Most positions open at once")
    per_symbol: int = number(2, "positions", low=0, meaning="Most positions open in one symbol")
    symbol_premium: float = number(
        2_500.0,
        "$",
        low=0,
        meaning="Most premium at stake in one symbol, or in a group of correlated symbols",
        threshold=True,
    )
    delta_accounts: float = number(
        10.0, "× account", low=0, meaning="Largest net delta, in dollars of the underlyings", threshold=True
    )
    gamma_accounts: float = number(
        10.0,
        "× account",
        low=0,
        meaning="Largest change of the net delta per 1 % move of the underlyings",
        threshold=True,
    )
    vega_pct: float = number(
        1.0, "% of account per volatility point", low=0, meaning="Largest net vega", threshold=True
    )
    theta_pct: float = number(2.0, "% of account a day", low=0, meaning="Largest net theta", threshold=True)
    correlated: tuple[tuple[str, ...], ...] = rows(
        (
            ("SPY", "SPX", "XSP", "VOO", "IVV", "DIA", "QQQ", "NDX", "IWM", "RUT"),
            ("GOOGL", "GOOG"),
            ("GLD", "IAU"),
        ),
        meaning="Groups of symbols assumed to move as one, where their closes are not known",
    )
    correlation_sessions: int = number(
        60,
        "sessions",
        low=20,
        meaning="Daily closes of both symbols from which their correlation is measured",
    )
    correlation_above: float = number(
        0.8,
        "correlation",
        low=0,
        meaning="Symbols move as one where the measured correlation, either way, is above this",
        threshold=True,
    )
    approval_above_contracts: int = number(
        10, "contracts", low=0, meaning="An entry of more contracts waits for approval"
    )
    approval_above_premium: float = number(
        1_500.0, "$", low=0, meaning="An entry of more premium waits for approval", threshold=True
    )
    daily_loss: float = number(
        1_000.0,
        "$",
        low=0,
        meaning="Loss of the day, realised and open, at which the mode changes to REDUCING (no entries)",
        threshold=True,
    )
    daily_loss_resets: bool = switch(
        True, meaning="The mode that daily_loss set goes back to ACTIVE at the next session's start"
    )
    losses_in_a_row: int = number(
        3, "losses", low=1, meaning="Losing trades in a row that start the cool-down"
    )
    cool_down_minutes: float = number(
        60.0, "min", low=0, meaning="Time without entries after losses_in_a_row"
    )
    opposite: str = choice(
        "refuse",
        "close_first",
        meaning="Entry against an open position of the symbol: refuse it, or close the position first",
    )
    alert_trades: int = number(
        20, "entries", low=1, meaning="Alert when more entries than this were made in 24 hours"
    )
    alert_drawdown: float = number(
        2_500.0,
        "$",
        low=0,
        meaning="Alert when the drawdown within alert_drawdown_days exceeds this",
        threshold=True,
    )
    alert_drawdown_days: float = number(7.0, "days", low=0, meaning="Time that alert_drawdown looks back")
    alert_losses: int = number(5, "losses", low=1, meaning="Alert from this many losing trades in a row")
    alert_size_z: float = number(
        2.0,
        "standard deviations",
        low=0,
        meaning="Alert when the planned loss of an entry is this far from the mean of the earlier ones",
        threshold=True,
    )
    alert_size_least: int = number(
        20, "entries", low=2, meaning="Earlier entries needed before alert_size_z applies"
    )


@dataclass(frozen=True, slots=True)
class LearningRules:
    """Evidence that suggestions need and how far they may go. No rule here changes a decision."""

    min_bucket: int = number(
        30,
        "observations",
        low=2,
        meaning="Observations needed in a bucket, and outside it, before it is tested",
    )
    min_r: float = number(
        0.10,
        "R",
        low=0,
        meaning="Smallest difference between mean results in R that is reported",
        threshold=True,
    )
    min_winrate_points: float = number(
        5.0,
        "points of win rate",
        low=0,
        high=100,
        meaning="Smallest difference between win rates that is reported",
        threshold=True,
    )
    fdr: float = number(
        0.08,
        "rate",
        low=0,
        high=1,
        meaning="Chance that any advice within the horizon is false, however often one looks",
    )
    horizon_sessions: int = number(
        200, "sessions", low=20, meaning="Sessions over which the chance of false advice is spent"
    )
    first_look_session: int = number(
        40, "sessions", low=2, meaning="Sessions with signals before anything is suggested"
    )
    block_sessions: int = number(
        5, "sessions", low=1, meaning="Sessions in a block that is taken for one piece of evidence"
    )
    later_half_p: float = number(
        0.1,
        "p",
        low=0,
        high=1,
        meaning="Largest one-sided p of an effect in the later half alone",
        threshold=True,
    )
    fading_p: float = number(
        0.03,
        "p",
        low=0,
        high=1,
        meaning="Smallest one-sided p that an effect is weaker in the later half than in the first",
        threshold=True,
    )
    max_move_pct: float = number(
        15.0, "% of the rule's value", low=0, high=15, meaning="Most that one suggestion changes a rule"
    )
    move_steps: int = number(
        3, "steps", low=1, meaning="Equal steps up to max_move_pct in which suggestions are made"
    )
    drift_recent_days: int = number(
        30, "days", low=1, meaning="Days of signals compared with the base period"
    )
    drift_base_days: int = number(90, "days", low=2, meaning="Days of signals in the base period")
    confidence_bin: float = number(
        10.0,
        "points of confidence",
        low=1,
        high=100,
        meaning="Width of a bin of the calibration",
        threshold=True,
    )
    kelly_sessions: int = number(
        20, "sessions", low=2, meaning="Fewest sessions with signals before a budget is advised"
    )
    kelly_fraction: float = number(
        0.25, "of the Kelly budget", low=0, high=1, meaning="Part of the Kelly budget that is advised"
    )
