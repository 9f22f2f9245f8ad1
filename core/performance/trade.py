"""A closed trade as the metrics use it, and its reading from a ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from core.exchange.calendar import Calendar, CalendarError
from core.execution_band import ExecutionBand
from core.model import BY_HAND
from core.positions.position import SettlementBasis

_DAY_HOUR = time(20, tzinfo=UTC)
"""A time of day at which UTC and the exchange have the same date, for exits known by their day only."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


ESTIMATES = frozenset(basis.value for basis in SettlementBasis if basis.is_estimate)


class NotClosed(ValueError):
    """An entry is not a closed trade: nothing was executed, or contracts are still held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One entry with all its exits; names as in the ledger, money in $ for all contracts.

    ``exit_time`` is that of the last exit fill. ``None`` is unknown and leaves the trade out of the metrics
    that need the value. ``r_multiple`` is net over the planned loss. ``mfe``/``mae`` are the best and worst
    gross P&L at any mark. ``pnl_best``, ``pnl_expected`` and ``pnl_worst`` are the net P&L by execution.
    ``stale_fill``: an exit was filled without a fresh price although there was a feed;
    ``without_feed``: it was, and there was none; ``settled_estimate``: settled without an official close.
    ``by_hand``: a person took it against the verdict of the rules.
    """

    pnl_net: float
    exit_time: datetime | None = None
    id: str = ""
    symbol: str | None = None
    direction: str | None = None
    pnl_gross: float | None = None
    risk_amount: float | None = None
    r_multiple: float | None = None
    hold_time_seconds: float | None = None
    exit_reason: str | None = None
    pnl_from_delta: float | None = None
    pnl_from_gamma: float | None = None
    pnl_from_iv: float | None = None
    pnl_from_theta: float | None = None
    pnl_unexplained: float | None = None
    mfe: float | None = None
    mae: float | None = None
    pnl_best: float | None = None
    pnl_expected: float | None = None
    pnl_worst: float | None = None
    stale_fill: bool = False
    without_feed: bool = False
    settled_estimate: bool = False
    setup: str | None = None
    multiplier: float | None = None
    timeframe: int | None = None
    quality: str | None = None
    confidence: float | None = None
    dte: int | None = None
    session: str | None = None
    weekday: str | None = None
    phase: int | None = None
    by_hand: bool = False

    @property
    def band(self) -> ExecutionBand | None:
        """Net P&L by execution, ``None`` when a fill has none stored."""
        best, expected, worst = self.pnl_best, self.pnl_expected, self.pnl_worst
        if best is None or expected is None or worst is None:
            return None
        return ExecutionBand(best=best, expected=expected, worst=worst)

    @property
    def r(self) -> float | None:
        """Net P&L in units of the planned loss (R), ``None`` when no loss was planned."""
        if self.r_multiple is not None:
            return self.r_multiple
        return (
            self.pnl_net / self.risk_amount if self.risk_amount is not None and self.risk_amount > 0 else None
        )


def trade_from_entry(entry: Mapping[str, Any], *, figures_only: bool = False) -> Trade:
    """Return the trade of a ledger entry.

    ``entry`` holds ``signal``, ``decision_breakdown``, ``execution``, ``exit`` and ``inputs``; a flat mapping
    with the names of ``exit`` and ``execution`` works too. ``figures_only`` omits the fields that breakdowns
    need, which take most of the time. Raises NotClosed when the entry has no exit or still holds contracts,
    ValueError for a net P&L or an exit time that cannot be read.
    """
    closed = entry.get("exit") if "exit" in entry else entry
    if not isinstance(closed, Mapping) or closed.get("pnl_net") is None:
        raise NotClosed(f"entry {entry.get('id', '')} has no exit")
    execution = _part(entry, "execution") or entry
    partials = closed.get("partials") or ()
    filled = _number(execution.get("filled_contracts"))
    if partials and filled is not None and sum(leg["contracts"] for leg in partials) < filled:
        raise NotClosed(f"entry {entry.get('id', '')} still holds contracts")
    get = closed.get
    exit_time, hold = _instant(get("exit_time")), _number(get("hold_time_seconds"))
    return Trade(
        id=str(entry.get("id") or ""),
        exit_time=exit_time,
        # To the cent, as money is booked: what is written by others may carry the rest of a subtraction.
        pnl_net=round(float(closed["pnl_net"]), 2) + 0.0,
        pnl_gross=_number(get("pnl_gross")),
        risk_amount=_number(execution.get("risk_amount")),
        r_multiple=_number(get("r_multiple")),
        hold_time_seconds=hold,
        exit_reason=get("exit_reason"),
        pnl_from_delta=_number(get("pnl_from_delta")),
        pnl_from_gamma=_number(get("pnl_from_gamma")),
        pnl_from_iv=_number(get("pnl_from_iv")),
        pnl_from_theta=_number(get("pnl_from_theta")),
        pnl_unexplained=_number(get("pnl_unexplained")),
        mfe=_number(get("mfe")),
        mae=_number(get("mae")),
        pnl_best=_number(get("pnl_best")),
        pnl_expected=_number(get("pnl_expected")),
        pnl_worst=_number(get("pnl_worst")),
        stale_fill=bool(get("stale_fill")) or any(map(_is_left_out, partials)),
        without_feed=any(leg.get("stale_fill") and leg.get("without_feed") for leg in partials),
        settled_estimate=any(leg.get("settlement") in ESTIMATES for leg in partials),
        **({} if figures_only else _breakdown_fields(entry, execution, exit_time, hold)),
    )


def _is_left_out(leg: Mapping[str, Any]) -> bool:
    return bool(leg.get("stale_fill") and not leg.get("without_feed"))


def _breakdown_fields(
    entry: Mapping[str, Any], bought: Mapping[str, Any], exit_time: datetime | None, hold: float | None
) -> dict[str, Any]:
    """Return the fields that breakdowns (cuts) use."""
    signal = _part(entry, "signal")
    context = _part(_part(entry, "inputs"), "context")
    regime = _part(context, "regime") or _part(entry, "regime")
    size = _part(_part(entry, "decision_breakdown"), "size")
    return {
        "symbol": entry.get("symbol"),
        "direction": _first(entry, signal, "direction"),
        "setup": entry.get("setup") or setup_of(_part(signal, "facts"), _part(context, "structure")),
        "multiplier": _number(size.get("final", entry.get("multiplier"))),
        "timeframe": _first(entry, signal, "timeframe"),
        "quality": _first(entry, signal, "quality"),
        "confidence": _number(entry.get("confidence")),
        "dte": bought.get("dte"),
        "session": context.get("session") or entry.get("session"),
        "weekday": entry.get("weekday") or _weekday(entry.get("created_at"), exit_time, hold),
        "phase": regime.get("phase", entry.get("phase")),
        "by_hand": entry.get("code") == BY_HAND,
    }


def setup_of(facts: Mapping[str, Any], structure: Mapping[str, Any]) -> str | None:
    """Return the setup of a trade: the STRAT pattern, else the event or signal type, else its components."""
    named = structure.get("pattern") or facts.get("event")
    return named or " + ".join(sorted(facts.get("components") or ())) or None


def exchange_date(at: datetime) -> date | None:
    """Return the exchange's local date of an instant, ``None`` outside the calendar."""
    try:
        return Calendar.load().market_date(at)
    except CalendarError:
        return None


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _first(entry: Mapping[str, Any], signal: Mapping[str, Any], name: str) -> Any:
    stated = entry.get(name)
    return signal.get(name) if stated is None else stated


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _instant(value: Any) -> datetime | None:
    """Return a timezone-aware instant; a bare date means that exchange day, a missing zone means UTC."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return datetime.combine(value, _DAY_HOUR)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _weekday(created_at: Any, exit_time: datetime | None, hold: float | None) -> str | None:
    opened = _instant(created_at)
    if opened is None and exit_time is not None and hold is not None:
        opened = exit_time - timedelta(seconds=hold)
    day = None if opened is None else exchange_date(opened)
    return None if day is None else _WEEKDAYS[day.weekday()]
